/*
 * data.h - a result, read back for a report.
 *
 * Medians, intervals and verdicts come from replay.h, which derives them from the trials
 * alone. Beside them a report looks at single trials: in which order they ran, what was
 * the matter with them, and how their latency is spread out.
 */
#ifndef HARNESS_REPORT_DATA_H
#define HARNESS_REPORT_DATA_H

#include "harness/report/memory.h"
#include "harness/result/replay.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

/*
 * The percentiles of a spectrum, as 1 / (1 - p): ten steps a decade, from the smallest
 * value (1) to one in ten million.
 */
enum { SPECTRUM_POINTS = 71 };

struct report_trial {
	size_t cell; /* in the plan */
	uint64_t block, order_in_block;
	enum trial_status status;              /* the heavier of its windows' */
	const json_t *records[WINDOW_COUNT];   /* of the result */
	double cost_ns;                        /* of its timed window; NAN */
	double relative;                       /* that over the median of its cell; NAN */
	double requests_per_s, p50_ns, p99_ns; /* NAN where withdrawn */
	double service_p99_ns, lag_p99_ns;     /* of an open loop; NAN */
	/* Of its counted window; NAN. */
	double wakeups_per_request, events_per_wakeup, bytes_per_wakeup,
		eagains_per_request;
	/*
	 * The latency at each of those percentiles, of the cells that a spectrum is drawn
	 * of (else NULL); NAN where fewer than 10 requests lie beyond it.
	 */
	double *spectrum;
};

struct report {
	json_t *root; /* owned */
	struct replay replay;
	struct report_memory memory;
	struct report_trial *trials; /* in the order they ran */
	size_t trial_count;
	/* Those of cell c: by_cell[cell_trials[c]] to before by_cell[cell_trials[c + 1]].
	 */
	size_t *cell_trials;
	size_t *by_cell;
};

/* More single trials than these are not shown; the text says so. */
enum { REPORT_TRIALS_MAX = 5000 };

/* 0, or -errno with problem; report_free() may follow in either case. */
int report_load(
	struct report *report, const char *path_or_folder, struct problem *problem);
void report_free(struct report *report);

/* 1 / (1 - p) of a point of a spectrum, and whether it is one that people name. */
double spectrum_inverse(size_t point);
bool spectrum_is_named(size_t point);

const struct summary_cell *report_cell(
	const struct report *report, size_t backend, size_t group, size_t x);

/* Whether any trial gave the cell a cost. */
bool report_measured(const struct summary_cell *cell);

/*
 * The latency p50 or p99 of a cell, as everywhere: of all its blocks' requests together.
 * Its interval is of the blocks' own percentiles, widened to hold it; count is how many
 * blocks have one, and with 0 of them low and high are NAN. False: there is none.
 */
bool report_latency(const struct summary_cell *cell, bool tail, struct spread *spread);

/* False: the group has no such place (nothing measured). */
bool report_first_x(const struct report *report, size_t group, size_t *x);
/* The furthest place along x that at least half of the backends reached. */
bool report_far_x(const struct report *report, size_t group, size_t *x);

/* How many trials are shown one by one: all of them, or the first of very many. */
size_t report_trials_shown(const struct report *report);

/* "request" or "connection": what a cost is told by. */
const char *report_unit(const struct report *report);

/* Open connections of a cell where x is idle connections, else the number along x. */
double report_x_value(const struct report *report, const struct summary_cell *cell);
/* What those numbers are: "open connections", "message size, bytes". */
const char *report_x_title(const struct report *report);

/* "10,001 open connections", "1 open connection", "64-byte messages". */
const char *report_x_text(struct report *report, const struct summary_cell *cell);

/* "3 blocks", "1 block". */
const char *report_blocks_text(struct report *report);

#endif
