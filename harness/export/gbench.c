/*
 * gbench.c - JSON as google/benchmark writes it, for its tools/compare.py (Debian:
 * libbenchmark-tools). Each trial is a repetition, which its U test takes as a sample.
 *
 * cpu_time is the server's CPU ns a request, real_time what --metric names. Both are
 * required of an entry, so a trial without the latter is left out.
 */
#include "harness/export/format.h"

#include "common/records.h"

#include <math.h>
#include <string.h>

/* What real_time is: the one metric chosen. */
static enum export_metric real_time_of(const struct export_view *view)
{
	int metric = 0;

	while (!(view->metrics & EXPORT_BIT(metric)))
		metric++;
	return (enum export_metric)metric;
}

static bool is_whole(const struct export_trial *trial, enum export_metric real_time)
{
	return !isnan(trial->values[EXPORT_CPU]) && !isnan(trial->values[real_time]);
}

/* google/benchmark's own counters: members of any other name. */
static void set_counters(json_t *entry, const struct export_trial *trial)
{
	static const enum export_metric counters[] = {EXPORT_CONNECTION_CPU, EXPORT_P50,
		EXPORT_P99, EXPORT_RATE, EXPORT_SYSCALLS, EXPORT_CALLS};

	for (size_t i = 0; i < sizeof(counters) / sizeof(*counters); i++)
		if (!isnan(trial->values[counters[i]]))
			json_object_set_new(entry, export_metric_info(counters[i])->key,
				json_real(trial->values[counters[i]]));
}

struct place {
	size_t family;
	size_t instance;
	size_t repetition;
	size_t repetitions;
};

static json_t *entry_json(const struct export_cell *cell,
	const struct export_trial *trial, enum export_metric real_time,
	const struct place *place)
{
	const json_t *record = trial->windows[WINDOW_TIMED]->json;
	const json_t *requests = json_object_get(
		json_object_get(record, "counters"), "requests_completed");
	json_t *entry = json_pack("{ss so so ss ss so so si sI sf sf ss}", "name",
		cell->name, "family_index", record_u64(place->family),
		"per_family_instance_index", record_u64(place->instance), "run_name",
		cell->name, "run_type", "iteration", "repetitions",
		record_u64(place->repetitions), "repetition_index",
		record_u64(place->repetition), "threads", 1, "iterations",
		json_integer_value(requests), "real_time", trial->values[real_time],
		"cpu_time", trial->values[EXPORT_CPU], "time_unit", "ns");

	set_counters(entry, trial);
	if (trial->throughput_withdrawn)
		json_object_set_new(entry, "label", json_string("throughput withdrawn"));
	return entry;
}

static void append_cell(json_t *entries, const struct export_cell *cell,
	enum export_metric real_time, struct place place)
{
	place.repetition = place.repetitions = 0;
	for (size_t t = 0; t < cell->trial_count; t++)
		place.repetitions += is_whole(&cell->trials[t], real_time);
	for (size_t t = 0; t < cell->trial_count; t++)
		if (is_whole(&cell->trials[t], real_time)) {
			json_array_append_new(entries,
				entry_json(cell, &cell->trials[t], real_time, &place));
			place.repetition++;
		}
}

/* A family is a backend. */
static json_t *entries_json(const struct export_view *view)
{
	const struct export_run *run = view->run;
	json_t *entries = json_array();
	struct place place = {0};

	for (size_t c = 0; c < run->cell_count; c++) {
		const char *backend = run->cells[c].setting->backend;

		if (c > 0 && strcmp(run->cells[c - 1].setting->backend, backend) != 0) {
			place.family++;
			place.instance = 0;
		}
		append_cell(entries, &run->cells[c], real_time_of(view), place);
		place.instance++;
	}
	return entries;
}

/* The member of environment, or another value where it is not known. */
static json_t *known_or(const json_t *object, const char *key, json_t *otherwise)
{
	json_t *member = json_object_get(object, key);

	if (!member || json_is_null(member))
		return otherwise;
	json_decref(otherwise);
	return json_incref(member);
}

static json_t *context_json(const struct export_view *view)
{
	const json_t *environment = json_object_get(view->run->root, "environment");
	const json_t *cpu = json_object_get(environment, "cpu");

	return json_pack("{so so ss so sb so s[] ss si}", "date",
		known_or(environment, "date", json_string("")), "host_name",
		known_or(environment, "machine", json_string("unknown")), "executable",
		"muxbench", "num_cpus", known_or(cpu, "online", json_integer(0)),
		"cpu_scaling_enabled", false, "load_avg",
		known_or(environment, "load_average", json_array()), "caches",
		"library_build_type", "release", "json_schema_version", 1);
}

int export_gbench_write(FILE *out, const void *what)
{
	const struct export_view *view = what;

	return export_put_json(out, json_pack("{so so}", "context", context_json(view),
					    "benchmarks", entries_json(view)));
}
