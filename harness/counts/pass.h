/*
 * pass.h - one pass of `muxbench counts`: a fresh server, its system calls counted
 * by the kernel between two moments at which it sleeps and nothing is in flight.
 */
#ifndef HARNESS_COUNTS_PASS_H
#define HARNESS_COUNTS_PASS_H

#include "harness/counts/meter.h"
#include "harness/counts/record.h"
#include "harness/machine/placement.h"
#include "harness/process/foreign.h"

/* What all passes have in common. */
struct counts_setting {
	const struct launcher *launcher;
	const struct placement *placement;
	const struct foreign_list *foreign;
	const struct kernel_tracepoint *tracepoint;
	enum counts_method method;
	uint64_t seed;
};

/*
 * Runs the pass that the first members of record describe, up to requests, and fills the
 * rest, whatever becomes of it; no process is left behind. meter is its scratch. 0, or
 * -ECANCELED when the command is being interrupted.
 */
int counts_pass_run(struct counts_record *record, const struct counts_setting *setting,
	struct counts_meter *meter);

#endif
