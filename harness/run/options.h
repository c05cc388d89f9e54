/* options.h - the command line of `muxbench run`, checked and with all defaults. */
#ifndef HARNESS_RUN_OPTIONS_H
#define HARNESS_RUN_OPTIONS_H

#include "harness/machine/placement.h"
#include "harness/process/backends.h"
#include "harness/process/foreign.h"
#include "harness/run/profile.h"
#include "harness/trial/plan.h"
#include "harness/trial/workload.h"

#include "common/problem.h"

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum { RUN_LIST_MAX = 32 };

struct run_list {
	uint64_t values[RUN_LIST_MAX]; /* rising, each once */
	size_t count;
};

struct run_options {
	bool help;
	bool quiet;
	bool no_plots;
	bool resume; /* go on with the run in out */
	const struct profile *profile;
	enum placement_kind placement;
	enum sched_policy sched;
	struct workload workload;

	/* The names point into the texts below. */
	const char *backends[BACKENDS_MAX]; /* none: all that the server lists */
	size_t backend_count;
	const char *required[BACKENDS_MAX];
	size_t required_count;

	struct foreign_list foreign; /* --exec and --target; owned */

	struct run_list lists[PLAN_AXES]; /* none has less than one value */
	uint64_t blocks;
	uint64_t warmup_ns;
	uint64_t timed_ns;
	uint64_t counted_ns;
	uint64_t seed;
	char out[PATH_MAX];

	char *backends_text; /* owned */
	char *required_text; /* owned */
};

/*
 * argv[0] is the name of the command. 0, or -EINVAL with problem. run_options_free() must
 * follow in either case. With help set nothing else counts.
 *
 * What --plan FILE, or the plan of --resume DIR, says counts as if it stood before all
 * other options; of a run to be resumed they can change nothing that decides figures.
 */
int run_options_parse(
	struct run_options *options, int argc, char *argv[], struct problem *problem);
void run_options_free(struct run_options *options);

/*
 * One option by its long name without the dashes, as if it stood on the command line with
 * that text. 0, -ENOENT (no such option), or -EINVAL; with problem.
 */
int run_options_take(struct run_options *options, const char *name, const char *text,
	struct problem *problem);

/* What --help prints. */
void run_options_help(FILE *out);

#endif
