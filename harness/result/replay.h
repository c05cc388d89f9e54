/*
 * replay.h - a stored result made into plan, summary and verdicts again: everything that
 * is derived, from config and trials alone. What the file says under summary and
 * complexity is not looked at.
 *
 *	json_t *root;
 *	struct replay replay;
 *
 *	result_file_load(path, &root, &problem);
 *	replay_result(&replay, root, &problem);
 *	... replay.plan, replay.summary, replay.verdicts ...
 *	replay_free(&replay);
 *	json_decref(root);
 */
#ifndef HARNESS_RESULT_REPLAY_H
#define HARNESS_RESULT_REPLAY_H

#include "harness/machine/placement.h"
#include "harness/result/summary.h"
#include "harness/result/verdicts.h"
#include "harness/trial/plan.h"
#include "harness/trial/trial.h"
#include "harness/trial/workload.h"

#include "common/problem.h"

#include <jansson.h>
#include <stdbool.h>

enum { REPLAY_LIST_MAX = 64, REPLAY_BACKENDS_MAX = 64 };

struct replay {
	struct plan plan;
	struct summary summary;   /* summary_to_json() gives summary[] */
	struct verdicts verdicts; /* verdicts_to_json() gives complexity[] */
	enum placement_kind placement;
	struct workload workload;

	/* What the plan points to; the names are owned by the result. */
	const char *backends[REPLAY_BACKENDS_MAX];
	uint64_t numbers[PLAN_AXES][REPLAY_LIST_MAX];
};

/*
 * root must outlive replay. 0, or a negative errno with problem: -EBADMSG for what is
 * wrong in the result, -ENOMEM. replay_free() may follow in either case.
 */
int replay_result(struct replay *replay, const json_t *root, struct problem *problem);
void replay_free(struct replay *replay);

/*
 * Records of trials, one after the other, as they were written: a timed one and then the
 * counted one of the same trial.
 */
struct replay_pair {
	struct trial *trial; /* owned by the caller */
	bool *done;          /* the same: a mark for each trial of the plan, by block */
	bool half;           /* the timed window is in, the counted one is due */
};

/*
 * Takes a record: 1 when a trial is complete and *cell is its index in the plan (trial is
 * valid until the next record is taken), 0 when its other half is due, -EBADMSG with
 * problem for a record that does not belong to the plan, or comes again.
 */
int replay_pair_take(struct replay_pair *pair, const struct plan *plan,
	const json_t *record, size_t *cell, struct problem *problem);

#endif
