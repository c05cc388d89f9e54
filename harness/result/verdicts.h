/*
 * verdicts.h - for each curve of a run, whether its cost grows with the number of
 * connections: the complexity[] of a result.
 */
#ifndef HARNESS_RESULT_VERDICTS_H
#define HARNESS_RESULT_VERDICTS_H

#include "harness/result/summary.h"
#include "harness/statistics/complexity.h"
#include "harness/trial/plan.h"
#include "harness/trial/workload.h"

#include <jansson.h>
#include <stddef.h>

struct verdict {
	size_t backend; /* indexes, as in the plan */
	size_t group;
	struct complexity complexity;
};

struct verdicts {
	struct verdict *list; /* owned; by group, within it by backend */
	size_t count;
};

/*
 * Judges every curve against idle connections that has COMPLEXITY_POINTS_MIN points or
 * more and something measured. Where another axis is x, or there are fewer, there are no
 * verdicts. 0 or -ENOMEM; verdicts_free() may follow in either case.
 */
int verdicts_make(struct verdicts *verdicts, const struct plan *plan,
	const struct summary *summary);
void verdicts_free(struct verdicts *verdicts);

/* NULL: none was given. */
const struct complexity *verdicts_find(
	const struct verdicts *verdicts, size_t backend, size_t group);

/* The complexity[] of a result. A figure that was not reached is null. */
json_t *verdicts_to_json(const struct verdicts *verdicts, const struct plan *plan,
	const struct workload *workload);

#endif
