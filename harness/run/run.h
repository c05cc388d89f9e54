/*
 * run.h - the stages of `muxbench run`, and what they share. Each stage has a file of its
 * own; run.c puts them in a row.
 */
#ifndef HARNESS_RUN_RUN_H
#define HARNESS_RUN_RUN_H

#include "harness/machine/placement.h"
#include "harness/process/backends.h"
#include "harness/result/summary.h"
#include "harness/result/verdicts.h"
#include "harness/run/options.h"
#include "harness/run/progress.h"
#include "harness/run/record.h"
#include "harness/store.h"
#include "harness/syscalls/kernel_count.h"
#include "harness/trial/plan.h"
#include "harness/trial/trial.h"

#include "common/problem.h"

#include <jansson.h>
#include <limits.h>

/* Made by run_init(), filled by run_prepare(), released by run_free(). */
struct run {
	struct run_options options;
	struct run_facts facts;
	char program_directory[PATH_MAX];
	int cancel_fd; /* see cancel.h; owned */
	struct launcher launcher;
	struct placement placement;
	struct backend_list list;
	const char
		*subjects[BACKENDS_MAX + FOREIGN_MAX]; /* backends, then foreign ones */
	size_t subject_count;
	struct kernel_tracepoint tracepoint;
	struct store store;
	struct plan plan;
	struct summary summary;
	bool *done; /* of each trial of the plan, by block: made before; owned */
	size_t done_count;
	size_t failed_before; /* trials of earlier sessions that are made again */
	struct verdicts verdicts;
	struct trial *trial; /* owned; the one in progress */
	struct progress progress;
	json_t *environment; /* owned */
	json_t *sessions;    /* owned; the last is this one */
};

void run_init(struct run *run, int argc, char *argv[]);
void run_free(struct run *run);

/*
 * Checks all that can be checked before anything is measured or written, opens the store
 * and looks at the machine. Run with options parsed. An exit status, with problem.
 */
int run_prepare(struct run *run, struct problem *problem);

/* 0 when all trials were made, -ECANCELED, or -errno with problem. */
int run_measure(struct run *run, struct problem *problem);

/* Files, table, pictures, and what all of it comes to: an exit status, with problem. */
int run_finish(struct run *run, struct problem *problem);

#endif
