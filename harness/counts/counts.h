/*
 * counts.h - `muxbench counts`: all that it holds while it runs, and what it writes.
 */
#ifndef HARNESS_COUNTS_COUNTS_H
#define HARNESS_COUNTS_COUNTS_H

#include "harness/counts/options.h"
#include "harness/counts/pass.h"

#include <jansson.h>
#include <limits.h>
#include <stdio.h>
#include <time.h>

struct counts {
	struct counts_options options;
	int argc;
	char **argv;
	time_t started;
	char program_directory[PATH_MAX];
	int cancel_fd;
	struct launcher launcher;
	struct placement placement;
	struct kernel_tracepoint tracepoint;
	struct backend_list list;
	const char
		*subjects[BACKENDS_MAX + FOREIGN_MAX]; /* backends, then foreign ones */
	size_t subject_count;
	struct counts_meter *meter;    /* owned */
	struct counts_record *records; /* owned; of each backend a lockstep, a batch */
	size_t record_count;
};

/* The tables, for a terminal. Never fails but by its stream. */
void counts_text_write(FILE *out, const struct counts *counts);

/* {"schema":"muxbench.counts",...}; the caller releases it. NULL: out of memory. */
json_t *counts_json(const struct counts *counts);

#endif
