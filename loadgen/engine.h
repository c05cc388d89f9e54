/*
 * engine.h - the loop that sends, awaits, compares and times.
 *
 * This is the ruler, so it is made of nothing that it measures: its code for epoll and
 * io_uring is its own. There are two engines, which differ in nothing but how they wait
 * and how bytes move (struct engine_io): epoll, which any server can be compared with,
 *and io_uring, for servers that are cheaper than that client.
 *
 * Closed loop: an answer makes the next request start. Service time, from just before a
 * message's first send to its last byte's receive, is all there is: a slow server also
 * slows down the questions (coordinated omission), so it is not what users would wait.
 *
 * Open loop: requests fall due by a schedule that knows nothing of answers. One that
 * finds no free connection waits in order, and its wait counts:
 *
 *	response time	from when it should have been sent to its last byte
 *	service time	from when it was sent
 *	send lag	from when it should have been sent to when it was
 *
 * Churn: instead of staying open, connections come and go (churn.h).
 */
#ifndef LOADGEN_ENGINE_H
#define LOADGEN_ENGINE_H

#include "common/histogram.h"
#include "common/problem.h"
#include "common/usage.h"
#include "loadgen/payload.h"
#include "loadgen/schedule.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define ENGINE_PATIENCE_S      10 /* after so long without an answer none will come */
#define ENGINE_DURATION_MAX_NS (24 * 3600 * 1000000000ULL) /* of a window */
#define ENGINE_PIPELINE_MAX    1024
#define ENGINE_IN_FLIGHT_MAX   (1 << 24) /* connections times pipeline */

enum engine_kind { ENGINE_EPOLL, ENGINE_IO_URING };

struct connections;
struct connector;
struct engine; /* allocated by engine_open, freed by engine_close */

struct engine_setup {
	enum engine_kind kind;
	/*
	 * The connections, which stay the set's: the engine closes one only when it gives
	 * it up after an error, and writes -1 in its place.
	 */
	struct connections *set;
	const struct payload *payload;
	size_t message_bytes; /* may be less than the payload's */
	uint32_t pipeline;    /* requests in flight on one connection, at most */
	/*
	 * 0: all connections of the set take requests in turn. Else so many at a time,
	 * drawn anew for each request.
	 */
	size_t spread_active;
	uint64_t seed; /* of that drawing and of the schedules */
	/*
	 * Churn: how connections are opened, and how many requests each makes. The set is
	 * then one of places, all -1 between two windows. NULL: they stay open.
	 */
	const struct connector *churn;
	uint64_t churn_requests;
	uint64_t churn_number; /* of the first connection opened */
};

/* When a window starts requests, and when no more: after a time, or after so many. */
struct engine_window {
	uint64_t duration_ns; /* 0: by requests */
	uint64_t requests;    /* started, over all connections */
	uint64_t rate;        /* open loop: requests a second in all; 0: closed loop */
	enum arrival arrival; /* open loop */
	/*
	 * Lockstep: nothing starts before thread lockstep_tid of process lockstep_pid,
	 * the server's, sleeps. Then one request never meets the work of another, and
	 * counts of system calls are exact integers. 0: free-running.
	 */
	pid_t lockstep_pid;
	pid_t lockstep_tid;
	/*
	 * A stopped process, the server's, that gets SIGCONT when the first request of
	 * every connection is sent: it then finds them all at once. 0: none.
	 */
	pid_t resume_pid;
};

/* Who may end a window early. fd is watched; when it is readable, asked() decides. */
struct engine_stop {
	int fd;                       /* -1: nobody */
	bool (*asked)(void *context); /* reads fd; true: stop now */
	void *context;
};

/* What a window brought. Large: keep it off the stack. */
struct engine_result {
	/*
	 * First send to last completed receive; of an open loop at least the whole
	 * duration, so requests_completed / measured_ns is the rate that was achieved.
	 */
	uint64_t measured_ns;
	uint64_t requests_completed;
	uint64_t requests_started;
	uint64_t requests_intended; /* open loop: fell due in the window */
	uint64_t bytes_tx;
	uint64_t bytes_rx;
	uint64_t errors;             /* connections that went wrong, however they did */
	uint64_t bytes_wrong;        /* not what was sent, or more than was sent */
	uint64_t connections_lost;   /* closed or reset by the server */
	uint64_t connections_opened; /* churn */
	bool interrupted;            /* ended early by struct engine_stop */
	bool is_open_loop;           /* response and send_lag were measured */
	bool is_churn;               /* connect was */
	const char *wait_method;     /* open loop: how it sleeps until a request is due */
	struct usage usage;          /* of this process, the difference over the window */
	struct problem first_error;
	struct histogram response;
	struct histogram service;
	struct histogram send_lag;
	struct histogram connect; /* from connect(2) until the connection stands */
};

/* "epoll" or "io_uring": 0, or -EINVAL with problem, where option names who says so. */
int engine_kind_parse(const char *option, const char *text, enum engine_kind *kind,
	struct problem *problem);
const char *engine_kind_name(enum engine_kind kind);

/* Whether this machine can run it: 0, or -errno with problem, which says what is missing.
 */
int engine_probe(enum engine_kind kind, struct problem *problem);

/* setup need not last, but what it points to must. 0, or -errno with problem. */
int engine_open(struct engine **engine, const struct engine_setup *setup,
	struct problem *problem);

/*
 * Runs one window and waits until all its requests are answered: before and after,
 * nothing is in flight, and in churn nothing is open. Whatever server or connections do
 * wrong is in result, not in what is returned: 0, or -errno with problem when the engine
 * itself could not go on.
 */
int engine_run(struct engine *engine, const struct engine_window *window,
	const struct engine_stop *stop, struct engine_result *result,
	struct problem *problem);

/* What it really got, such as "SINGLE_ISSUER DEFER_TASKRUN"; "": nothing to tell. */
const char *engine_modes(const struct engine *engine);

void engine_close(struct engine *engine);

/* Counts an error of a result; the first one's text is kept. */
void engine_result_error(struct engine_result *result, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#endif
