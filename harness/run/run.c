/* run.c - `muxbench run`: options, then its stages one after the other. */
#include "harness/run/run.h"

#include "common/exit_status.h"
#include "harness/command.h"
#include "harness/process/cancel.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

void run_init(struct run *run, int argc, char *argv[])
{
	*run = (struct run){
		.facts = {.argc = argc, .argv = argv, .started = time(NULL)},
		.cancel_fd = -1,
		.store = {.folder = -1, .trials = -1},
	};
}

void run_free(struct run *run)
{
	json_decref(run->sessions);
	json_decref(run->environment);
	verdicts_free(&run->verdicts);
	free(run->done);
	summary_free(&run->summary);
	plan_free(&run->plan);
	store_close(&run->store);
	free(run->trial);
	if (run->cancel_fd >= 0)
		close(run->cancel_fd);
	run_options_free(&run->options);
}

static int run_stages(struct run *run, struct problem *problem)
{
	int status = run_prepare(run, problem);

	if (status != EXIT_STATUS_OK)
		return cancel_pending(run->cancel_fd) ? cancel_exit_status(run->cancel_fd)
						      : status;
	int error = run_measure(run, problem);
	if (error < 0 && error != -ECANCELED)
		return EXIT_STATUS_FAILED;
	run->facts.interrupted = error == -ECANCELED;
	return run_finish(run, problem);
}

int command_run(int argc, char *argv[], const struct kernel_tracepoint *tracepoint,
	struct problem *problem)
{
	int status = EXIT_STATUS_USAGE;
	struct run run;

	run_init(&run, argc, argv);
	run.tracepoint = *tracepoint;
	if (run_options_parse(&run.options, argc, argv, problem) == 0) {
		status = EXIT_STATUS_OK;
		if (run.options.help)
			run_options_help(stdout);
		else
			status = run_stages(&run, problem);
	}
	run_free(&run);
	return status;
}
