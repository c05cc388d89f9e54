/* judge.h - what a run is worth: findings, the verdict line, and the record. */
#ifndef TESTS_SOAK_JUDGE_H
#define TESTS_SOAK_JUDGE_H

#include "tests/soak/options.h"
#include "tests/soak/run.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum { JUDGE_FINDINGS_MAX = 24, JUDGE_FINDING_BYTES = 512 };

struct judgement {
	size_t count; /* of what is not as it should be; 0: it has passed */
	char findings[JUDGE_FINDINGS_MAX][JUDGE_FINDING_BYTES];
};

void judge_run(struct judgement *judgement, const struct run_result *result,
	const struct soak_options *options);

/* One line for people: PASS, FAIL or INTERRUPTED, the sums, and the findings. */
void judge_print(const struct judgement *judgement, const struct run_result *result,
	const struct soak_options *options);

/* The record, schema "muxbench.soak"; the caller owns it. */
json_t *judge_record(const struct judgement *judgement, const struct run_result *result,
	const struct soak_options *options);

#endif
