/* conform.c - `muxbench conform`: does a server echo, whatever is done to it? */
#include "harness/conform/conform.h"

#include "common/exit_status.h"
#include "common/net.h"
#include "harness/command.h"
#include "harness/process/cancel.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

enum { JSON_FLAGS = JSON_INDENT(1) };

/* What this process needs, before there is a server. An exit status. */
static int prepare(struct conform *conform, struct problem *problem)
{
	uint64_t before, soft, hard;

	/* A reader of ours who goes away must not keep us from ending the server. */
	signal(SIGPIPE, SIG_IGN);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	conform->cancel_fd = cancel_open();
	int error = conform->cancel_fd < 0 ? conform->cancel_fd : 0;

	if (error == 0)
		error = net_raise_descriptor_limit(&before, &soft, &hard);
	if (error < 0) {
		problem_set(problem, error, "cannot start: %s", strerror(-error));
		return EXIT_STATUS_CANNOT_RUN;
	}
	conform->descriptors = (struct rlimit){.rlim_cur = before, .rlim_max = hard};
	if (!conform->options.words &&
		endpoint_resolve(&conform->endpoint, conform->options.host,
			conform->options.port, problem) < 0)
		return EXIT_STATUS_CANNOT_RUN;
	return EXIT_STATUS_OK;
}

static int write_json(const struct conform *conform)
{
	json_t *json = conform_json(conform);
	int error = json && json_dumpf(json, stdout, JSON_FLAGS) == 0 ? 0 : -ENOMEM;

	putchar('\n');
	json_decref(json);
	return error;
}

/* The cases, and what they came to. */
static int judge(struct conform *conform, struct problem *problem)
{
	int error = conform_run_cases(conform);

	if (error == -EIO || (conform->options.json && write_json(conform) < 0)) {
		problem_set(problem, 0, "cannot write to stdout");
		return EXIT_STATUS_FAILED;
	}
	if (!conform->options.json)
		conform_report_total(conform);
	if (error == -ECANCELED)
		return cancel_exit_status(conform->cancel_fd);
	return conform_count(conform, VERDICT_FAIL) ? EXIT_STATUS_FAILED : EXIT_STATUS_OK;
}

static int run(struct conform *conform, struct problem *problem)
{
	int status = prepare(conform, problem);

	if (status != EXIT_STATUS_OK)
		return status;
	int error = conform_start(conform, problem);

	if (error == -ECANCELED)
		status = cancel_exit_status(conform->cancel_fd);
	else if (error < 0)
		status = EXIT_STATUS_CANNOT_RUN;
	else
		status = judge(conform, problem);
	conform_end(conform);
	return status;
}

int command_conform(int argc, char *argv[], struct problem *problem)
{
	struct conform conform = {
		.argc = argc, .argv = argv, .started = time(NULL), .cancel_fd = -1};
	int status = EXIT_STATUS_OK;

	if (conform_options_parse(&conform.options, argc, argv, problem) < 0)
		status = EXIT_STATUS_USAGE;
	else if (conform.options.help)
		conform_options_help(stdout);
	else if (conform.options.list)
		conform_report_list(stdout);
	else
		status = run(&conform, problem);
	if (conform.cancel_fd >= 0)
		close(conform.cancel_fd);
	conform_options_free(&conform.options);
	return status;
}
