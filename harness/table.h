/* table.h - what a run found, for a terminal: tables, what is missing, a sentence. */
#ifndef HARNESS_TABLE_H
#define HARNESS_TABLE_H

#include "harness/placement.h"
#include "harness/plan.h"
#include "harness/summary.h"
#include "harness/verdicts.h"
#include "harness/workload.h"

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
