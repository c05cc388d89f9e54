/*
 * engine.h - the closed loop: every connection sends a message, awaits all of its echo,
 * compares each byte as it comes, and only then sends the next.
 *
 * This is the ruler, so it is made of nothing that it measures: its epoll code is its
 * own. A request costs it one send, one epoll_wait (shared by all that are answered
 * together) and one recv, and no other system call.
 *
 * Service time is from just before a message's first send to its last byte's receive. In
 * a closed loop that is all there is: a slow server also slows down the questions
 * (coordinated omission), so these are not response times.
 */
#ifndef LOADGEN_ENGINE_H
#define LOADGEN_ENGINE_H

#include "common/histogram.h"
#include "common/problem.h"
#include "common/usage.h"
#include "loadgen/payload.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define ENGINE_PATIENCE_S      10 /* after so long without an answer none will come */
#define ENGINE_DURATION_MAX_NS (24 * 3600 * 1000000000ULL) /* of a window */

struct connections;
struct engine; /* allocated by engine_open, freed by engine_close */

/* When a window starts no more requests: after a time, or after so many. */
struct engine_window {
	uint64_t duration_ns; /* 0: by requests */
	uint64_t requests;    /* started, over all connections */
	/*
	 * Lockstep: no request starts before thread lockstep_tid of process lockstep_pid,
	 * the server's, sleeps. Then one request never meets the work of another, and
	 * counts of system calls are exact integers. 0: free-running.
	 */
	pid_t lockstep_pid;
	pid_t lockstep_tid;
};

/* Who may end a window early. fd is watched; when it is readable, asked() decides. */
struct engine_stop {
	int fd;                       /* -1: nobody */
	bool (*asked)(void *context); /* reads fd; true: stop now */
	void *context;
};

/* What a window brought. Large: keep it off the stack. */
struct engine_result {
	uint64_t measured_ns; /* first send to last completed receive */
	uint64_t requests_completed;
	uint64_t bytes_tx;
	uint64_t bytes_rx;
	uint64_t errors;           /* connections that went wrong, however they did */
	uint64_t bytes_wrong;      /* not what was sent, or more than was sent */
	uint64_t connections_lost; /* closed or reset by the server */
	bool interrupted;          /* ended early by struct engine_stop */
	struct usage usage;        /* of this process, the difference over the window */
	struct problem first_error;
	struct histogram service;
};

/*
 * An engine over the connections of a set, which stay the set's: the engine closes one
 * only when it gives it up after an error, and writes -1 in its place. message_bytes may
 * be less than the payload's. 0, or -errno with problem.
 */
int engine_open(struct engine **engine, struct connections *set,
	const struct payload *payload, size_t message_bytes, struct problem *problem);

/*
 * Runs one window and waits until all its requests are answered: before and after,
 * nothing is in flight. Whatever server or connections do wrong is in result, not in what
 * is returned: 0, or -errno with problem when the engine itself could not go on.
 */
int engine_run(struct engine *engine, const struct engine_window *window,
	const struct engine_stop *stop, struct engine_result *result,
	struct problem *problem);

void engine_close(struct engine *engine);

/* Counts an error of a result; the first one's text is kept. */
void engine_result_error(struct engine_result *result, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#endif
