/*
 * load_peer.h - what is said to muxbench-load, and what it answers, as functions and
 * structs. For what they return see peer.h.
 */
#ifndef HARNESS_PROCESS_LOAD_PEER_H
#define HARNESS_PROCESS_LOAD_PEER_H

#include "harness/process/peer.h"
#include "harness/trial/counters.h"
#include "harness/trial/workload.h"

#include "common/histogram.h"
#include "common/usage.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct load_order {
	const char *host; /* NULL or "": this machine, by its first address */
	int port;
	int cpu; /* -1: not pinned */
	uint64_t connections_idle;
	uint64_t connections_active;
	uint64_t message_bytes;
	uint64_t pipeline;               /* requests in flight on each; 0: one */
	const struct workload *workload; /* NULL: echoes over fixed connections */
	uint64_t seed;
	bool echo_idle; /* every idle connection must answer a message before it counts */
};

struct load_window {
	uint64_t duration_ns; /* 0: by requests */
	uint64_t requests;    /* to start, over all connections */
	uint64_t rate;        /* open loop: requests a second in all; 0: closed loop */
	enum arrival arrival;
	/*
	 * Lockstep: each request waits until this thread of the server sleeps, so that
	 * how often it is called does not depend on the timing. tid 0: no waiting.
	 */
	pid_t lockstep_pid;
	pid_t lockstep_tid;
	pid_t resume_pid; /* gets SIGCONT when the first requests are sent; 0: none */
};

struct load_result {
	uint64_t measured_ns;
	struct load_counters counters;
	struct usage usage;        /* of this window alone */
	struct histogram service;  /* from send to the last byte of the echo */
	bool open_loop;            /* the next two were measured */
	struct histogram response; /* from when it should have been sent, to the same */
	struct histogram send_lag; /* from when it should have been sent to the send */
	char error_first[160];     /* "" while there was none */
};

int load_peer_start(struct peer *load, const struct launcher *launcher,
	const struct load_order *order, struct problem *problem);
/*
 * Waits until all connections stand; *connect_ns is how long they took. -EOPNOTSUPP: this
 * machine cannot run the engine that was asked for, and problem is the reason.
 */
int load_peer_connected(struct peer *load, uint64_t *connect_ns, struct problem *problem);

/* A window from its beginning to its end. */
int load_peer_run(struct peer *load, const struct load_window *window,
	struct load_result *result, struct problem *problem);

/* The same in two steps, with time for other things between them. */
int load_peer_begin(
	struct peer *load, const struct load_window *window, struct problem *problem);
int load_peer_finish(struct peer *load, const struct load_window *window,
	struct load_result *result, struct problem *problem);

#endif
