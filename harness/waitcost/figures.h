/*
 * figures.h - from a server's raw batches to ns an operation.
 *
 * A batch whose thread was off its processor for more than a tenth of it is disturbed: it
 * enters no figure. A figure is the median over the batches that are left, of
 *
 *	(duration_ns - clock_reads_per_batch * clock_read_ns) / operations_per_batch
 *
 * The server repeats such batches. When fewer than three are left all the same, the trial
 * is invalid.
 */
#ifndef HARNESS_WAITCOST_FIGURES_H
#define HARNESS_WAITCOST_FIGURES_H

#include "common/problem.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

enum waitcost_figure {
	WAITCOST_WAIT,
	WAITCOST_REGISTER,
	WAITCOST_MODIFY,
	WAITCOST_REMOVE,
	WAITCOST_FIGURES
};

struct waitcost_figures {
	double ns[WAITCOST_FIGURES]; /* an operation; NAN: all batches were disturbed */
	double wait_bytes;           /* a wait, between process and kernel */
	size_t batches;              /* of waits and of changes of interest, together */
	size_t disturbed;            /* of them */
	bool trusted;                /* three of either were not */
};

/* What a server said as figures: pure. 0, or -EBADMSG with problem. */
int waitcost_figures_read(struct waitcost_figures *figures, const json_t *measured,
	struct problem *problem);

/* "wait", "register", "modify", "remove" */
const char *waitcost_figure_name(enum waitcost_figure figure);

#endif
