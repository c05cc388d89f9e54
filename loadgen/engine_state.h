/*
 * engine_state.h - the inside of the engine, for engine*.c and churn.c alone.
 *
 * What the engine counts as being under way ("busy") is a request, or in churn a visit: a
 * connection from its opening to its close.
 *
 * What starts when, what an answer means and what goes wrong are the same for every
 * engine; they differ in how they wait and how bytes move. That part is a struct
 * engine_io, and each has a file: engine_epoll.c, uring/engine_uring.c.
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

	/* The engine_io's. */
	bool watched; /* epoll: in the interest list; io_uring: a recv is armed */
	bool watches_writable; /* also for room to send */
	bool sending;          /* io_uring: a send is under way whose result will come */
	uint32_t generation;   /* io_uring: raised at each end of the connection */
	size_t asked;          /* io_uring: bytes of the last send */

	/* Churn, while it is open. */
	enum churn_phase phase;
	uint64_t connect_ns; /* just before connect(2) */
	uint64_t requests_left;
};

/*
 * How an engine waits and moves bytes. What may fail returns 0 or -errno.
 */
struct engine_io {
	const char *name;
	/* NULL: any machine can. Else 0, or -errno with problem: what is missing. */
	int (*probe)(struct problem *problem);
	/* What it needs of its own; close() is called in any case, and forgives. */
	int (*open)(struct engine *engine);
	void (*close)(struct engine *engine);
	/* What it really got, words with blanks between them; "" for nothing special. */
	const char *(*modes)(const struct engine *engine);
	/* From now on it hears of what arrives on the connection. */
	int (*watch)(struct engine *engine, struct connection *c);
	/*
	 * Between windows nothing is in flight: takes what has come nevertheless, which
	 * is then an error.
	 */
	void (*look)(struct engine *engine);
	/* The time, not older than the batch of events that is being worked off. */
	uint64_t (*now_ns)(const struct engine *engine);
	/* The request is about to be sent: engine_mark_sent() when it really is. */
	void (*stamp)(struct engine *engine, struct request *request, uint64_t now_ns);
	/* Sends what is unsent, as far as it goes; what is left follows by itself. */
	int (*send)(struct engine *engine, struct connection *c);
	/* Whatever was only noted down so far is with the kernel on return. */
	int (*flush)(struct engine *engine);
	/* The connection is closed next; nothing of it is heard any more. */
	void (*forget)(struct engine *engine, struct connection *c);
	/* Waits for events, how many, 0 or -errno. */
	int (*await)(struct engine *engine, bool *timed_out);
	/* Works them off; after each, engine_start(). stop may be NULL. */
	void (*handle)(
		struct engine *engine, const struct engine_stop *stop, size_t count);
	const char *(*wait_method)(const struct engine *engine); /* of an open loop */
};

extern const struct engine_io engine_io_epoll;
extern const struct engine_io engine_io_uring;

struct uring; /* uring/engine_uring.c */

struct engine {
	const struct engine_io *io;
	struct uring *uring;  /* io_uring: owned by its engine_io */
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

	uint64_t now_ns; /* io_uring: when the events at hand were taken */

	struct epoll_event events[ENGINE_EVENTS_MAX]; /* epoll, and whoever stops us */
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

enum { ENGINE_START_AT_ONCE = 64 }; /* then it is time to look at what came back */

/* Starts what may start, until all of it is answered. 0 or -errno. */
int engine_loop(struct engine *engine, const struct engine_stop *stop);

/* The server ended the connection: error is 0 for a FIN, or a negative errno. */
void engine_lost(struct engine *engine, struct connection *c, int error);

/* Starts requests on connections that have their turn; engine->more: there are more. */
void engine_start(struct engine *engine, uint64_t now_ns);

/* The request is being sent now. */
void engine_mark_sent(struct engine *engine, struct request *request, uint64_t now_ns);

/* Compares n bytes that came with what was sent, and ends the requests they answer. */
void engine_take_bytes(struct engine *engine, struct connection *c, const uint8_t *bytes,
	size_t n, uint64_t now_ns);

/* There is no more to come: error is 0 for a FIN, or a negative errno. */
void engine_ended(struct engine *engine, struct connection *c, int error);

/* The stop descriptor has become readable. */
void engine_ask_stop(struct engine *engine, const struct engine_stop *stop);

/* After an error the connection's bytes mean nothing any more: it is given up. */
void engine_give_up(struct engine *engine, struct connection *c);

#endif
