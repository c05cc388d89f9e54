/* result.h - result.json: everything about a run in one file. See results/README.md. */
#ifndef HARNESS_RESULT_RESULT_H
#define HARNESS_RESULT_RESULT_H

#include "harness/result/summary.h"
#include "harness/result/verdicts.h"
#include "harness/store.h"
#include "harness/trial/workload.h"

#include <jansson.h>

#define RESULT_SCHEMA "muxbench.result"

enum { RESULT_VERSION_MAJOR = 1, RESULT_VERSION_MINOR = 3 };

/* What a result has beside the trials in the store. All of it stays the caller's. */
struct result {
	json_t *run;
	json_t *environment;
	json_t *config;
	const struct plan *plan;
	const struct summary *summary;
	const struct verdicts *verdicts;
	const struct workload *workload;
};

/*
 * Writes result.json. The trials go in line by line as they lie in trials.jsonl, so that
 * memory does not grow with their number. 0, or -errno with problem.
 */
int result_write(
	const struct result *result, const struct store *store, struct problem *problem);

#endif
