/* run_measure.c - `muxbench run` at work: trial after trial, each kept at once. */
#include "harness/run.h"

#include "common/clock.h"
#include "harness/cancel.h"
#include "harness/trial_json.h"

#include <errno.h>
#include <inttypes.h>

/* What a trial costs beside its windows: launching, connecting, stopping. */
#define TRIAL_SETUP_GUESS_NS (400 * NS_PER_MS)

static void say_if_failed(struct run *run)
{
	const struct trial *trial = run->trial;

	if (trial_status(trial) == TRIAL_FAILED)
		progress_say(&run->progress,
			"trial %" PRIu64 ".%02" PRIu64 " (%s, %" PRIu64 " idle, %" PRIu64
			" active) failed: %s",
			trial->block, trial->order_in_block, trial->cell.backend,
			trial->cell.connections_idle, trial->cell.connections_active,
			trial_reason(trial));
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
		.message_bytes = options->message_bytes,
		.seed = options->seed,
		.warmup_ns = options->warmup_ns,
		.timed_ns = options->timed_ns,
		.counted_ns = options->counted_ns,
	};
	int error = 0;

	progress_begin(&run->progress, options->quiet, plan->trial_count,
		options->warmup_ns + options->timed_ns + options->counted_ns +
			TRIAL_SETUP_GUESS_NS);
	for (size_t k = 0; k < plan->trial_count && error == 0; k++) {
		size_t cell = plan->order[k];
		uint64_t block = k / plan->cell_count + 1;
		uint64_t place = k % plan->cell_count + 1;

		progress_trial(&run->progress, k, &plan->cells[cell]);
		error = cancel_pending(run->cancel_fd)
				? -ECANCELED
				: trial_run(run->trial, &setting, &plan->cells[cell],
					  block, place);
		if (error < 0)
			break;
		say_if_failed(run);
		error = keep_trial(run, cell, problem);
		if (place == plan->cell_count)
			progress_block(&run->progress, block, plan->axes.blocks, k + 1);
	}
	progress_end(&run->progress);
	return error;
}
