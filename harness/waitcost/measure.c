/* measure.c - `muxbench waitcost` at work: trial after trial. */
#include "harness/waitcost/waitcost.h"

#include "common/clock.h"
#include "harness/process/cancel.h"

#include <errno.h>
#include <inttypes.h>
#include <unistd.h>

#define CLEAR_LINE "\r\033[K"

/* Trials between two looks at a terminal, which would flicker otherwise. */
enum { TRIALS_A_LOOK = 10 };

/* On a terminal a line that is rewritten, else one a block. */
static void say_progress(const struct waitcost_run *run, size_t done, uint64_t began_ns)
{
	const struct waitcost_plan *plan = &run->plan;
	bool terminal = isatty(STDERR_FILENO);
	size_t left = plan->trial_count - done;
	uint64_t each_ns = (clock_now_ns() - began_ns) / done;

	if (run->options.quiet || left == 0 ||
		done % (terminal ? TRIALS_A_LOOK : plan->block_trials) != 0)
		return;
	fprintf(stderr,
		"%strial %zu of %zu in %" PRIu64 " blocks  time left ~%" PRIu64 " s%s",
		terminal ? CLEAR_LINE : "muxbench: ", done, plan->trial_count,
		plan->axes.blocks, (uint64_t)(left * each_ns / NS_PER_S),
		terminal ? "" : "\n");
}

static void clear_progress(const struct waitcost_run *run)
{
	if (!run->options.quiet && isatty(STDERR_FILENO))
		fputs(CLEAR_LINE, stderr);
}

static void say_if_failed(
	const struct waitcost_run *run, const struct waitcost_trial *trial)
{
	if (trial->status != TRIAL_FAILED)
		return;
	clear_progress(run);
	fprintf(stderr,
		"muxbench: trial %" PRIu64 ".%03" PRIu64 " (%s, %" PRIu64 " of %" PRIu64
		" ready) failed: %s\n",
		trial->block, trial->order_in_block, trial->cell->backend,
		trial->cell->ready, trial->cell->descriptors, trial->reason.text);
}

/* One trial of a cell, kept. 0, or -ECANCELED. */
static int measure_one(
	struct waitcost_run *run, size_t cell, uint64_t block, uint64_t order_in_block)
{
	struct waitcost_setting setting = {&run->launcher, &run->placement};
	struct waitcost_trial trial;

	if (cancel_pending(run->cancel_fd))
		return -ECANCELED;
	int error = waitcost_trial_run(
		&trial, &setting, &run->plan.cells[cell], block, order_in_block);

	if (error == 0) {
		say_if_failed(run, &trial);
		waitcost_summary_add(&run->summary, cell, &trial);
		json_array_append_new(
			run->trials, waitcost_trial_json(&trial, &run->placement));
	}
	waitcost_trial_free(&trial);
	return error;
}

/* What others disturbed gets a second trial at the end of its block. */
static int measure_again(struct waitcost_run *run, const uint32_t *cells, uint64_t block)
{
	uint64_t order_in_block = run->plan.block_trials;
	int error = 0;

	for (size_t i = 0; i < run->plan.block_trials && error == 0; i++)
		if (waitcost_summary_lacks(&run->summary, cells[i], block))
			error = measure_one(run, cells[i], block, ++order_in_block);
	return error;
}

int waitcost_run_trials(struct waitcost_run *run)
{
	const struct waitcost_plan *plan = &run->plan;
	uint64_t began_ns = clock_now_ns();
	size_t done = 0;
	int error = 0;

	for (uint64_t block = 1; block <= plan->axes.blocks && error == 0; block++) {
		const uint32_t *cells = plan->order + done;

		for (size_t i = 0; i < plan->block_trials && error == 0; i++) {
			error = measure_one(run, cells[i], block, i + 1);
			if (error == 0)
				say_progress(run, ++done, began_ns);
		}
		if (error == 0)
			error = measure_again(run, cells, block);
	}
	clear_progress(run);
	return error;
}
