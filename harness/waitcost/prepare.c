/* prepare.c - `muxbench waitcost` before it measures: all that can be is
 * checked. */
#include "harness/waitcost/waitcost.h"

#include "common/exit_status.h"
#include "harness/machine/environment.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* The steps: each gives an exit status, with problem where that is not 0. */

static int find_programs(struct waitcost_run *run, struct problem *problem)
{
	return launcher_open(&run->launcher, run->program_directory,
		       &run->placement.allowed, &run->cancel_fd, problem) < 0
		       ? EXIT_STATUS_CANNOT_RUN
		       : EXIT_STATUS_OK;
}

static int choose_placement(struct waitcost_run *run, struct problem *problem)
{
	return placement_choose(&run->placement, run->options.placement, problem) < 0
		       ? EXIT_STATUS_CANNOT_RUN
		       : EXIT_STATUS_OK;
}

/* The names given, or all that the server lists. */
static int choose_backends(struct waitcost_run *run, struct problem *problem)
{
	return backends_choose(&run->list, &run->launcher, run->options.backends,
		&run->options.backend_count, problem);
}

static int make_plan(struct waitcost_run *run, struct problem *problem)
{
	const struct waitcost_options *options = &run->options;
	struct waitcost_axes axes = {
		.backends = options->backends,
		.backend_count = options->backend_count,
		.descriptors = options->descriptors,
		.descriptor_count = options->descriptor_count,
		.ready = options->ready,
		.ready_count = options->ready_count,
		.blocks = options->blocks,
		.seed = options->seed,
	};
	int error = waitcost_plan_make(&run->plan, &axes, problem);

	if (error < 0)
		return error == -EINVAL ? EXIT_STATUS_USAGE : EXIT_STATUS_FAILED;
	if (waitcost_summary_make(&run->summary, &run->plan) == 0)
		return EXIT_STATUS_OK;
	problem_set(problem, 0, "out of memory for the summary");
	return EXIT_STATUS_FAILED;
}

/* The folder of --out, before anything is measured for it. */
static int open_folder(struct waitcost_run *run, struct problem *problem)
{
	const char *path = run->options.out;

	if (*path == '\0')
		return EXIT_STATUS_OK;
	int error = store_make_folders(path);

	if (error == 0) {
		run->folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		error = run->folder < 0 ? -errno : 0;
	}
	if (error < 0)
		problem_set(problem, error,
			"cannot make the folder %.300s: %s (choose another with --out)",
			path, strerror(-error));
	else if (faccessat(run->folder, WAITCOST_RESULT_NAME, F_OK, 0) == 0)
		error = problem_set(problem, -EEXIST,
			"%.300s already holds " WAITCOST_RESULT_NAME
			": choose another folder with --out",
			path);
	return error < 0 ? EXIT_STATUS_FAILED : EXIT_STATUS_OK;
}

static int look_around(struct waitcost_run *run, struct problem *problem)
{
	struct kernel_tracepoint tracepoint = {.known = false};
	const json_t *warning;
	size_t i;

	problem_set(&tracepoint.reason, 0, "waitcost does not count in the kernel");
	placement_step_aside(&run->placement);
	run->trials = json_array();
	run->environment =
		environment_describe(&run->placement, &tracepoint, run->cancel_fd);
	if (!run->trials || !run->environment) {
		problem_set(problem, 0, "out of memory for the environment");
		return EXIT_STATUS_FAILED;
	}
	json_array_foreach(json_object_get(run->environment, "warnings"), i, warning)
	{
		if (!run->options.quiet)
			fprintf(stderr, "muxbench: note: %s\n",
				json_string_value(warning));
	}
	return EXIT_STATUS_OK;
}

int waitcost_run_prepare(struct waitcost_run *run, struct problem *problem)
{
	static int (*const steps[])(struct waitcost_run *, struct problem *) = {
		find_programs,
		choose_placement,
		choose_backends,
		make_plan,
		open_folder,
		look_around,
	};
	int status = EXIT_STATUS_OK;

	for (size_t i = 0; i < sizeof(steps) / sizeof(*steps) && status == 0; i++)
		status = steps[i](run, problem);
	return status;
}
