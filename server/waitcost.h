/*
 * waitcost.h - muxbench-server --waitcost: what ONE wait costs, without a network.
 *
 * N eventfds are registered with a backend's poller, K of them readable. Then the four
 * functions that the echo loop uses too (struct poller_ops) are called over and over and
 * timed: wait with a timeout of 0, which never sleeps, and watch in its three uses,
 * register, modify and remove. What comes out is raw: durations of batches and what was
 * in them.
 *
 *   Which     The K readable ones stand in the middles of K equal parts of the N: with
 *             one it is descriptor N/2, and whoever searches the answer stops half way.
 *   Ready     Nobody reads them, so a level-triggered backend reports all K at each
 *             wait. An edge-triggered one reports a state once; before each wait all K
 *             are watched again, and only the wait is timed.
 *   Interest  A pass takes up to 100 of the N, spread likewise: removes them all,
 *             registers them all again, then adds and takes back the interest in
 *             writing (an eventfd is writable at once, as a socket nearly always is).
 *             So at every N that many are operated on, among N.
 *   Clocks    duration_ns counts the operations alone, on CLOCK_MONOTONIC; clock_reads
 *             says how often it includes reading that clock, clock_read_ns what that
 *             costs. elapsed_ns and cpu_ns (CLOCK_THREAD_CPUTIME_ID) are of the whole
 *             batch: nothing here sleeps, so where cpu_ns is less than nine tenths of
 *             elapsed_ns, others had the core, and the batch is disturbed.
 *   Batches   The operations of a batch are doubled until it lasts long enough; these
 *             tries are the warm-up. Then batches are timed until so many were not
 *             disturbed, four times as many at most. All of them come out.
 */
#ifndef SERVER_WAITCOST_H
#define SERVER_WAITCOST_H

#include "backends/backend.h"
#include "common/problem.h"

#include <jansson.h>
#include <stdint.h>

enum {
	WAITCOST_DESCRIPTORS_MAX = 1000000,
	WAITCOST_READY_MAX = 512, /* what the echo loop takes from one wait */
	WAITCOST_BATCHES_MAX = 100,
	WAITCOST_TRIES = 4, /* for each batch that is to be undisturbed */
};

struct waitcost {
	const struct backend *backend; /* that has a poller */
	int fds_max;                   /* RLIMIT_NOFILE in force */
	uint64_t descriptors;          /* N */
	uint64_t ready;                /* K, at most N */
	uint64_t batches;              /* to be timed undisturbed */
	uint64_t batch_ns;             /* the least that one batch lasts */
};

/*
 * Measures on the calling thread. 0 and *result, which the caller owns: an object without
 * "event". Else -errno with problem; -EMFILE: the backend or a limit has no room for so
 * many descriptors, a fact and not a fault.
 */
int waitcost_measure(
	const struct waitcost *waitcost, json_t **result, struct problem *problem);

#endif
