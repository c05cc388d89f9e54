/* plan.c - which trials a run makes, and in which order. */
#include "harness/plan.h"

#include "common/random.h"

#include <errno.h>
#include <stdlib.h>

size_t plan_cell(const struct plan *plan, size_t backend, size_t active, size_t idle)
{
	return (backend * plan->axes.active_count + active) * plan->axes.idle_count +
	       idle;
}

static void fill_cells(struct plan *plan)
{
	const struct plan_axes *axes = &plan->axes;

	for (size_t b = 0; b < axes->backend_count; b++)
		for (size_t a = 0; a < axes->active_count; a++)
			for (size_t i = 0; i < axes->idle_count; i++)
				plan->cells[plan_cell(plan, b, a, i)] = (struct cell){
					.backend = axes->backends[b],
					.connections_idle = axes->idle[i],
					.connections_active = axes->active[a],
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

static void fill_order(struct plan *plan)
{
	struct random random = {plan->axes.seed};

	for (size_t first = 0; first < plan->trial_count; first += plan->cell_count) {
		for (size_t i = 0; i < plan->cell_count; i++)
			plan->order[first + i] = (uint32_t)i;
		shuffle(plan->order + first, plan->cell_count, &random);
	}
}

int plan_make(struct plan *plan, const struct plan_axes *axes, struct problem *problem)
{
	*plan = (struct plan){.axes = *axes};
	plan->cell_count = axes->backend_count * axes->active_count * axes->idle_count;
	if (plan->cell_count > PLAN_TRIALS_MAX ||
		axes->blocks > PLAN_TRIALS_MAX / plan->cell_count)
		return problem_set(problem, -EINVAL,
			"that makes more than %d trials: shorten --backends, --idle, "
			"--active or --blocks",
			PLAN_TRIALS_MAX);
	plan->trial_count = plan->cell_count * (size_t)axes->blocks;
	plan->cells = calloc(plan->cell_count, sizeof(*plan->cells));
	plan->order = calloc(plan->trial_count, sizeof(*plan->order));
	if (!plan->cells || !plan->order) {
		plan_free(plan);
		return problem_set(problem, -ENOMEM, "out of memory for the plan");
	}
	fill_cells(plan);
	fill_order(plan);
	return 0;
}

void plan_free(struct plan *plan)
{
	free(plan->cells);
	free(plan->order);
	*plan = (struct plan){0};
}
