/* exit_status.h - what every muxbench command answers to the shell. One table for all. */
#ifndef COMMON_EXIT_STATUS_H
#define COMMON_EXIT_STATUS_H

enum exit_status {
	EXIT_STATUS_OK = 0,
	EXIT_STATUS_FAILED = 1,       /* failed, regressed, or short score */
	EXIT_STATUS_USAGE = 2,        /* wrong command line or bad input file */
	EXIT_STATUS_INCONCLUSIVE = 3, /* inconclusive or invalid */
	EXIT_STATUS_NO_BASELINE = 4,  /* baseline missing, foreign, or nothing compared */
	EXIT_STATUS_CANNOT_RUN = 5, /* not on this machine, or the program's own fault */
	EXIT_STATUS_SKIPPED = 77,
};

#endif
