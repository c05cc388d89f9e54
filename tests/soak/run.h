/*
 * run.h - one server under soak, from its start to its end.
 *
 *	warm-up  every place at once, all stalled, again until memory stands still
 *	storm    every kind at once, in two halves
 *	calm     the same without those that cut: here the server's own counts of bytes
 *	         must equal what was sent, exactly
 *
 * After each of them all clients come to an end, so that nothing is in flight where the
 * server is looked at.
 */
#ifndef TESTS_SOAK_RUN_H
#define TESTS_SOAK_RUN_H

#include "tests/soak/options.h"
#include "tests/soak/subject.h"
#include "tests/soak/tally.h"

#include "harness/process/peer.h"

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

/* How long the server is watched doing nothing at the end. */
#define RUN_IDLE_NS ((uint64_t)250 * 1000 * 1000)

struct run_result {
	const char *name; /* of the backend as it was asked for, or "exec" */
	char backend[SUBJECT_BACKEND_BYTES];
	time_t started;
	uint64_t storm_ns, calm_ns; /* as long as they really were, drains included */
	bool tells;                 /* the server has counters of its own */
	bool interrupted;
	struct problem broken; /* "" : the run came to its end */
	unsigned warm_up_rounds;
	struct tally tally;                    /* of everything, warm-up included */
	uint64_t warm_connections, warm_bytes; /* of these, in the warm-up */
	struct problem first_fault;
	struct subject_state start, warm, half, end; /* nobody connected */
	uint64_t idle_busy_ns;                 /* in RUN_IDLE_NS behind the end */
	struct subject_counters counters;      /* at the end */
	/* Of the calm alone: what clients sent, and what the server counted. */
	uint64_t calm_bytes_sent, calm_bytes_rx, calm_bytes_tx;
};

/*
 * Soaks one backend, or options->exec where backend is NULL. 0 when there is something to
 * judge; -ENOTSUP when this machine cannot run it, or another -errno, with problem.
 */
int run_soak(struct run_result *result, const struct soak_options *options,
	const struct launcher *launcher, const char *backend, struct problem *problem);

#endif
