/* options.h - the command line of `muxbench counts`, checked, with all defaults.
 */
#ifndef HARNESS_COUNTS_OPTIONS_H
#define HARNESS_COUNTS_OPTIONS_H

#include "harness/counts/meter.h"
#include "harness/process/backends.h"
#include "harness/process/foreign.h"

#include "common/problem.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct counts_options {
	bool help;
	bool json;
	enum counts_method method;
	const char *backends[BACKENDS_MAX]; /* into backends_text; none: all there are */
	size_t backend_count;
	struct foreign_list foreign; /* --exec; owned */
	uint64_t connections_idle;
	uint64_t message_bytes;
	uint64_t requests;   /* of the lockstep pass */
	uint64_t batch;      /* connections, and requests, of the batch pass */
	const char *out;     /* NULL: stdout */
	char *backends_text; /* owned */
};

/*
 * argv[0] is the name of the command. 0, or -EINVAL with problem. counts_options_free()
 * must follow in either case. With help set nothing else counts.
 */
int counts_options_parse(
	struct counts_options *options, int argc, char *argv[], struct problem *problem);
void counts_options_free(struct counts_options *options);

void counts_options_help(FILE *out);

#endif
