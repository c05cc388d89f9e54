/* options.h - the command line of `muxbench limit`, checked, with all defaults. */
#ifndef HARNESS_LIMIT_OPTIONS_H
#define HARNESS_LIMIT_OPTIONS_H

#include "harness/limit/point.h"
#include "harness/process/backends.h"
#include "harness/trial/workload.h"

#include "common/problem.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum { LIMIT_ACTIVE_LIST_MAX = 16 };

struct limit_options {
	bool help;
	bool quiet;
	bool json;

	/* The names point into the text below. */
	const char *backends[BACKENDS_MAX]; /* none: all that the server lists */
	size_t backend_count;

	uint64_t active[LIMIT_ACTIVE_LIST_MAX]; /* rising */
	size_t active_count;
	uint64_t connections_idle;
	uint64_t message_bytes;
	enum engine engine; /* of the load generator */
	uint64_t blocks;
	uint64_t duration_ns;
	uint64_t seed;
	const char *out; /* NULL: stdout */

	/* --point: this instead of all of it. */
	bool is_point;
	struct limit_point_order point;

	char *backends_text; /* owned */
};

/*
 * argv[0] is the name of the command. 0, or -EINVAL with problem. limit_options_free()
 * must follow in either case. With help set nothing else counts.
 */
int limit_options_parse(
	struct limit_options *options, int argc, char *argv[], struct problem *problem);
void limit_options_free(struct limit_options *options);

void limit_options_help(FILE *out);

#endif
