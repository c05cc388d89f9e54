/* summary.c - what the trials of `muxbench limit` come to. */
#include "harness/limit/summary.h"

#include "common/clock.h"
#include "common/records.h"
#include "harness/text.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define CORE_MIN 0.9 /* with less, others disturbed it */

/* ---- cells ---------------------------------------------------------------------- */

int limit_summary_make(
	struct limit_summary *summary, const struct plan *plan, size_t active_count)
{
	int error = 0;

	*summary = (struct limit_summary){
		.plan = plan,
		.active_count = active_count,
		.cells = calloc(plan->cell_count, sizeof(*summary->cells)),
		.best = calloc(active_count, sizeof(*summary->best)),
	};
	if (!summary->cells || !summary->best)
		return -ENOMEM;
	for (size_t a = 0; a < active_count; a++)
		summary->best[a] = LIMIT_WAYS;
	for (size_t i = 0; i < plan->cell_count && error == 0; i++)
		for (int f = 0; f < LIMIT_FIGURES && error == 0; f++)
			error = samples_make(
				&summary->cells[i].figures[f], (size_t)plan->axes.blocks);
	return error;
}

void limit_summary_free(struct limit_summary *summary)
{
	for (size_t i = 0; summary->cells && i < summary->plan->cell_count; i++)
		for (int f = 0; f < LIMIT_FIGURES; f++)
			samples_free(&summary->cells[i].figures[f]);
	free(summary->cells);
	free(summary->best);
	*summary = (struct limit_summary){0};
}

/* The numbers of connections are the only list that may have several values. */
static size_t cell_index(const struct limit_summary *summary, size_t name, size_t active)
{
	return name * summary->active_count + active;
}

const struct limit_cell *limit_summary_at(
	const struct limit_summary *summary, size_t name, size_t active)
{
	return &summary->cells[cell_index(summary, name, active)];
}

enum trial_status limit_cell_status(const struct limit_cell *cell)
{
	int status = TRIAL_STATUS_COUNT - 1;

	while (status > TRIAL_OK && cell->trials[status] == 0)
		status--;
	return (enum trial_status)status;
}

static void count_trial(
	struct limit_cell *cell, enum trial_status status, const char *reason)
{
	cell->trials[status]++;
	if (status == TRIAL_OK || limit_cell_status(cell) != status)
		return;
	snprintf(cell->reason, sizeof(cell->reason), "%.255s", reason);
	text_one_line(cell->reason);
}

void limit_summary_add_point(
	struct limit_summary *summary, size_t index, const struct limit_trial *trial)
{
	struct limit_cell *cell = &summary->cells[index];
	const struct limit_point *point = &trial->point;
	size_t block = (size_t)trial->block - 1;

	count_trial(cell, trial->status, trial->reason.text);
	if (trial->status != TRIAL_OK)
		return;
	double round_trips = (double)point->round_trips;

	cell->figures[LIMIT_RATE].values[block] =
		round_trips * NS_PER_S / (double)point->measured_ns;
	cell->figures[LIMIT_CALLS].values[block] =
		(double)limit_calls_total(&point->calls) / round_trips;
	cell->figures[LIMIT_CPU].values[block] =
		(double)point->usage.cpu_ns / round_trips;
	cell->figures[LIMIT_CORE].values[block] =
		(double)point->usage.cpu_ns / (double)point->measured_ns;
}

/* From the timed window: of the counted one, in lockstep, neither rate nor calls count.
 */
static void add_window(struct limit_cell *cell, size_t block, const struct window *window)
{
	double requests = (double)window->load.counters.requests_completed;
	struct call_counts calls = window_calls(window);
	struct usage server = window_server_usage(window);
	double cpu_ns = (double)(server.cpu_ns + window->load.usage.cpu_ns);

	if (window->load.counters.requests_completed == 0 ||
		window->load.measured_ns == 0)
		return;
	cell->figures[LIMIT_RATE].values[block] =
		requests * NS_PER_S / (double)window->load.measured_ns;
	cell->figures[LIMIT_CALLS].values[block] =
		(double)call_counts_total(&calls) / requests;
	cell->figures[LIMIT_CPU].values[block] = cpu_ns / requests;
	cell->figures[LIMIT_CORE].values[block] =
		cpu_ns / (double)window->load.measured_ns;
	cell->figures[LIMIT_SERVER_CPU].values[block] = (double)server.cpu_ns / requests;
}

void limit_summary_add_trial(
	struct limit_summary *summary, size_t index, const struct trial *trial)
{
	struct limit_cell *cell = &summary->cells[index];

	count_trial(cell, trial_status(trial), trial_reason(trial));
	if (trial_status(trial) == TRIAL_OK)
		add_window(cell, (size_t)trial->block - 1, &trial->windows[WINDOW_TIMED]);
}

struct spread limit_spread(const struct limit_cell *cell, enum limit_figure figure)
{
	return spread_of(&cell->figures[figure]);
}

size_t limit_summary_count(const struct limit_summary *summary, enum trial_status status)
{
	size_t count = 0;

	for (size_t i = 0; i < summary->plan->cell_count; i++)
		count += summary->cells[i].trials[status];
	return count;
}

size_t limit_summary_disturbed(const struct limit_summary *summary)
{
	const struct plan *plan = summary->plan;
	size_t count = 0;

	for (size_t i = 0; i < plan->cell_count; i++)
		for (size_t block = 0; block < plan->axes.blocks; block++)
			if (summary->cells[i].figures[LIMIT_CORE].values[block] <
				CORE_MIN)
				count++; /* NAN is not below */
	return count;
}

/* ---- the limit, and shares of it ------------------------------------------------ */

static size_t find_best(const struct limit_summary *summary, size_t active)
{
	size_t best = LIMIT_WAYS;
	double best_rate = 0;

	for (size_t way = 0; way < LIMIT_WAYS; way++) {
		struct spread rate =
			limit_spread(limit_summary_at(summary, way, active), LIMIT_RATE);

		if (rate.count > 0 && rate.median > best_rate) {
			best = way;
			best_rate = rate.median;
		}
	}
	return best;
}

/* A block in which either was not measured gives none: NAN stays NAN. */
static void make_shares(
	const struct limit_cell *limit, struct limit_cell *cell, size_t blocks)
{
	for (size_t block = 0; block < blocks; block++) {
		cell->figures[LIMIT_SHARE].values[block] =
			cell->figures[LIMIT_RATE].values[block] /
			limit->figures[LIMIT_RATE].values[block];
		cell->figures[LIMIT_CPU_SHARE].values[block] =
			limit->figures[LIMIT_CPU].values[block] /
			cell->figures[LIMIT_CPU].values[block];
	}
}

void limit_summary_judge(struct limit_summary *summary)
{
	const struct plan *plan = summary->plan;

	for (size_t a = 0; a < summary->active_count; a++) {
		size_t best = find_best(summary, a);

		summary->best[a] = best;
		for (size_t n = 0; n < plan->axes.backend_count && best < LIMIT_WAYS; n++)
			make_shares(limit_summary_at(summary, best, a),
				&summary->cells[cell_index(summary, n, a)],
				(size_t)plan->axes.blocks);
	}
}

/* ---- JSON ----------------------------------------------------------------------- */

/* {"median","low","high","min","max","blocks"}; low and high null below six blocks. */
static json_t *spread_json(const struct limit_cell *cell, enum limit_figure figure)
{
	struct spread spread = limit_spread(cell, figure);

	if (spread.count == 0)
		return json_null();
	return json_pack("{sf so so sf sf sI}", "median", spread.median, "low",
		spread.interval_known ? json_real(spread.low) : json_null(), "high",
		spread.interval_known ? json_real(spread.high) : json_null(), "min",
		spread.min, "max", spread.max, "blocks", (json_int_t)spread.count);
}

static json_t *trials_json(const struct limit_cell *cell)
{
	json_t *object = json_object();

	for (int status = 0; status < TRIAL_STATUS_COUNT; status++)
		json_object_set_new(object, trial_status_name((enum trial_status)status),
			record_u64(cell->trials[status]));
	return object;
}

/* What objects of ways and of backends have in common; kind is how the name is called. */
static json_t *cell_json(
	const struct limit_summary *summary, const char *kind, size_t name, size_t active)
{
	const struct limit_cell *cell = limit_summary_at(summary, name, active);
	const struct cell *planned =
		&summary->plan->cells[cell_index(summary, name, active)];

	return json_pack("{so so so so so so so so so so}", kind,
		text_json(planned->backend), "connections_active",
		record_u64(planned->connections_active), "trials", trials_json(cell),
		"reason", *cell->reason ? text_json(cell->reason) : json_null(),
		"round_trips_per_s", spread_json(cell, LIMIT_RATE),
		"calls_per_round_trip", spread_json(cell, LIMIT_CALLS),
		"cpu_ns_per_round_trip", spread_json(cell, LIMIT_CPU), "share",
		spread_json(cell, LIMIT_SHARE), "cpu_share",
		spread_json(cell, LIMIT_CPU_SHARE), "core_share",
		spread_json(cell, LIMIT_CORE));
}

json_t *limit_summary_ways_json(const struct limit_summary *summary)
{
	json_t *array = json_array();

	for (size_t way = 0; way < LIMIT_WAYS; way++)
		for (size_t a = 0; a < summary->active_count; a++) {
			json_t *object = cell_json(summary, "way", way, a);

			json_object_set_new(object, "is_the_limit",
				json_boolean(summary->best[a] == way));
			json_array_append_new(array, object);
		}
	return array;
}

json_t *limit_summary_backends_json(const struct limit_summary *summary)
{
	json_t *array = json_array();

	for (size_t n = LIMIT_WAYS; n < summary->plan->axes.backend_count; n++)
		for (size_t a = 0; a < summary->active_count; a++) {
			json_t *object = cell_json(summary, "backend", n, a);

			json_object_set_new(object, "server_cpu_ns_per_round_trip",
				spread_json(limit_summary_at(summary, n, a),
					LIMIT_SERVER_CPU));
			json_array_append_new(array, object);
		}
	return array;
}
