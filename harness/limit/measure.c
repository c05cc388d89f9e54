/* measure.c - `muxbench limit` at work: ways and backends, trial after trial. */
#include "harness/limit/limit.h"

#include "common/clock.h"
#include "harness/process/cancel.h"
#include "harness/trial/trial_json.h"

#include <errno.h>
#include <inttypes.h>

/* What a trial costs beside its window: launching and stopping, and the counted window.
 */
#define LAUNCH_GUESS_NS (180 * NS_PER_MS)
/* The counted window belongs to a trial; nothing here is taken from it. */
#define COUNTED_NS (10 * NS_PER_MS)

static bool is_way(const struct limit *limit, size_t cell)
{
	return cell < LIMIT_WAYS * limit->options.active_count;
}

static void say_if_failed(struct limit *limit, const struct cell *cell, uint64_t block,
	uint64_t place, enum trial_status status, const char *reason)
{
	if (status == TRIAL_FAILED)
		progress_say(&limit->progress,
			"trial %" PRIu64 ".%02" PRIu64 " (%s, %" PRIu64
			" active) failed: %s",
			block, place, cell->backend, cell->connections_active, reason);
}

static int measure_way(struct limit *limit, size_t index, uint64_t block, uint64_t place)
{
	const struct cell *cell = &limit->plan.cells[index];
	struct limit_setting setting = {
		.launcher = &limit->launcher,
		.placement = &limit->placement,
		.duration_ns = limit->options.duration_ns,
	};
	struct limit_trial trial;
	int error = limit_trial_run(&trial, &setting, cell, block, place);

	if (error < 0)
		return error;
	say_if_failed(limit, cell, block, place, trial.status, trial.reason.text);
	limit_summary_add_point(&limit->summary, index, &trial);
	json_array_append_new(limit->points, limit_trial_json(&trial, &limit->placement));
	return 0;
}

/* As `muxbench run` would measure it. */
static int measure_backend(
	struct limit *limit, size_t index, uint64_t block, uint64_t place)
{
	const struct workload workload = {
		.engine = limit->options.engine,
		.churn_requests = 1,
	};
	const struct cell *cell = &limit->plan.cells[index];
	struct trial *trial = limit->trial;
	struct trial_setting setting = {
		.launcher = &limit->launcher,
		.placement = &limit->placement,
		.tracepoint = &limit->tracepoint,
		.workload = &workload,
		.seed = limit->options.seed,
		.warmup_ns = limit_warmup_ns(limit->options.duration_ns),
		.timed_ns = limit->options.duration_ns,
		.counted_ns = COUNTED_NS,
	};
	int error = trial_run(trial, &setting, cell, block, place);

	if (error < 0)
		return error;
	say_if_failed(
		limit, cell, block, place, trial_status(trial), trial_reason(trial));
	limit_summary_add_trial(&limit->summary, index, trial);
	for (int role = 0; role < WINDOW_COUNT; role++)
		json_array_append_new(
			limit->trials, trial_to_json(trial, (enum window_role)role));
	return 0;
}

static void say_plan(struct limit *limit, uint64_t all_ns)
{
	if (!limit->options.quiet)
		progress_say(&limit->progress,
			"%zu trials of the limit and of backends, about %" PRIu64
			" seconds",
			limit->plan.trial_count, (uint64_t)(all_ns / NS_PER_S + 1));
}

int limit_measure(struct limit *limit)
{
	const struct plan *plan = &limit->plan;
	uint64_t duration_ns = limit->options.duration_ns;
	uint64_t all_ns = plan->trial_count *
			  (duration_ns + limit_warmup_ns(duration_ns) + LAUNCH_GUESS_NS);
	int error = 0;

	progress_begin(
		&limit->progress, limit->options.quiet, plan->trial_count, 0, all_ns);
	say_plan(limit, all_ns);
	for (size_t k = 0; k < plan->trial_count && error == 0; k++) {
		size_t cell = plan->order[k];
		uint64_t block = k / plan->cell_count + 1;
		uint64_t place = k % plan->cell_count + 1;

		progress_trial(&limit->progress, k, &plan->cells[cell]);
		if (cancel_pending(limit->cancel_fd))
			error = -ECANCELED;
		else if (is_way(limit, cell))
			error = measure_way(limit, cell, block, place);
		else
			error = measure_backend(limit, cell, block, place);
		if (error == 0 && place == plan->cell_count)
			progress_block(&limit->progress, block, plan->axes.blocks, k + 1);
	}
	progress_end(&limit->progress);
	return error;
}
