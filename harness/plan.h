/*
 * plan.h - which trials a run makes, and in which order.
 *
 * A cell is one backend at one number of idle and active connections. A block runs every
 * cell once, in random order, so that what drifts during a run (temperature, neighbours
 * on the machine) falls on all cells alike; R blocks give R values a cell.
 */
#ifndef HARNESS_PLAN_H
#define HARNESS_PLAN_H

#include "common/problem.h"

#include <stddef.h>
#include <stdint.h>

enum { PLAN_TRIALS_MAX = 100000 };

/* The lists a plan multiplies out; the arrays stay the caller's and must outlive it. */
struct plan_axes {
	const char *const *backends;
	size_t backend_count;
	const uint64_t *idle; /* rising */
	size_t idle_count;
	const uint64_t *active; /* rising */
	size_t active_count;
	uint64_t blocks;
	uint64_t seed;
};

struct cell {
	const char *backend;
	uint64_t connections_idle;
	uint64_t connections_active;
};

struct plan {
	struct plan_axes axes;
	struct cell *cells; /* by backend, within it by active, within it by idle */
	size_t cell_count;
	uint32_t *order;    /* block by block, indexes into cells */
	size_t trial_count; /* cell_count * blocks */
};

/* 0, or -EINVAL (too many trials) or -ENOMEM with problem. */
int plan_make(struct plan *plan, const struct plan_axes *axes, struct problem *problem);
void plan_free(struct plan *plan);

/* The index of a cell from the indexes on the axes. */
size_t plan_cell(const struct plan *plan, size_t backend, size_t active, size_t idle);

#endif
