/* record.c - the run{} and config{} of a result. */
#include "harness/run/record.h"

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

/* When the first session began: "2026-11-20T22:00:00Z", and the id made of it. */
static const char *started(const json_t *sessions)
{
	const char *text = json_string_value(
		json_object_get(json_array_get(sessions, 0), "started"));

	return text ? text : "";
}

static json_t *id_json(const json_t *sessions, uint64_t seed)
{
	char digits[32];
	size_t used = 0;

	for (const char *p = started(sessions); *p && used + 1 < sizeof(digits); p++)
		if (*p != '-' && *p != ':')
			digits[used++] = *p;
	digits[used] = '\0';
	return json_sprintf("%s-%" PRIu64, digits, seed);
}

static json_t *command_json(const struct run_facts *facts)
{
	json_t *command = json_pack("[s]", "muxbench");

	for (int i = 0; i < facts->argc; i++)
		json_array_append_new(command, text_json(facts->argv[i]));
	return command;
}

json_t *run_record(const struct run_facts *facts, const struct run_options *options,
	json_t *sessions)
{
	return json_pack("{so ss so so so sO sb ss}", "id",
		id_json(sessions, options->seed), "started", started(sessions),
		"finished", time_json(time(NULL)), "command", command_json(facts), "seed",
		record_u64(options->seed), "sessions", sessions, "interrupted",
		facts->interrupted, "version", MUXBENCH_VERSION);
}

static json_t *names_json(const char *const *names, size_t count)
{
	json_t *array = json_array();

	for (size_t i = 0; i < count; i++)
		json_array_append_new(array, text_json(names[i]));
	return array;
}

static json_t *numbers_json(const struct plan_list *list)
{
	json_t *array = json_array();

	for (size_t i = 0; i < list->count; i++)
		json_array_append_new(array, record_u64(list->values[i]));
	return array;
}

json_t *run_config(const struct run_options *options, const struct plan_axes *axes)
{
	const struct workload *workload = &options->workload;
	bool open_loop = axes->lists[PLAN_RATE].values[0] > 0;
	json_t *config = json_pack("{ss so so}", "profile", options->profile->name,
		"backends", names_json(axes->backends, axes->backend_count), "required",
		names_json(options->required, options->required_count));

	json_object_set_new(config, "foreign", foreign_config_json(&options->foreign));
	for (int axis = 0; axis < PLAN_AXES; axis++)
		json_object_set_new(config, plan_axis_name((enum plan_axis)axis),
			numbers_json(&axes->lists[axis]));
	if (!open_loop)
		json_object_set_new(config, "rate", json_null());
	json_object_update_new(config,
		json_pack("{so ss ss so ss so ss ss so so so}", "arrival",
			open_loop ? json_string(arrival_name(workload->arrival))
				  : json_null(),
			"active_set", active_set_name(workload->active_set), "workload",
			workload_kind_name(workload->kind), "churn_requests",
			workload->kind == WORKLOAD_CHURN
				? record_u64(workload->churn_requests)
				: json_null(),
			"engine", engine_name(workload->engine), "blocks",
			record_u64(axes->blocks), "placement",
			placement_name(options->placement), "sched",
			sched_name(options->sched), "warmup_ns",
			record_u64(options->warmup_ns), "timed_ns",
			record_u64(options->timed_ns), "counted_ns",
			record_u64(options->counted_ns)));
	return config;
}
