/*
 * engine.c - the closed loop.
 *
 * Connections are watched edge-triggered, for reading and writing at once, from
 * engine_open on. An edge comes when bytes arrive, or when room comes back after a send
 * that fell short, so no epoll_ctl(2) is needed while the clock runs. The price of edges
 * is the duty to use up what an event promises: read until a recv brings less than was
 * asked for, write until a send takes less (epoll(7) allows both in place of EAGAIN). A
 * FIN or a reset may hide behind such a short read, so where the event tells of one, it
 * is read on until it shows.
 */
#include "loadgen/engine.h"

#include "common/clock.h"
#include "loadgen/connections.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	SCRATCH_BYTES = 64 * 1024, /* read at a time */
	EVENTS_MAX = 512,
	HANGUP = EPOLLRDHUP | EPOLLHUP | EPOLLERR,
	INTERRUPTED_PATIENCE_S = 1, /* for what is in flight when someone stops us */
	LOCKSTEP_LOOK_US = 20,      /* between two looks at the server's thread */
	LOCKSTEP_PATIENCE_S = 1,    /* for a server that never sleeps */
};

struct connection {
	int *fd;         /* in the set; -1: given up */
	uint64_t number; /* of the whole run: in messages, and it picks the bytes */
	uint64_t requests_started;
	const uint8_t *message; /* in the payload; NULL: nothing is in flight */
	size_t sent;            /* bytes of the message */
	size_t received;
	uint64_t started_ns;
};

struct engine {
	int epoll_fd; /* owned */
	const struct payload *payload;
	size_t message_bytes;
	struct connection *connections; /* owned */
	size_t count;
	size_t in_flight; /* connections with a message */

	/* The window that runs. */
	const struct engine_window *window;
	struct engine_result *result;
	uint64_t requests_started;
	uint64_t end_ns;       /* of a window by time */
	uint64_t completed_ns; /* of the last completed request, 0: none */
	bool stopping;         /* start nothing more */
	uint64_t deadline_ns;  /* once stopping: for what is in flight */

	struct epoll_event events[EVENTS_MAX];
	uint8_t scratch[SCRATCH_BYTES];
};

void engine_result_error(struct engine_result *result, const char *format, ...)
{
	va_list args;

	if (result->errors++ > 0)
		return;
	va_start(args, format);
	vsnprintf(
		result->first_error.text, sizeof(result->first_error.text), format, args);
	va_end(args);
}

/* After an error the connection's bytes mean nothing any more: it is given up. */
static void give_up(struct engine *engine, struct connection *c)
{
	if (c->message)
		engine->in_flight--;
	c->message = NULL;
	close(*c->fd); /* which takes it out of the interest list */
	*c->fd = -1;
}

/* The server ended the connection: error is 0 for a FIN, or a negative errno. */
static void lost(struct engine *engine, struct connection *c, int error)
{
	engine->result->connections_lost++;
	if (c->message)
		engine_result_error(engine->result,
			"connection %" PRIu64 ": %s after %zu of %zu bytes of its "
			"request %" PRIu64,
			c->number, error ? strerror(-error) : "closed by the server",
			c->received, engine->message_bytes, c->requests_started);
	else
		engine_result_error(engine->result,
			"connection %" PRIu64 ": %s while nothing was asked", c->number,
			error ? strerror(-error) : "closed by the server");
	give_up(engine, c);
}

static void stop_starting(struct engine *engine, uint64_t now_ns, uint64_t patience_s)
{
	engine->stopping = true;
	engine->deadline_ns = now_ns + patience_s * NS_PER_S;
}

/* May one more request start? The one place that ends a window. */
static bool may_start(struct engine *engine, uint64_t now_ns)
{
	const struct engine_window *window = engine->window;
	bool over = window->duration_ns ? now_ns >= engine->end_ns
					: engine->requests_started >= window->requests;

	if (over && !engine->stopping)
		stop_starting(engine, now_ns, ENGINE_PATIENCE_S);
	return !engine->stopping;
}

/* Sends what the socket takes; the rest waits for an edge. */
static void send_rest(struct engine *engine, struct connection *c)
{
	while (c->sent < engine->message_bytes) {
		size_t left = engine->message_bytes - c->sent;
		ssize_t n = send(*c->fd, c->message + c->sent, left, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno != EAGAIN)
			lost(engine, c, -errno);
		if (n < 0)
			return;
		c->sent += (size_t)n;
		engine->result->bytes_tx += (uint64_t)n;
		if ((size_t)n < left)
			return;
	}
}

/* Lockstep: until the server's thread sleeps. One that spins is an error, told once. */
static void await_sleep(struct engine *engine)
{
	const struct engine_window *window = engine->window;
	uint64_t deadline_ns = clock_now_ns() + LOCKSTEP_PATIENCE_S * NS_PER_S;
	int state;

	while ((state = usage_thread_state(window->lockstep_pid, window->lockstep_tid)) !=
		'S') {
		if (state < 0 || clock_now_ns() >= deadline_ns) {
			engine_result_error(engine->result,
				"lockstep: the server's thread %d %s",
				window->lockstep_tid,
				state < 0 ? "cannot be seen" : "does not sleep");
			return;
		}
		usleep(LOCKSTEP_LOOK_US);
	}
}

static void start_request(struct engine *engine, struct connection *c)
{
	if (engine->window->lockstep_tid)
		await_sleep(engine);
	c->message = payload_message(engine->payload, c->number, c->requests_started);
	c->sent = c->received = 0;
	c->requests_started++;
	engine->requests_started++;
	engine->in_flight++;
	c->started_ns = clock_now_ns();
	send_rest(engine, c);
}

static void complete_request(struct engine *engine, struct connection *c, uint64_t now_ns)
{
	histogram_record(&engine->result->service, now_ns - c->started_ns);
	engine->result->requests_completed++;
	engine->completed_ns = now_ns;
	engine->in_flight--;
	c->message = NULL;
	if (may_start(engine, now_ns))
		start_request(engine, c);
}

/* Compares n bytes that came with what was sent, and goes on if that was all. */
static void take_bytes(struct engine *engine, struct connection *c, size_t n)
{
	struct engine_result *result = engine->result;
	/* Only bytes that were sent can come back. */
	size_t expected = c->message ? c->sent - c->received : 0;
	bool last = c->message && c->received + n == engine->message_bytes;
	uint64_t now_ns = last ? clock_now_ns() : 0;

	result->bytes_rx += n;
	if (n > expected) {
		result->bytes_wrong += n - expected;
		engine_result_error(result,
			"connection %" PRIu64 ": %zu bytes more than were sent, in or "
			"after its request %" PRIu64,
			c->number, n - expected, c->requests_started);
		give_up(engine, c);
		return;
	}
	const uint8_t *sent = c->message + c->received;
	size_t at = payload_first_wrong(sent, engine->scratch, n);

	if (at < n) {
		result->bytes_wrong += payload_count_wrong(sent, engine->scratch, n);
		engine_result_error(result,
			"connection %" PRIu64 ", request %" PRIu64
			": byte %zu of %zu is 0x%02x and not 0x%02x",
			c->number, c->requests_started, c->received + at,
			engine->message_bytes, engine->scratch[at], sent[at]);
		give_up(engine, c);
		return;
	}
	c->received += n;
	if (last)
		complete_request(engine, c, now_ns);
}

/* Bytes read, 0 at the end, -EAGAIN when there are none, or another -errno. */
static ssize_t receive_some(int fd, uint8_t *buffer)
{
	ssize_t n;

	do
		n = recv(fd, buffer, SCRATCH_BYTES, 0);
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : n;
}

static void receive(struct engine *engine, struct connection *c, bool hangup)
{
	ssize_t n;

	do {
		n = receive_some(*c->fd, engine->scratch);
		if (n == -EAGAIN)
			return;
		if (n <= 0) {
			lost(engine, c, (int)n);
			return;
		}
		take_bytes(engine, c, (size_t)n);
	} while (*c->fd >= 0 && (n == SCRATCH_BYTES || hangup));
}

static void advance(struct engine *engine, struct connection *c, uint32_t events)
{
	if (*c->fd < 0)
		return;
	if ((events & EPOLLOUT) && c->message)
		send_rest(engine, c);
	if ((events & (EPOLLIN | HANGUP)) && *c->fd >= 0)
		receive(engine, c, events & HANGUP);
}

/*
 * Between windows nothing is in flight: what comes nevertheless is an error. A quiet
 * connection answers EAGAIN.
 */
static void check_quiet(struct engine *engine)
{
	for (size_t i = 0; i < engine->count; i++)
		if (*engine->connections[i].fd >= 0)
			receive(engine, &engine->connections[i], true);
}

/* Whoever is still in flight will not be answered. */
static void give_up_waiting(struct engine *engine, uint64_t patience_s)
{
	for (size_t i = 0; i < engine->count; i++) {
		struct connection *c = &engine->connections[i];

		if (!c->message)
			continue;
		engine_result_error(engine->result,
			"connection %" PRIu64 ": no answer within %" PRIu64
			" s: %zu of %zu bytes of its request %" PRIu64 " came back",
			c->number, patience_s, c->received, engine->message_bytes,
			c->requests_started);
		give_up(engine, c);
	}
}

/* Handles a batch of events, and looks at the time if no request did. */
static void handle_events(
	struct engine *engine, const struct engine_stop *stop, size_t count)
{
	uint64_t completed_before = engine->result->requests_completed;

	for (size_t i = 0; i < count; i++) {
		struct connection *c = engine->events[i].data.ptr;

		if (c)
			advance(engine, c, engine->events[i].events);
		else if (!engine->result->interrupted && stop->asked(stop->context)) {
			engine->result->interrupted = true;
			stop_starting(engine, clock_now_ns(), INTERRUPTED_PATIENCE_S);
		}
	}
	if (engine->result->requests_completed == completed_before)
		may_start(engine, clock_now_ns());
}

/* Until nothing is in flight any more. 0 or -errno. */
static int run_loop(struct engine *engine, const struct engine_stop *stop)
{
	while (engine->in_flight > 0) {
		int timeout_ms = engine->stopping ? clock_timeout_ms(engine->deadline_ns)
						  : ENGINE_PATIENCE_S * 1000;
		int n = epoll_wait(
			engine->epoll_fd, engine->events, EVENTS_MAX, timeout_ms);

		if (n < 0 && errno != EINTR)
			return -errno;
		if (n > 0)
			handle_events(engine, stop, (size_t)n);
		if (n == 0 || timeout_ms == 0)
			give_up_waiting(engine, engine->result->interrupted
							? INTERRUPTED_PATIENCE_S
							: ENGINE_PATIENCE_S);
	}
	return 0;
}

/* Watches the stop descriptor while a window runs. Regular files cannot be: EPERM. */
static int watch_stop(struct engine *engine, const struct engine_stop *stop)
{
	struct epoll_event event = {.events = EPOLLIN | EPOLLET, .data.ptr = NULL};

	if (stop->fd < 0 ||
		epoll_ctl(engine->epoll_fd, EPOLL_CTL_ADD, stop->fd, &event) == 0 ||
		errno == EPERM)
		return 0;
	return -errno;
}

/* From the first send to the last answer, with the clock and the usage around it. */
static int measure(struct engine *engine, const struct engine_stop *stop)
{
	struct engine_result *result = engine->result;
	struct usage before, after;
	int error = usage_read(getpid(), 0, &before);

	if (error < 0)
		return error;
	uint64_t start_ns = clock_now_ns();

	engine->end_ns = start_ns + engine->window->duration_ns;
	for (size_t i = 0; i < engine->count && may_start(engine, start_ns); i++)
		if (*engine->connections[i].fd >= 0)
			start_request(engine, &engine->connections[i]);
	error = run_loop(engine, stop);
	if (error < 0)
		return error;
	uint64_t end_ns = engine->completed_ns ? engine->completed_ns : clock_now_ns();

	result->measured_ns = end_ns - start_ns;
	error = usage_read(getpid(), 0, &after);
	if (error < 0)
		return error;
	result->usage = usage_difference(&before, &after);
	return 0;
}

int engine_run(struct engine *engine, const struct engine_window *window,
	const struct engine_stop *stop, struct engine_result *result,
	struct problem *problem)
{
	memset(result, 0, sizeof(*result));
	histogram_reset(&result->service);
	engine->window = window;
	engine->result = result;
	engine->requests_started = 0;
	engine->completed_ns = 0;
	engine->stopping = false;
	check_quiet(engine);

	int error = watch_stop(engine, stop);

	if (error == 0)
		error = measure(engine, stop);
	if (stop->fd >= 0)
		epoll_ctl(engine->epoll_fd, EPOLL_CTL_DEL, stop->fd, NULL);
	if (error < 0)
		return problem_set(problem, error, "the measured loop cannot go on: %s",
			strerror(-error));
	check_quiet(engine);
	if (result->requests_completed == 0 && result->errors == 0 &&
		!result->interrupted)
		engine_result_error(
			result, "no request was made: no active connection is left");
	return 0;
}

/* Into the interest list, for good. 0 or -errno. */
static int watch_connections(struct engine *engine)
{
	for (size_t i = 0; i < engine->count; i++) {
		struct epoll_event event = {
			.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET,
			.data.ptr = &engine->connections[i],
		};

		if (epoll_ctl(engine->epoll_fd, EPOLL_CTL_ADD, *engine->connections[i].fd,
			    &event) < 0)
			return -errno;
	}
	/* Each is writable by now: that first edge is no news. */
	while (epoll_wait(engine->epoll_fd, engine->events, EVENTS_MAX, 0) > 0)
		;
	return 0;
}

int engine_open(struct engine **engine, struct connections *set,
	const struct payload *payload, size_t message_bytes, struct problem *problem)
{
	struct engine *opened = calloc(1, sizeof(*opened));
	struct connection *connections = calloc(set->count, sizeof(*connections));

	if (!opened || !connections) {
		free(opened);
		free(connections);
		return problem_set(problem, -ENOMEM, "out of memory");
	}
	for (size_t i = 0; i < set->count; i++)
		connections[i] = (struct connection){
			.fd = &set->fds[i],
			.number = set->first_number + i,
		};
	*opened = (struct engine){
		.epoll_fd = epoll_create1(EPOLL_CLOEXEC),
		.payload = payload,
		.message_bytes = message_bytes,
		.connections = connections,
		.count = set->count,
	};
	int error = opened->epoll_fd < 0 ? -errno : watch_connections(opened);

	if (error < 0) {
		engine_close(opened);
		return problem_set(problem, error, "cannot watch %zu connections: %s",
			set->count, strerror(-error));
	}
	*engine = opened;
	return 0;
}

void engine_close(struct engine *engine)
{
	if (!engine)
		return;
	if (engine->epoll_fd >= 0)
		close(engine->epoll_fd);
	free(engine->connections);
	free(engine);
}
