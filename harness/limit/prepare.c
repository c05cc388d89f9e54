/* prepare.c - `muxbench limit` before it measures: all that can be is checked. */
#include "harness/limit/limit.h"

#include "common/exit_status.h"
#include "harness/machine/environment.h"
#include "harness/store.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* The steps: each gives an exit status, with problem where that is not 0. */

/* Before minutes are spent on what could not be kept. */
static int check_out(struct limit *limit, struct problem *problem)
{
	const char *path = limit->options.out;
	int error = path ? store_check_path(path) : 0;

	if (error == 0)
		return EXIT_STATUS_OK;
	problem_set(problem, error, "cannot write %.300s: %s", path, strerror(-error));
	return EXIT_STATUS_FAILED;
}

static int find_programs(struct limit *limit, struct problem *problem)
{
	return launcher_open(&limit->launcher, limit->program_directory,
		       &limit->placement.allowed, &limit->cancel_fd, problem) < 0
		       ? EXIT_STATUS_CANNOT_RUN
		       : EXIT_STATUS_OK;
}

/* One thread has one core; so have client and server that are held against it. */
static int choose_placement(struct limit *limit, struct problem *problem)
{
	return placement_choose(&limit->placement, PLACEMENT_SAME_CORE, problem) < 0
		       ? EXIT_STATUS_CANNOT_RUN
		       : EXIT_STATUS_OK;
}

static int choose_backends(struct limit *limit, struct problem *problem)
{
	return backends_choose(&limit->list, &limit->launcher, limit->options.backends,
		&limit->options.backend_count, problem);
}

static int make_plan(struct limit *limit, struct problem *problem)
{
	const struct limit_options *options = &limit->options;
	struct plan_axes axes = {
		.backends = limit->names,
		.backend_count = LIMIT_WAYS + options->backend_count,
		.lists =
			{
				[PLAN_IDLE] = {&options->connections_idle, 1},
				[PLAN_ACTIVE] = {options->active, options->active_count},
				[PLAN_MESSAGE_BYTES] = {&options->message_bytes, 1},
			},
		.blocks = options->blocks,
		.seed = options->seed,
	};

	for (size_t i = 0; i < LIMIT_WAYS; i++)
		limit->names[i] = limit_way_at(i)->name;
	for (size_t i = 0; i < options->backend_count; i++)
		limit->names[LIMIT_WAYS + i] = options->backends[i];
	int error = plan_make(&limit->plan, &axes, problem);

	if (error < 0)
		return error == -EINVAL ? EXIT_STATUS_USAGE : EXIT_STATUS_FAILED;
	limit->trial = calloc(1, sizeof(*limit->trial));
	if (limit->trial && limit_summary_make(&limit->summary, &limit->plan,
				    options->active_count) == 0)
		return EXIT_STATUS_OK;
	problem_set(problem, 0, "out of memory for the summary");
	return EXIT_STATUS_FAILED;
}

static int look_around(struct limit *limit, struct problem *problem)
{
	const json_t *warning;
	size_t i;

	problem_set(&limit->tracepoint.reason, 0, "limit does not count in the kernel");
	placement_step_aside(&limit->placement);
	limit->points = json_array();
	limit->trials = json_array();
	limit->environment = environment_describe(
		&limit->placement, &limit->tracepoint, limit->cancel_fd);
	if (!limit->points || !limit->trials || !limit->environment) {
		problem_set(problem, 0, "out of memory for the environment");
		return EXIT_STATUS_FAILED;
	}
	json_array_foreach(json_object_get(limit->environment, "warnings"), i, warning)
	{
		if (!limit->options.quiet)
			progress_say(
				&limit->progress, "note: %s", json_string_value(warning));
	}
	return EXIT_STATUS_OK;
}

int limit_prepare(struct limit *limit, struct problem *problem)
{
	static int (*const steps[])(struct limit *, struct problem *) = {
		find_programs,
		choose_placement,
		choose_backends,
		check_out,
		make_plan,
		look_around,
	};
	int status = EXIT_STATUS_OK;

	for (size_t i = 0; i < sizeof(steps) / sizeof(*steps) && status == 0; i++)
		status = steps[i](limit, problem);
	return status;
}
