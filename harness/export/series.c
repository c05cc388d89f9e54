/*
 * series.c - figures of each cell for tools that follow them from commit to
 * commit: github-action-benchmark, Bencher, and whatever reads hyperfine's JSON.
 */
#include "harness/export/format.h"

#include "common/clock.h"
#include "common/records.h"
#include "harness/statistics/statistics.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

static bool is_shown(
	const struct export_view *view, const struct export_cell *cell, int metric)
{
	return view->metrics & EXPORT_BIT(metric) && cell->figures[metric].count > 0;
}

/* ---- github-action-benchmark ---------------------------------------------------- */

/* README of github-action-benchmark: [{name, unit, value, range, extra}, ...]. */
static json_t *gab_entry(const struct export_cell *cell, int metric)
{
	const struct export_metric_info *info =
		export_metric_info((enum export_metric)metric);
	const struct export_figure *figure = &cell->figures[metric];

	return json_pack("{so ss sf so so}", "name",
		json_sprintf("%s %s", cell->name, info->name), "unit", info->unit,
		"value", figure->value, "range",
		json_sprintf("%.6g to %.6g", figure->low, figure->high), "extra",
		json_sprintf("%s\n%zu trials", info->title, figure->count));
}

int export_gab_write(FILE *out, const void *what)
{
	const struct export_view *view = what;
	json_t *entries = json_array();

	for (size_t c = 0; c < view->run->cell_count; c++)
		for (int m = 0; m < EXPORT_METRIC_COUNT; m++)
			if (is_shown(view, &view->run->cells[c], m))
				json_array_append_new(
					entries, gab_entry(&view->run->cells[c], m));
	return export_put_json(out, entries);
}

/* ---- Bencher -------------------------------------------------------------------- */

/* {benchmark: {measure: {value, lower_value, upper_value}}}; docs/reference of Bencher.
 */
static json_t *bmf_measures(
	const struct export_view *view, const struct export_cell *cell)
{
	json_t *measures = json_object();

	for (int m = 0; m < EXPORT_METRIC_COUNT; m++) {
		const struct export_figure *figure = &cell->figures[m];

		if (is_shown(view, cell, m))
			json_object_set_new(measures,
				export_metric_info((enum export_metric)m)->key,
				json_pack("{sf sf sf}", "value", figure->value,
					"lower_value", figure->low, "upper_value",
					figure->high));
	}
	return measures;
}

int export_bmf_write(FILE *out, const void *what)
{
	const struct export_view *view = what;
	json_t *benchmarks = json_object();

	for (size_t c = 0; c < view->run->cell_count; c++) {
		json_t *measures = bmf_measures(view, &view->run->cells[c]);

		if (json_object_size(measures) > 0)
			json_object_set(benchmarks, view->run->cells[c].name, measures);
		json_decref(measures);
	}
	return export_put_json(out, benchmarks);
}

/* ---- hyperfine ------------------------------------------------------------------ */

/* What all trials of a cell gave for one metric, in seconds. */
struct times {
	double s[STATISTICS_VALUES_MAX];
	size_t count;
};

static void collect_times(
	struct times *times, const struct export_cell *cell, enum export_metric metric)
{
	times->count = 0;
	for (size_t t = 0; t < cell->trial_count; t++)
		if (!isnan(cell->trials[t].values[metric]))
			times->s[times->count++] =
				cell->trials[t].values[metric] / NS_PER_S;
}

static json_t *times_json(const struct times *times)
{
	json_t *array = json_array();

	for (size_t i = 0; i < times->count; i++)
		json_array_append_new(array, json_real(times->s[i]));
	return array;
}

/* Every trial ended well, or it would not be here. */
static json_t *zeros_json(size_t count)
{
	json_t *array = json_array();

	for (size_t i = 0; i < count; i++)
		json_array_append_new(array, json_integer(0));
	return array;
}

/*
 * CPU seconds a request, over all timed windows whose CPU is split; null where none is
 * (a short window may see no tick of the timer).
 */
static json_t *split_json(const struct export_cell *cell, const char *key)
{
	double part_ns = 0, requests = 0;

	for (size_t t = 0; t < cell->trial_count; t++) {
		const struct export_record *timed = cell->trials[t].windows[WINDOW_TIMED];
		uint64_t ns = 0, completed = 0;

		if (!timed ||
			record_get_u64(json_object_get(timed->json, "server"), key, &ns,
				NULL) < 0 ||
			record_get_u64(json_object_get(timed->json, "counters"),
				"requests_completed", &completed, NULL) < 0)
			continue;
		part_ns += (double)ns;
		requests += (double)completed;
	}
	return requests > 0 ? json_real(part_ns / requests / NS_PER_S) : json_null();
}

/* All of them strings, as hyperfine writes parameters. */
static json_t *parameters_json(const struct export_setting *setting)
{
	return json_pack("{ss so so so so}", "backend", setting->backend, "idle",
		json_sprintf("%" PRIu64, setting->connections_idle), "active",
		json_sprintf("%" PRIu64, setting->connections_active), "message_bytes",
		json_sprintf("%" PRIu64, setting->message_bytes), "placement",
		json_string(setting->placement));
}

static json_t *hyperfine_entry(const struct export_cell *cell, const struct times *times)
{
	double sorted[STATISTICS_VALUES_MAX];

	for (size_t i = 0; i < times->count; i++)
		sorted[i] = times->s[i];
	statistics_sort(sorted, times->count);
	return json_pack("{ss sf so sf so so sf sf so so so}", "command", cell->name,
		"mean", statistics_mean(times->s, times->count), "stddev",
		times->count > 1 ? json_real(statistics_sd(times->s, times->count))
				 : json_null(),
		"median", statistics_quantile_sorted(sorted, times->count, 0.5), "user",
		split_json(cell, "cpu_user_ns"), "system", split_json(cell, "cpu_sys_ns"),
		"min", sorted[0], "max", sorted[times->count - 1], "times",
		times_json(times), "exit_codes", zeros_json(times->count), "parameters",
		parameters_json(cell->setting));
}

int export_hyperfine_write(FILE *out, const void *what)
{
	const struct export_view *view = what;
	json_t *results = json_array();
	struct times times;

	for (size_t c = 0; c < view->run->cell_count; c++)
		for (int m = 0; m < EXPORT_METRIC_COUNT; m++) {
			const struct export_cell *cell = &view->run->cells[c];

			collect_times(&times, cell, (enum export_metric)m);
			if (view->metrics & EXPORT_BIT(m) && times.count > 0)
				json_array_append_new(
					results, hyperfine_entry(cell, &times));
		}
	return export_put_json(out, json_pack("{so}", "results", results));
}
