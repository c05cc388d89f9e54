/* counts.c - `muxbench counts`: the system calls of every backend, exactly. */
#include "harness/counts/counts.h"

#include "common/exit_status.h"
#include "common/net.h"
#include "harness/command.h"
#include "harness/process/cancel.h"
#include "harness/store.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	SEED = 1, /* of the messages' bytes: no count depends on it */
	JSON_FLAGS = JSON_INDENT(1) | JSON_REAL_PRECISION(9),
};

/* ---- before: each step gives an exit status, with problem where that is not 0 ---- */

static int find_programs(struct counts *counts, struct problem *problem)
{
	uint64_t before, soft, hard;

	if (launcher_open(&counts->launcher, counts->program_directory,
		    &counts->placement.allowed, &counts->cancel_fd, problem) < 0)
		return EXIT_STATUS_CANNOT_RUN;
	/* perf takes a descriptor for each system call that there is. */
	int error = net_raise_descriptor_limit(&before, &soft, &hard);

	if (error == 0)
		return EXIT_STATUS_OK;
	problem_set(problem, error, "cannot start: %s", strerror(-error));
	return EXIT_STATUS_CANNOT_RUN;
}

/* On one core: there the server sleeps soon, and nothing here is timed. */
static int choose_placement(struct counts *counts, struct problem *problem)
{
	if (placement_choose(&counts->placement, PLACEMENT_SAME_CORE, problem) < 0)
		return EXIT_STATUS_CANNOT_RUN;
	placement_step_aside(&counts->placement);
	return EXIT_STATUS_OK;
}

static int choose_backends(struct counts *counts, struct problem *problem)
{
	return backends_choose(&counts->list, &counts->launcher, counts->options.backends,
		&counts->options.backend_count, problem);
}

static int choose_subjects(struct counts *counts, struct problem *problem)
{
	const struct counts_options *options = &counts->options;

	if (foreign_check_names(&options->foreign, &counts->list, problem) < 0)
		return EXIT_STATUS_USAGE;
	for (size_t i = 0; i < options->backend_count; i++)
		counts->subjects[counts->subject_count++] = options->backends[i];
	for (size_t i = 0; i < options->foreign.count; i++)
		counts->subjects[counts->subject_count++] =
			options->foreign.entries[i].name;
	return EXIT_STATUS_OK;
}

static int make_records(struct counts *counts, struct problem *problem)
{
	const struct counts_options *options = &counts->options;

	counts->record_count = counts->subject_count * COUNTS_ROLES;
	counts->records = calloc(counts->record_count, sizeof(*counts->records));
	counts->meter = calloc(1, sizeof(*counts->meter));
	if (!counts->records || !counts->meter) {
		problem_set(problem, 0, "out of memory for the counts");
		return EXIT_STATUS_FAILED;
	}
	for (size_t i = 0; i < counts->record_count; i++) {
		struct counts_record *record = &counts->records[i];

		record->backend = counts->subjects[i / COUNTS_ROLES];
		record->role = (enum counts_role)(i % COUNTS_ROLES);
		record->connections_idle = options->connections_idle;
		record->message_bytes = options->message_bytes;
		record->connections_active =
			record->role == COUNTS_BATCH ? options->batch : 1;
		record->requests =
			record->role == COUNTS_BATCH ? options->batch : options->requests;
	}
	return EXIT_STATUS_OK;
}

static int measure(struct counts *counts, struct problem *problem)
{
	const struct counts_setting setting = {
		.launcher = &counts->launcher,
		.placement = &counts->placement,
		.foreign = &counts->options.foreign,
		.tracepoint = &counts->tracepoint,
		.method = counts->options.method,
		.seed = SEED,
	};

	(void)problem;
	for (size_t i = 0; i < counts->record_count; i++)
		if (counts_pass_run(&counts->records[i], &setting, counts->meter) < 0)
			return EXIT_STATUS_FAILED; /* interrupted */
	return EXIT_STATUS_OK;
}

/* ---- after ---- */

static int write_output(FILE *out, const void *what)
{
	const struct counts *counts = what;

	if (!counts->options.json) {
		counts_text_write(out, counts);
		return 0;
	}
	json_t *json = counts_json(counts);
	int error = json && json_dumpf(json, out, JSON_FLAGS) == 0 ? 0 : -ENOMEM;

	fputc('\n', out);
	json_decref(json);
	return ferror(out) ? -EIO : error;
}

static int put(const struct counts *counts, struct problem *problem)
{
	const char *path = counts->options.out;
	int error = path ? store_put_path(path, write_output, counts)
			 : write_output(stdout, counts);

	if (error == 0)
		return EXIT_STATUS_OK;
	problem_set(problem, error, "cannot write %.300s: %s", path ? path : "to stdout",
		strerror(-error));
	return EXIT_STATUS_FAILED;
}

/* What is wrong weighs more than what is missing. */
static int judge(const struct counts *counts, struct problem *problem)
{
	const struct counts_record *uncounted = NULL;
	bool any_counted = false;

	for (size_t i = 0; i < counts->record_count; i++) {
		const struct counts_record *record = &counts->records[i];
		const struct window *window = &record->window;

		if (window->status == TRIAL_INVALID || window->status == TRIAL_FAILED) {
			problem_set(problem, 0, "%.80s, %s: %s: %.300s", record->backend,
				counts_role_name(record->role),
				trial_status_name(window->status), window->reasons[0]);
			return EXIT_STATUS_FAILED;
		}
		any_counted |= window->kernel_counted;
		if (!window->kernel_counted && !uncounted)
			uncounted = record;
	}
	if (any_counted)
		return EXIT_STATUS_OK;
	problem_set(problem, 0, "nothing was counted in the kernel: %.80s: %.380s",
		uncounted->backend,
		uncounted->window.status == TRIAL_OK
			? uncounted->window.kernel_method + strlen(KERNEL_METHOD_NONE)
			: uncounted->window.reasons[0]);
	return EXIT_STATUS_CANNOT_RUN;
}

static int run_stages(struct counts *counts, struct problem *problem)
{
	static int (*const stages[])(struct counts *, struct problem *) = {
		find_programs,
		choose_placement,
		choose_backends,
		choose_subjects,
		make_records,
		measure,
	};
	int status = EXIT_STATUS_OK;

	for (size_t i = 0; i < sizeof(stages) / sizeof(*stages) && status == 0; i++)
		status = stages[i](counts, problem);
	if (counts->cancel_fd >= 0 && cancel_pending(counts->cancel_fd)) {
		problem_set(problem, 0, "interrupted: nothing is written");
		return cancel_exit_status(counts->cancel_fd);
	}
	if (status == EXIT_STATUS_OK)
		status = put(counts, problem);
	return status == EXIT_STATUS_OK ? judge(counts, problem) : status;
}

int command_counts(int argc, char *argv[], const struct kernel_tracepoint *tracepoint,
	struct problem *problem)
{
	struct counts counts = {
		.argc = argc,
		.argv = argv,
		.started = time(NULL),
		.cancel_fd = -1,
		.tracepoint = *tracepoint,
	};
	int status = EXIT_STATUS_USAGE;

	if (counts_options_parse(&counts.options, argc, argv, problem) == 0) {
		status = EXIT_STATUS_OK;
		if (counts.options.help)
			counts_options_help(stdout);
		else
			status = run_stages(&counts, problem);
	}
	free(counts.records);
	free(counts.meter);
	if (counts.cancel_fd >= 0)
		close(counts.cancel_fd);
	counts_options_free(&counts.options);
	return status;
}
