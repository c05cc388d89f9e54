/* plan.c - which trials `muxbench waitcost` makes, and in which order. */
#include "harness/waitcost/plan.h"

#include "common/random.h"

#include <errno.h>
#include <stdlib.h>

size_t waitcost_plan_cell(const struct waitcost_plan *plan, size_t backend, size_t ready,
	size_t descriptors)
{
	return (backend * plan->axes.ready_count + ready) * plan->axes.descriptor_count +
	       descriptors;
}

bool waitcost_cell_exists(const struct waitcost_cell *cell)
{
	return cell->ready <= cell->descriptors;
}

static void fill_cells(struct waitcost_plan *plan)
{
	const struct waitcost_axes *axes = &plan->axes;

	for (size_t b = 0; b < axes->backend_count; b++)
		for (size_t k = 0; k < axes->ready_count; k++)
			for (size_t n = 0; n < axes->descriptor_count; n++)
				plan->cells[waitcost_plan_cell(plan, b, k, n)] =
					(struct waitcost_cell){
						.backend = axes->backends[b],
						.descriptors = axes->descriptors[n],
						.ready = axes->ready[k],
					};
}

/* Fisher and Yates: every order is equally likely. */
static void shuffle(uint32_t *order, size_t count, struct random *random)
{
	for (size_t i = count; i > 1; i--) {
		size_t j = (size_t)random_below(random, i);
		uint32_t kept = order[i - 1];

		order[i - 1] = order[j];
		order[j] = kept;
	}
}

static void fill_order(struct waitcost_plan *plan)
{
	struct random random = {plan->axes.seed};
	uint32_t *next = plan->order;

	for (uint64_t block = 0; block < plan->axes.blocks; block++) {
		uint32_t *first = next;

		for (size_t i = 0; i < plan->cell_count; i++)
			if (waitcost_cell_exists(&plan->cells[i]))
				*next++ = (uint32_t)i;
		shuffle(first, plan->block_trials, &random);
	}
}

static size_t count_existing(const struct waitcost_plan *plan)
{
	size_t count = 0;

	for (size_t i = 0; i < plan->cell_count; i++)
		count += waitcost_cell_exists(&plan->cells[i]);
	return count;
}

int waitcost_plan_make(struct waitcost_plan *plan, const struct waitcost_axes *axes,
	struct problem *problem)
{
	*plan = (struct waitcost_plan){.axes = *axes};
	plan->cell_count =
		axes->backend_count * axes->ready_count * axes->descriptor_count;
	plan->cells = calloc(plan->cell_count, sizeof(*plan->cells));
	if (!plan->cells)
		return problem_set(problem, -ENOMEM, "out of memory for the plan");
	fill_cells(plan);
	plan->block_trials = count_existing(plan);
	plan->trial_count = plan->block_trials * (size_t)axes->blocks;
	if (plan->trial_count > WAITCOST_TRIALS_MAX) {
		waitcost_plan_free(plan);
		return problem_set(problem, -EINVAL,
			"that makes more than %d trials: shorten --backends, "
			"--descriptors, --ready or --blocks",
			WAITCOST_TRIALS_MAX);
	}
	plan->order = calloc(plan->trial_count, sizeof(*plan->order));
	if (!plan->order) {
		waitcost_plan_free(plan);
		return problem_set(problem, -ENOMEM, "out of memory for the plan");
	}
	fill_order(plan);
	return 0;
}

void waitcost_plan_free(struct waitcost_plan *plan)
{
	free(plan->cells);
	free(plan->order);
	*plan = (struct waitcost_plan){0};
}
