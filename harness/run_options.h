/* run_options.h - the command line of `muxbench run`, checked and with all defaults. */
#ifndef HARNESS_RUN_OPTIONS_H
#define HARNESS_RUN_OPTIONS_H

#include "harness/backends.h"
#include "harness/placement.h"
#include "harness/profile.h"

#include "common/problem.h"

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum { RUN_IDLE_MAX = 32, RUN_ACTIVE_MAX = 8 };

struct run_options {
	bool help;
	bool quiet;
	bool no_plots;
	const struct profile *profile;
	enum placement_kind placement;

	/* The names point into the texts below. */
	const char *backends[BACKENDS_MAX]; /* none: all that the server lists */
	size_t backend_count;
	const char *required[BACKENDS_MAX];
	size_t required_count;

	uint64_t idle[RUN_IDLE_MAX]; /* rising */
	size_t idle_count;
	uint64_t active[RUN_ACTIVE_MAX]; /* rising */
	size_t active_count;
	uint64_t message_bytes;
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
 */
int run_options_parse(
	struct run_options *options, int argc, char *argv[], struct problem *problem);
void run_options_free(struct run_options *options);

void run_options_help(FILE *out);

#endif
