/* options.h - the command line of `muxbench waitcost`, checked, with defaults.
 */
#ifndef HARNESS_WAITCOST_OPTIONS_H
#define HARNESS_WAITCOST_OPTIONS_H

#include "harness/machine/placement.h"
#include "harness/process/backends.h"
#include "harness/statistics/complexity.h"

#include "common/problem.h"

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum {
	WAITCOST_DESCRIPTOR_LIST_MAX = COMPLEXITY_POINTS_MAX,
	WAITCOST_READY_LIST_MAX = 8
};

struct waitcost_options {
	bool help;
	bool quiet;
	bool no_plots;
	bool json; /* on stdout, instead of the tables */
	enum placement_kind placement;

	/* The names point into the text below. */
	const char *backends[BACKENDS_MAX]; /* none: all that the server lists */
	size_t backend_count;

	uint64_t descriptors[WAITCOST_DESCRIPTOR_LIST_MAX]; /* rising */
	size_t descriptor_count;
	uint64_t ready[WAITCOST_READY_LIST_MAX]; /* rising */
	size_t ready_count;
	uint64_t blocks;
	uint64_t seed;
	char out[PATH_MAX]; /* "": no folder is written */

	char *backends_text; /* owned */
};

/*
 * argv[0] is the name of the command. 0, or -EINVAL with problem.
 * waitcost_options_free() must follow in either case. With help set nothing else counts.
 */
int waitcost_options_parse(struct waitcost_options *options, int argc, char *argv[],
	struct problem *problem);
void waitcost_options_free(struct waitcost_options *options);

void waitcost_options_help(FILE *out);

#endif
