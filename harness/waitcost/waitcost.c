/* waitcost.c - `muxbench waitcost`: options, then its stages one after the other. */
#include "harness/waitcost/waitcost.h"

#include "common/exit_status.h"
#include "harness/command.h"
#include "harness/process/cancel.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

static int write_json(FILE *out, const void *what)
{
	enum { FLAGS = JSON_INDENT(1) | JSON_REAL_PRECISION(9) };
	int error = what ? json_dumpf(what, out, FLAGS) : -1;

	fputc('\n', out);
	return error == 0 ? 0 : -ENOMEM;
}

/* waitcost.json and what goes to stdout. 0, or -errno with problem. */
static int show(struct waitcost_run *run, struct problem *problem)
{
	json_t *result = waitcost_run_result(run);
	int error = 0;

	if (!result)
		return problem_set(problem, -ENOMEM, "out of memory for the result");
	if (run->folder >= 0)
		error = store_put(
			run->folder, WAITCOST_RESULT_NAME, write_json, result, problem);
	if (run->options.json)
		write_json(stdout, result); /* main() sees whether it could be written */
	else
		waitcost_run_print(stdout, run);
	json_decref(result);
	if (error == 0 && run->folder >= 0 && !run->options.json)
		printf("Results: %s/%s\n", run->options.out, WAITCOST_RESULT_NAME);
	fflush(stdout); /* before gnuplot takes its time */
	return error;
}

/* An exit status; a machine without gnuplot is no failure. */
static int draw(struct waitcost_run *run, struct problem *problem)
{
	if (run->folder < 0 || run->options.no_plots || run->interrupted)
		return EXIT_STATUS_OK;
	int drawn = waitcost_run_plot(run, problem);

	if (drawn == -ENOENT) {
		fprintf(stderr, "muxbench: %s\n", problem->text);
		*problem = (struct problem){""};
		return EXIT_STATUS_OK;
	}
	if (drawn > 0 && !run->options.json)
		printf("Pictures: %s/plots/\n", run->options.out);
	return drawn >= 0 ? EXIT_STATUS_OK : EXIT_STATUS_FAILED;
}

/* What the trials by themselves give as an exit status. */
static int judge(const struct waitcost_run *run, struct problem *problem)
{
	size_t ok = waitcost_summary_count(&run->summary, TRIAL_OK);
	size_t invalid = waitcost_summary_count(&run->summary, TRIAL_INVALID);
	size_t failed = waitcost_summary_count(&run->summary, TRIAL_FAILED);

	if (failed > 0) {
		problem_set(problem, 0, "%zu of %zu trials failed: see above", failed,
			json_array_size(run->trials));
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

static int finish(struct waitcost_run *run, struct problem *problem)
{
	struct problem plot_problem = {""};

	if (waitcost_summary_judge(&run->summary) < 0) {
		problem_set(problem, 0, "out of memory for the verdicts");
		return EXIT_STATUS_FAILED;
	}
	if (show(run, problem) < 0)
		return EXIT_STATUS_FAILED;
	int plot_status = draw(run, &plot_problem);

	if (cancel_pending(run->cancel_fd)) {
		problem_set(problem, 0, "interrupted: %zu trials were made",
			json_array_size(run->trials));
		return cancel_exit_status(run->cancel_fd);
	}
	int status = judge(run, problem);

	if (plot_status != EXIT_STATUS_OK)
		fprintf(stderr, "muxbench: %s\n", plot_problem.text);
	return status != EXIT_STATUS_OK ? status : plot_status;
}

static int run_stages(struct waitcost_run *run, struct problem *problem)
{
	int status = waitcost_run_prepare(run, problem);

	if (status != EXIT_STATUS_OK)
		return cancel_pending(run->cancel_fd) ? cancel_exit_status(run->cancel_fd)
						      : status;
	run->interrupted = waitcost_run_trials(run) == -ECANCELED;
	return finish(run, problem);
}

static void run_free(struct waitcost_run *run)
{
	json_decref(run->environment);
	json_decref(run->trials);
	waitcost_summary_free(&run->summary);
	waitcost_plan_free(&run->plan);
	if (run->folder >= 0)
		close(run->folder);
	if (run->cancel_fd >= 0)
		close(run->cancel_fd);
	waitcost_options_free(&run->options);
}

int command_waitcost(int argc, char *argv[], struct problem *problem)
{
	struct waitcost_run run = {
		.argc = argc,
		.argv = argv,
		.started = time(NULL),
		.cancel_fd = -1,
		.folder = -1,
	};
	int status = EXIT_STATUS_USAGE;

	if (waitcost_options_parse(&run.options, argc, argv, problem) == 0) {
		status = EXIT_STATUS_OK;
		if (run.options.help)
			waitcost_options_help(stdout);
		else
			status = run_stages(&run, problem);
	}
	run_free(&run);
	return status;
}
