/*
 * backend.h - the whole contract between the echo server and a way of waiting.
 *
 * There are two tiers. Every backend has run(): it owns the loop of a worker thread until
 * the stop descriptor is readable. Below it, a READINESS backend (select, poll, epoll)
 * sets run to readiness_run(), the one loop they share, and gives four functions in a
 * struct poller_ops: open, watch, wait, close. A COMPLETION backend (io_uring) writes run
 * itself. Whoever adds a backend reads this file, readiness.c and one of the pollers.
 *
 * A plug-in is the same .c file compiled to a shared object, with one symbol more:
 *	const struct backend muxbench_backend = { .abi = BACKEND_ABI, ... };
 *
 * Everywhere: 0 or a value on success, -errno on failure; state is passed, never global;
 * nothing here prints or exits.
 */
#ifndef BACKENDS_BACKEND_H
#define BACKENDS_BACKEND_H

#include "backends/calls.h"

#include <stdbool.h>
#include <stddef.h>

#define BACKEND_ABI    3 /* raised when any struct of this folder changes */
#define BACKEND_SYMBOL "muxbench_backend"

enum {
	READY_READ = 1,
	READY_WRITE = 2,
	/*
	 * Of a report only, never asked for; with BACKEND_TELLS_MORE. Behind the bytes is
	 * a FIN, an error or an urgent mark, at which reads stop: so a short read is not
	 * the last one.
	 */
	READY_MORE = 4,
};

/*
 * One ready descriptor: a HINT, never a promise. Only recv and send know; a stale event
 * for a descriptor number that was closed and given out again must do no harm (epoll(7),
 * Q6).
 */
struct ready {
	int fd;
	/*
	 * READY_READ, READY_WRITE: of those that were asked for, what will not block. A
	 * hang-up or an error counts as both, for it ends either. The loop takes no step
	 * that the report is not about: bytes that arrive while a connection is blocked
	 * on its write, which an edge-triggered poller tells, are no reason to write.
	 */
	unsigned events;
};

struct poller_ops {
	/*
	 * Makes *state, which the poller owns until close(); at a failure *state stays as
	 * it is and close() is not called. Descriptors are < fds_max; wait() is given
	 * room for batch_max events. calls outlives the poller.
	 */
	int (*open)(void **state, int fds_max, int batch_max, struct calls *calls);
	/*
	 * Interest in fd changes from was to want (READY_READ, READY_WRITE or both). was
	 * 0: fd is new; want 0: forget it. was equal to want (edge-triggered backends
	 * only): report fd again now if it is ready.
	 */
	int (*watch)(void *state, int fd, unsigned was, unsigned want);
	/*
	 * Sleeps until something is ready, at most timeout_ms (-1: for ever). Fills out
	 * and returns how many (0 at the timeout), or -errno; -EINTR is no failure.
	 */
	int (*wait)(void *state, struct ready *out, int timeout_ms);
	/* Frees state; closes no watched descriptor. */
	void (*close)(void *state);
	/* What it really got, as in server->ready(); NULL: there is nothing to tell. */
	const char *(*modes)(void *state);
};

enum {
	/* wait() reports changes, not states: drain a descriptor or ask again by watch().
	 */
	BACKEND_EDGE = 1,
	/* close(2) ends the watch: watch(fd, was, 0) is not needed before it. */
	BACKEND_CLOSE_FORGETS = 2,
	/* It has a completion queue: cq_overflows is counted, not just 0. */
	BACKEND_COMPLETIONS = 4,
	/* wait() tells READY_MORE: only then may an edge-triggered backend be drained to
	 * a short read. */
	BACKEND_TELLS_MORE = 8,
	/* Shows what a choice within another one costs: run only where it is named. */
	BACKEND_VARIANT = 16,
	/* What watch() is told reaches the kernel with the next wait(), which works it off
	 * in parts: neither can be timed by itself. */
	BACKEND_DEFERS = 32,
};

/*
 * How long a readiness backend goes on with a ready descriptor, as people choose it
 * (choice.h). A short read is one that brought less than there was room for: it emptied
 * the socket, if nothing stands behind the bytes (epoll(7), Q9, and READY_MORE above).
 */
enum drain {
	DRAIN_DEFAULT,    /* until EAGAIN if it is edge-triggered, else one echo */
	DRAIN_ONCE,       /* one echo, the next wait tells what is left: not for edges */
	DRAIN_SHORT_READ, /* until a read came short and is echoed */
	DRAIN_EAGAIN,     /* until there is nothing to read */
};

/*
 * How a server ends. From a stop on nobody is accepted: who waits in the listener's queue
 * sees an RST when the process is gone. No request is served that had not been read by
 * then. Every connection
 * 1. still gets the echo of what was read;
 * 2. then our FIN, by shutdown(2) with SHUT_WR;
 * 3. is then read until the peer's FIN, and what comes is thrown away. To close over
 *    unread bytes would send an RST instead (RFC 1122, 4.2.2.13), and with it would be
 *    lost what of the echo is still on its way; so would it if bytes came later;
 * 4. and is closed. A peer who says nothing for STOP_LOOK_MS after our FIN is not waited
 *    for: once he has acknowledged all, the FIN too, nothing of it can be lost.
 * So who reads gets every byte that we took, and the end behind them. STOP_FLUSH_MS after
 * the stop whoever is left is closed as he is: the process ends within the second. The
 * silence is longer than a delayed acknowledgement (40 ms) and than a turn of others on a
 * busy core: a peer between two of his sends is not quiet.
 */
enum { STOP_FLUSH_MS = 800, STOP_LOOK_MS = 50 };

struct server; /* below: what a running backend is given */
struct backend;

/* Another way to do the same, chosen by name: "epoll-lt:wait=epoll_pwait2". */
struct backend_variant {
	const char *option;            /* "wait=epoll_pwait2"; NULL ends the table */
	const struct backend *backend; /* takes the place of the one with the table */
};

struct backend {
	unsigned abi;        /* BACKEND_ABI; looked at before anything else */
	const char *name;    /* as people type it: [a-z0-9_-], 31 letters at most */
	const char *summary; /* one line for --list */
	unsigned flags;      /* BACKEND_EDGE and so on, sentences about the loop's duty */
	int fds_limit; /* descriptors must be below it (select: FD_SETSIZE); 0: any */
	/* 0 if this machine can run it, else -errno and why, in one line. NULL: always
	 * can. */
	int (*probe)(char *why, size_t why_size);
	/* Serves until server->stop_fd is readable. 0, or -errno if it could not go on.
	 */
	int (*run)(struct server *server, const struct backend *self);
	const struct poller_ops
		*poller; /* for readiness_run(); NULL if run has no use for it */
	const struct backend_variant *variants; /* NULL: it has none */
};

/* One worker's world. All of it is owned by the caller of run() and outlives it. */
struct server {
	int listen_fd; /* bound, listening, non-blocking */
	int stop_fd;   /* an eventfd: readable when the loop must end; never read it */
	int fds_max;   /* RLIMIT_NOFILE at the start: refuse what is not below it */
	int batch_max; /* events to take from one wait */
	/* The next two are for readiness_run(). */
	enum drain drain;
	size_t budget_bytes; /* that one event may move, read or written; 0: as in echo.h
			      */
	struct calls *calls; /* this worker is the only writer */
	/*
	 * To be called once, when all is set up and the first wait is next: only then is
	 * the server announced. modes says what the backend really got, words with spaces
	 * between
	 * ("SINGLE_ISSUER DEFER_TASKRUN"), "" when there is nothing to tell; it is
	 * copied.
	 */
	void (*ready)(struct server *server, const char *modes);
	/*
	 * To be called when the listener must rest for want of descriptors or memory
	 * (error: -errno), once however often it tries again; and with 0 when all who
	 * waited have been taken. accept_starved() of accept.h does both.
	 */
	void (*starved)(struct server *server, int error);
};

/* The loop of every readiness backend (readiness.c): sits in backend.run. */
int readiness_run(struct server *server, const struct backend *self);

#endif
