/*
 * plots.h - the pictures of a run: data, the scripts that draw it, and what gnuplot made
 * of them lie together in DIR/plots, so that they can be drawn again by hand.
 */
#ifndef HARNESS_RUN_PLOTS_H
#define HARNESS_RUN_PLOTS_H

#include "harness/machine/placement.h"
#include "harness/result/summary.h"
#include "harness/result/verdicts.h"
#include "harness/store.h"
#include "harness/trial/plan.h"
#include "harness/trial/workload.h"

#include "common/problem.h"

struct plots {
	const struct plan *plan;
	const struct summary *summary;
	const struct store *store;
	const char *program_directory; /* the scripts are looked for from here */
	const struct verdicts *verdicts;
	const struct workload *workload;
	enum placement_kind placement;
	int cancel_fd;
};

/*
 * How many pictures there are (none where nothing was measured); -ENOENT gnuplot is not
 * installed (data and scripts are there); -ECANCELED; or another -errno. All with a
 * problem, but for -ECANCELED.
 */
int plots_make(const struct plots *plots, struct problem *problem);

#endif
