/* result.c - everything about a run of `muxbench limit`, as JSON. */
#include "harness/limit/limit.h"

#include "common/records.h"
#include "common/version.h"
#include "harness/text.h"

static json_t *time_json(time_t when)
{
	struct tm utc;
	char text[32];

	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&when, &utc));
	return json_string(text);
}

static json_t *run_json(const struct limit *limit)
{
	json_t *command = json_pack("[s]", "muxbench");

	for (int i = 0; i < limit->argc; i++)
		json_array_append_new(command, text_json(limit->argv[i]));
	return json_pack("{so so so so sb ss}", "started", time_json(limit->started),
		"finished", time_json(time(NULL)), "command", command, "seed",
		record_u64(limit->options.seed), "interrupted", (int)limit->interrupted,
		"version", MUXBENCH_VERSION);
}

static json_t *names_json(const char *const *names, size_t count)
{
	json_t *array = json_array();

	for (size_t i = 0; i < count; i++)
		json_array_append_new(array, text_json(names[i]));
	return array;
}

static json_t *config_json(const struct limit *limit)
{
	const struct limit_options *options = &limit->options;
	json_t *active = json_array();

	for (size_t i = 0; i < options->active_count; i++)
		json_array_append_new(active, record_u64(options->active[i]));
	return json_pack("{so so so so so ss so so so ss}", "ways",
		names_json(limit->names, LIMIT_WAYS), "backends",
		names_json(limit->names + LIMIT_WAYS, options->backend_count),
		"connections_active", active, "connections_idle",
		record_u64(options->connections_idle), "message_bytes",
		record_u64(options->message_bytes), "engine",
		engine_name(options->engine), "blocks", record_u64(options->blocks),
		"warmup_ns", record_u64(limit_warmup_ns(options->duration_ns)),
		"timed_ns", record_u64(options->duration_ns), "placement",
		placement_name(limit->placement.kind));
}

json_t *limit_result(const struct limit *limit)
{
	return json_pack("{ss s{si si} so sO so sO sO so so}", "schema", LIMIT_SCHEMA,
		"schema_version", "major", LIMIT_VERSION_MAJOR, "minor",
		LIMIT_VERSION_MINOR, "run", run_json(limit), "environment",
		limit->environment, "config", config_json(limit), "points", limit->points,
		"trials", limit->trials, "limit",
		limit_summary_ways_json(&limit->summary), "shares",
		limit_summary_backends_json(&limit->summary));
}
