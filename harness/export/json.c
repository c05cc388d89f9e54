/*
 * json.c - every figure of every cell, and of each of its trials, for scripts:
 *
 *     {"schema": "muxbench.export", "schema_version": {"major", "minor"}, "run": {...},
 *      "cells": [{"name", ..., "windows": {"ok": n, ...},
 *                 "figures": {"server_cpu_ns_per_request": {"value", "low", "high"},
 * ...}, "trials": [{"trial_id", "block", "server_cpu_ns_per_request", ...}]}],
 *      "complexity": [...]}
 *
 * A figure has value, min, max, and low and high, an interval of 95 %. null: not
 * measured, of low and high: fewer than six trials. run and complexity are those of
 * result.json.
 */
#include "harness/export/figures.h"
#include "harness/export/format.h"

#include "common/records.h"

#include <math.h>

enum { VERSION_MAJOR = 1, VERSION_MINOR = 0 };

static json_t *real_or_null(double value)
{
	return isnan(value) ? json_null() : json_real(value);
}

static json_t *figure_json(const struct export_figure *figure)
{
	bool known = figure->interval_known;

	return json_pack("{sf sf sf so so}", "value", figure->value, "min", figure->min,
		"max", figure->max, "low", known ? json_real(figure->low) : json_null(),
		"high", known ? json_real(figure->high) : json_null());
}

static json_t *figures_json(const struct export_cell *cell)
{
	json_t *figures = json_object();

	for (int m = 0; m < EXPORT_METRIC_COUNT; m++) {
		const struct export_figure *figure = &cell->figures[m];

		json_object_set_new(figures,
			export_metric_info((enum export_metric)m)->key,
			figure->count == 0 ? json_null() : figure_json(figure));
	}
	return figures;
}

static json_t *trial_json(const struct export_trial *trial)
{
	const struct export_record *window = export_trial_window(trial);
	json_t *object = json_pack("{ss so}", "trial_id", window->trial_id, "block",
		record_u64(window->block));

	for (int m = 0; m < EXPORT_METRIC_COUNT; m++)
		json_object_set_new(object,
			export_metric_info((enum export_metric)m)->key,
			real_or_null(trial->values[m]));
	return object;
}

static json_t *trials_json(const struct export_cell *cell)
{
	json_t *trials = json_array();

	for (size_t t = 0; t < cell->trial_count; t++)
		json_array_append_new(trials, trial_json(&cell->trials[t]));
	return trials;
}

static json_t *windows_json(const struct export_cell *cell)
{
	json_t *windows = json_object();

	for (int s = 0; s < TRIAL_STATUS_COUNT; s++)
		json_object_set_new(windows, trial_status_name((enum trial_status)s),
			record_u64(cell->windows[s]));
	return windows;
}

static json_t *cell_json(const struct export_cell *cell)
{
	const struct export_setting *setting = cell->setting;
	bool open = setting->rate_per_s > 0;

	return json_pack("{ss ss ss ss ss ss so so so so so ss so ss? so so so}", "name",
		cell->name, "backend", setting->backend, "workload", setting->workload,
		"placement", setting->placement, "active_set", setting->active_set,
		"engine", setting->engine, "message_bytes",
		record_u64(setting->message_bytes), "pipeline",
		record_u64(setting->pipeline), "churn_requests",
		setting->churn_requests ? record_u64(setting->churn_requests)
					: json_null(),
		"connections_idle", record_u64(setting->connections_idle),
		"connections_active", record_u64(setting->connections_active), "arrival",
		setting->arrival, "rate",
		open ? json_real(setting->rate_per_s) : json_null(), "reason",
		cell->reason, "windows", windows_json(cell), "figures",
		figures_json(cell), "trials", trials_json(cell));
}

/* A member of the result as it is, or null. */
static json_t *as_it_is(const struct export_view *view, const char *key)
{
	json_t *member = json_object_get(view->run->root, key);

	return member ? json_incref(member) : json_null();
}

int export_json_write(FILE *out, const void *what)
{
	const struct export_view *view = what;
	json_t *cells = json_array();

	for (size_t c = 0; c < view->run->cell_count; c++)
		json_array_append_new(cells, cell_json(&view->run->cells[c]));
	return export_put_json(
		out, json_pack("{ss s{si si} so so so}", "schema", "muxbench.export",
			     "schema_version", "major", VERSION_MAJOR, "minor",
			     VERSION_MINOR, "run", as_it_is(view, "run"), "cells", cells,
			     "complexity", as_it_is(view, "complexity")));
}
