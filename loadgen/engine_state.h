/*
 * engine_state.h - the inside of the engine, for engine*.c and churn.c alone.
 *
 * What the engine counts as being under way ("busy") is a request, or in churn a visit: a
 * connection from its opening to its close.
 */
#ifndef LOADGEN_ENGINE_STATE_H
#define LOADGEN_ENGINE_STATE_H

#include "loadgen/engine.h"
#include "loadgen/stream.h"
#include "loadgen/turns.h"
#include "loadgen/wait.h"

#include "common/random.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/epoll.h>

enum {
	ENGINE_SCRATCH_BYTES = 64 * 1024, /* read at a time */
	ENGINE_EVENTS_MAX = 512,
};

enum churn_phase {
	CHURN_CONNECTING, /* until the first byte could be sent */
	CHURN_ECHOING,
	CHURN_CLOSING, /* our FIN is sent, the server's is awaited */
};

struct connection {
	struct stream stream;
	bool has_turn; /* is in engine->turns */

	/* Churn, while it is open. */
	enum churn_phase phase;
	bool watches_writable;
	uint64_t connect_ns; /* just before connect(2) */
	uint64_t requests_left;
};

struct engine {
	struct waiter waiter; /* its epoll descriptor is owned here */
	struct engine_setup setup;
	struct connection *connections; /* owned */
	struct request *requests;       /* owned: the rings of all connections */
	size_t count;
	struct turns turns;   /* connections that could take a request */
	struct random random; /* draws connections */
	uint64_t busy_max;
	uint64_t busy;
	uint64_t connections_opened; /* churn, of all windows */

	/* The window that runs. */
	const struct engine_window *window;
	struct engine_result *result;
	struct schedule schedule;  /* open loop */
	uint64_t requests_planned; /* started, or sure to be */
	uint64_t start_ns;
	uint64_t end_ns;       /* of a window by time */
	uint64_t completed_ns; /* of the last completed request, 0: none */
	uint64_t heard_ns;     /* open loop: the last sign of the server, or first send */
	bool more;             /* could have started more, but looks at events first */
	bool stopping;         /* starts nothing more */
	uint64_t stopped_ns;   /* since when */
	uint64_t deadline_ns;  /* once stopping: for what is in flight */

	struct epoll_event events[ENGINE_EVENTS_MAX];
	uint8_t scratch[ENGINE_SCRATCH_BYTES];
};

static inline bool engine_is_open_loop(const struct engine *engine)
{
	return engine->window->rate > 0;
}

static inline bool engine_is_churn(const struct engine *engine)
{
	return engine->setup.churn;
}

/* ---- engine_pace.c: what starts when ---- */

/* May one more request start now? Ends the window when it is over. */
bool engine_may_start(struct engine *engine, uint64_t now_ns);

/* Nothing starts from now on; what is busy has so long to end. */
void engine_stop_starting(struct engine *engine, uint64_t now_ns, uint64_t patience_s);

/* The connection may take a request again. */
void engine_give_turn(struct engine *engine, struct connection *c);

/* The connection that takes the next request; NULL when none has room. */
struct connection *engine_next_turn(struct engine *engine);

/* Lockstep: returns when the server's thread sleeps; else at once. */
void engine_await_sleep(struct engine *engine);

/* An open loop: when it gives up on what is busy; when it must wake for anything. */
uint64_t engine_give_up_ns(const struct engine *engine);
uint64_t engine_wake_ns(const struct engine *engine);

/* ---- engine_loop.c: what goes out and what comes back ---- */

/* Starts what may start, until all of it is answered. 0 or -errno. */
int engine_loop(struct engine *engine, const struct engine_stop *stop);

/* Between windows nothing is in flight: what comes nevertheless is an error. */
void engine_check_quiet(struct engine *engine);

/* The server ended the connection: error is 0 for a FIN, or a negative errno. */
void engine_lost(struct engine *engine, struct connection *c, int error);

/* After an error the connection's bytes mean nothing any more: it is given up. */
void engine_give_up(struct engine *engine, struct connection *c);

#endif
