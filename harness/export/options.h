/* options.h - the command line of `muxbench export`, checked. */
#ifndef HARNESS_EXPORT_OPTIONS_H
#define HARNESS_EXPORT_OPTIONS_H

#include "common/problem.h"
#include "harness/export/format.h"

#include <stdbool.h>
#include <stdio.h>

struct export_options {
	bool help;
	const char *path; /* of the run */
	const struct export_format *format;
	const char *out; /* NULL: stdout */
	unsigned metrics;
	struct export_choice choice;
	char *backends_text; /* owned: what the names of choice point into */
};

/*
 * argv[0] is the name of the command. 0, or -EINVAL with problem. export_options_free()
 * must follow in either case. With help set nothing else counts.
 */
int export_options_parse(
	struct export_options *options, int argc, char *argv[], struct problem *problem);
void export_options_free(struct export_options *options);

void export_options_help(FILE *out);

#endif
