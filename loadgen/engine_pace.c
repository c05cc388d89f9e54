/*
 * engine_pace.c - what starts when: the window's limits, the schedule of an open loop,
 * lockstep, and whose turn it is.
 */
#include "loadgen/engine_state.h"

#include "common/clock.h"

#include <unistd.h>

enum {
	LOCKSTEP_LOOK_US = 20,   /* between two looks at the server's thread */
	LOCKSTEP_PATIENCE_S = 1, /* for a server that never sleeps */

	/*
	 * How long after its end a window still starts what fell due in it: as long as
	 * it was itself, within these bounds. What waits longer never starts.
	 */
	BACKLOG_MIN_S = 1,
	BACKLOG_MAX_S = 4,
};

void engine_stop_starting(struct engine *engine, uint64_t now_ns, uint64_t patience_s)
{
	engine->stopping = true;
	engine->stopped_ns = now_ns;
	engine->deadline_ns = now_ns + patience_s * NS_PER_S;
}

/* Until when the backlog of an open loop is worked off. */
static uint64_t backlog_end_ns(const struct engine *engine)
{
	uint64_t patience_ns = engine->window->duration_ns;

	if (patience_ns < BACKLOG_MIN_S * NS_PER_S)
		patience_ns = BACKLOG_MIN_S * NS_PER_S;
	if (patience_ns > BACKLOG_MAX_S * NS_PER_S)
		patience_ns = BACKLOG_MAX_S * NS_PER_S;
	return engine->end_ns + patience_ns;
}

static bool is_over(const struct engine *engine, uint64_t now_ns)
{
	const struct engine_window *window = engine->window;

	if (engine_is_open_loop(engine))
		return now_ns >= engine->end_ns &&
		       (engine->schedule.intended_ns >= engine->end_ns ||
			       now_ns >= backlog_end_ns(engine));
	return window->duration_ns ? now_ns >= engine->end_ns
				   : engine->requests_planned >= window->requests;
}

/* This is the one place that ends a window. */
bool engine_may_start(struct engine *engine, uint64_t now_ns)
{
	if (!engine->stopping && is_over(engine, now_ns))
		engine_stop_starting(engine, now_ns, ENGINE_PATIENCE_S);
	if (engine->stopping || engine->busy >= engine->busy_max)
		return false;
	return !engine_is_open_loop(engine) ||
	       (engine->schedule.intended_ns <= now_ns &&
		       engine->schedule.intended_ns < engine->end_ns);
}

void engine_give_turn(struct engine *engine, struct connection *c)
{
	if (c->has_turn)
		return;
	c->has_turn = true;
	turns_add(&engine->turns, (size_t)(c - engine->connections));
}

struct connection *engine_next_turn(struct engine *engine)
{
	while (engine->turns.count > 0) {
		size_t i = engine->setup.spread_active
				   ? turns_take_drawn(&engine->turns, &engine->random)
				   : turns_take_first(&engine->turns);
		struct connection *c = &engine->connections[i];

		c->has_turn = false;
		if (stream_is_open(&c->stream) || engine_is_churn(engine))
			return c;
	}
	return NULL;
}

/* A thread that spins is an error, told once. */
void engine_await_sleep(struct engine *engine)
{
	const struct engine_window *window = engine->window;
	uint64_t deadline_ns;
	int state;

	if (!window->lockstep_tid)
		return;
	deadline_ns = clock_now_ns() + LOCKSTEP_PATIENCE_S * NS_PER_S;
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

/* An open loop that hears nothing until then gives up on what is in flight. */
uint64_t engine_give_up_ns(const struct engine *engine)
{
	if (engine->stopping)
		return engine->deadline_ns;
	if (engine->busy > 0)
		return engine->heard_ns + ENGINE_PATIENCE_S * NS_PER_S;
	return WAIT_FOREVER_NS;
}

/* When an open loop has something to do of its own accord. */
uint64_t engine_wake_ns(const struct engine *engine)
{
	uint64_t wake_ns = engine->schedule.intended_ns;

	if (engine->stopping)
		return engine_give_up_ns(engine);
	if (wake_ns >= engine->end_ns)
		wake_ns = engine->end_ns;
	else if (engine->turns.count == 0 || engine->busy >= engine->busy_max)
		wake_ns = backlog_end_ns(engine);
	return wake_ns < engine_give_up_ns(engine) ? wake_ns : engine_give_up_ns(engine);
}
