/* figures.c - what the trials of a cell come to. */
#include "harness/export/figures.h"

#include "common/clock.h"
#include "common/records.h"
#include "harness/statistics/statistics.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

const struct export_record *export_trial_window(const struct export_trial *trial)
{
	return trial->windows[WINDOW_TIMED] ? trial->windows[WINDOW_TIMED]
					    : trial->windows[WINDOW_COUNTED];
}

/* ---- the figures of a trial ----------------------------------------------------- */

static int requests_of(
	const struct export_record *record, uint64_t *requests, struct problem *problem)
{
	json_t *counters;
	int error = record_get_object(record->json, "counters", &counters, problem);

	if (error == 0)
		error = record_get_u64(counters, "requests_completed", requests, problem);
	if (error == 0 && *requests == 0)
		error = problem_set(
			problem, -EBADMSG, "it is ok, and completed no request");
	return error;
}

/* A server that is not ours tells no calls, and its CPU time may not be known. */
static bool is_foreign(const json_t *record)
{
	return json_object_get(json_object_get(record, "server"), "cpu_method");
}

/* -ENOENT where no latency was measured. */
static int read_latency(const struct export_record *record, struct histogram *histogram,
	struct problem *problem)
{
	json_t *latency = json_object_get(record->json, "latency");
	const json_t *times = json_object_get(latency, "response");

	if (!json_is_object(times))
		times = json_object_get(latency, "service");
	return json_is_object(times) ? record_to_histogram(times, histogram, problem)
				     : -ENOENT;
}

bool export_percentile(const struct histogram *histogram, double p, double *ns)
{
	if (!statistics_percentile_holds(histogram->count, p, STATISTICS_TAIL_SHOWN_MIN))
		return false;
	*ns = (double)histogram_percentile_ns(histogram, p);
	return true;
}

/* Flags are names in an array. */
static bool is_flagged(const json_t *record, const char *flag)
{
	const json_t *name, *flags = json_object_get(record, "flags");
	size_t i;

	json_array_foreach(flags, i, name)
	{
		if (json_is_string(name) && strcmp(json_string_value(name), flag) == 0)
			return true;
	}
	return false;
}

static void read_flags(struct export_trial *trial, const json_t *record)
{
	trial->throughput_withdrawn = is_flagged(record, "latency_invalid") ||
				      is_flagged(record, "client_saturated");
	trial->latency_withdrawn =
		trial->throughput_withdrawn || is_flagged(record, "overload");
}

static int derive_latency(struct export_trial *trial, struct histogram *scratch,
	struct histogram *merged, struct problem *problem)
{
	int error = read_latency(trial->windows[WINDOW_TIMED], scratch, problem);

	if (error < 0)
		return error == -ENOENT ? 0 : error;
	histogram_merge(merged, scratch);
	export_percentile(scratch, 0.5, &trial->values[EXPORT_P50]);
	export_percentile(scratch, 0.99, &trial->values[EXPORT_P99]);
	return 0;
}

static int derive_timed(struct export_trial *trial, struct histogram *scratch,
	struct histogram *merged, struct problem *problem)
{
	const struct export_record *window = trial->windows[WINDOW_TIMED];
	const json_t *record = window->json;
	uint64_t requests = 0, measured_ns = 0, cpu_ns = 0, opened = 0;
	json_t *server;
	int error = requests_of(window, &requests, problem);

	if (error == 0)
		error = record_get_u64(record, "measured_ns", &measured_ns, problem);
	if (error == 0)
		error = record_get_object(record, "server", &server, problem);
	bool cpu_known =
		error == 0 &&
		!(is_foreign(record) && json_is_null(json_object_get(server, "cpu_ns")));

	if (cpu_known)
		error = record_get_u64(server, "cpu_ns", &cpu_ns, problem);
	if (error < 0)
		return error;
	if (measured_ns == 0)
		return problem_set(problem, -EBADMSG, "it is ok, and took no time");
	double *values = trial->values;

	if (cpu_known)
		values[EXPORT_CPU] = (double)cpu_ns / (double)requests;
	if (cpu_known &&
		record_get_u64(json_object_get(record, "counters"), "connections_opened",
			&opened, NULL) == 0 &&
		opened > 0)
		values[EXPORT_CONNECTION_CPU] = (double)cpu_ns / (double)opened;
	values[EXPORT_WALL] = (double)measured_ns / (double)requests;
	read_flags(trial, record);
	if (!trial->throughput_withdrawn)
		values[EXPORT_RATE] =
			(double)requests * (double)NS_PER_S / (double)measured_ns;
	return trial->latency_withdrawn ? 0
					: derive_latency(trial, scratch, merged, problem);
}

static int derive_counted(struct export_trial *trial, struct problem *problem)
{
	const struct export_record *window = trial->windows[WINDOW_COUNTED];
	const json_t *record = window->json;
	const json_t *total = json_object_get(record, "syscalls_total");
	uint64_t requests = 0, syscalls = 0;
	double calls_sum = 0;
	json_t *calls = json_object_get(record, "calls"), *call;
	bool told = !(is_foreign(record) && json_is_null(calls));
	const char *name;
	int error = requests_of(window, &requests, problem);

	if (error == 0 && told)
		error = record_get_object(record, "calls", &calls, problem);
	if (error == 0 && !json_is_null(total))
		error = record_get_u64(record, "syscalls_total", &syscalls, problem);
	if (error < 0)
		return error;
	json_object_foreach(calls, name, call)
	{
		uint64_t count;

		if (record_get_u64(calls, name, &count, problem) < 0)
			return -EBADMSG;
		calls_sum += (double)count;
	}
	if (!json_is_null(total))
		trial->values[EXPORT_SYSCALLS] = (double)syscalls / (double)requests;
	if (told)
		trial->values[EXPORT_CALLS] = calls_sum / (double)requests;
	return 0;
}

/* ---- the figures of a cell ------------------------------------------------------ */

static struct export_figure figure_of(
	const struct export_cell *cell, enum export_metric metric)
{
	double values[STATISTICS_VALUES_MAX];
	struct interval interval;
	size_t count = 0;

	for (size_t i = 0; i < cell->trial_count; i++)
		if (!isnan(cell->trials[i].values[metric]))
			values[count++] = cell->trials[i].values[metric];
	if (count == 0)
		return (struct export_figure){0};
	statistics_sort(values, count);
	bool known = statistics_median_interval(values, count, &interval);

	return (struct export_figure){
		.count = count,
		.value = statistics_quantile_sorted(values, count, 0.5),
		.min = values[0],
		.max = values[count - 1],
		.interval_known = known,
		.low = known ? interval.low : values[0],
		.high = known ? interval.high : values[count - 1],
	};
}

/* All trials together say more about a tail than the median of their tails. */
static void refine_percentile(struct export_cell *cell, enum export_metric metric,
	const struct histogram *merged, double p)
{
	struct export_figure *figure = &cell->figures[metric];
	double ns;

	if (!export_percentile(merged, p, &ns))
		return;
	if (figure->count == 0) /* too few values in each trial, enough in all */
		*figure = (struct export_figure){
			.count = cell->trial_count,
			.min = ns,
			.max = ns,
			.low = ns,
			.high = ns,
		};
	figure->value = ns;
	figure->low = fmin(figure->low, ns);
	figure->high = fmax(figure->high, ns);
}

static void make_figures(struct export_cell *cell, const struct histogram *merged)
{
	for (int m = 0; m < EXPORT_METRIC_COUNT; m++)
		cell->figures[m] = figure_of(cell, (enum export_metric)m);
	refine_percentile(cell, EXPORT_P50, merged, 0.5);
	refine_percentile(cell, EXPORT_P99, merged, 0.99);
}

void export_cell_latency(const struct export_cell *cell, struct histogram *merged)
{
	struct histogram *one = malloc(sizeof(*one));

	histogram_reset(merged);
	for (size_t i = 0; i < cell->trial_count && one; i++) {
		const struct export_trial *trial = &cell->trials[i];

		if (trial->windows[WINDOW_TIMED] && !trial->latency_withdrawn &&
			read_latency(trial->windows[WINDOW_TIMED], one, NULL) == 0)
			histogram_merge(merged, one);
	}
	free(one);
}

static int derive_trial(struct export_trial *trial, struct histogram *scratch,
	struct histogram *merged, struct problem *problem)
{
	struct problem what = {""};
	int error = 0;

	if (trial->windows[WINDOW_TIMED])
		error = derive_timed(trial, scratch, merged, &what);
	if (error == 0 && trial->windows[WINDOW_COUNTED])
		error = derive_counted(trial, &what);
	return error == 0 ? 0
			  : problem_set(problem, error, "trial '%.40s': %.400s",
				    export_trial_window(trial)->trial_id, what.text);
}

int export_cell_derive(
	struct export_cell *cell, struct histogram *scratch, struct problem *problem)
{
	struct histogram *merged = malloc(sizeof(*merged));
	int error = merged ? 0 : -ENOMEM;

	if (merged)
		histogram_reset(merged);
	if (cell->trial_count > STATISTICS_VALUES_MAX)
		error = problem_set(problem, -EBADMSG,
			"more than %d trials of the same setting", STATISTICS_VALUES_MAX);
	for (size_t i = 0; i < cell->trial_count && error == 0; i++)
		error = derive_trial(&cell->trials[i], scratch, merged, problem);
	if (error == 0)
		make_figures(cell, merged);
	free(merged);
	cell->name = export_setting_name(cell->setting);
	return error == 0 && !cell->name ? -ENOMEM : error;
}
