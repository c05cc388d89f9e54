/* measure.c - `muxbench run` at work: trial after trial, each kept at once. */
#include "harness/run/run.h"

#include "common/clock.h"
#include "harness/process/cancel.h"
#include "harness/trial/trial_json.h"

#include <errno.h>
#include <inttypes.h>

/* What a trial costs beside its windows: launching and stopping, and each connection. */
#define TRIAL_LAUNCH_GUESS_NS     (150 * NS_PER_MS)
#define TRIAL_CONNECTION_GUESS_NS (60 * NS_PER_US)

/* How long all trials that are still to be made will take, about. */
static uint64_t guess_ns(const struct run *run)
{
	const struct run_options *options = &run->options;
	uint64_t sum_ns = 0;

	for (size_t k = 0; k < run->plan.trial_count; k++) {
		const struct cell *cell = &run->plan.cells[run->plan.order[k]];

		if (!run->done[k])
			sum_ns += options->warmup_ns + options->timed_ns +
				  options->counted_ns + TRIAL_LAUNCH_GUESS_NS +
				  TRIAL_CONNECTION_GUESS_NS *
					  (cell->connections_idle +
						  cell->connections_active);
	}
	return sum_ns;
}

static void say_plan(struct run *run, uint64_t all_ns)
{
	size_t left = run->plan.trial_count - run->done_count;
	uint64_t seconds = all_ns / NS_PER_S;

	if (run->options.quiet)
		return;
	if (run->done_count > 0)
		progress_say(&run->progress, "%zu of %zu trials were made before",
			run->done_count, run->plan.trial_count);
	if (seconds < 120)
		progress_say(&run->progress, "%zu trials, about %" PRIu64 " seconds",
			left, seconds + 1);
	else
		progress_say(&run->progress, "%zu trials, about %" PRIu64 " minutes",
			left, (seconds + 59) / 60);
}

/* What broke down in it is said at once: a program of ours, or one of other people. */
static void say_if_failed(struct run *run)
{
	const struct trial *trial = run->trial;
	enum trial_status status = trial_status(trial);

	if (status == TRIAL_FAILED || (status == TRIAL_INVALID && trial->foreign))
		progress_say(&run->progress,
			"trial %" PRIu64 ".%02" PRIu64 " (%s, %" PRIu64 " idle, %" PRIu64
			" active) %s: %s",
			trial->block, trial->order_in_block, trial->cell.backend,
			trial->cell.connections_idle, trial->cell.connections_active,
			trial_status_name(status), trial_reason(trial));
}

/* Both windows on the disk, and into the summary. 0 or -errno with problem. */
static int keep_trial(struct run *run, size_t cell, struct problem *problem)
{
	int error = 0;

	for (int role = 0; role < WINDOW_COUNT && error == 0; role++) {
		json_t *record = trial_to_json(run->trial, (enum window_role)role);

		error = store_append(&run->store, record, problem);
		json_decref(record);
	}
	if (error == 0 && summary_add(&run->summary, cell, run->trial) < 0)
		error = problem_set(problem, -ENOMEM, "out of memory for the summary");
	return error;
}

int run_measure(struct run *run, struct problem *problem)
{
	const struct run_options *options = &run->options;
	const struct plan *plan = &run->plan;
	struct trial_setting setting = {
		.launcher = &run->launcher,
		.placement = &run->placement,
		.tracepoint = &run->tracepoint,
		.workload = &options->workload,
		.foreign = &options->foreign,
		.seed = options->seed,
		.warmup_ns = options->warmup_ns,
		.timed_ns = options->timed_ns,
		.counted_ns = options->counted_ns,
	};
	uint64_t all_ns = guess_ns(run);
	int error = 0;

	progress_begin(&run->progress, options->quiet, plan->trial_count, run->done_count,
		all_ns);
	say_plan(run, all_ns);
	for (size_t k = 0; k < plan->trial_count && error == 0; k++) {
		size_t cell = plan->order[k];
		uint64_t block = k / plan->cell_count + 1;
		uint64_t place = k % plan->cell_count + 1;

		if (run->done[k])
			continue;
		progress_trial(&run->progress, run->done_count, &plan->cells[cell]);
		error = cancel_pending(run->cancel_fd)
				? -ECANCELED
				: trial_run(run->trial, &setting, &plan->cells[cell],
					  block, place);
		if (error < 0)
			break;
		say_if_failed(run);
		error = keep_trial(run, cell, problem);
		run->done[k] = true;
		run->done_count++;
		if (place == plan->cell_count)
			progress_block(&run->progress, block, plan->axes.blocks,
				run->done_count);
	}
	progress_end(&run->progress);
	return error;
}
