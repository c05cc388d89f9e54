/*
 * limit.h - `muxbench limit`: its stages and what they share. limit.c puts them in a row;
 * each has a file of its own.
 */
#ifndef HARNESS_LIMIT_LIMIT_H
#define HARNESS_LIMIT_LIMIT_H

#include "harness/limit/options.h"
#include "harness/limit/summary.h"
#include "harness/limit/trial.h"
#include "harness/machine/placement.h"
#include "harness/process/backends.h"
#include "harness/run/progress.h"
#include "harness/syscalls/kernel_count.h"
#include "harness/trial/plan.h"
#include "harness/trial/trial.h"

#include "common/problem.h"

#include <jansson.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <time.h>

#define LIMIT_SCHEMA "muxbench.limit"

enum { LIMIT_VERSION_MAJOR = 1, LIMIT_VERSION_MINOR = 0 };

struct limit {
	int argc;
	char *const *argv;
	time_t started;
	bool interrupted;
	struct limit_options options;
	char program_directory[PATH_MAX];
	int cancel_fd; /* see cancel.h; owned */
	struct launcher launcher;
	struct placement placement;
	struct kernel_tracepoint tracepoint;
	struct backend_list list;
	/*
	 * The ways, then the backends: a plan takes them alike, so that they are
	 * interleaved.
	 */
	const char *names[LIMIT_WAYS + BACKENDS_MAX];
	struct plan plan;
	struct limit_summary summary;
	struct trial *trial; /* owned; the one of a backend in progress */
	struct progress progress;
	json_t *environment; /* owned */
	json_t *points;      /* owned: records of the ways, in the order they were made */
	json_t *trials;      /* owned: those of the backends, likewise */
};

/*
 * Checks all that can be checked before anything is measured, and looks at the machine.
 * Run with options parsed. An exit status, with problem.
 */
int limit_prepare(struct limit *limit, struct problem *problem);

/* All trials into the summary. 0, or -ECANCELED. */
int limit_measure(struct limit *limit);

/* The whole result, "muxbench.limit"; the caller owns it. NULL: out of memory. */
json_t *limit_result(const struct limit *limit);

/* The tables, for people. */
void limit_print(FILE *out, const struct limit *limit);

#endif
