/*
 * worker.h - the thread that moves the data: one backend's run() on one core.
 *
 * The worker never talks to anyone but its sockets. What it tells the control side goes
 * through notice_fd and never waits: that it is about to serve, that its listener is
 * starved or fed again, and that it has ended.
 */
#ifndef SERVER_WORKER_H
#define SERVER_WORKER_H

#include "backends/choice.h"

#include <pthread.h>
#include <stdatomic.h>
#include <sys/types.h>

enum { WORKER_MODES_MAX = 256 };

enum worker_state { WORKER_STARTING, WORKER_SERVING, WORKER_ENDED };

struct worker {
	struct server server; /* what the backend is given; the first member */
	const struct backend *backend;
	struct calls calls;
	int cpu;       /* to be pinned to; -1: any */
	int notice_fd; /* an eventfd, readable at each change of state */
	pthread_t thread;
	pid_t tid;                       /* valid from WORKER_SERVING on */
	char modes[WORKER_MODES_MAX];    /* likewise */
	int error;                       /* valid at WORKER_ENDED: what run() returned */
	_Atomic enum worker_state state; /* written by the worker, released last */
	/* How often the listener began or ceased to starve: odd while it does. */
	atomic_uint starved_changes;
	atomic_int starved_error; /* why, the last time: -errno */
};

/*
 * Starts the thread over listen_fd, which stays the caller's, as does choice. Signals
 * should be blocked already: the thread inherits that. 0 or -errno; on success
 * worker_stop() must follow.
 */
int worker_start(struct worker *worker, const struct choice *choice, int listen_fd,
	int fds_max, int cpu);

/*
 * Makes the backend leave its loop and waits for it until deadline_ns. 0, -errno of
 * run(), or -ETIMEDOUT: the thread still runs, and only the end of the process will end
 * it.
 */
int worker_stop(struct worker *worker, uint64_t deadline_ns);

/*
 * Waits until the worker sleeps and has counted nothing between two looks, at most until
 * deadline_ns: then nothing is under way. False: it did not come to rest, it has ended,
 * or interrupt_fd became readable.
 */
bool worker_settle(const struct worker *worker, uint64_t deadline_ns, int interrupt_fd);

enum worker_state worker_state(const struct worker *worker);

#endif
