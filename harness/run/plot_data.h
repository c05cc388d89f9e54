/*
 * plot_data.h - the figures of a run as CSV, as the scripts of plots/ read them. An empty
 * field was not measured. Names are cut to characters that no reader of CSV trips over.
 */
#ifndef HARNESS_RUN_PLOT_DATA_H
#define HARNESS_RUN_PLOT_DATA_H

#include "harness/result/summary.h"
#include "harness/result/verdicts.h"
#include "harness/trial/plan.h"

#include <stdbool.h>
#include <stdio.h>

struct plot_data {
	const struct plan *plan;
	const struct summary *summary;
	const struct verdicts *verdicts;
	size_t group; /* the one to be shown */
};

/* False when there would be no figure in the file. */
bool plot_data_any_costs(const struct plot_data *data);
bool plot_data_any_latency(const struct plot_data *data);
bool plot_data_any_tail(const struct plot_data *data); /* and x is the rate */
bool plot_data_any_calls(const struct plot_data *data);

/* For store_put(), what is a struct plot_data: a row for each backend and place along x.
 */
int plot_data_write_costs(FILE *out, const void *what);

/*
 * The same: a row for each backend, at the first place along x. The total is the
 * kernel's; where it did not count, the sum of what the server counted.
 */
int plot_data_write_calls(FILE *out, const void *what);

#endif
