/* run_record.c - the run{} and config{} of a result. */
#include "harness/run_record.h"

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

static json_t *id_json(const struct run_facts *facts, uint64_t seed)
{
	struct tm utc;
	char text[32];

	strftime(text, sizeof(text), "%Y%m%dT%H%M%SZ", gmtime_r(&facts->started, &utc));
	return json_sprintf("%s-%" PRIu64, text, seed);
}

static json_t *command_json(const struct run_facts *facts)
{
	json_t *command = json_pack("[s]", "muxbench");

	for (int i = 0; i < facts->argc; i++)
		json_array_append_new(command, text_json(facts->argv[i]));
	return command;
}

json_t *run_record(const struct run_facts *facts, const struct run_options *options)
{
	return json_pack("{so so so so so sb ss}", "id", id_json(facts, options->seed),
		"started", time_json(facts->started), "finished", time_json(time(NULL)),
		"command", command_json(facts), "seed", record_u64(options->seed),
		"interrupted", facts->interrupted, "version", MUXBENCH_VERSION);
}

static json_t *names_json(const char *const *names, size_t count)
{
	json_t *array = json_array();

	for (size_t i = 0; i < count; i++)
		json_array_append_new(array, text_json(names[i]));
	return array;
}

static json_t *numbers_json(const uint64_t *numbers, size_t count)
{
	json_t *array = json_array();

	for (size_t i = 0; i < count; i++)
		json_array_append_new(array, record_u64(numbers[i]));
	return array;
}

json_t *run_config(const struct run_options *options, const struct plan_axes *axes)
{
	return json_pack("{ss so so so so so so ss so so so}", "profile",
		options->profile->name, "backends",
		names_json(axes->backends, axes->backend_count), "required",
		names_json(options->required, options->required_count),
		"connections_idle", numbers_json(axes->idle, axes->idle_count),
		"connections_active", numbers_json(axes->active, axes->active_count),
		"message_bytes", record_u64(options->message_bytes), "blocks",
		record_u64(axes->blocks), "placement", placement_name(options->placement),
		"warmup_ns", record_u64(options->warmup_ns), "timed_ns",
		record_u64(options->timed_ns), "counted_ns",
		record_u64(options->counted_ns));
}
