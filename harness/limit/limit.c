/* limit.c - `muxbench limit`: options, then its stages one after the other. */
#include "harness/limit/limit.h"

#include "common/exit_status.h"
#include "harness/command.h"
#include "harness/process/cancel.h"
#include "harness/store.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int write_json(FILE *out, const struct limit *limit)
{
	enum { FLAGS = JSON_INDENT(1) | JSON_REAL_PRECISION(9) };
	json_t *result = limit_result(limit);
	int error = result && json_dumpf(result, out, FLAGS) == 0 ? 0 : -ENOMEM;

	fputc('\n', out);
	json_decref(result);
	return ferror(out) ? -EIO : error;
}

static int write_output(FILE *out, const void *what)
{
	const struct limit *limit = what;

	if (limit->options.json)
		return write_json(out, limit);
	limit_print(out, limit);
	return 0;
}

static int show(const struct limit *limit, struct problem *problem)
{
	const char *path = limit->options.out;
	int error = path ? store_put_path(path, write_output, limit)
			 : write_output(stdout, limit);

	if (error == 0)
		return EXIT_STATUS_OK;
	problem_set(problem, error, "cannot write %.300s: %s", path ? path : "to stdout",
		strerror(-error));
	return EXIT_STATUS_FAILED;
}

/* What the trials by themselves give as an exit status. */
static int judge(const struct limit *limit, struct problem *problem)
{
	size_t ok = limit_summary_count(&limit->summary, TRIAL_OK);
	size_t invalid = limit_summary_count(&limit->summary, TRIAL_INVALID);
	size_t failed = limit_summary_count(&limit->summary, TRIAL_FAILED);

	if (failed > 0) {
		problem_set(problem, 0, "%zu of %zu trials failed: see above", failed,
			limit->plan.trial_count);
		return EXIT_STATUS_FAILED;
	}
	if (ok + invalid == 0) {
		problem_set(problem, 0, "nothing could be measured: see above");
		return EXIT_STATUS_CANNOT_RUN;
	}
	if (invalid * 10 > ok + invalid) {
		problem_set(problem, 0,
			"%zu of %zu measured trials are invalid: see above", invalid,
			ok + invalid);
		return EXIT_STATUS_INCONCLUSIVE;
	}
	return EXIT_STATUS_OK;
}

static int finish(struct limit *limit, struct problem *problem)
{
	limit_summary_judge(&limit->summary);
	int status = show(limit, problem);

	if (status != EXIT_STATUS_OK)
		return status;
	if (!cancel_pending(limit->cancel_fd))
		return judge(limit, problem);
	problem_set(problem, 0, "interrupted: %zu of %zu trials were made",
		json_array_size(limit->points) +
			json_array_size(limit->trials) / WINDOW_COUNT,
		limit->plan.trial_count);
	return cancel_exit_status(limit->cancel_fd);
}

static int run_stages(struct limit *limit, struct problem *problem)
{
	int status = limit_prepare(limit, problem);

	if (status != EXIT_STATUS_OK)
		return limit->cancel_fd >= 0 && cancel_pending(limit->cancel_fd)
			       ? cancel_exit_status(limit->cancel_fd)
			       : status;
	limit->interrupted = limit_measure(limit) == -ECANCELED;
	return finish(limit, problem);
}

static void limit_free(struct limit *limit)
{
	json_decref(limit->environment);
	json_decref(limit->points);
	json_decref(limit->trials);
	limit_summary_free(&limit->summary);
	plan_free(&limit->plan);
	free(limit->trial);
	if (limit->cancel_fd >= 0)
		close(limit->cancel_fd);
	limit_options_free(&limit->options);
}

int command_limit(int argc, char *argv[], struct problem *problem)
{
	struct limit limit = {
		.argc = argc,
		.argv = argv,
		.started = time(NULL),
		.cancel_fd = -1,
	};
	int status = EXIT_STATUS_USAGE;

	if (limit_options_parse(&limit.options, argc, argv, problem) == 0) {
		status = EXIT_STATUS_OK;
		if (limit.options.help)
			limit_options_help(stdout);
		else if (limit.options.is_point)
			status = limit_point_run(&limit.options.point, problem);
		else
			status = run_stages(&limit, problem);
	}
	limit_free(&limit);
	return status;
}
