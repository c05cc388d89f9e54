/*
 * summary.h - what the trials of each cell come to: medians over the blocks.
 *
 * It is filled trial by trial: summary_add() takes a struct trial, whether that was just
 * measured or read back from its records (trial_json.h). Nothing else goes in, so that
 * whatever is derived can be derived again from a result's trials alone: replay.h does
 * all of it from a result.json.
 *
 * Server CPU, latency and requests a second come from timed windows that are ok, calls
 * from counted windows that are ok; nothing else enters a figure. Each block gives one
 * value, for values from inside one trial do not show what differs between trials.
 */
#ifndef HARNESS_RESULT_SUMMARY_H
#define HARNESS_RESULT_SUMMARY_H

#include "harness/statistics/spread.h"
#include "harness/trial/counters.h"
#include "harness/trial/plan.h"
#include "harness/trial/trial.h"

#include "common/histogram.h"

#include <jansson.h>
#include <stdbool.h>

struct summary_call {
	char name[CALL_NAME_BYTES];
	struct samples per_request; /* 0 in a counted window without such a call */
};

struct summary_cell {
	const struct cell *cell;
	size_t trials[TRIAL_STATUS_COUNT]; /* how many ended so */
	const char *reason; /* of the heaviest status, cut; "" if all are ok; owned */

	/* Of timed windows. */
	struct samples cpu_ns;            /* of the server, a request */
	struct samples client_cpu_ns;     /* of the load generator, a request */
	struct samples connection_cpu_ns; /* a connection; of churn only, else missing */
	struct samples requests_per_s;
	size_t flagged[WINDOW_FLAG_COUNT]; /* how many ok windows had the flag */
	bool open_loop;                    /* latency is response time, else service */
	struct histogram *latency;         /* of all blocks, merged; NULL: none; owned */
	struct samples p50_ns, p99_ns;     /* of each block by itself */

	/* Of counted windows. */
	struct samples requests;    /* how many there were */
	struct samples syscalls;    /* as the kernel counted, a request */
	const char *syscall_method; /* of the last one measured; "" without any; owned */
	bool untold;                /* the server is not ours, and names no calls */
	size_t call_count;
	struct summary_call *calls; /* owned; room for CALL_NAMES_MAX with the first */

	double *values; /* of all samples but those of the calls; owned */
};

struct summary {
	struct summary_cell *cells; /* as in the plan */
	size_t cell_count;
};

/* 0 or -ENOMEM; summary_free() may follow in either case. */
int summary_make(struct summary *summary, const struct plan *plan);
void summary_free(struct summary *summary);

/* Takes a trial of that cell in; nothing of it is kept. 0 or -ENOMEM. */
int summary_add(struct summary *summary, size_t cell, const struct trial *trial);

/* What a cell's cost is told by: CPU a connection for churn, else a request. */
const struct samples *summary_cost(const struct summary_cell *cell);

/* Whether the cell has calls to show. */
bool summary_counted(const struct summary_cell *cell);

/*
 * All system calls of a request: the kernel's count, or where it did not count the sum of
 * what the server did. False: neither is known.
 */
bool summary_calls(const struct summary_cell *cell, double *calls);

/* The heaviest status any trial of the cell had. */
enum trial_status summary_status(const struct summary_cell *cell);

/*
 * The latency that a share p of all requests stays within. False where the tail
 * behind it holds fewer than 10 requests: that is chance, not a percentile.
 */
bool summary_percentile(const struct summary_cell *cell, double p, uint64_t *ns);

/* How many trials of all cells ended so. */
size_t summary_count(const struct summary *summary, enum trial_status status);

/* The summary[] of a result. */
json_t *summary_to_json(const struct summary *summary);

#endif
