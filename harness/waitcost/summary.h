/*
 * summary.h - what the trials of `muxbench waitcost` come to: for each cell the
 * medians over the blocks, for each backend and number of ready descriptors a verdict on
 * how the wait grows with the number of descriptors registered.
 */
#ifndef HARNESS_WAITCOST_SUMMARY_H
#define HARNESS_WAITCOST_SUMMARY_H

#include "harness/statistics/complexity.h"
#include "harness/statistics/spread.h"
#include "harness/waitcost/plan.h"
#include "harness/waitcost/trial.h"

#include <jansson.h>
#include <stdbool.h>

struct waitcost_summary_cell {
	size_t trials[TRIAL_STATUS_COUNT];        /* how many ended so */
	char reason[256];                         /* of the heaviest; "" if all are ok */
	struct samples figures[WAITCOST_FIGURES]; /* ns an operation, of trials ok */
	double wait_bytes;                        /* a wait; NAN: not measured */
};

struct waitcost_verdict {
	bool judged; /* false: nothing was measured, the rest means nothing */
	struct complexity complexity;
	char sentence[256]; /* its sentence, of descriptors instead of connections */
};

struct waitcost_summary {
	const struct waitcost_plan *plan;
	struct waitcost_summary_cell *cells; /* as in the plan; owned */
	struct waitcost_verdict *verdicts;   /* by backend, within it by ready; owned */
};

/* 0 or -ENOMEM; waitcost_summary_free() may follow in either case. */
int waitcost_summary_make(
	struct waitcost_summary *summary, const struct waitcost_plan *plan);
void waitcost_summary_free(struct waitcost_summary *summary);

/* Takes a trial of the cell with that index in; nothing of it is kept. */
void waitcost_summary_add(struct waitcost_summary *summary, size_t cell,
	const struct waitcost_trial *trial);

/* Whether the cell's trial of that block (from 1) was invalid and gave no figures. */
bool waitcost_summary_lacks(
	const struct waitcost_summary *summary, size_t cell, uint64_t block);

/* Gives the verdicts, when all trials are in. 0 or -ENOMEM. */
int waitcost_summary_judge(struct waitcost_summary *summary);

const struct waitcost_summary_cell *waitcost_summary_at(
	const struct waitcost_summary *summary, size_t backend, size_t ready,
	size_t descriptors);
const struct waitcost_verdict *waitcost_verdict_at(
	const struct waitcost_summary *summary, size_t backend, size_t ready);

/* Median, least and most over the blocks of one figure of a cell. */
struct spread waitcost_spread(
	const struct waitcost_summary_cell *cell, enum waitcost_figure figure);

/* The heaviest status any trial of the cell had. */
enum trial_status waitcost_cell_status(const struct waitcost_summary_cell *cell);

/* How many trials of all cells ended so. */
size_t waitcost_summary_count(
	const struct waitcost_summary *summary, enum trial_status status);

/* The summary[] and complexity[] of a result. */
json_t *waitcost_summary_json(const struct waitcost_summary *summary);
json_t *waitcost_complexity_json(const struct waitcost_summary *summary);

#endif
