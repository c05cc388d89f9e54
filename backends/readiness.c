/*
 * readiness.c - the one loop that select, poll and epoll share.
 *
 * Wait until something is ready; for each ready descriptor do one small step that cannot
 * block; wait again. All connections live in one thread, each as a few bytes of state:
 * what it wants to do next (echo.h). What differs between the multiplexers is hidden in
 * four functions (struct poller_ops); everything a connection does is here, once.
 *
 * Reads go into one scratch buffer, for a reply that leaves at once needs no memory of
 * its own. Only bytes that the peer does not take yet are moved to the connection's
 * buffer.
 */
#include "backends/accept.h"
#include "backends/backend.h"
#include "backends/buffers.h"
#include "backends/echo.h"
#include "common/clock.h"

#include <stdlib.h>
#include <string.h>

struct connection {
	struct echo echo;
	unsigned watched; /* the interest now set; 0: no connection has this number */
	bool more;        /* READY_MORE was told, and EAGAIN has not been seen since */
};

struct loop {
	struct server *server;
	struct calls *calls;
	const struct backend *backend;
	void *poller;                   /* owned by backend->poller */
	struct connection *connections; /* by descriptor number, fds_max of them */
	int fds_limit; /* what is not below it is refused: fds_max or the backend's */
	int fds_top;   /* one more than the highest number ever used */
	unsigned char *buffers; /* by descriptor number: what is owed and not taken */
	unsigned char *scratch; /* ECHO_BUFFER_BYTES that every read goes into */
	struct ready *batch;    /* batch_max of them */
	enum drain drain;       /* never DRAIN_DEFAULT */
	size_t budget_bytes;
	uint64_t listener_resumes_ns; /* when a paused listener is watched again; 0: it is
				       */
	bool starved;                 /* see accept_starved() */
	bool stopping;
	uint64_t stop_ends_ns; /* when stopping: closes whoever is left */
};

static bool is_edge_triggered(const struct loop *loop)
{
	return loop->backend->flags & BACKEND_EDGE;
}

static int watch(struct loop *loop, int fd, unsigned was, unsigned want)
{
	return loop->backend->poller->watch(loop->poller, fd, was, want);
}

static void connection_close(struct loop *loop, int fd)
{
	struct connection *connection = &loop->connections[fd];

	if (!(loop->backend->flags & BACKEND_CLOSE_FORGETS))
		watch(loop, fd, connection->watched, 0);
	calls_close(loop->calls, fd);
	if (connection->echo.error < 0)
		calls_add(&loop->calls->connection_errors, 1);
	calls_add_closed(loop->calls);
	memset(connection, 0, sizeof(*connection));
}

/*
 * One read or one write, whichever is next. Returns what recv or send returned. Bytes are
 * in scratch right after a read, else in the connection's own buffer.
 */
static ssize_t connection_step(struct loop *loop, int fd, const unsigned char **bytes)
{
	struct echo *echo = &loop->connections[fd].echo;
	ssize_t result;

	if (echo->next == ECHO_WRITE) {
		result = calls_send(loop->calls, fd, *bytes + echo->offset, echo->owed);
		echo_after_write(echo, result);
	} else {
		result = calls_recv(loop->calls, fd, loop->scratch, ECHO_BUFFER_BYTES);
		echo_after_read(echo, result);
		*bytes = loop->scratch;
	}
	return result;
}

/* Scratch will be overwritten by the next connection: move what is owed out of it. */
static void keep_owed(struct loop *loop, int fd)
{
	struct echo *echo = &loop->connections[fd].echo;

	memcpy(buffers_at(loop->buffers, fd), loop->scratch + echo->offset, echo->owed);
	echo->offset = 0;
}

/* Sets the interest that the connection's next step needs, if it is not set already. */
static int connection_watch(struct loop *loop, int fd, bool again)
{
	struct connection *connection = &loop->connections[fd];
	unsigned want = connection->echo.next == ECHO_WRITE ? READY_WRITE : READY_READ;

	if (is_edge_triggered(loop))
		want |= connection->watched; /* a set bit costs nothing between edges */
	if (want == connection->watched && !again)
		return 0;
	int error = watch(loop, fd, connection->watched, want);

	if (error == 0)
		connection->watched = want;
	return error;
}

/* Nothing is owed any more, and the server stops: our FIN goes out, and reading goes on.
 */
static void connection_finish(struct loop *loop, int fd)
{
	calls_shutdown(loop->calls, fd, SHUT_WR);
	echo_finish(&loop->connections[fd].echo);
}

/*
 * Is there nothing left to read? EAGAIN says so. So does a short read, if we may believe
 * it; but never one from before a blocked write, for what came meanwhile told its edge to
 * a loop that was not reading. read_bytes: of the last read in this turn, 0: none yet.
 */
static bool is_drained(
	const struct loop *loop, const struct connection *connection, size_t read_bytes)
{
	return loop->drain == DRAIN_SHORT_READ && connection->echo.next == ECHO_READ &&
	       !connection->more && read_bytes > 0 && read_bytes < ECHO_BUFFER_BYTES;
}

/*
 * Serves a connection as far as it goes without waiting, and no further than the drain
 * rule says: one echo, for a level-triggered poller will report what is left; until
 * EAGAIN or until a short read, for an edge-triggered one does not tell twice. A sender
 * who outruns that is put back behind the others after the budget. When stopping: what is
 * owed and the FIN, or what there is to throw away.
 */
static void connection_ready(struct loop *loop, int fd)
{
	struct connection *connection = &loop->connections[fd];
	struct echo *echo = &connection->echo;
	const unsigned char *bytes = buffers_at(loop->buffers, fd);
	size_t moved = 0, read_bytes = 0;
	bool drained = false;
	ssize_t result;

	do {
		bool reads = echo->next != ECHO_WRITE;

		result = connection_step(loop, fd, &bytes);
		if (result > 0)
			moved += (size_t)result;
		if (result > 0 && reads)
			read_bytes = (size_t)result;
		drained = result > 0 && is_drained(loop, connection, read_bytes);
		if (result > 0 && echo->next == ECHO_READ &&
			(drained || loop->stopping || loop->drain == DRAIN_ONCE))
			break;
	} while (result != -EAGAIN && echo->next != ECHO_CLOSE &&
		 moved < loop->budget_bytes);

	if (result == -EAGAIN && echo->next != ECHO_WRITE)
		connection->more = false;
	if (echo->next == ECHO_WRITE && bytes == loop->scratch)
		keep_owed(loop, fd);
	if (loop->stopping && echo->next == ECHO_READ)
		connection_finish(loop, fd);
	bool again = is_edge_triggered(loop) && result != -EAGAIN &&
		     (loop->stopping || !drained);

	if (echo->next != ECHO_CLOSE) {
		int error = connection_watch(loop, fd, again);

		if (error < 0)
			*echo = (struct echo){.next = ECHO_CLOSE, .error = error};
	}
	if (echo->next == ECHO_CLOSE)
		connection_close(loop, fd);
}

/* A new connection: watched from now on, or refused if this backend cannot watch it. */
static void connection_open(struct loop *loop, int fd)
{
	if (fd >= loop->fds_limit || watch(loop, fd, 0, READY_READ) < 0) {
		calls_add(&loop->calls->refused, 1);
		calls_close(loop->calls, fd);
		return;
	}
	loop->connections[fd] = (struct connection){.watched = READY_READ};
	if (fd >= loop->fds_top)
		loop->fds_top = fd + 1;
	calls_add(&loop->calls->accepted, 1);
}

/* error is why: it is told once. */
static int listener_pause(struct loop *loop, int error)
{
	calls_add(&loop->calls->accept_pauses, 1);
	accept_starved(loop->server, &loop->starved, error);
	loop->listener_resumes_ns = clock_now_ns() + ACCEPT_PAUSE_MS * NS_PER_MS;
	return watch(loop, loop->server->listen_fd, READY_READ, 0);
}

/* Watches a rested listener again; while there is no memory for that it rests on. */
static int listener_resume(struct loop *loop)
{
	int error = watch(loop, loop->server->listen_fd, 0, READY_READ);

	loop->listener_resumes_ns = 0;
	if (error == -ENOMEM || error == -ENOSPC) { /* epoll_ctl(2), "ERRORS" */
		loop->listener_resumes_ns = clock_now_ns() + ACCEPT_PAUSE_MS * NS_PER_MS;
		return 0;
	}
	return error;
}

/* The budget is used up: level-triggered, the listener is reported again by itself. */
static int listener_again(struct loop *loop)
{
	int listen_fd = loop->server->listen_fd;
	int error = is_edge_triggered(loop)
			    ? watch(loop, listen_fd, READY_READ, READY_READ)
			    : 0;

	return error == -ENOMEM ? listener_pause(loop, error) : error;
}

/* Takes all that wait, up to a budget. */
static int listener_ready(struct loop *loop)
{
	for (int taken = 0; taken < ACCEPT_BUDGET; taken++) {
		int fd = calls_accept(loop->calls, loop->server->listen_fd);

		if (fd >= 0) {
			connection_open(loop, fd);
			continue;
		}
		switch (accept_after_error(fd)) {
		case ACCEPT_AGAIN:
			break;
		case ACCEPT_EMPTY:
			accept_starved(loop->server, &loop->starved, 0);
			return 0;
		case ACCEPT_PAUSE:
			return listener_pause(loop, fd);
		case ACCEPT_FAIL:
			return fd;
		}
	}
	return listener_again(loop);
}

static bool is_held(const struct loop *loop, int fd)
{
	return loop->connections[fd].watched != 0;
}

static bool stop_is_over(const struct loop *loop)
{
	return loop->calls->accepted == loop->calls->closed ||
	       clock_now_ns() >= loop->stop_ends_ns;
}

/* No new connections, no new requests: our FIN to everybody who is owed nothing. */
static void begin_stop(struct loop *loop)
{
	loop->stopping = true;
	loop->stop_ends_ns = clock_now_ns() + STOP_FLUSH_MS * NS_PER_MS;
	watch(loop, loop->server->stop_fd, READY_READ, 0);
	if (loop->listener_resumes_ns == 0)
		watch(loop, loop->server->listen_fd, READY_READ, 0);
	loop->listener_resumes_ns = 0;
	for (int fd = 0; fd < loop->fds_top && !stop_is_over(loop); fd++)
		if (is_held(loop, fd) && loop->connections[fd].echo.next == ECHO_READ)
			connection_finish(loop, fd);
}

/* One step, if the report is about it: other news wait for their turn. */
static void connection_reported(struct loop *loop, int fd, unsigned events)
{
	struct connection *connection = &loop->connections[fd];
	enum echo_next next = connection->echo.next;

	connection->more = connection->more || events & READY_MORE;
	if (events & (next == ECHO_WRITE ? READY_WRITE : READY_READ))
		connection_ready(loop, fd);
}

static int dispatch(struct loop *loop, const struct ready *ready)
{
	if (is_held(loop, ready->fd))
		connection_reported(loop, ready->fd, ready->events);
	else if (ready->fd == loop->server->stop_fd && !loop->stopping)
		begin_stop(loop);
	else if (ready->fd == loop->server->listen_fd && !loop->stopping)
		return listener_ready(loop);
	return 0;
}

/* Sleeps until wake_ns (0: for ever), then handles what is ready. */
static int wait_and_dispatch(struct loop *loop, uint64_t wake_ns)
{
	int timeout_ms = wake_ns ? clock_timeout_ms(wake_ns) : -1;
	int count = loop->backend->poller->wait(loop->poller, loop->batch, timeout_ms);

	calls_add(&loop->calls->wakeups, 1);
	if (count < 0)
		return count == -EINTR ? 0 : count;
	calls_add(&loop->calls->events, (uint64_t)count);
	for (int i = 0; i < count; i++) {
		int error = dispatch(loop, &loop->batch[i]);

		if (error < 0)
			return error;
	}
	return 0;
}

static int serve(struct loop *loop)
{
	while (!loop->stopping) {
		int error = wait_and_dispatch(loop, loop->listener_resumes_ns);

		if (error < 0)
			return error;
		if (loop->listener_resumes_ns &&
			clock_now_ns() >= loop->listener_resumes_ns) {
			error = listener_resume(loop);
			if (error < 0)
				return error;
		}
	}
	return 0;
}

/* Closes who has said nothing since our FIN, and has acknowledged all that we sent. */
static void end_quiet(struct loop *loop)
{
	for (int fd = 0; fd < loop->fds_top && !stop_is_over(loop); fd++) {
		const struct echo *echo = &loop->connections[fd].echo;

		if (!is_held(loop, fd) || echo->next != ECHO_DISCARD || echo->heard)
			continue;
		connection_ready(loop, fd); /* it may say something now, or end */
		if (is_held(loop, fd) && !echo->heard &&
			calls_unacknowledged(loop->calls, fd) <= 0)
			connection_close(loop, fd);
	}
}

/* After a stop: until all have ended, or the time for that has. */
static void flush(struct loop *loop)
{
	if (!loop->stopping) /* it could not go on serving */
		begin_stop(loop);
	uint64_t look_ns = clock_now_ns() + STOP_LOOK_MS * NS_PER_MS;

	while (!stop_is_over(loop) && wait_and_dispatch(loop, look_ns) == 0)
		if (clock_now_ns() >= look_ns) {
			end_quiet(loop);
			look_ns = clock_now_ns() + STOP_LOOK_MS * NS_PER_MS;
		}
	for (int fd = 0; fd < loop->fds_top; fd++)
		if (is_held(loop, fd))
			connection_close(loop, fd);
}

static int loop_open(struct loop *loop)
{
	struct server *server = loop->server;
	int fds_limit = loop->backend->fds_limit;

	loop->drain = server->drain != DRAIN_DEFAULT ? server->drain
		      : is_edge_triggered(loop)      ? DRAIN_EAGAIN
						     : DRAIN_ONCE;
	loop->budget_bytes =
		server->budget_bytes > 0 ? server->budget_bytes : ECHO_BUDGET_BYTES;
	loop->fds_limit = fds_limit > 0 && fds_limit < server->fds_max ? fds_limit
								       : server->fds_max;
	loop->connections = calloc((size_t)server->fds_max, sizeof(*loop->connections));
	loop->batch = calloc((size_t)server->batch_max, sizeof(*loop->batch));
	loop->scratch = malloc(ECHO_BUFFER_BYTES);
	loop->buffers = buffers_open(server->fds_max);
	if (!loop->connections || !loop->batch || !loop->scratch || !loop->buffers)
		return -ENOMEM;
	int error = loop->backend->poller->open(
		&loop->poller, server->fds_max, server->batch_max, server->calls);
	if (error == 0)
		error = watch(loop, server->stop_fd, 0, READY_READ);
	if (error == 0)
		error = watch(loop, server->listen_fd, 0, READY_READ);
	return error;
}

static void loop_close(struct loop *loop)
{
	if (loop->poller)
		loop->backend->poller->close(loop->poller);
	if (loop->buffers)
		buffers_close(loop->buffers, loop->server->fds_max);
	free(loop->scratch);
	free(loop->batch);
	free(loop->connections);
}

int readiness_run(struct server *server, const struct backend *self)
{
	struct loop loop = {.server = server, .calls = server->calls, .backend = self};
	int error = loop_open(&loop);

	if (error == 0) {
		server->ready(server,
			self->poller->modes ? self->poller->modes(loop.poller) : "");
		error = serve(&loop);
		flush(&loop);
	}
	loop_close(&loop);
	return error;
}
