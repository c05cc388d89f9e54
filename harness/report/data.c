/* data.c - a result, read back for a report. */
#include "harness/report/data.h"

#include "common/clock.h"
#include "harness/report/numbers.h"
#include "harness/result/result_file.h"
#include "harness/statistics/statistics.h"
#include "harness/text.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

/* Ten steps a decade, of which the named ones are 0, 50, 75, 80, 90, 95, 99 % and so on.
 */
static const double spectrum_steps[] = {1, 1.25, 1.6, 2, 2.5, 3.2, 4, 5, 6.3, 8};

enum { SPECTRUM_STEPS = sizeof(spectrum_steps) / sizeof(*spectrum_steps) };

double spectrum_inverse(size_t point)
{
	return spectrum_steps[point % SPECTRUM_STEPS] *
	       pow(10, (double)(point / SPECTRUM_STEPS));
}

bool spectrum_is_named(size_t point)
{
	double step = spectrum_steps[point % SPECTRUM_STEPS];

	return step == 1 || step == 2 || (step == 4 && point < SPECTRUM_STEPS);
}

const struct summary_cell *report_cell(
	const struct report *report, size_t backend, size_t group, size_t x)
{
	return &report->replay.summary
			.cells[plan_cell(&report->replay.plan, backend, group, x)];
}

bool report_measured(const struct summary_cell *cell)
{
	return spread_of(summary_cost(cell)).count > 0;
}

bool report_latency(const struct summary_cell *cell, bool tail, struct spread *spread)
{
	uint64_t ns;

	*spread = spread_of(tail ? &cell->p99_ns : &cell->p50_ns);
	if (!summary_percentile(cell, tail ? 0.99 : 0.5, &ns)) {
		*spread = (struct spread){0};
		return false;
	}
	spread->median = (double)ns;
	if (spread->count == 0) {
		spread->min = spread->max = NAN;
		return true;
	}
	spread->min = fmin(spread->min, spread->median);
	spread->max = fmax(spread->max, spread->median);
	spread->low = fmin(spread->low, spread->median);
	spread->high = fmax(spread->high, spread->median);
	return true;
}

/* How many backends have something at that place. */
static size_t backends_at(const struct report *report, size_t group, size_t x)
{
	size_t count = 0;

	for (size_t b = 0; b < report->replay.plan.axes.backend_count; b++)
		count += report_measured(report_cell(report, b, group, x));
	return count;
}

bool report_first_x(const struct report *report, size_t group, size_t *x)
{
	for (*x = 0; *x < report->replay.plan.x_count; ++*x)
		if (backends_at(report, group, *x) > 0)
			return true;
	return false;
}

bool report_far_x(const struct report *report, size_t group, size_t *x)
{
	size_t most = 0;

	for (size_t i = 0; i < report->replay.plan.x_count; i++)
		if (backends_at(report, group, i) > most)
			most = backends_at(report, group, i);
	for (size_t i = report->replay.plan.x_count; i-- > 0 && most > 0;)
		if (2 * backends_at(report, group, i) >= most) {
			*x = i;
			return true;
		}
	return false;
}

size_t report_trials_shown(const struct report *report)
{
	return report->trial_count < REPORT_TRIALS_MAX ? report->trial_count
						       : REPORT_TRIALS_MAX;
}

const char *report_unit(const struct report *report)
{
	return workload_unit(&report->replay.workload);
}

double report_x_value(const struct report *report, const struct summary_cell *cell)
{
	enum plan_axis x = report->replay.plan.x;

	if (x == PLAN_IDLE)
		return (double)(cell->cell->connections_idle +
				cell->cell->connections_active);
	return (double)cell_number(cell->cell, x);
}

const char *report_x_title(const struct report *report)
{
	static const char *const titles[PLAN_AXES] = {
		[PLAN_IDLE] = "open connections",
		[PLAN_ACTIVE] = "active connections",
		[PLAN_MESSAGE_BYTES] = "bytes per message",
		[PLAN_PIPELINE] = "requests in flight on each connection",
		[PLAN_RATE] = "requests offered a second",
	};

	return titles[report->replay.plan.x];
}

const char *report_x_text(struct report *report, const struct summary_cell *cell)
{
	static const char *const words[PLAN_AXES] = {
		[PLAN_IDLE] = " open connection",
		[PLAN_ACTIVE] = " active connection",
		[PLAN_MESSAGE_BYTES] = "-byte message",
		[PLAN_PIPELINE] = " request in flight",
		[PLAN_RATE] = " request",
	};
	enum plan_axis axis = report->replay.plan.x;
	double x = report_x_value(report, cell);

	return report_text(&report->memory, "%s%s%s%s", report_count(x).text, words[axis],
		x == 1 ? "" : "s", axis == PLAN_RATE ? " per second" : "");
}

const char *report_blocks_text(struct report *report)
{
	unsigned long long blocks = report->replay.plan.axes.blocks;

	return report_text(
		&report->memory, "%llu block%s", blocks, blocks == 1 ? "" : "s");
}

/* ---- the trials ---- */

static double ratio(uint64_t above, uint64_t below)
{
	return below > 0 ? (double)above / (double)below : NAN;
}

static double percentile(const struct histogram *latency, double p)
{
	if (!statistics_percentile_holds(latency->count, p, STATISTICS_TAIL_SHOWN_MIN))
		return NAN;
	return (double)histogram_percentile_ns(latency, p);
}

static void take_spectrum(struct report *report, struct report_trial *trial,
	const struct histogram *latency)
{
	trial->spectrum =
		report_take(&report->memory, SPECTRUM_POINTS * sizeof(*trial->spectrum));
	for (size_t i = 0; i < SPECTRUM_POINTS && trial->spectrum; i++) {
		double p = 1 - 1 / spectrum_inverse(i);

		trial->spectrum[i] = i == 0 && latency->count > 0
					     ? (double)latency->min_ns
					     : percentile(latency, p);
	}
}

static void take_timed(struct report *report, struct report_trial *trial,
	const struct window *window, bool with_spectrum)
{
	const struct load_counters *client = &window->load.counters;
	const struct histogram *latency = window_latency(window);
	uint64_t units = client->connections_opened > 0 ? client->connections_opened
							: client->requests_completed;
	struct spread cost =
		spread_of(summary_cost(&report->replay.summary.cells[trial->cell]));

	trial->cost_ns = window->cpu_unknown
				 ? NAN
				 : ratio(window_server_usage(window).cpu_ns, units);
	if (cost.count > 0 && cost.median > 0)
		trial->relative = trial->cost_ns / cost.median;
	if (window_throughput_stands(window))
		trial->requests_per_s = NS_PER_S * ratio(client->requests_completed,
							   window->load.measured_ns);
	if (!window_latency_stands(window))
		return;
	trial->p50_ns = percentile(latency, 0.5);
	trial->p99_ns = percentile(latency, 0.99);
	if (window->load.open_loop) {
		trial->service_p99_ns = percentile(&window->load.service, 0.99);
		trial->lag_p99_ns = percentile(&window->load.send_lag, 0.99);
	}
	if (with_spectrum)
		take_spectrum(report, trial, latency);
}

static void take_counted(struct report_trial *trial, const struct window *window)
{
	struct server_counters counters = window_server_counters(window);
	uint64_t requests = window->load.counters.requests_completed;

	if (window->foreign)
		return;
	trial->wakeups_per_request = ratio(counters.wakeups, requests);
	trial->events_per_wakeup = ratio(counters.events, counters.wakeups);
	trial->bytes_per_wakeup = ratio(counters.wait_bytes, counters.wakeups);
	trial->eagains_per_request = ratio(
		counters.eagain_accept + counters.eagain_recv + counters.eagain_send,
		requests);
}

/* A spectrum is drawn of both ends of a curve. */
static bool *choose_spectra(struct report *report)
{
	const struct plan *plan = &report->replay.plan;
	bool *chosen = report_take(&report->memory, plan->cell_count * sizeof(*chosen));

	for (size_t g = 0; g < plan->group_count && chosen; g++) {
		size_t first, far;

		if (!report_first_x(report, g, &first) || !report_far_x(report, g, &far))
			continue;
		for (size_t b = 0; b < plan->axes.backend_count; b++) {
			chosen[plan_cell(plan, b, g, first)] = true;
			chosen[plan_cell(plan, b, g, far)] = true;
		}
	}
	return chosen;
}

static void keep_trial(struct report *report, const struct trial *from, size_t cell,
	bool with_spectrum, const json_t *timed, const json_t *counted)
{
	const struct window *windows = from->windows;
	struct report_trial *trials = report_grow(
		&report->memory, report->trials, report->trial_count, sizeof(*trials));

	if (!trials)
		return;
	report->trials = trials;
	struct report_trial *trial = &trials[report->trial_count++];

	*trial = (struct report_trial){
		.cell = cell,
		.block = from->block,
		.order_in_block = from->order_in_block,
		.status = trial_status(from),
		.records = {[WINDOW_TIMED] = timed, [WINDOW_COUNTED] = counted},
		.cost_ns = NAN,
		.relative = NAN,
		.requests_per_s = NAN,
		.p50_ns = NAN,
		.p99_ns = NAN,
		.service_p99_ns = NAN,
		.lag_p99_ns = NAN,
		.wakeups_per_request = NAN,
		.events_per_wakeup = NAN,
		.bytes_per_wakeup = NAN,
		.eagains_per_request = NAN,
	};
	if (windows[WINDOW_TIMED].measured && windows[WINDOW_TIMED].status == TRIAL_OK)
		take_timed(report, trial, &windows[WINDOW_TIMED], with_spectrum);
	if (windows[WINDOW_COUNTED].measured &&
		windows[WINDOW_COUNTED].status == TRIAL_OK)
		take_counted(trial, &windows[WINDOW_COUNTED]);
}

/* The replay has read them all once, so none is refused here. */
static int read_trials(struct report *report, struct problem *problem)
{
	const json_t *trials = json_object_get(report->root, "trials");
	struct replay_pair pair = {
		.trial = calloc(1, sizeof(*pair.trial)),
		.done = calloc(report->replay.plan.trial_count, sizeof(*pair.done)),
	};
	const bool *spectra = choose_spectra(report);
	const json_t *record, *timed = NULL;
	size_t i, cell;
	int taken = pair.trial && pair.done && spectra ? 0 : -ENOMEM;

	json_array_foreach(trials, i, record)
	{
		if (taken < 0)
			break;
		taken = replay_pair_take(
			&pair, &report->replay.plan, record, &cell, problem);
		if (taken > 0)
			keep_trial(
				report, pair.trial, cell, spectra[cell], timed, record);
		timed = record;
	}
	free(pair.trial);
	free(pair.done);
	return taken < 0 ? taken : 0;
}

/* Counting sort. */
static int index_trials(struct report *report)
{
	size_t cells = report->replay.plan.cell_count, count = report->trial_count;
	size_t *first = report_take(&report->memory, (cells + 2) * sizeof(*first));
	size_t *sorted = report_take(&report->memory, (count + 1) * sizeof(*sorted));

	if (!first || !sorted)
		return -ENOMEM;
	for (size_t t = 0; t < count; t++)
		first[report->trials[t].cell + 2]++;
	for (size_t c = 2; c < cells + 2; c++)
		first[c] += first[c - 1];
	for (size_t t = 0; t < count; t++)
		sorted[first[report->trials[t].cell + 1]++] = t;
	report->cell_trials = first;
	report->by_cell = sorted;
	return 0;
}

int report_load(
	struct report *report, const char *path_or_folder, struct problem *problem)
{
	*report = (struct report){0};
	struct problem what = {""};
	int error = result_file_load(path_or_folder, &report->root, problem);

	if (error < 0)
		return error;
	error = replay_result(&report->replay, report->root, &what);
	if (error == 0)
		error = read_trials(report, &what);
	text_one_line(what.text);
	if (error < 0)
		problem_set(problem, error, "cannot read %.200s: %.280s", path_or_folder,
			what.text);
	if (error == 0)
		error = index_trials(report);
	if (error == 0 && report->memory.failed)
		error = -ENOMEM;
	if (error == -ENOMEM)
		problem_set(problem, error, "out of memory for the report of %.300s",
			path_or_folder);
	return error;
}

void report_free(struct report *report)
{
	report_memory_free(&report->memory);
	replay_free(&report->replay);
	json_decref(report->root);
	*report = (struct report){0};
}
