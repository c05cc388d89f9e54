/*
 * waitcost_series.h - batches of one kind of operation on a bench, timed. See waitcost.h
 * for the rules.
 */
#ifndef SERVER_WAITCOST_SERIES_H
#define SERVER_WAITCOST_SERIES_H

#include "server/waitcost_bench.h"

enum waitcost_timed {
	TIMED_WAIT,
	TIMED_REGISTER,
	TIMED_MODIFY,
	TIMED_REMOVE,
	TIMED_COUNT
};

struct waitcost_batch {
	uint64_t duration_ns[TIMED_COUNT]; /* of the operations alone */
	uint64_t elapsed_ns;               /* of all of it, re-arming included */
	uint64_t cpu_ns;                   /* likewise */
};

struct waitcost_series {
	uint64_t repeats; /* of the function, in each batch */
	uint64_t batches;
	struct waitcost_batch batch[WAITCOST_TRIES * WAITCOST_BATCHES_MAX];
	struct calls calls; /* made in all of them */
};

/* Does something that many times and adds its durations to batch. 0 or -errno. */
typedef int series_repeat(
	struct waitcost_bench *bench, uint64_t count, struct waitcost_batch *batch);

/* Waits; -EPROTO when one did not report all that is ready. */
series_repeat series_waits;

/* Passes: some are removed, registered again, and their interest goes there and back. */
series_repeat series_interest;

/* Warms up, then times the batches. 0 or -errno. */
int series_run(struct waitcost_bench *bench, series_repeat *repeat,
	struct waitcost_series *series);

/* What reading CLOCK_MONOTONIC costs. */
double series_clock_read_ns(void);

#endif
