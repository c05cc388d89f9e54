/*
 * load_peer.h - what is said to muxbench-load, and what it answers, as functions and
 * structs. For what they return see peer.h.
 */
#ifndef HARNESS_LOAD_PEER_H
#define HARNESS_LOAD_PEER_H

#include "harness/counters.h"
#include "harness/peer.h"

#include "common/histogram.h"
#include "common/usage.h"

#include <stdint.h>
#include <sys/types.h>

struct load_order {
	int port;
	int cpu; /* -1: not pinned */
	uint64_t connections_idle;
	uint64_t connections_active;
	uint64_t message_bytes;
	uint64_t seed;
};

struct load_window {
	uint64_t duration_ns;
	/*
	 * Lockstep: each request waits until this thread of the server sleeps, so that
	 * how often it is called does not depend on the timing. tid 0: no waiting.
	 */
	pid_t lockstep_pid;
	pid_t lockstep_tid;
};

struct load_result {
	uint64_t measured_ns;
	struct load_counters counters;
	struct usage usage;       /* of this window alone */
	struct histogram service; /* from send to the last byte of the echo */
	char error_first[160];    /* "" while there was none */
};

int load_peer_start(struct peer *load, const struct launcher *launcher,
	const struct load_order *order, struct problem *problem);
/* Waits until all connections stand; *connect_ns is how long they took. */
int load_peer_connected(struct peer *load, uint64_t *connect_ns, struct problem *problem);
int load_peer_run(struct peer *load, const struct load_window *window,
	struct load_result *result, struct problem *problem);

#endif
