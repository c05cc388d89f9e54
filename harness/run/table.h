/* table.h - what a run found, for a terminal: tables, what is missing, a sentence. */
#ifndef HARNESS_RUN_TABLE_H
#define HARNESS_RUN_TABLE_H

#include "harness/machine/placement.h"
#include "harness/result/summary.h"
#include "harness/result/verdicts.h"
#include "harness/trial/plan.h"
#include "harness/trial/workload.h"

#include <stdbool.h>
#include <stdio.h>

struct table {
	const struct plan *plan;
	const struct summary *summary;
	const struct verdicts *verdicts;
	const struct workload *workload;
	enum placement_kind placement;
	bool interrupted; /* not all blocks were run */
	bool colour;
};

void table_print(FILE *out, const struct table *table);

#endif
