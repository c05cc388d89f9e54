/*
 * trial.h - one trial of a way of the limit: a fresh process measures one point (point.h)
 * and says what it found.
 */
#ifndef HARNESS_LIMIT_TRIAL_H
#define HARNESS_LIMIT_TRIAL_H

#include "harness/limit/point.h"
#include "harness/machine/placement.h"
#include "harness/process/peer.h"
#include "harness/trial/plan.h"
#include "harness/trial/window.h"

#include "common/problem.h"

#include <jansson.h>
#include <stdint.h>

struct limit_trial {
	const struct cell *cell; /* whose backend is the name of a way */
	uint64_t block;          /* from 1 */
	uint64_t order_in_block; /* from 1 */
	enum trial_status status;
	struct problem reason;    /* "" when ok */
	struct limit_point point; /* when ok */
};

struct limit_setting {
	const struct launcher *launcher;
	const struct placement *placement;
	uint64_t duration_ns;
};

/*
 * Runs the trial and fills it, whatever becomes of it; no process is left behind. 0, or
 * -ECANCELED when the command is being interrupted.
 */
int limit_trial_run(struct limit_trial *trial, const struct limit_setting *setting,
	const struct cell *cell, uint64_t block, uint64_t order_in_block);

/* The trial as a record of a result; what was not measured is null. */
json_t *limit_trial_json(
	const struct limit_trial *trial, const struct placement *placement);

#endif
