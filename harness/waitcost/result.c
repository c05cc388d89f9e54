/* result.c - waitcost.json: everything about a run of `muxbench waitcost`. */
#include "harness/waitcost/waitcost.h"

#include "common/records.h"
#include "common/version.h"
#include "harness/text.h"

#include <inttypes.h>

static json_t *time_json(time_t when)
{
	struct tm utc;
	char text[32];

	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&when, &utc));
	return json_string(text);
}

static json_t *id_json(const struct waitcost_run *run)
{
	struct tm utc;
	char text[32];

	strftime(text, sizeof(text), "%Y%m%dT%H%M%SZ", gmtime_r(&run->started, &utc));
	return json_sprintf("%s-%" PRIu64, text, run->options.seed);
}

static json_t *command_json(const struct waitcost_run *run)
{
	json_t *command = json_pack("[s]", "muxbench");

	for (int i = 0; i < run->argc; i++)
		json_array_append_new(command, text_json(run->argv[i]));
	return command;
}

static json_t *run_json(const struct waitcost_run *run)
{
	return json_pack("{so so so so so sb ss}", "id", id_json(run), "started",
		time_json(run->started), "finished", time_json(time(NULL)), "command",
		command_json(run), "seed", record_u64(run->options.seed), "interrupted",
		(int)run->interrupted, "version", MUXBENCH_VERSION);
}

static json_t *numbers_json(const uint64_t *numbers, size_t count)
{
	json_t *array = json_array();

	for (size_t i = 0; i < count; i++)
		json_array_append_new(array, record_u64(numbers[i]));
	return array;
}

static json_t *config_json(const struct waitcost_run *run)
{
	const struct waitcost_options *options = &run->options;
	json_t *backends = json_array();

	for (size_t i = 0; i < options->backend_count; i++)
		json_array_append_new(backends, text_json(options->backends[i]));
	return json_pack("{so so so so ss}", "backends", backends, "descriptors",
		numbers_json(options->descriptors, options->descriptor_count), "ready",
		numbers_json(options->ready, options->ready_count), "blocks",
		record_u64(options->blocks), "placement",
		placement_name(options->placement));
}

json_t *waitcost_run_result(const struct waitcost_run *run)
{
	return json_pack("{ss s{si si} so sO so sO so so}", "schema", WAITCOST_SCHEMA,
		"schema_version", "major", WAITCOST_VERSION_MAJOR, "minor",
		WAITCOST_VERSION_MINOR, "run", run_json(run), "environment",
		run->environment, "config", config_json(run), "trials", run->trials,
		"summary", waitcost_summary_json(&run->summary), "complexity",
		waitcost_complexity_json(&run->summary));
}
