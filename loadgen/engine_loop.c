/*
 * engine_loop.c - send, await, compare, time: what every engine has in common.
 *
 * Requests start in one place for every kind of loop, engine_start(): as long as the
 * window lets one start and a connection has its turn (engine_pace.c). How bytes reach
 * the kernel, and how one hears of those that came, is struct engine_io's.
 */
#include "loadgen/engine_state.h"

#include "common/clock.h"
#include "loadgen/churn.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

enum {
	INTERRUPTED_PATIENCE_S = 1, /* for what is in flight when someone stops us */
};

/* ---- connections that go wrong ---- */

void engine_give_up(struct engine *engine, struct connection *c)
{
	if (stream_is_open(&c->stream))
		engine->io->forget(engine, c);
	uint32_t forgotten = stream_clear(&c->stream);

	engine->busy -= engine_is_churn(engine) ? 1 : forgotten;
	if (stream_is_open(&c->stream))
		close(*c->stream.fd);
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
	schedule_next(&engine->schedule);
	engine->result->requests_intended++;
}

void engine_mark_sent(struct engine *engine, struct request *request, uint64_t now_ns)
{
	request->sent_ns = now_ns;
	if (engine_is_open_loop(engine))
		histogram_record(
			&engine->result->send_lag, now_ns - request->intended_ns);
}

/*
 * Starts the next request on a connection. A closed loop on its own connections fills
 * the pipeline at once, so that one send does for all that an answer made room for.
 */
static void start_requests(struct engine *engine, struct connection *c)
{
	bool fill = !engine_is_open_loop(engine) && !engine->setup.spread_active;

	engine_await_sleep(engine);
	uint64_t now_ns = engine->io->now_ns(engine);

	do {
		struct request *request = stream_add(&c->stream, engine->setup.payload);

		if (engine_is_open_loop(engine))
			take_from_schedule(engine, request, now_ns);
		engine->io->stamp(engine, request, now_ns);
		engine->busy++;
		engine->requests_planned++;
		engine->result->requests_started++;
	} while (fill && stream_has_room(&c->stream) && engine_may_start(engine, now_ns));
	int error = engine->io->send(engine, c);

	if (error < 0)
		engine_lost(engine, c, error);
	if (stream_is_open(&c->stream) && stream_has_room(&c->stream))
		engine_give_turn(engine, c);
}

void engine_start(struct engine *engine, uint64_t now_ns)
{
	struct connection *c;

	for (int started = 0; started < ENGINE_START_AT_ONCE; started++) {
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

void engine_take_bytes(struct engine *engine, struct connection *c, const uint8_t *bytes,
	size_t n, uint64_t now_ns)
{
	struct request answered;

	if (stream_take(&c->stream, bytes, n, engine->result) < 0) {
		engine_give_up(engine, c);
		return;
	}
	while (stream_pop(&c->stream, &answered))
		complete_request(engine, c, &answered, now_ns);
}

void engine_ended(struct engine *engine, struct connection *c, int error)
{
	if (error < 0 || !engine_is_churn(engine) || !churn_ended(engine, c))
		engine_lost(engine, c, error);
}

void engine_ask_stop(struct engine *engine, const struct engine_stop *stop)
{
	if (!stop || engine->result->interrupted || !stop->asked(stop->context))
		return;
	engine->result->interrupted = true;
	engine_stop_starting(engine, clock_now_ns(), INTERRUPTED_PATIENCE_S);
}

/* Handles a batch of events, and looks at the time if no request did. */
static void handle_events(
	struct engine *engine, const struct engine_stop *stop, size_t count)
{
	uint64_t completed_before = engine->result->requests_completed;

	engine->io->handle(engine, stop, count);
	if (engine->result->requests_completed == completed_before)
		engine_may_start(engine, clock_now_ns());
}

/* ---- the loop ---- */

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
static int resume(struct engine *engine)
{
	pid_t pid = engine->window->resume_pid;

	while (engine->more)
		engine_start(engine, engine->start_ns);
	int error = engine->io->flush(engine);

	if (kill(pid, SIGCONT) < 0)
		engine_result_error(
			engine->result, "resume_pid %d: %s", (int)pid, strerror(errno));
	return error;
}

int engine_loop(struct engine *engine, const struct engine_stop *stop)
{
	int error = 0;

	engine->now_ns = engine->start_ns;
	engine_start(engine, engine->start_ns);
	if (engine->window->resume_pid)
		error = resume(engine);
	while (error == 0 && goes_on(engine)) {
		bool timed_out = false;
		int n = engine->io->await(engine, &timed_out);

		if (n < 0)
			return n;
		handle_events(engine, stop, (size_t)n);
		if (timed_out)
			give_up_waiting(engine, engine->result->interrupted
							? INTERRUPTED_PATIENCE_S
							: ENGINE_PATIENCE_S);
		if (engine->more || engine_is_open_loop(engine))
			engine_start(engine, clock_now_ns());
	}
	return error;
}
