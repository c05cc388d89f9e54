/*
 * run.h - a result, read back and put in order: its trial records, the cells they
 * repeat, and the figures of each. Everything is derived from trials[] alone.
 */
#ifndef HARNESS_EXPORT_RUN_H
#define HARNESS_EXPORT_RUN_H

#include "common/histogram.h"
#include "common/problem.h"
#include "harness/export/metric.h"
#include "harness/export/setting.h"
#include "harness/trial/window.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { EXPORT_CHOSEN_MAX = 64 };

/* Which trials are wanted; an empty list wants all. */
struct export_choice {
	const char *backends[EXPORT_CHOSEN_MAX];
	size_t backend_count;
	uint64_t idle[EXPORT_CHOSEN_MAX];
	size_t idle_count;
	uint64_t active[EXPORT_CHOSEN_MAX];
	size_t active_count;
};

/* A window of a trial. */
struct export_record {
	const json_t *json;
	struct export_setting setting;
	uint64_t block;
	uint64_t order_in_block;
	const char *trial_id;
	const char *role;
	enum trial_status status;
};

/* A trial: its windows that are ok, and what they come to. */
struct export_trial {
	const struct export_record *windows[WINDOW_COUNT]; /* NULL: none that is ok */
	bool latency_withdrawn;             /* of the timed window, by its flags */
	bool throughput_withdrawn;          /* the same */
	double values[EXPORT_METRIC_COUNT]; /* NAN: not measured */
};

/*
 * A figure of all trials of a cell: the median over them; of a percentile, that of their
 * histograms merged.
 */
struct export_figure {
	size_t count; /* of trials it comes from; 0: not measured, the rest means nothing
		       */
	double value;
	double min; /* over the trials */
	double max;
	bool interval_known; /* six trials or more: 95 % for the median */
	double low;          /* else those are min and max */
	double high;
};

struct export_cell {
	const struct export_setting *setting;
	char *name;                  /* see export_setting_name() */
	struct export_trial *trials; /* by block; only those with a window that is ok */
	size_t trial_count;
	size_t windows[TRIAL_STATUS_COUNT]; /* how many ended so */
	const char *reason;                 /* of the first that is not ok, or NULL */
	struct export_figure figures[EXPORT_METRIC_COUNT];
};

struct export_run {
	json_t *root;
	struct export_record *records; /* as in the file, those that were chosen */
	size_t record_count;
	struct export_trial *trials; /* of all cells */
	struct export_cell *cells;   /* by setting */
	size_t cell_count;
	unsigned metrics; /* a set: what any of the cells has a figure for */
};

/*
 * Takes a result apart; it must outlive the run. 0, or -EBADMSG with a line that names
 * the trial, or -ENOMEM; export_run_free() may follow in either case.
 */
int export_run_make(struct export_run *run, json_t *root,
	const struct export_choice *choice, struct problem *problem);
void export_run_free(struct export_run *run);

/*
 * The latencies of a cell's trials, merged: response times in an open loop, else service
 * times. The count is 0 where none holds.
 */
void export_cell_latency(const struct export_cell *cell, struct histogram *merged);

/* Whether a percentile of that many values is more than chance; else it is not shown. */
bool export_percentile(const struct histogram *histogram, double p, double *ns);

#endif
