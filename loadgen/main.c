/*
 * main.c - muxbench-load: idle and active connections to an echo server, and what its
 * echoes cost.
 *
 * It drives any echo server and knows none: nothing here is shared with what it measures.
 * This file wires the parts together; only here is anything printed or exited.
 */
#include "common/exit_status.h"
#include "common/json_memory.h"
#include "common/jsonl.h"
#include "common/version.h"
#include "loadgen/control.h"
#include "loadgen/load.h"
#include "loadgen/options.h"
#include "loadgen/result.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

enum { EXIT_INTERRUPTED = 128 + SIGINT };

/* ---- the progress line: on a terminal, by hand ---- */

struct progress {
	bool wanted;
	uint64_t total;
};

static void show_connected(void *context, uint64_t done)
{
	const struct progress *progress = context;

	if (progress->wanted)
		fprintf(stderr, "\rmuxbench-load: %" PRIu64 " of %" PRIu64 " connected ",
			done, progress->total);
}

static void show_phase(const struct progress *progress, const char *phase)
{
	if (progress->wanted)
		fprintf(stderr, "\r\033[K%s", phase);
}

/* ---- ctrl-C, as a descriptor that the loop can watch ---- */

/* From here on SIGINT only makes this readable. The descriptor or -errno. */
static int open_interrupts(void)
{
	sigset_t interrupt;

	sigemptyset(&interrupt);
	sigaddset(&interrupt, SIGINT);
	if (sigprocmask(SIG_BLOCK, &interrupt, NULL) < 0)
		return -errno;
	int fd = signalfd(-1, &interrupt, SFD_CLOEXEC | SFD_NONBLOCK);

	return fd < 0 ? -errno : fd;
}

static bool interrupted(void *context)
{
	const int *fd = context;
	struct signalfd_siginfo info;

	return read(*fd, &info, sizeof(info)) == sizeof(info);
}

/* ---- the two ways to run ---- */

/* Warm-up and run; the record of a warm-up that went wrong or was stopped is the last. */
static int run_windows(struct load *load, const struct options *options,
	const struct progress *progress, struct engine_result *result,
	struct problem *problem)
{
	const struct engine_window warmup = {
		.duration_ns = options->warmup_ns,
		.rate = options->rate,
		.arrival = options->arrival,
	};
	const struct engine_window window = {
		.duration_ns = options->duration_ns,
		.requests = options->requests,
		.rate = options->rate,
		.arrival = options->arrival,
	};
	int fd = open_interrupts();
	const struct engine_stop stop = {fd, interrupted, &fd};

	if (fd < 0)
		return problem_set(problem, fd, "signalfd: %s", strerror(-fd));
	int error = 0;

	if (options->warmup_ns) {
		show_phase(progress, "muxbench-load: warming up ");
		error = load_run(load, &warmup, &stop, result, problem);
	}
	bool go_on = error == 0 &&
		     (!options->warmup_ns || (!result->errors && !result->interrupted));

	if (go_on) {
		show_phase(progress, "muxbench-load: running ");
		error = load_run(load, &window, &stop, result, problem);
	}
	show_phase(progress, "");
	close(fd);
	return error;
}

static int by_hand(struct load *load, const struct options *options,
	const struct progress *progress, struct engine_result *result,
	struct problem *problem)
{
	int error = run_windows(load, options, progress, result, problem);

	if (error < 0)
		return error;
	json_t *record = result_done(result);
	json_t *connected = result_connected(load, options);

	json_object_set_new(record, "interrupted", json_boolean(result->interrupted));
	json_object_set_new(record, "connected", connected);
	error = jsonl_write(STDOUT_FILENO, record);
	json_decref(record);
	if (error < 0)
		return problem_set(
			problem, error, "cannot write the result: %s", strerror(-error));
	if (result->errors > 0)
		fprintf(stderr, "muxbench-load: %s (errors in all: %" PRIu64 ")\n",
			result->first_error.text, result->errors);
	return 0;
}

static int under_control(struct load *load, const struct options *options,
	struct engine_result *result, struct problem *problem)
{
	json_t *connected = result_connected(load, options);
	int error = jsonl_write(STDOUT_FILENO, connected);

	json_decref(connected);
	if (error < 0)
		return problem_set(problem, error, "cannot answer: %s", strerror(-error));
	return control_serve(load, STDIN_FILENO, STDOUT_FILENO, result, problem);
}

static int fail(const struct options *options, const struct problem *problem)
{
	fprintf(stderr, "muxbench-load: %s\n", problem->text);
	if (options->control) {
		json_t *event = result_error(problem->text);

		jsonl_write(STDOUT_FILENO, event);
		json_decref(event);
	}
	return EXIT_STATUS_FAILED;
}

/* No engine ever runs under another's name. */
static int refuse_engine(const struct options *options, const struct problem *problem)
{
	fprintf(stderr, "muxbench-load: %s\n", problem->text);
	if (options->control) {
		json_t *event = result_unsupported(options->engine, problem->text);

		jsonl_write(STDOUT_FILENO, event);
		json_decref(event);
	}
	return EXIT_STATUS_CANNOT_RUN;
}

/* Connects, runs as asked, closes. The exit status. */
static int run(const struct options *options, struct engine_result *result)
{
	struct progress progress = {
		.wanted = !options->control && isatty(STDERR_FILENO),
		.total = options->connections_active + options->connections_idle,
	};
	const struct connections_progress connecting = {show_connected, &progress};
	struct problem problem = {""};
	struct load load;

	if (engine_probe(options->engine, &problem) < 0)
		return refuse_engine(options, &problem);
	int error = load_open(&load, options, &connecting, &problem);

	show_phase(&progress, "");
	if (error < 0)
		return fail(options, &problem);
	if (options->control)
		error = under_control(&load, options, result, &problem);
	else
		error = by_hand(&load, options, &progress, result, &problem);
	load_close(&load);
	if (error < 0)
		return fail(options, &problem);
	if (options->control) {
		json_t *stopped = json_pack("{ss}", "event", "stopped");

		/* Whoever closed the commands may be gone: nobody needs this then. */
		jsonl_write(STDOUT_FILENO, stopped);
		json_decref(stopped);
		return EXIT_STATUS_OK;
	}
	if (result->interrupted)
		return EXIT_INTERRUPTED;
	return result->errors ? EXIT_STATUS_FAILED : EXIT_STATUS_OK;
}

int main(int argc, char *argv[])
{
	struct options options;
	struct problem problem = {""};

	json_memory_or_end();
	if (options_parse(argc, argv, &options, &problem) < 0) {
		fprintf(stderr, "muxbench-load: %s\n", problem.text);
		return EXIT_STATUS_USAGE;
	}
	if (options.help || options.version) {
		fputs(options.help ? options_help()
				   : "muxbench-load " MUXBENCH_VERSION "\n",
			stdout);
		if (fflush(stdout) == 0)
			return EXIT_STATUS_OK;
		fputs("muxbench-load: cannot write to standard output\n", stderr);
		return EXIT_STATUS_FAILED;
	}
	signal(SIGPIPE, SIG_IGN);
	signal(SIGCHLD, SIG_DFL); /* or the holders could not be waited for */
	/* Under control, ctrl-C is for the program that holds the other end. */
	if (options.control)
		signal(SIGINT, SIG_IGN);
	struct engine_result *result = calloc(1, sizeof(*result));

	if (!result) {
		fputs("muxbench-load: out of memory\n", stderr);
		return EXIT_STATUS_FAILED;
	}
	int status = run(&options, result);

	free(result);
	return status;
}
