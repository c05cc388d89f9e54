/*
 * trial.h - one trial: a fresh server, a fresh load generator, and two measured windows.
 *
 * The TIMED window gives CPU and latency; no counter of the kernel is attached, so
 * nothing disturbs it. The COUNTED window follows in the same server, in lockstep, and
 * gives the exact number of system calls: by name from the server, in total from the
 * kernel. Before and after each the server must be at rest and hold every connection, or
 * the window is invalid: kept, with its reasons, and out of every summary.
 */
#ifndef HARNESS_TRIAL_TRIAL_H
#define HARNESS_TRIAL_TRIAL_H

#include "harness/machine/placement.h"
#include "harness/process/foreign.h"
#include "harness/syscalls/kernel_count.h"
#include "harness/trial/plan.h"
#include "harness/trial/window.h"
#include "harness/trial/workload.h"

#include <stdbool.h>
#include <stdint.h>

/* Large (six histograms): one is allocated and used for trial after trial. */
struct trial {
	struct cell cell;
	uint64_t block;          /* from 1 */
	uint64_t order_in_block; /* from 1 */
	struct workload workload;
	enum placement_kind placement;
	enum sched_policy sched;
	bool foreign;      /* the server is not one of ours */
	bool server_known; /* server holds what it said of itself */
	struct server_hello server;
	int load_cpu;        /* -1: not pinned */
	bool setup_known;    /* all connections stood */
	uint64_t connect_ns; /* the load generator's time to connect them */
	/* From then until the server said that it held them all; of a foreign one, until
	 * the last of them had brought an echo. */
	uint64_t held_ns;
	struct window windows[WINDOW_COUNT];
};

/* What all trials of a run have in common. */
struct trial_setting {
	const struct launcher *launcher;
	const struct placement *placement;
	const struct kernel_tracepoint *tracepoint;
	const struct workload *workload;
	const struct foreign_list *foreign; /* NULL: none */
	uint64_t seed;
	uint64_t warmup_ns; /* 0: none */
	uint64_t timed_ns;
	uint64_t counted_ns;
};

/*
 * Runs the trial and fills it, whatever becomes of it; no process is left behind. 0, or
 * -ECANCELED when the run is being interrupted: then the trial is to be forgotten.
 */
int trial_run(struct trial *trial, const struct trial_setting *setting,
	const struct cell *cell, uint64_t block, uint64_t order_in_block);

/* How many connections the server must hold while nothing is in flight. */
uint64_t trial_connections_held(const struct trial *trial);

/* The heaviest status of the windows, and the first reason for it ("" when ok). */
enum trial_status trial_status(const struct trial *trial);
const char *trial_reason(const struct trial *trial);

#endif
