/* summary.c - what the trials of each cell come to. */
#include "harness/result/summary.h"

#include "common/clock.h"
#include "common/records.h"
#include "harness/statistics/statistics.h"
#include "harness/text.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* All samples of a cell but those of its calls. */
enum { SAMPLES = 8, TEXT_BYTES_MAX = 255 };

static void list_samples(struct summary_cell *cell, struct samples *list[SAMPLES])
{
	list[0] = &cell->cpu_ns;
	list[1] = &cell->connection_cpu_ns;
	list[2] = &cell->requests_per_s;
	list[3] = &cell->p50_ns;
	list[4] = &cell->p99_ns;
	list[5] = &cell->requests;
	list[6] = &cell->syscalls;
	list[7] = &cell->client_cpu_ns;
}

/* What a cell has for a text until it gets one. */
static const char no_text[] = "";

static void drop_text(const char **kept)
{
	if (*kept != no_text)
		free((void *)*kept);
	*kept = no_text;
}

/* Keeps a copy of text, one line and no longer than a table can show. 0 or -ENOMEM. */
static int keep_text(const char **kept, const char *text)
{
	char *copy = strndup(text, TEXT_BYTES_MAX);

	if (!copy)
		return -ENOMEM;
	text_one_line(copy);
	drop_text(kept);
	*kept = copy;
	return 0;
}

/*
 * A plan may have a hundred thousand cells, a histogram takes 216 KiB and the calls 2:
 * only cells that are measured get them.
 */
static int make_cell(struct summary_cell *cell, size_t blocks)
{
	struct samples *list[SAMPLES];

	cell->reason = cell->syscall_method = no_text;
	cell->values = malloc(SAMPLES * blocks * sizeof(*cell->values));
	if (!cell->values)
		return -ENOMEM;
	for (size_t i = 0; i < SAMPLES * blocks; i++)
		cell->values[i] = NAN;
	list_samples(cell, list);
	for (size_t i = 0; i < SAMPLES; i++)
		*list[i] = (struct samples){
			.values = cell->values + i * blocks, .blocks = blocks};
	return 0;
}

int summary_make(struct summary *summary, const struct plan *plan)
{
	int error = 0;

	summary->cells = calloc(plan->cell_count, sizeof(*summary->cells));
	if (!summary->cells)
		return -ENOMEM;
	summary->cell_count = plan->cell_count;
	for (size_t i = 0; i < plan->cell_count && error == 0; i++) {
		summary->cells[i].cell = &plan->cells[i];
		error = make_cell(&summary->cells[i], plan->axes.blocks);
	}
	return error;
}

void summary_free(struct summary *summary)
{
	for (size_t i = 0; i < summary->cell_count; i++) {
		struct summary_cell *cell = &summary->cells[i];

		for (size_t c = 0; c < cell->call_count; c++)
			samples_free(&cell->calls[c].per_request);
		free(cell->calls);
		free(cell->latency);
		free(cell->values);
		drop_text(&cell->reason);
		drop_text(&cell->syscall_method);
	}
	free(summary->cells);
	*summary = (struct summary){0};
}

static double per_request(uint64_t value, const struct window *window)
{
	return (double)value / (double)window->load.counters.requests_completed;
}

/* The percentile of one block, missing where too few requests lie beyond it. */
static void add_percentile(
	struct samples *samples, size_t block, const struct histogram *latency, double p)
{
	if (statistics_percentile_holds(latency->count, p, STATISTICS_TAIL_SHOWN_MIN))
		samples->values[block] = (double)histogram_percentile_ns(latency, p);
}

/* Takes the latencies of a block in. 0 or -ENOMEM. */
static int add_latency(
	struct summary_cell *cell, size_t block, const struct window *window)
{
	const struct histogram *latency = window_latency(window);

	if (!cell->latency) {
		cell->latency = malloc(sizeof(*cell->latency));
		if (!cell->latency)
			return -ENOMEM;
		histogram_reset(cell->latency);
	}
	cell->open_loop = window->load.open_loop;
	histogram_merge(cell->latency, latency);
	add_percentile(&cell->p50_ns, block, latency, 0.5);
	add_percentile(&cell->p99_ns, block, latency, 0.99);
	return 0;
}

static int add_timed(struct summary_cell *cell, size_t block, const struct window *window)
{
	const struct load_counters *client = &window->load.counters;
	struct usage usage = window_server_usage(window);
	double seconds = (double)window->load.measured_ns / NS_PER_S;

	if (!window->cpu_unknown)
		cell->cpu_ns.values[block] = per_request(usage.cpu_ns, window);
	cell->client_cpu_ns.values[block] =
		per_request(window->load.usage.cpu_ns, window);
	if (!window->cpu_unknown && client->connections_opened > 0)
		cell->connection_cpu_ns.values[block] =
			(double)usage.cpu_ns / (double)client->connections_opened;
	if (window_throughput_stands(window))
		cell->requests_per_s.values[block] =
			(double)client->requests_completed / seconds;
	for (int flag = 0; flag < WINDOW_FLAG_COUNT; flag++)
		cell->flagged[flag] += window->flags[flag];
	return window_latency_stands(window) ? add_latency(cell, block, window) : 0;
}

static bool knows_call(const struct summary_cell *cell, const char *name)
{
	for (size_t i = 0; i < cell->call_count; i++)
		if (strcmp(cell->calls[i].name, name) == 0)
			return true;
	return false;
}

/* A name that the cell has not met: 0 times in every window counted until now. */
static int learn_call(struct summary_cell *cell, const char *name)
{
	size_t blocks = cell->requests.blocks;

	if (!cell->calls)
		cell->calls = calloc(CALL_NAMES_MAX, sizeof(*cell->calls));
	if (!cell->calls)
		return -ENOMEM;
	struct summary_call *call = &cell->calls[cell->call_count];

	if (samples_make(&call->per_request, blocks) < 0)
		return -ENOMEM;
	for (size_t block = 0; block < blocks; block++)
		if (!isnan(cell->requests.values[block]))
			call->per_request.values[block] = 0;
	strcpy(call->name, name);
	cell->call_count++;
	return 0;
}

static int add_counted(
	struct summary_cell *cell, size_t block, const struct window *window)
{
	struct call_counts calls = window_calls(window);

	cell->untold |= window->foreign;
	cell->requests.values[block] = (double)window->load.counters.requests_completed;
	if (window->kernel_counted)
		cell->syscalls.values[block] = per_request(window->kernel_calls, window);
	for (size_t i = 0; i < calls.length && cell->call_count < CALL_NAMES_MAX; i++)
		if (!knows_call(cell, calls.calls[i].name) &&
			learn_call(cell, calls.calls[i].name) < 0)
			return -ENOMEM;
	for (size_t i = 0; i < cell->call_count; i++)
		cell->calls[i].per_request.values[block] =
			per_request(call_counts_get(&calls, cell->calls[i].name), window);
	return 0;
}

int summary_add(struct summary *summary, size_t index, const struct trial *trial)
{
	struct summary_cell *cell = &summary->cells[index];
	const struct window *timed = &trial->windows[WINDOW_TIMED];
	const struct window *counted = &trial->windows[WINDOW_COUNTED];
	size_t block = (size_t)trial->block - 1;
	enum trial_status status = trial_status(trial);

	int error = 0;

	if (status > summary_status(cell))
		error = keep_text(&cell->reason, trial_reason(trial));
	cell->trials[status]++;
	if (error == 0 && counted->measured)
		error = keep_text(&cell->syscall_method, counted->kernel_method);
	if (error == 0 && timed->measured && timed->status == TRIAL_OK)
		error = add_timed(cell, block, timed);
	if (error == 0 && counted->measured && counted->status == TRIAL_OK)
		error = add_counted(cell, block, counted);
	return error;
}

const struct samples *summary_cost(const struct summary_cell *cell)
{
	return spread_of(&cell->connection_cpu_ns).count > 0 ? &cell->connection_cpu_ns
							     : &cell->cpu_ns;
}

bool summary_counted(const struct summary_cell *cell)
{
	return spread_of(&cell->requests).count > 0;
}

bool summary_calls(const struct summary_cell *cell, double *calls)
{
	struct spread by_kernel = spread_of(&cell->syscalls);

	*calls = by_kernel.median;
	if (by_kernel.count > 0)
		return true;
	*calls = 0;
	for (size_t i = 0; i < cell->call_count; i++)
		*calls += spread_of(&cell->calls[i].per_request).median;
	return summary_counted(cell) && !cell->untold;
}

enum trial_status summary_status(const struct summary_cell *cell)
{
	enum trial_status status = TRIAL_OK;

	for (int s = 0; s < TRIAL_STATUS_COUNT; s++)
		if (cell->trials[s] > 0)
			status = (enum trial_status)s;
	return status;
}

bool summary_percentile(const struct summary_cell *cell, double p, uint64_t *ns)
{
	if (!cell->latency || !statistics_percentile_holds(
				      cell->latency->count, p, STATISTICS_TAIL_SHOWN_MIN))
		return false;
	*ns = histogram_percentile_ns(cell->latency, p);
	return true;
}

size_t summary_count(const struct summary *summary, enum trial_status status)
{
	size_t count = 0;

	for (size_t i = 0; i < summary->cell_count; i++)
		count += summary->cells[i].trials[status];
	return count;
}

static json_t *spread_json(const struct samples *samples)
{
	struct spread spread = spread_of(samples);

	if (spread.count == 0)
		return json_null();
	return json_pack("{sf sf sf so so}", "median", spread.median, "min", spread.min,
		"max", spread.max, "low",
		spread.interval_known ? json_real(spread.low) : json_null(), "high",
		spread.interval_known ? json_real(spread.high) : json_null());
}

static json_t *percentile_json(const struct summary_cell *cell, double p)
{
	uint64_t ns;

	return summary_percentile(cell, p, &ns) ? record_u64(ns) : json_null();
}

static json_t *trials_json(const struct summary_cell *cell)
{
	json_t *trials = json_object();

	for (int s = 0; s < TRIAL_STATUS_COUNT; s++)
		json_object_set_new(trials, trial_status_name((enum trial_status)s),
			record_u64(cell->trials[s]));
	return trials;
}

static json_t *calls_json(const struct summary_cell *cell)
{
	if (!summary_counted(cell) || cell->untold)
		return json_null();
	json_t *calls = json_object();

	for (size_t i = 0; i < cell->call_count; i++)
		json_object_set_new(calls, cell->calls[i].name,
			json_real(spread_of(&cell->calls[i].per_request).median));
	return calls;
}

static json_t *flags_json(const struct summary_cell *cell)
{
	json_t *flags = json_object();

	for (int flag = 0; flag < WINDOW_FLAG_COUNT; flag++)
		json_object_set_new(flags, window_flag_name((enum window_flag)flag),
			record_u64(cell->flagged[flag]));
	return flags;
}

static json_t *cell_json(const struct summary_cell *summary)
{
	const struct cell *cell = summary->cell;
	json_t *object = json_pack("{so}", "backend", text_json(cell->backend));

	for (int axis = 0; axis < PLAN_AXES; axis++)
		json_object_set_new(object, plan_axis_name((enum plan_axis)axis),
			record_u64(cell_number(cell, (enum plan_axis)axis)));
	if (cell->rate == 0)
		json_object_set_new(object, "rate", json_null());
	json_object_update_new(object,
		json_pack("{so so so so so so ss so so so so so so so}", "trials",
			trials_json(summary), "flags", flags_json(summary),
			"server_cpu_ns_per_request", spread_json(&summary->cpu_ns),
			"client_cpu_ns_per_request", spread_json(&summary->client_cpu_ns),
			"server_cpu_ns_per_connection",
			spread_json(&summary->connection_cpu_ns), "requests_per_second",
			spread_json(&summary->requests_per_s), "latency_kind",
			summary->open_loop ? "response" : "service", "latency_p50_ns",
			percentile_json(summary, 0.5), "latency_p99_ns",
			percentile_json(summary, 0.99), "latency_p50_ns_of_blocks",
			spread_json(&summary->p50_ns), "latency_p99_ns_of_blocks",
			spread_json(&summary->p99_ns), "syscalls_per_request",
			spread_json(&summary->syscalls), "calls_per_request",
			calls_json(summary), "reason",
			*summary->reason ? text_json(summary->reason) : json_null()));
	return object;
}

json_t *summary_to_json(const struct summary *summary)
{
	json_t *cells = json_array();

	for (size_t i = 0; i < summary->cell_count; i++)
		json_array_append_new(cells, cell_json(&summary->cells[i]));
	return cells;
}
