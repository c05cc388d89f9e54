/*
 * io_uring.c - io_uring(7), single-shot: ask for the work itself, not for readiness.
 *
 * Every operation (accept, recv, send) is put into the submission queue, and its result
 * comes through the completion queue; one io_uring_enter hands in all that was asked
 * since the last one and waits for at least one result. Each connection has exactly one
 * operation under way: a recv into its buffer, then a send of what came, then a recv. So
 * a lone echo takes 2 calls (the send's enter returns with its completion at once; the
 * next submits the recv and sleeps), and a batch of echoes shares both.
 *
 * What it got is reported: SINGLE_ISSUER and DEFER_TASKRUN (Linux 6.1) let completions be
 * worked off in the enter of this thread instead of by interrupting it. io_uring-noflags
 * is the same loop on a ring without them, to show what they are good for.
 *
 * An operation that finds the submission queue full waits in a list of ours until the
 * queue has been handed in: never is a result held up for that, and each connection is
 * in the list at most once. Results that find the completion queue full wait in the
 * kernel (IORING_FEAT_NODROP) and come with the
 * next enter; cq_overflows counts the waits that left some behind.
 *
 * user_data carries descriptor, generation and operation: a completion that was under way
 * when its connection ended must never be taken for its successor's. With one operation a
 * connection, which ends when that has completed, none is left over; the generation keeps
 * it so when somebody adds a second one. Results are values of the completion, -errno,
 * not errno.
 */
#include "backends/accept.h"
#include "backends/backend.h"
#include "backends/buffers.h"
#include "backends/echo.h"
#include "backends/uring.h"
#include "common/clock.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>

enum { NOBODY = -1 };

static const struct uring_queues default_queues = {.submission = 512, .completion = 8192};

/* Those before OP_RECV are under way at most once each. */
enum operation { OP_ACCEPT, OP_STOP, OP_ACCEPT_PAUSE, OP_LOOK, OP_RECV, OP_SEND };

struct connection {
	struct echo echo;
	uint32_t generation; /* raised at each end; 24 bits of it travel in user_data */
	int waits_behind_it; /* while it waits to ask: the next one, or NOBODY */
	bool held;
};

struct loop {
	struct server *server;
	struct calls *calls;
	struct uring uring;
	struct connection *connections; /* by descriptor number, fds_max of them */
	int fds_top;                    /* one more than the highest number ever used */
	unsigned char *buffers; /* by descriptor number; the kernel reads into them */
	int waits_first, waits_last; /* connections that wait to ask; or NOBODY */
	unsigned operations_waiting; /* bits of those before OP_RECV that do */
	bool starved;                /* see accept_starved() */
	struct __kernel_timespec after[OP_RECV]; /* of those that are timeouts */
	bool stop_asked;
	bool stopping;
	bool look_due;         /* when stopping: it is time to look for the quiet ones */
	uint64_t stop_ends_ns; /* when stopping: closes whoever is left */
};

/* Set-up flags from the best to none; the first that the kernel takes is used. */
static const struct uring_setup best_setups[] = {
	{IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN,
		"SINGLE_ISSUER DEFER_TASKRUN", 0}, /* 6.1 */
	{IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_COOP_TASKRUN,
		"SINGLE_ISSUER COOP_TASKRUN", 0},       /* 6.0 */
	{IORING_SETUP_COOP_TASKRUN, "COOP_TASKRUN", 0}, /* 5.19 */
	{0, "", 0},
};

static const struct uring_setup no_flags[] = {{0, "", 0}};

/* What no set-up flag asks for and the loop cannot do without. */
static const struct uring_need needs[] = {
	{IORING_OP_ACCEPT, "ACCEPT", "5.6"},
	{IORING_OP_RECV, "RECV", "5.6"},
	{IORING_OP_SEND, "SEND", "5.6"},
	{IORING_OP_TIMEOUT, "TIMEOUT", "5.6"},
	{IORING_OP_POLL_ADD, "POLL_ADD", "5.6"},
};

static const struct uring_plan best_plan = {
	.setups = best_setups,
	.setups_count = sizeof(best_setups) / sizeof(*best_setups),
	.needs = needs,
	.needs_count = sizeof(needs) / sizeof(*needs),
	.since = "5.6",
};

/* Completions are worked off by interrupting the worker, as before Linux 5.19. */
static const struct uring_plan no_flags_plan = {
	.setups = no_flags,
	.setups_count = sizeof(no_flags) / sizeof(*no_flags),
	.needs = needs,
	.needs_count = sizeof(needs) / sizeof(*needs),
	.since = "5.6",
};

/* Asks for one of the operations that are no connection's, now or when there is room. */
static void ask(struct loop *loop, enum operation operation)
{
	static const int after_ms[] = {
		[OP_ACCEPT_PAUSE] = ACCEPT_PAUSE_MS, [OP_LOOK] = STOP_LOOK_MS};
	struct io_uring_sqe *sqe = io_uring_get_sqe(&loop->uring.ring);

	loop->operations_waiting &= ~(1U << operation);
	if (!sqe) {
		loop->operations_waiting |= 1U << operation;
		return;
	}
	if (operation == OP_ACCEPT) {
		/* No SOCK_NONBLOCK: io_uring would answer EAGAIN instead of waiting. */
		io_uring_prep_accept(
			sqe, loop->server->listen_fd, NULL, NULL, SOCK_CLOEXEC);
	} else if (operation == OP_STOP) {
		io_uring_prep_poll_add(sqe, loop->server->stop_fd, POLLIN);
	} else {
		struct __kernel_timespec *after = &loop->after[operation];

		*after = uring_timespec(after_ms[operation]);
		io_uring_prep_timeout(sqe, after, 0, 0);
	}
	io_uring_sqe_set_data64(sqe, uring_token(operation, 0, 0));
}

static void connection_waits(struct loop *loop, int fd)
{
	struct connection *connection = &loop->connections[fd];

	connection->waits_behind_it = NOBODY;
	if (loop->waits_first == NOBODY)
		loop->waits_first = fd;
	else
		loop->connections[loop->waits_last].waits_behind_it = fd;
	loop->waits_last = fd;
}

/* Asks for the operation that the connection does next. */
static void connection_ask(struct loop *loop, int fd)
{
	struct connection *connection = &loop->connections[fd];
	const struct echo *echo = &connection->echo;
	unsigned char *buffer = buffers_at(loop->buffers, fd);
	struct io_uring_sqe *sqe = io_uring_get_sqe(&loop->uring.ring);

	if (!sqe) {
		connection_waits(loop, fd);
	} else if (echo->next == ECHO_WRITE) {
		io_uring_prep_send(
			sqe, fd, buffer + echo->offset, echo->owed, MSG_NOSIGNAL);
		io_uring_sqe_set_data64(
			sqe, uring_token(OP_SEND, fd, connection->generation));
	} else {
		io_uring_prep_recv(sqe, fd, buffer, ECHO_BUFFER_BYTES, 0);
		io_uring_sqe_set_data64(
			sqe, uring_token(OP_RECV, fd, connection->generation));
	}
}

/* What waited for room in the queue, in its turn. True: nothing waits any more. */
static bool ask_waiting(struct loop *loop)
{
	for (enum operation operation = 0; operation < OP_RECV; operation++)
		if (loop->operations_waiting & 1U << operation)
			ask(loop, operation);
	while (loop->waits_first != NOBODY &&
		io_uring_sq_space_left(&loop->uring.ring) > 0) {
		struct connection *connection = &loop->connections[loop->waits_first];
		int fd = loop->waits_first;

		loop->waits_first = connection->waits_behind_it;
		connection_ask(loop, fd);
	}
	return loop->waits_first == NOBODY && loop->operations_waiting == 0;
}

/* Only when nothing of it is under way: then close needs no shutdown before it. */
static void connection_close(struct loop *loop, int fd)
{
	struct connection *connection = &loop->connections[fd];

	calls_close(loop->calls, fd);
	if (connection->echo.error < 0)
		calls_add(&loop->calls->connection_errors, 1);
	calls_add_closed(loop->calls);
	*connection = (struct connection){.generation = connection->generation + 1};
}

/* Nothing is owed any more, and the server stops: our FIN goes out, and reading goes on.
 */
static void connection_finish(struct loop *loop, int fd)
{
	calls_shutdown(loop->calls, fd, SHUT_WR);
	echo_finish(&loop->connections[fd].echo);
}

/* Its operation has ended: asks for the one that it does next, or ends it. */
static void connection_continue(struct loop *loop, int fd)
{
	struct echo *echo = &loop->connections[fd].echo;

	if (loop->stopping && echo->next == ECHO_READ)
		connection_finish(loop, fd);
	if (echo->next == ECHO_CLOSE)
		connection_close(loop, fd);
	else
		connection_ask(loop, fd);
}

/* A new connection: served from now on, or refused for a number that has no place. */
static void connection_open(struct loop *loop, int fd)
{
	if (fd >= loop->server->fds_max) {
		calls_add(&loop->calls->refused, 1);
		calls_close(loop->calls, fd);
		return;
	}
	loop->connections[fd].echo = (struct echo){0};
	loop->connections[fd].held = true;
	if (fd >= loop->fds_top)
		loop->fds_top = fd + 1;
	calls_add(&loop->calls->accepted, 1);
	connection_continue(loop, fd);
}

/* An accept that would wait says nothing, so the listener is asked: only when starved. */
static bool nobody_waits(struct loop *loop)
{
	struct pollfd listener = {.fd = loop->server->listen_fd, .events = POLLIN};

	calls_count(loop->calls, CALL_poll);
	return poll(&listener, 1, 0) == 0;
}

static int on_accept(struct loop *loop, int result)
{
	if (result >= 0)
		connection_open(loop, result);
	if (loop->stopping)
		return 0;
	if (result >= 0 && loop->starved && nobody_waits(loop))
		accept_starved(loop->server, &loop->starved, 0);
	switch (result >= 0 ? ACCEPT_AGAIN : accept_after_error(result)) {
	case ACCEPT_PAUSE:
		calls_add(&loop->calls->accept_pauses, 1);
		accept_starved(loop->server, &loop->starved, result);
		ask(loop, OP_ACCEPT_PAUSE);
		return 0;
	case ACCEPT_FAIL:
		return result;
	default:
		ask(loop, OP_ACCEPT);
		return 0;
	}
}

/* What was cut short by a signal or given up by the kernel is asked for again. */
static int transfer_result(int result)
{
	return result == -ECANCELED ? -EINTR : result;
}

static void on_recv(struct loop *loop, int fd, int result)
{
	if (result > 0)
		calls_add(&loop->calls->bytes_rx, (uint64_t)result);
	echo_after_read(&loop->connections[fd].echo, transfer_result(result));
	connection_continue(loop, fd);
}

static void on_send(struct loop *loop, int fd, int result)
{
	if (result > 0)
		calls_add(&loop->calls->bytes_tx, (uint64_t)result);
	echo_after_write(&loop->connections[fd].echo, transfer_result(result));
	connection_continue(loop, fd);
}

/* A poll that could not be had (ENOMEM) is no reason to stop. */
static void on_stop_notice(struct loop *loop, int result)
{
	loop->stop_asked = result >= 0;
	if (loop->stop_asked)
		return;
	uring_rest(&loop->uring);
	ask(loop, OP_STOP);
}

static bool stop_is_over(const struct loop *loop)
{
	return loop->calls->accepted == loop->calls->closed ||
	       clock_now_ns() >= loop->stop_ends_ns;
}

/*
 * Has he said nothing since our FIN, and acknowledged all that we sent? All results have
 * been worked off when this is asked; with nothing unread, and no result come meanwhile
 * but those of the recvs that this look has ended, nothing of his is on its way to be
 * heard either. (Without DEFER_TASKRUN a recv's end is in the queue as soon as the
 * shutdown that brought it about returns.)
 */
static bool is_quiet(struct loop *loop, int fd, unsigned ended)
{
	const struct connection *connection = &loop->connections[fd];

	return connection->held && connection->echo.next == ECHO_DISCARD &&
	       !connection->echo.heard && calls_unacknowledged(loop->calls, fd) <= 0 &&
	       calls_unread(loop->calls, fd) <= 0 &&
	       io_uring_cq_ready(&loop->uring.ring) <= ended;
}

/* Ends who is quiet: his recv ends as if he had closed, and he is closed then. */
static void end_quiet(struct loop *loop)
{
	unsigned ended = 0;

	for (int fd = 0; fd < loop->fds_top && !stop_is_over(loop); fd++)
		if (is_quiet(loop, fd, ended)) {
			calls_shutdown(loop->calls, fd, SHUT_RD);
			ended++;
		}
	loop->look_due = false;
	ask(loop, OP_LOOK);
}

/* No new requests: our FIN to everybody who is owed nothing. Their recvs wait on. */
static void begin_stop(struct loop *loop)
{
	loop->stopping = true;
	loop->stop_ends_ns = clock_now_ns() + STOP_FLUSH_MS * NS_PER_MS;
	for (int fd = 0; fd < loop->fds_top && !stop_is_over(loop); fd++)
		if (loop->connections[fd].held &&
			loop->connections[fd].echo.next == ECHO_READ)
			connection_finish(loop, fd);
	ask(loop, OP_LOOK);
}

/* A timer has run out; or it could not be had (ENOMEM), then there is a rest instead. */
static void on_time(struct loop *loop, enum operation operation, int result)
{
	if (result != -ETIME)
		uring_rest(&loop->uring);
	if (operation == OP_LOOK)
		loop->look_due = true;
	else if (!loop->stopping)
		ask(loop, OP_ACCEPT);
}

static int on_completion(struct loop *loop, uint64_t user_data, int result)
{
	enum operation operation = uring_token_operation(user_data);
	uint32_t generation = uring_token_generation(user_data);
	int fd = uring_token_fd(user_data);

	if (operation >= OP_RECV && (!loop->connections[fd].held ||
					    (loop->connections[fd].generation &
						    URING_GENERATION_MASK) != generation))
		return 0;
	switch (operation) {
	case OP_ACCEPT:
		return on_accept(loop, result);
	case OP_RECV:
		on_recv(loop, fd, result);
		break;
	case OP_SEND:
		on_send(loop, fd, result);
		break;
	case OP_STOP:
		on_stop_notice(loop, result);
		break;
	case OP_ACCEPT_PAUSE:
	case OP_LOOK:
		on_time(loop, operation, result);
	}
	return 0;
}

/* One enter and all that it brought. It sleeps only when everything has been asked. */
static int wait_and_complete(struct loop *loop)
{
	bool may_sleep = ask_waiting(loop);
	int error = uring_enter(&loop->uring, may_sleep ? 1 : 0);
	struct io_uring_cqe *cqe;
	unsigned head, count = 0;

	if (may_sleep)
		calls_add(&loop->calls->wakeups, 1);
	uring_count_overflow(&loop->uring);
	io_uring_for_each_cqe(&loop->uring.ring, head, cqe)
	{
		if (error == 0)
			error = on_completion(loop, cqe->user_data, cqe->res);
		count++;
	}
	io_uring_cq_advance(&loop->uring.ring, count);
	calls_add(&loop->calls->events, count);
	return error;
}

static int serve(struct loop *loop)
{
	int error = 0;

	ask(loop, OP_STOP);
	ask(loop, OP_ACCEPT);
	while (error == 0 && !loop->stop_asked)
		error = wait_and_complete(loop);
	if (error < 0)
		return error;
	begin_stop(loop);
	while (error == 0 && !stop_is_over(loop)) {
		error = wait_and_complete(loop);
		if (loop->look_due)
			end_quiet(loop);
	}
	return error;
}

/*
 * For those whom the flush left. A pending operation keeps the socket alive past close(),
 * and the end of the ring is worked off later by the kernel: shutdown() first, so that
 * every peer sees the end now.
 */
static void close_all(struct loop *loop)
{
	for (int fd = 0; fd < loop->fds_top; fd++) {
		if (!loop->connections[fd].held)
			continue;
		calls_shutdown(loop->calls, fd, SHUT_RDWR);
		connection_close(loop, fd);
	}
}

static int loop_open(struct loop *loop, const struct uring_plan *plan,
	const struct uring_queues *queues)
{
	struct server *server = loop->server;
	char why[256]; /* the probe has told it, if it was there to be told */

	loop->connections = calloc((size_t)server->fds_max, sizeof(*loop->connections));
	loop->buffers = buffers_open(server->fds_max);
	if (!loop->connections || !loop->buffers)
		return -ENOMEM;
	int error = uring_clear_nonblocking(loop->calls, server->listen_fd);
	return error < 0 ? error
			 : uring_open(&loop->uring, plan, queues, loop->calls, why,
				   sizeof(why));
}

/* backend.run with a plan for the ring and queues of a size. */
static int run_planned(struct server *server, const struct uring_plan *plan,
	const struct uring_queues *queues)
{
	struct loop loop = {
		.server = server,
		.calls = server->calls,
		.waits_first = NOBODY,
	};
	int error = loop_open(&loop, plan, queues);

	if (error == 0) {
		server->ready(server, loop.uring.setup->modes);
		error = serve(&loop);
		close_all(&loop);
		uring_close(&loop.uring);
	}
	if (loop.buffers)
		buffers_close(loop.buffers, server->fds_max);
	free(loop.connections);
	return error;
}

static int io_uring_probe_best(char *why, size_t why_size)
{
	return uring_probe(&best_plan, &default_queues, why, why_size);
}

static int io_uring_run_best(struct server *server, const struct backend *self)
{
	(void)self;
	return run_planned(server, &best_plan, &default_queues);
}

const struct backend backend_io_uring = {
	.abi = BACKEND_ABI,
	.name = "io_uring",
	.summary = "io_uring(7) single-shot: operations go in, results come out",
	.flags = BACKEND_COMPLETIONS,
	.probe = io_uring_probe_best,
	.run = io_uring_run_best,
};

static int io_uring_probe_no_flags(char *why, size_t why_size)
{
	return uring_probe(&no_flags_plan, &default_queues, why, why_size);
}

static int io_uring_run_no_flags(struct server *server, const struct backend *self)
{
	(void)self;
	return run_planned(server, &no_flags_plan, &default_queues);
}

const struct backend backend_io_uring_noflags = {
	.abi = BACKEND_ABI,
	.name = "io_uring-noflags",
	.summary = "io_uring(7) single-shot without set-up flags: what they are good for",
	.flags = BACKEND_COMPLETIONS | BACKEND_VARIANT,
	.probe = io_uring_probe_no_flags,
	.run = io_uring_run_no_flags,
};
