/*
 * trial.h - one trial of `muxbench waitcost`: a fresh muxbench-server measures
 * one cell inside itself and says what it found, raw. See figures.h.
 */
#ifndef HARNESS_WAITCOST_TRIAL_H
#define HARNESS_WAITCOST_TRIAL_H

#include "harness/machine/placement.h"
#include "harness/process/peer.h"
#include "harness/trial/window.h"
#include "harness/waitcost/figures.h"
#include "harness/waitcost/plan.h"

#include "common/problem.h"

#include <jansson.h>
#include <stdint.h>

struct waitcost_trial {
	const struct waitcost_cell *cell;
	uint64_t block;          /* from 1 */
	uint64_t order_in_block; /* from 1 */
	enum trial_status status;
	struct problem reason;           /* "" when ok */
	json_t *measured;                /* as the server said it; owned; NULL: nothing */
	struct waitcost_figures figures; /* where measured is not NULL */
};

struct waitcost_setting {
	const struct launcher *launcher;
	const struct placement *placement;
};

/*
 * Runs the trial and fills it, whatever becomes of it; no process is left behind.
 * waitcost_trial_free() must follow. 0, or -ECANCELED when the run is being interrupted.
 */
int waitcost_trial_run(struct waitcost_trial *trial,
	const struct waitcost_setting *setting, const struct waitcost_cell *cell,
	uint64_t block, uint64_t order_in_block);
void waitcost_trial_free(struct waitcost_trial *trial);

/* The trial as a record of a result. */
json_t *waitcost_trial_json(
	const struct waitcost_trial *trial, const struct placement *placement);

#endif
