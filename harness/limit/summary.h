/*
 * summary.h - what the trials of `muxbench limit` come to: for each way and backend with
 * so many connections the medians over the blocks, and its share of the limit.
 *
 * The limit with so many connections is the way whose median rate is the highest. A
 * share is a rate over that way's rate in the same block: what drifts from block to
 * block (temperature, neighbours on the machine) falls on both and goes out.
 */
#ifndef HARNESS_LIMIT_SUMMARY_H
#define HARNESS_LIMIT_SUMMARY_H

#include "harness/limit/trial.h"
#include "harness/statistics/spread.h"
#include "harness/trial/plan.h"
#include "harness/trial/trial.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

/* One number a block. Of a backend a round trip is a request with its echo. */
enum limit_figure {
	LIMIT_RATE,       /* round trips a second */
	LIMIT_CALLS,      /* system calls a round trip: of the way; of the server */
	LIMIT_CPU,        /* ns of CPU a round trip: of the way; of server and client */
	LIMIT_SERVER_CPU, /* of the server alone; of a way: not measured */
	LIMIT_SHARE,      /* of the limit's rate, 1 is all of it */
	/* The limit's CPU over this one's: steadier, where others want the core too. */
	LIMIT_CPU_SHARE,
	LIMIT_CORE, /* CPU over the time that passed: 1 when nobody else had the core */
	LIMIT_FIGURES
};

struct limit_cell {
	size_t trials[TRIAL_STATUS_COUNT]; /* how many ended so */
	char reason[256];                  /* of the heaviest; "" if all are ok */
	struct samples figures[LIMIT_FIGURES];
};

struct limit_summary {
	const struct plan *plan; /* the ways come first in it */
	size_t active_count;
	struct limit_cell *cells; /* as in the plan; owned */
	/* By the number of connections: the way that is the limit; LIMIT_WAYS: none. */
	size_t *best; /* owned; of limit_summary_judge() */
};

/* active_count: of the plan's list. 0 or -ENOMEM; limit_summary_free() may follow. */
int limit_summary_make(
	struct limit_summary *summary, const struct plan *plan, size_t active_count);
void limit_summary_free(struct limit_summary *summary);

/* A trial of the cell with that index in the plan. */
void limit_summary_add_point(
	struct limit_summary *summary, size_t index, const struct limit_trial *trial);
void limit_summary_add_trial(
	struct limit_summary *summary, size_t index, const struct trial *trial);

/* When all trials were added: finds the limit, and makes the shares. */
void limit_summary_judge(struct limit_summary *summary);

/* By the index of a way or backend among the plan's names, and of the connections. */
const struct limit_cell *limit_summary_at(
	const struct limit_summary *summary, size_t name, size_t active);

/* The heaviest status of its trials. */
enum trial_status limit_cell_status(const struct limit_cell *cell);

struct spread limit_spread(const struct limit_cell *cell, enum limit_figure figure);

/* How many trials ended so, in all cells. */
size_t limit_summary_count(const struct limit_summary *summary, enum trial_status status);

/*
 * In how many of the trials that are ok others had more than a tenth of the core: a rate
 * is then not only that of what was measured.
 */
size_t limit_summary_disturbed(const struct limit_summary *summary);

/* Arrays of an object a cell: of the ways ("limit"), of the backends ("shares"). */
json_t *limit_summary_ways_json(const struct limit_summary *summary);
json_t *limit_summary_backends_json(const struct limit_summary *summary);

#endif
