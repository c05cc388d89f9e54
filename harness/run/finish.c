/* finish.c - `muxbench run` afterwards: files, table, pictures, exit status. */
#include "harness/run/run.h"

#include "common/exit_status.h"
#include "harness/process/cancel.h"
#include "harness/report/report.h"
#include "harness/result/result.h"
#include "harness/run/plots.h"
#include "harness/run/table.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

static int write_result(struct run *run, struct problem *problem)
{
	struct result result = {
		.run = run_record(&run->facts, &run->options, run->sessions),
		.environment = run->environment,
		.config = run_config(&run->options, &run->plan.axes),
		.plan = &run->plan,
		.summary = &run->summary,
		.verdicts = &run->verdicts,
		.workload = &run->options.workload,
	};
	int error = result_write(&result, &run->store, problem);

	json_decref(result.run);
	json_decref(result.config);
	return error;
}

static void print_table(const struct run *run)
{
	const char *no_color = getenv("NO_COLOR");
	struct table table = {
		.plan = &run->plan,
		.summary = &run->summary,
		.verdicts = &run->verdicts,
		.workload = &run->options.workload,
		.placement = run->options.placement,
		.interrupted = run->facts.interrupted,
		.colour = isatty(STDOUT_FILENO) && !(no_color && *no_color),
	};

	table_print(stdout, &table);
	printf("Results: %s/%s\n", run->options.out, RESULT_NAME);
	fflush(stdout); /* before gnuplot takes its time */
}

/* An exit status; a machine without gnuplot is no failure. */
static int make_plots(struct run *run, struct problem *problem)
{
	struct plots plots = {
		.plan = &run->plan,
		.summary = &run->summary,
		.store = &run->store,
		.program_directory = run->program_directory,
		.verdicts = &run->verdicts,
		.workload = &run->options.workload,
		.placement = run->options.placement,
		.cancel_fd = run->cancel_fd,
	};
	int drawn = plots_make(&plots, problem);

	if (drawn == -ENOENT) {
		progress_say(&run->progress, "%s", problem->text);
		*problem = (struct problem){""};
		return EXIT_STATUS_OK;
	}
	if (drawn > 0)
		printf("Pictures: %s/plots/\n", run->options.out);
	return drawn >= 0 ? EXIT_STATUS_OK : EXIT_STATUS_FAILED;
}

/* The page is made from the stored result, as it would be by anyone. */
static int make_report(const struct run *run, struct problem *problem)
{
	if (report_write_html(run->store.folder, run->options.out, problem) < 0)
		return EXIT_STATUS_FAILED;
	printf("Report: %s/%s\n", run->options.out, REPORT_NAME);
	return EXIT_STATUS_OK;
}

/* Both are tried; problem is that of the first which failed. */
static int make_views(struct run *run, struct problem *problem)
{
	struct problem report_problem = {""};
	int plots = run->options.no_plots ? EXIT_STATUS_OK : make_plots(run, problem);
	int report = make_report(run, &report_problem);

	if (plots != EXIT_STATUS_OK)
		return plots;
	if (report != EXIT_STATUS_OK)
		*problem = report_problem;
	return report;
}

/* What the trials by themselves give as an exit status. */
static int judge(const struct run *run, struct problem *problem)
{
	size_t ok = summary_count(&run->summary, TRIAL_OK);
	size_t invalid = summary_count(&run->summary, TRIAL_INVALID);
	size_t failed = summary_count(&run->summary, TRIAL_FAILED);

	if (failed > 0) {
		problem_set(problem, 0, "%zu of %zu trials failed: see above", failed,
			run->plan.trial_count);
		return EXIT_STATUS_FAILED;
	}
	if (invalid * 10 > ok + invalid) {
		problem_set(problem, 0,
			"%zu of %zu measured trials are invalid: see above", invalid,
			ok + invalid);
		return EXIT_STATUS_INCONCLUSIVE;
	}
	return EXIT_STATUS_OK;
}

static int say_interrupted(const struct run *run, struct problem *problem)
{
	size_t done = 0;

	for (int status = 0; status < TRIAL_STATUS_COUNT; status++)
		done += summary_count(&run->summary, (enum trial_status)status);
	problem_set(problem, 0,
		"interrupted: %zu of %zu trials are kept in %.200s: go on with muxbench "
		"run --resume %.200s",
		done, run->plan.trial_count, run->options.out, run->options.out);
	return cancel_exit_status(run->cancel_fd);
}

int run_finish(struct run *run, struct problem *problem)
{
	struct problem view_problem = {""};
	int view_status = EXIT_STATUS_OK;

	if (verdicts_make(&run->verdicts, &run->plan, &run->summary) < 0) {
		problem_set(problem, 0, "out of memory for the verdicts");
		return EXIT_STATUS_FAILED;
	}
	if (write_result(run, problem) < 0)
		return EXIT_STATUS_FAILED;
	print_table(run);
	if (!run->facts.interrupted)
		view_status = make_views(run, &view_problem);
	if (cancel_pending(run->cancel_fd))
		return say_interrupted(run, problem);
	int status = judge(run, problem);

	if (view_status != EXIT_STATUS_OK)
		progress_say(&run->progress, "%s", view_problem.text);
	return status != EXIT_STATUS_OK ? status : view_status;
}
