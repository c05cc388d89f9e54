/* options.h - the command line of `muxbench conform`, checked, with all defaults. */
#ifndef HARNESS_CONFORM_OPTIONS_H
#define HARNESS_CONFORM_OPTIONS_H

#include "common/problem.h"
#include "harness/conform/case.h"
#include "harness/process/endpoint.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

struct conform_options {
	bool help;
	bool list;
	bool json;
	bool tcp; /* the cases that need no process */
	char host[ENDPOINT_HOST_BYTES];
	int port;          /* 0: --spawn */
	char **words;      /* of the command to spawn, with {port}; NULL: host and port */
	const char *spawn; /* the same as it was typed */
	pid_t pid;         /* 0: not told */
	uint64_t timeout_ns;
	uint64_t seed;
	uint64_t connections_idle;
	uint64_t memory_max_bytes;
	bool selected[CASES_MAX]; /* by the case's index */
};

/*
 * argv[0] is the name of the command. 0, or -EINVAL with problem. conform_options_free()
 * must follow in either case. With help set nothing else counts.
 */
int conform_options_parse(
	struct conform_options *options, int argc, char *argv[], struct problem *problem);
void conform_options_free(struct conform_options *options);

void conform_options_help(FILE *out);

#endif
