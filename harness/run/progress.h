/*
 * progress.h - how far a run is, on stderr: one line rewritten in place on a terminal,
 * else a plain line now and then.
 */
#ifndef HARNESS_RUN_PROGRESS_H
#define HARNESS_RUN_PROGRESS_H

#include "harness/trial/plan.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct progress {
	bool silent;
	bool terminal;
	bool line_open; /* a line is on the terminal that the next one replaces */
	size_t trials;
	size_t done_before; /* made in an earlier session */
	uint64_t guess_ns;  /* for the time left, until one trial has been made */
	uint64_t began_ns;
	uint64_t said_ns; /* when a plain line was last printed */
};

/* guess_ns: about how long what is not done_before will take. */
void progress_begin(struct progress *progress, bool silent, size_t trials,
	size_t done_before, uint64_t guess_ns);

/* Before a trial begins: done trials were made before it, in whatever session. */
void progress_trial(struct progress *progress, size_t done, const struct cell *cell);

/* A block of the run has been finished. */
void progress_block(
	struct progress *progress, uint64_t block, uint64_t blocks, size_t done);

/* A line of its own, "muxbench: ...", also when silent. */
void progress_say(struct progress *progress, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Takes the line off the terminal again. */
void progress_end(struct progress *progress);

#endif
