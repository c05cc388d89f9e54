/*
 * holders.h - further processes that hold idle connections, for when this process's
 * descriptors do not reach.
 *
 * They are forked before there are connections to inherit, open their share when told to,
 * one process after the other, and end when the parent closes its end of their socket, or
 * dies (PR_SET_PDEATHSIG, prctl(2)).
 */
#ifndef LOADGEN_HOLDERS_H
#define LOADGEN_HOLDERS_H

#include "common/problem.h"
#include "loadgen/connections.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HOLDERS_MAX 4096 /* whoever plans a share stays below */

struct holder; /* one process */

struct holders {
	struct holder *list; /* owned */
	size_t count;
};

/* What they hold: connections first_number to first_number + count - 1 of the run. */
struct holders_share {
	uint64_t first_number;
	uint64_t count;
	uint64_t each_max; /* how many one process may hold */
};

/* How a share is opened. The pointers need to last only while holders_fork runs. */
struct holders_how {
	const struct connector *connector;
	const struct payload *payload;
	bool echo; /* and proven by connections_echo() */
};

/* Forks as many as the share takes. 0, or -errno with problem; none runs then. */
int holders_fork(struct holders *holders, const struct holders_share *share,
	const struct holders_how *how, struct problem *problem);

/* Makes them open their shares. 0, or -errno with problem: holders_end() is next. */
int holders_open(struct holders *holders, const struct connections_progress *progress,
	struct problem *problem);

/*
 * How many of their connections were lost since the last count, all of those of a process
 * that has died among them: problem then names it, else it is left alone.
 */
uint64_t holders_count_lost(struct holders *holders, struct problem *problem);

/* Makes them close everything and end, waits, and kills what does not end in time. */
void holders_end(struct holders *holders);

#endif
