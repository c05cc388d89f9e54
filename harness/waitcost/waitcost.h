/*
 * waitcost.h - `muxbench waitcost`: its stages and what they share. waitcost.c puts them
 * in a row; each has a file of its own.
 */
#ifndef HARNESS_WAITCOST_WAITCOST_H
#define HARNESS_WAITCOST_WAITCOST_H

#include "harness/machine/placement.h"
#include "harness/process/backends.h"
#include "harness/store.h"
#include "harness/waitcost/options.h"
#include "harness/waitcost/plan.h"
#include "harness/waitcost/summary.h"
#include "harness/waitcost/trial.h"

#include <jansson.h>
#include <limits.h>
#include <stdio.h>
#include <time.h>

#define WAITCOST_SCHEMA      "muxbench.waitcost"
#define WAITCOST_RESULT_NAME "waitcost.json"

enum { WAITCOST_VERSION_MAJOR = 1, WAITCOST_VERSION_MINOR = 0 };

struct waitcost_run {
	int argc;
	char *const *argv;
	time_t started;
	bool interrupted;
	struct waitcost_options options;
	char program_directory[PATH_MAX];
	int cancel_fd; /* see cancel.h; owned */
	struct launcher launcher;
	struct placement placement;
	struct backend_list list;
	struct waitcost_plan plan;
	struct waitcost_summary summary;
	json_t *environment; /* owned */
	json_t *trials;      /* owned: their records, in the order they were made */
	int folder;          /* descriptor of --out, owned; -1: none */
};

/*
 * Checks all that can be checked before anything is measured or written, opens the folder
 * and looks at the machine. Run with options parsed. An exit status, with problem.
 */
int waitcost_run_prepare(struct waitcost_run *run, struct problem *problem);

/* All trials into the summary. 0, or -ECANCELED. */
int waitcost_run_trials(struct waitcost_run *run);

/* The whole result, "muxbench.waitcost"; the caller owns it. NULL: out of memory. */
json_t *waitcost_run_result(const struct waitcost_run *run);

/* The tables and the verdicts, for people. */
void waitcost_run_print(FILE *out, const struct waitcost_run *run);

/*
 * Writes data, script and pictures into the folder plots of --out. How many pictures
 * there are (none where nothing was measured); -ENOENT gnuplot is not installed (data and
 * script are there); -ECANCELED; or another -errno. All with a problem, but -ECANCELED.
 */
int waitcost_run_plot(const struct waitcost_run *run, struct problem *problem);

#endif
