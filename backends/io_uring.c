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
 * worked off in the enter of this thread instead of by interrupting it.
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

#include <fcntl.h>
#include <liburing.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	SQ_ENTRIES = 512,  /* a full queue is submitted and refilled */
	CQ_ENTRIES = 8192, /* results past that wait in the kernel (IORING_FEAT_NODROP) */
};

enum operation { OP_ACCEPT, OP_RECV, OP_SEND, OP_STOP, OP_ACCEPT_PAUSE, OP_FLUSH_END };

struct connection {
	struct echo echo;
	uint32_t generation; /* raised at each end; 24 bits of it travel in user_data */
	bool held;
};

struct loop {
	struct server *server;
	struct calls *calls;
	struct io_uring ring;
	struct connection *connections; /* by descriptor number, fds_max of them */
	int fds_top;                    /* one more than the highest number ever used */
	unsigned char *buffers; /* by descriptor number; the kernel reads into them */
	struct __kernel_timespec accept_pause;
	struct __kernel_timespec flush_limit;
	bool stopping;
	bool flush_ended;
};

/* Set-up flags from the best to none; the first that the kernel takes is used. */
struct setup {
	unsigned flags;
	const char *modes;
};

static const struct setup setups[] = {
	{IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN,
		"SINGLE_ISSUER DEFER_TASKRUN"}, /* 6.1 */
	{IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_COOP_TASKRUN,
		"SINGLE_ISSUER COOP_TASKRUN"},       /* 6.0 */
	{IORING_SETUP_COOP_TASKRUN, "COOP_TASKRUN"}, /* 5.19 */
	{0, ""},
};

static int ring_open(struct io_uring *ring, struct calls *calls, const char **modes)
{
	int error = -EINVAL;

	for (size_t i = 0; error == -EINVAL && i < sizeof(setups) / sizeof(*setups);
		i++) {
		struct io_uring_params params = {
			.flags = setups[i].flags | IORING_SETUP_CQSIZE,
			.cq_entries = CQ_ENTRIES,
		};

		calls_count(calls, CALL_io_uring_setup);
		error = io_uring_queue_init_params(SQ_ENTRIES, ring, &params);
		*modes = setups[i].modes;
	}
	return error;
}

static int io_uring_backend_probe(char *why, size_t why_size)
{
	struct io_uring ring;
	struct calls uncounted = {0};
	const char *modes;
	int error = ring_open(&ring, &uncounted, &modes);

	if (error == 0) {
		io_uring_queue_exit(&ring);
		return 0;
	}
	const char *advice =
		error == -ENOSYS   ? " (this kernel or container has no io_uring)"
		: error == -EPERM  ? " (forbidden by the container's profile or by "
				     "sysctl kernel.io_uring_disabled)"
		: error == -ENOMEM ? " (raise RLIMIT_MEMLOCK: ulimit -l)"
				   : "";
	snprintf(why, why_size, "io_uring_setup: %s%s", strerror(-error), advice);
	return error;
}

static uint64_t token(enum operation operation, int fd, uint32_t generation)
{
	return (uint64_t)(uint32_t)fd << 32 | (uint64_t)(generation & 0xffffff) << 8 |
	       (uint64_t)operation;
}

/* Hands in what is queued and waits for wait_for results. 0 or -errno. */
static int enter(struct loop *loop, unsigned wait_for)
{
	calls_count(loop->calls, CALL_io_uring_enter);
	int submitted = io_uring_submit_and_wait(&loop->ring, wait_for);

	/* EAGAIN, EBUSY: reap first; EINTR: a signal or SIGCONT. The queue is kept. */
	if (submitted == -EINTR || submitted == -EAGAIN || submitted == -EBUSY)
		return 0;
	return submitted < 0 ? submitted : 0;
}

/* A free submission entry; a full queue is handed in to make room. NULL: the ring broke.
 */
static struct io_uring_sqe *next_sqe(struct loop *loop)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&loop->ring);

	if (!sqe && enter(loop, 0) == 0)
		sqe = io_uring_get_sqe(&loop->ring);
	return sqe;
}

static int ask_accept(struct loop *loop)
{
	struct io_uring_sqe *sqe = next_sqe(loop);

	if (!sqe)
		return -EBUSY;
	/* No SOCK_NONBLOCK: io_uring would answer EAGAIN instead of waiting. */
	io_uring_prep_accept(sqe, loop->server->listen_fd, NULL, NULL, SOCK_CLOEXEC);
	io_uring_sqe_set_data64(sqe, token(OP_ACCEPT, loop->server->listen_fd, 0));
	return 0;
}

static int ask_timeout(
	struct loop *loop, enum operation operation, struct __kernel_timespec *after)
{
	struct io_uring_sqe *sqe = next_sqe(loop);

	if (!sqe)
		return -EBUSY;
	io_uring_prep_timeout(sqe, after, 0, 0);
	io_uring_sqe_set_data64(sqe, token(operation, 0, 0));
	return 0;
}

static int ask_stop_notice(struct loop *loop)
{
	struct io_uring_sqe *sqe = next_sqe(loop);

	if (!sqe)
		return -EBUSY;
	io_uring_prep_poll_add(sqe, loop->server->stop_fd, POLLIN);
	io_uring_sqe_set_data64(sqe, token(OP_STOP, loop->server->stop_fd, 0));
	return 0;
}

/* Only when nothing of it is under way: then close needs no shutdown before it. */
static void connection_close(struct loop *loop, int fd)
{
	struct connection *connection = &loop->connections[fd];

	calls_close(loop->calls, fd);
	calls_add(&loop->calls->closed, 1);
	if (connection->echo.error < 0)
		calls_add(&loop->calls->connection_errors, 1);
	*connection = (struct connection){.generation = connection->generation + 1};
}

/* Asks for the one operation that the connection does next, or ends it. */
static int connection_continue(struct loop *loop, int fd)
{
	struct connection *connection = &loop->connections[fd];
	struct echo *echo = &connection->echo;
	unsigned char *buffer = buffers_at(loop->buffers, fd);

	if (loop->stopping && echo->next == ECHO_READ)
		echo->next = ECHO_CLOSE;
	if (echo->next == ECHO_CLOSE) {
		connection_close(loop, fd);
		return 0;
	}
	struct io_uring_sqe *sqe = next_sqe(loop);
	if (!sqe)
		return -EBUSY;
	if (echo->next == ECHO_READ) {
		io_uring_prep_recv(sqe, fd, buffer, ECHO_BUFFER_BYTES, 0);
		io_uring_sqe_set_data64(sqe, token(OP_RECV, fd, connection->generation));
	} else {
		io_uring_prep_send(
			sqe, fd, buffer + echo->offset, echo->owed, MSG_NOSIGNAL);
		io_uring_sqe_set_data64(sqe, token(OP_SEND, fd, connection->generation));
	}
	return 0;
}

/* A new connection: served from now on, or refused for a number that has no place. */
static int connection_open(struct loop *loop, int fd)
{
	if (fd >= loop->server->fds_max) {
		calls_add(&loop->calls->refused, 1);
		calls_close(loop->calls, fd);
		return 0;
	}
	loop->connections[fd].echo = (struct echo){0};
	loop->connections[fd].held = true;
	if (fd >= loop->fds_top)
		loop->fds_top = fd + 1;
	calls_add(&loop->calls->accepted, 1);
	return connection_continue(loop, fd);
}

static int on_accept(struct loop *loop, int result)
{
	int error = result >= 0 ? connection_open(loop, result) : 0;

	if (error < 0)
		return error;
	if (loop->stopping)
		return 0;
	switch (result >= 0 ? ACCEPT_AGAIN : accept_after_error(result)) {
	case ACCEPT_PAUSE:
		calls_add(&loop->calls->accept_pauses, 1);
		return ask_timeout(loop, OP_ACCEPT_PAUSE, &loop->accept_pause);
	case ACCEPT_FAIL:
		return result;
	default:
		return ask_accept(loop);
	}
}

static int on_recv(struct loop *loop, int fd, int result)
{
	if (result > 0)
		calls_add(&loop->calls->bytes_rx, (uint64_t)result);
	echo_after_read(&loop->connections[fd].echo, result);
	return connection_continue(loop, fd);
}

static int on_send(struct loop *loop, int fd, int result)
{
	if (result > 0)
		calls_add(&loop->calls->bytes_tx, (uint64_t)result);
	echo_after_write(&loop->connections[fd].echo, result);
	return connection_continue(loop, fd);
}

/*
 * No new requests: a recv that waits ends now, and its connection with it. Who is owed
 * bytes stays until they are out, or until the flush ends.
 */
static int begin_stop(struct loop *loop)
{
	loop->stopping = true;
	for (int fd = 0; fd < loop->fds_top; fd++)
		if (loop->connections[fd].held &&
			loop->connections[fd].echo.next == ECHO_READ) {
			calls_count(loop->calls, CALL_shutdown);
			shutdown(fd, SHUT_RD);
		}
	return ask_timeout(loop, OP_FLUSH_END, &loop->flush_limit);
}

static int on_completion(struct loop *loop, uint64_t user_data, int result)
{
	enum operation operation = user_data & 0xff;
	uint32_t generation = user_data >> 8 & 0xffffff;
	int fd = (int)(user_data >> 32);

	if ((operation == OP_RECV || operation == OP_SEND) &&
		(!loop->connections[fd].held ||
			(loop->connections[fd].generation & 0xffffff) != generation))
		return 0;
	switch (operation) {
	case OP_ACCEPT:
		return on_accept(loop, result);
	case OP_RECV:
		return on_recv(loop, fd, result);
	case OP_SEND:
		return on_send(loop, fd, result);
	case OP_STOP:
		return begin_stop(loop);
	case OP_ACCEPT_PAUSE:
		return loop->stopping ? 0 : ask_accept(loop);
	case OP_FLUSH_END:
		loop->flush_ended = true;
	}
	return 0;
}

/* One enter and all that it brought. */
static int wait_and_complete(struct loop *loop)
{
	int error = enter(loop, 1);
	struct io_uring_cqe *cqe;
	unsigned head, count = 0;

	calls_add(&loop->calls->wakeups, 1);
	io_uring_for_each_cqe(&loop->ring, head, cqe)
	{
		if (error == 0)
			error = on_completion(loop, cqe->user_data, cqe->res);
		count++;
	}
	io_uring_cq_advance(&loop->ring, count);
	calls_add(&loop->calls->events, count);
	return error;
}

static int serve(struct loop *loop)
{
	const struct calls *calls = loop->calls;
	int error = ask_stop_notice(loop);

	if (error == 0)
		error = ask_accept(loop);
	while (error == 0 && !loop->stopping)
		error = wait_and_complete(loop);
	while (error == 0 && !loop->flush_ended && calls->accepted > calls->closed)
		error = wait_and_complete(loop);
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
		calls_count(loop->calls, CALL_shutdown);
		shutdown(fd, SHUT_RDWR);
		connection_close(loop, fd);
	}
}

/* io_uring takes the wait on itself only for descriptors that may block. */
static int clear_nonblocking(struct loop *loop, int fd)
{
	calls_add(&loop->calls->count[CALL_fcntl], 2);
	int flags = fcntl(fd, F_GETFL);

	return flags < 0 || fcntl(fd, F_SETFL, flags & ~O_NONBLOCK) < 0 ? -errno : 0;
}

static int loop_open(struct loop *loop, const char **modes)
{
	struct server *server = loop->server;

	loop->connections = calloc((size_t)server->fds_max, sizeof(*loop->connections));
	loop->buffers = buffers_open(server->fds_max);
	if (!loop->connections || !loop->buffers)
		return -ENOMEM;
	int error = clear_nonblocking(loop, server->listen_fd);
	return error < 0 ? error : ring_open(&loop->ring, loop->calls, modes);
}

static struct __kernel_timespec timespec_of_ms(int ms)
{
	return (struct __kernel_timespec){ms / 1000, ms % 1000 * 1000000LL};
}

static int io_uring_backend_run(struct server *server, const struct backend *self)
{
	struct loop loop = {
		.server = server,
		.calls = server->calls,
		.accept_pause = timespec_of_ms(ACCEPT_PAUSE_MS),
		.flush_limit = timespec_of_ms(STOP_FLUSH_MS),
	};
	const char *modes = "";
	int error = loop_open(&loop, &modes);

	(void)self;
	if (error == 0) {
		server->ready(server, modes);
		error = serve(&loop);
		close_all(&loop);
		io_uring_queue_exit(&loop.ring);
	}
	if (loop.buffers)
		buffers_close(loop.buffers, server->fds_max);
	free(loop.connections);
	return error;
}

const struct backend backend_io_uring = {
	.abi = BACKEND_ABI,
	.name = "io_uring",
	.summary = "io_uring(7) single-shot: operations go in, results come out",
	.probe = io_uring_backend_probe,
	.run = io_uring_backend_run,
};
