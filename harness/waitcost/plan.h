/*
 * plan.h - which trials `muxbench waitcost` makes, and in which order: as in
 * plan.h, a block runs every cell once in random order. A cell is a backend with so many
 * descriptors registered, so many of them ready; those with more ready than registered
 * are left out.
 */
#ifndef HARNESS_WAITCOST_PLAN_H
#define HARNESS_WAITCOST_PLAN_H

#include "common/problem.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { WAITCOST_TRIALS_MAX = 100000 };

/* The lists a plan multiplies out; the arrays stay the caller's and must outlive it. */
struct waitcost_axes {
	const char *const *backends;
	size_t backend_count;
	const uint64_t *descriptors; /* rising */
	size_t descriptor_count;
	const uint64_t *ready; /* rising */
	size_t ready_count;
	uint64_t blocks;
	uint64_t seed;
};

struct waitcost_cell {
	const char *backend;
	uint64_t descriptors;
	uint64_t ready;
};

struct waitcost_plan {
	struct waitcost_axes axes;
	struct waitcost_cell *cells; /* the whole grid, see waitcost_plan_cell() */
	size_t cell_count;
	size_t block_trials; /* the cells that a block runs */
	uint32_t *order;     /* block by block, indexes into cells */
	size_t trial_count;  /* block_trials * blocks */
};

/* 0, or -EINVAL (too many trials) or -ENOMEM with problem. */
int waitcost_plan_make(struct waitcost_plan *plan, const struct waitcost_axes *axes,
	struct problem *problem);
void waitcost_plan_free(struct waitcost_plan *plan);

/* The index of a cell from the indexes on the axes. */
size_t waitcost_plan_cell(const struct waitcost_plan *plan, size_t backend, size_t ready,
	size_t descriptors);

/* False for a cell that is left out. */
bool waitcost_cell_exists(const struct waitcost_cell *cell);

#endif
