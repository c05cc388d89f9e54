/*
 * engine_loop.c - send, await, compare, time.
 *
 * Connections are watched edge-triggered, for reading and writing at once, from
 * engine_open on. An edge comes when bytes arrive, or when room comes back after a send
 * that fell short, so no epoll_ctl(2) is needed while the clock runs. The price of edges
 * is the duty to use up what an event promises: read until a recv brings less than was
 * asked for, write until a send takes less (epoll(7) allows both in place of EAGAIN). A
 * FIN or a reset may hide behind such a short read, so where the event tells of one, it
 * is read on until it shows.
 *
 * Requests start in one place for every kind of loop, start_what_may(): as long as the
 * window lets one start and a connection has its turn (engine_pace.c).
 */
#include "loadgen/engine_state.h"

#include "common/clock.h"
#include "loadgen/churn.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	HANGUP = EPOLLRDHUP | EPOLLHUP | EPOLLERR,
	INTERRUPTED_PATIENCE_S = 1, /* for what is in flight when someone stops us */
	START_AT_ONCE = 64,         /* then it is time to look at what came back */
};

/* ---- connections that go wrong ---- */

void engine_give_up(struct engine *engine, struct connection *c)
{
	uint32_t forgotten = stream_clear(&c->stream);

	engine->busy -= engine_is_churn(engine) ? 1 : forgotten;
	if (stream_is_open(&c->stream))
		close(*c->stream.fd); /* which takes it out of the interest list */
	*c->stream.fd = -1;
}

void engine_lost(struct engine *engine, struct connection *c, int error)
{
	const struct stream *stream = &c->stream;
	const char *how = error ? strerror(-error) : "closed by the server";

	engine->result->connections_lost++;
	if (stream->in_flight > 0)
		engine_result_error(engine->result,
			"connection %" PRIu64 ": %s after %zu of %zu bytes of its "
			"request %" PRIu64,
			stream->number, how, stream->received, stream->message_bytes,
			stream->requests_started - stream->in_flight + 1);
	else
		engine_result_error(engine->result,
			"connection %" PRIu64 ": %s while nothing was asked",
			stream->number, how);
	engine_give_up(engine, c);
}

/* Who is still busy will not be answered. */
static void give_up_waiting(struct engine *engine, uint64_t patience_s)
{
	for (size_t i = 0; i < engine->count; i++) {
		struct connection *c = &engine->connections[i];
		const struct stream *stream = &c->stream;

		if (!stream_is_open(stream) ||
			(stream->in_flight == 0 && !engine_is_churn(engine)))
			continue;
		engine_result_error(engine->result,
			"connection %" PRIu64 ": no answer within %" PRIu64
			" s: %zu of %zu bytes of its request %" PRIu64 " came back",
			stream->number, patience_s, stream->received,
			stream->message_bytes,
			stream->requests_started - stream->in_flight + 1);
		engine_give_up(engine, c);
	}
}

/* ---- what goes out ---- */

/* An open loop's request gets its time, and the schedule goes on. */
static void take_from_schedule(
	struct engine *engine, struct request *request, uint64_t now_ns)
{
	if (engine->busy == 0)
		engine->heard_ns = now_ns;
	request->intended_ns = engine->schedule.intended_ns;
	histogram_record(&engine->result->send_lag, now_ns - request->intended_ns);
	schedule_next(&engine->schedule);
	engine->result->requests_intended++;
}

static void send_rest(struct engine *engine, struct connection *c)
{
	int error = stream_send(&c->stream, engine->result);

	if (error < 0)
		engine_lost(engine, c, error);
}

/*
 * Starts the next request on a connection. A closed loop on its own connections fills
 * the pipeline at once, so that one send does for all that an answer made room for.
 */
static void start_requests(struct engine *engine, struct connection *c)
{
	bool fill = !engine_is_open_loop(engine) && !engine->setup.spread_active;

	engine_await_sleep(engine);
	uint64_t now_ns = clock_now_ns();

	do {
		struct request *request = stream_add(&c->stream, engine->setup.payload);

		request->sent_ns = now_ns;
		if (engine_is_open_loop(engine))
			take_from_schedule(engine, request, now_ns);
		engine->busy++;
		engine->requests_planned++;
		engine->result->requests_started++;
	} while (fill && stream_has_room(&c->stream) && engine_may_start(engine, now_ns));
	send_rest(engine, c);
	if (stream_is_open(&c->stream) && stream_has_room(&c->stream))
		engine_give_turn(engine, c);
}

static void start_what_may(struct engine *engine, uint64_t now_ns)
{
	struct connection *c;

	for (int started = 0; started < START_AT_ONCE; started++) {
		engine->more = false;
		if (engine->turns.count == 0 || !engine_may_start(engine, now_ns) ||
			!(c = engine_next_turn(engine)))
			return;
		if (engine_is_churn(engine))
			churn_start(engine, c);
		else
			start_requests(engine, c);
		engine->more = true;
	}
}

/* ---- what comes back ---- */

static void complete_request(struct engine *engine, struct connection *c,
	const struct request *request, uint64_t now_ns)
{
	struct engine_result *result = engine->result;

	histogram_record(&result->service, now_ns - request->sent_ns);
	if (engine_is_open_loop(engine))
		histogram_record(&result->response, now_ns - request->intended_ns);
	result->requests_completed++;
	engine->completed_ns = now_ns;
	if (engine_is_churn(engine)) {
		churn_answered(engine, c);
		return;
	}
	engine->busy--;
	engine_give_turn(engine, c);
}

/* Compares n bytes that came with what was sent. */
static void take_bytes(struct engine *engine, struct connection *c, size_t n)
{
	uint64_t now_ns = stream_answers(&c->stream, n) ? clock_now_ns() : 0;
	struct request answered;

	if (stream_take(&c->stream, engine->scratch, n, engine->result) < 0) {
		engine_give_up(engine, c);
		return;
	}
	while (stream_pop(&c->stream, &answered))
		complete_request(engine, c, &answered, now_ns);
}

/* Bytes read, 0 at the end, -EAGAIN when there are none, or another -errno. */
static ssize_t receive_some(int fd, uint8_t *buffer)
{
	ssize_t n;

	do
		n = recv(fd, buffer, ENGINE_SCRATCH_BYTES, 0);
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : n;
}

static void receive(struct engine *engine, struct connection *c, bool hangup)
{
	ssize_t n;

	do {
		n = receive_some(*c->stream.fd, engine->scratch);
		if (n == -EAGAIN)
			return;
		if (n == 0 && engine_is_churn(engine) && churn_ended(engine, c))
			return;
		if (n <= 0) {
			engine_lost(engine, c, (int)n);
			return;
		}
		take_bytes(engine, c, (size_t)n);
	} while (stream_is_open(&c->stream) && (n == ENGINE_SCRATCH_BYTES || hangup));
}

static void advance(struct engine *engine, struct connection *c, uint32_t events)
{
	if (!stream_is_open(&c->stream))
		return;
	if ((events & EPOLLOUT) && c->stream.unsent > 0) {
		if (engine_is_churn(engine))
			churn_writable(engine, c);
		else
			send_rest(engine, c);
	}
	if ((events & (EPOLLIN | HANGUP)) && stream_is_open(&c->stream))
		receive(engine, c, events & HANGUP);
}

/* A quiet connection answers EAGAIN. */
void engine_check_quiet(struct engine *engine)
{
	for (size_t i = 0; i < engine->count; i++)
		if (stream_is_open(&engine->connections[i].stream))
			receive(engine, &engine->connections[i], true);
}

/* Handles a batch of events, and looks at the time if no request did. */
static void handle_events(
	struct engine *engine, const struct engine_stop *stop, size_t count)
{
	uint64_t completed_before = engine->result->requests_completed;

	for (size_t i = 0; i < count; i++) {
		struct connection *c = engine->events[i].data.ptr;

		if (c) {
			advance(engine, c, engine->events[i].events);
			start_what_may(engine, engine->completed_ns);
		} else if (!engine->result->interrupted && stop->asked(stop->context)) {
			engine->result->interrupted = true;
			engine_stop_starting(
				engine, clock_now_ns(), INTERRUPTED_PATIENCE_S);
		}
	}
	if (engine->result->requests_completed == completed_before)
		engine_may_start(engine, clock_now_ns());
}

/* ---- the loop ---- */

/* Waits for events: how many, 0 when there are none or it was interrupted, or -errno. */
static int await_events(struct engine *engine, bool *timed_out)
{
	int n;

	if (engine->more) {
		n = epoll_wait(
			engine->waiter.epoll_fd, engine->events, ENGINE_EVENTS_MAX, 0);
		n = n < 0 ? -errno : n;
	} else if (engine_is_open_loop(engine)) {
		n = wait_until(&engine->waiter, engine->events, ENGINE_EVENTS_MAX,
			engine_wake_ns(engine));
		if (n > 0)
			engine->heard_ns = clock_now_ns();
		*timed_out = n >= 0 && clock_now_ns() >= engine_give_up_ns(engine);
	} else {
		int timeout_ms = engine->stopping ? clock_timeout_ms(engine->deadline_ns)
						  : ENGINE_PATIENCE_S * 1000;

		n = epoll_wait(engine->waiter.epoll_fd, engine->events, ENGINE_EVENTS_MAX,
			timeout_ms);
		n = n < 0 ? -errno : n;
		*timed_out = n == 0 || timeout_ms == 0;
	}
	return n == -EINTR ? 0 : n;
}

/* Is there anything to wait for? */
static bool goes_on(const struct engine *engine)
{
	if (engine->busy > 0 || engine->more)
		return true;
	/* An open loop waits for its time, as long as it has a connection left. */
	return engine_is_open_loop(engine) && !engine->stopping &&
	       engine->turns.count > 0;
}

/* Lets the stopped server go on when every connection has sent what it may. */
static void resume(struct engine *engine)
{
	pid_t pid = engine->window->resume_pid;

	while (engine->more)
		start_what_may(engine, engine->start_ns);
	if (kill(pid, SIGCONT) < 0)
		engine_result_error(
			engine->result, "resume_pid %d: %s", (int)pid, strerror(errno));
}

int engine_loop(struct engine *engine, const struct engine_stop *stop)
{
	start_what_may(engine, engine->start_ns);
	if (engine->window->resume_pid)
		resume(engine);
	while (goes_on(engine)) {
		bool timed_out = false;
		int n = await_events(engine, &timed_out);

		if (n < 0)
			return n;
		handle_events(engine, stop, (size_t)n);
		if (timed_out)
			give_up_waiting(engine, engine->result->interrupted
							? INTERRUPTED_PATIENCE_S
							: ENGINE_PATIENCE_S);
		if (engine->more || engine_is_open_loop(engine))
			start_what_may(engine, clock_now_ns());
	}
	return 0;
}
