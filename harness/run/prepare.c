/* prepare.c - `muxbench run` before it measures: all that can be checked is. */
#include "harness/run/run.h"

#include "common/exit_status.h"
#include "common/net.h"
#include "harness/machine/environment.h"
#include "harness/process/foreign_peer.h"
#include "harness/process/privileges.h"
#include "harness/run/resume.h"
#include "harness/text.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The steps: each gives an exit status, with problem where that is not 0. */

static int find_programs(struct run *run, struct problem *problem)
{
	return launcher_open(&run->launcher, run->program_directory,
		       &run->placement.allowed, &run->cancel_fd, problem) < 0
		       ? EXIT_STATUS_CANNOT_RUN
		       : EXIT_STATUS_OK;
}

static int choose_placement(struct run *run, struct problem *problem)
{
	int error = placement_choose(&run->placement, run->options.placement, problem);

	run->placement.sched = run->options.sched;
	if (run->options.sched == SCHED_POLICY_OTHER)
		privileges_keep_only(PRIVILEGE_COUNT);
	if (error == 0)
		error = sched_probe(run->options.sched, problem);
	return error < 0 ? EXIT_STATUS_CANNOT_RUN : EXIT_STATUS_OK;
}

/* The names given, or all that the server lists. */
static int choose_backends(struct run *run, struct problem *problem)
{
	return backends_choose(&run->list, &run->launcher, run->options.backends,
		&run->options.backend_count, problem);
}

/* A plan may come from somebody else: what it starts is said before it is started. */
static void say_command(struct run *run, const struct foreign *foreign)
{
	char text[400];

	if (foreign->kind != FOREIGN_EXEC || !foreign->from_plan)
		return;
	snprintf(text, sizeof(text), "%s", foreign->text);
	text_one_line(text);
	progress_say(&run->progress, "note: the plan starts %s: %s", foreign->name, text);
}

/* Other people's servers behind ours. */
static int choose_subjects(struct run *run, struct problem *problem)
{
	const struct run_options *options = &run->options;
	uint64_t before, soft, hard;

	if (foreign_check_names(&options->foreign, &run->list, problem) < 0)
		return EXIT_STATUS_USAGE;
	for (size_t i = 0; i < options->backend_count; i++)
		run->subjects[run->subject_count++] = options->backends[i];
	for (size_t i = 0; i < options->foreign.count; i++) {
		run->subjects[run->subject_count++] = options->foreign.entries[i].name;
		say_command(run, &options->foreign.entries[i]);
	}
	/* The kernel takes a descriptor for each thread that it counts for. */
	if (options->foreign.count > 0)
		net_raise_descriptor_limit(&before, &soft, &hard);
	return EXIT_STATUS_OK;
}

static bool is_chosen(const struct run *run, const char *name)
{
	for (size_t i = 0; i < run->subject_count; i++)
		if (strcmp(run->subjects[i], name) == 0)
			return true;
	return false;
}

/* 0 when it starts and takes a connection. */
static int probe_foreign(
	struct run *run, const struct foreign *foreign, struct problem *problem)
{
	const struct foreign_place place = {
		.cpus = &run->placement.allowed, .cpu = -1, .cancel_fd = run->cancel_fd};
	struct foreign_peer peer;
	struct server_hello hello;
	struct problem what = {""};
	int error = foreign_peer_start(&peer, foreign, &place, &hello, &what);

	foreign_peer_end(&peer);
	if (error < 0)
		problem_set(problem, error, "the required server %.400s", what.text);
	return error;
}

static int check_required(struct run *run, struct problem *problem)
{
	const struct run_options *options = &run->options;

	for (size_t i = 0; i < options->required_count; i++) {
		const char *name = options->required[i];
		const struct foreign *foreign = foreign_find(&options->foreign, name);

		if (foreign && strcmp(foreign->name, name) == 0) {
			if (probe_foreign(run, foreign, problem) < 0)
				return EXIT_STATUS_CANNOT_RUN;
			continue;
		}
		if (backends_check(&run->list, &name, 1, problem) < 0)
			return EXIT_STATUS_USAGE;
		if (!is_chosen(run, name)) {
			problem_set(problem, 0,
				"--require names '%.80s', which --backends leaves out",
				name);
			return EXIT_STATUS_USAGE;
		}
		if (backends_probe(name, &run->launcher, problem) < 0)
			return EXIT_STATUS_CANNOT_RUN;
	}
	return EXIT_STATUS_OK;
}

static int make_plan(struct run *run, struct problem *problem)
{
	const struct run_options *options = &run->options;
	struct plan_axes axes = {
		.backends = run->subjects,
		.backend_count = run->subject_count,
		.blocks = options->blocks,
		.seed = options->seed,
	};
	for (int axis = 0; axis < PLAN_AXES; axis++)
		axes.lists[axis] = (struct plan_list){
			options->lists[axis].values, options->lists[axis].count};
	int error = plan_make(&run->plan, &axes, problem);

	if (error < 0)
		return error == -EINVAL ? EXIT_STATUS_USAGE : EXIT_STATUS_FAILED;
	run->trial = calloc(1, sizeof(*run->trial));
	run->done = calloc(run->plan.trial_count, sizeof(*run->done));
	if (run->trial && run->done && summary_make(&run->summary, &run->plan) == 0)
		return EXIT_STATUS_OK;
	problem_set(problem, 0, "out of memory for the summary");
	return EXIT_STATUS_FAILED;
}

/* An exit status: what lies in a folder to be resumed may be no run's. */
static int store_status(const struct run *run, int error)
{
	static const int not_a_run[] = {
		-EINVAL, -ENOENT, -ENOTDIR, -EISDIR, -ELOOP, -ENXIO};

	if (error == -EBADMSG)
		return EXIT_STATUS_USAGE;
	for (size_t i = 0; i < sizeof(not_a_run) / sizeof(*not_a_run); i++)
		if (run->options.resume && error == not_a_run[i])
			return EXIT_STATUS_USAGE;
	return error < 0 ? EXIT_STATUS_FAILED : EXIT_STATUS_OK;
}

static int open_store(struct run *run, struct problem *problem)
{
	const char *out = run->options.out;
	int error = run->options.resume ? store_reopen(&run->store, out, problem)
					: store_open(&run->store, out, problem);

	if (error == 0)
		error = run->options.resume ? resume_take_trials(run, problem)
					    : resume_write_plan(run, problem);
	return store_status(run, error);
}

static int begin_session(struct run *run, struct problem *problem)
{
	return store_status(run, resume_begin_session(run, problem));
}

/* Figures of another core would stand beside the others. */
static void say_unpinned(struct run *run)
{
	const struct foreign_list *list = &run->options.foreign;

	for (size_t i = 0; i < list->count && !run->options.quiet; i++)
		if (list->entries[i].kind == FOREIGN_TARGET &&
			run->options.placement != PLACEMENT_NONE)
			progress_say(&run->progress,
				"note: %s stays on the core where it runs; the others "
				"get cpu %d",
				list->entries[i].name, run->placement.server_cpu);
}

static int look_around(struct run *run, struct problem *problem)
{
	const json_t *warning;
	size_t i;

	placement_step_aside(&run->placement);
	run->environment =
		environment_describe(&run->placement, &run->tracepoint, run->cancel_fd);
	if (!run->environment) {
		problem_set(problem, 0, "out of memory for the environment");
		return EXIT_STATUS_FAILED;
	}
	say_unpinned(run);
	json_array_foreach(json_object_get(run->environment, "warnings"), i, warning)
	{
		if (!run->options.quiet)
			progress_say(
				&run->progress, "note: %s", json_string_value(warning));
	}
	return EXIT_STATUS_OK;
}

int run_prepare(struct run *run, struct problem *problem)
{
	static int (*const steps[])(struct run *, struct problem *) = {
		find_programs,
		choose_placement,
		choose_backends,
		choose_subjects,
		check_required,
		make_plan,
		open_store,
		look_around,
		begin_session,
	};
	int status = EXIT_STATUS_OK;

	for (size_t i = 0; i < sizeof(steps) / sizeof(*steps) && status == 0; i++)
		status = steps[i](run, problem);
	return status;
}
