/* command.h - what every subcommand of muxbench is. */
#ifndef HARNESS_COMMAND_H
#define HARNESS_COMMAND_H

#include "common/problem.h"
#include "harness/syscalls/kernel_count.h"

/*
 * argv[0] is the subcommand's name. Returns what the shell gets (exit_status.h, or 128
 * and the number of the signal that ended it); main() prints problem if there is one.
 */
typedef int command_function(int argc, char *argv[], struct problem *problem);

/* The same of one that counts in the kernel: what that takes was found while it could. */
typedef int command_counting_function(int argc, char *argv[],
	const struct kernel_tracepoint *tracepoint, struct problem *problem);

command_counting_function command_run;
command_function command_waitcost;
command_counting_function command_counts;
command_function command_export;
command_function command_report;
command_function command_conform;
command_function command_limit;

#endif
