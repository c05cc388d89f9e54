/* json.c - exact counts as JSON. */
#include "harness/counts/counts.h"

#include "common/records.h"
#include "common/version.h"
#include "harness/text.h"

#include <sys/utsname.h>

static json_t *run_json(const struct counts *counts)
{
	json_t *command = json_array();
	struct tm utc;
	char started[32];

	for (int i = 0; i < counts->argc; i++)
		json_array_append_new(command, text_json(counts->argv[i]));
	strftime(started, sizeof(started), "%Y-%m-%dT%H:%M:%SZ",
		gmtime_r(&counts->started, &utc));
	return json_pack("{ss so ss}", "started", started, "command", command, "version",
		MUXBENCH_VERSION);
}

static json_t *environment_json(void)
{
	struct utsname system;

	if (uname(&system) < 0)
		return json_null();
	return json_pack("{so so}", "kernel", text_json(system.release), "architecture",
		text_json(system.machine));
}

static json_t *config_json(const struct counts *counts)
{
	const struct counts_options *options = &counts->options;
	json_t *backends = json_array();

	for (size_t i = 0; i < counts->subject_count; i++)
		json_array_append_new(backends, text_json(counts->subjects[i]));
	return json_pack("{so so so so so so ss ss}", "backends", backends, "foreign",
		foreign_config_json(&options->foreign), "connections_idle",
		record_u64(options->connections_idle), "message_bytes",
		record_u64(options->message_bytes), "requests",
		record_u64(options->requests), "batch", record_u64(options->batch),
		"method", counts_method_name(options->method), "placement",
		placement_name(counts->placement.kind));
}

static json_t *modes_json(const struct counts_record *record)
{
	json_t *modes = json_array();

	for (size_t i = 0; i < record->server.mode_count; i++)
		json_array_append_new(modes, json_string(record->server.modes[i]));
	return modes;
}

static json_t *reasons_json(const struct window *window)
{
	json_t *reasons = json_array();

	for (size_t i = 0; i < window->reason_count; i++)
		json_array_append_new(reasons, text_json(window->reasons[i]));
	return reasons;
}

/* The measured members, or the same names with null. */
static void set_measured(json_t *object, const struct counts_record *record)
{
	static const char *const names[] = {"counters", "calls", "syscalls",
		"syscalls_total", "syscall_method", "waits_restarted"};
	const struct window *window = &record->window;
	struct server_counters counters = window_server_counters(window);
	struct call_counts calls = window_calls(window);

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		json_object_set_new(object, names[i], json_null());
	if (!window->measured)
		return;
	json_object_set_new(object, "counters",
		counters_to_json(
			window->foreign ? NULL : &counters, &window->load.counters));
	json_object_set_new(object, "calls",
		window->foreign ? json_null() : call_counts_to_json(&calls));
	json_object_set_new(object, "syscall_method", text_json(window->kernel_method));
	if (!window->kernel_counted)
		return;
	json_object_set_new(object, "syscalls", call_counts_to_json(&record->syscalls));
	json_object_set_new(object, "syscalls_total", record_u64(window->kernel_calls));
	if (!window->foreign) /* only its own account could tell */
		json_object_set_new(
			object, "waits_restarted", record_u64(record->waits_restarted));
}

/* A record names what it shares with a trial record as that does. */
static json_t *record_json(const struct counts_record *record)
{
	json_t *object = json_pack("{so ss so so so so ss so s{so}}", "backend",
		text_json(record->backend), "role", counts_role_name(record->role),
		"connections_idle", record_u64(record->connections_idle),
		"connections_active", record_u64(record->connections_active),
		"message_bytes", record_u64(record->message_bytes), "requests",
		record_u64(record->requests), "status",
		trial_status_name(record->window.status), "status_reasons",
		reasons_json(&record->window), "server", "modes", modes_json(record));

	set_measured(object, record);
	return object;
}

/* A whole number where it is one. */
static json_t *ratio_json(uint64_t count, uint64_t per)
{
	if (per == 0)
		return json_null();
	if (count % per == 0)
		return record_u64(count / per);
	return json_real((double)count / (double)per);
}

static json_t *calls_per_json(const struct call_counts *calls, uint64_t per)
{
	json_t *object = per > 0 ? json_object() : json_null();

	for (size_t i = 0; i < calls->length; i++)
		json_object_set_new(object, calls->calls[i].name,
			ratio_json(calls->calls[i].count, per));
	return object;
}

static json_t *eagains_per_json(const struct server_counters *counters, uint64_t per)
{
	return json_pack("{so so so}", "accept", ratio_json(counters->eagain_accept, per),
		"recv", ratio_json(counters->eagain_recv, per), "send",
		ratio_json(counters->eagain_send, per));
}

/* What a reader wants first, null where it is not known; it follows from the records. */
static json_t *summary_json(
	const struct counts_record *lockstep, const struct counts_record *batch)
{
	const struct window *window = &lockstep->window;
	struct server_counters counters = window_server_counters(window);
	/* By 0 nothing can be divided: that gives the nulls. */
	uint64_t requests =
		window->status == TRIAL_OK ? window->load.counters.requests_completed : 0;
	uint64_t told = window->foreign ? 0 : requests;
	uint64_t wakeups = told > 0 ? counters.wakeups : 0;
	uint64_t counted = window->kernel_counted ? requests : 0;
	uint64_t batch_counted =
		batch->window.status == TRIAL_OK && batch->window.kernel_counted;

	return json_pack("{so so so so so so so so so}", "backend",
		text_json(lockstep->backend), "syscalls_per_request",
		ratio_json(window->kernel_calls, counted), "syscalls_per_request_by_name",
		calls_per_json(&lockstep->syscalls, counted), "wakeups_per_request",
		ratio_json(counters.wakeups, told), "events_per_wakeup",
		ratio_json(counters.events, wakeups), "wait_bytes_per_wakeup",
		ratio_json(counters.wait_bytes, wakeups), "eagains_per_request",
		eagains_per_json(&counters, told), "syscalls_per_batch",
		ratio_json(batch->window.kernel_calls, batch_counted),
		"syscalls_per_batch_by_name",
		calls_per_json(&batch->syscalls, batch_counted));
}

json_t *counts_json(const struct counts *counts)
{
	json_t *trials = json_array(), *summary = json_array();

	for (size_t i = 0; i < counts->record_count; i++)
		json_array_append_new(trials, record_json(&counts->records[i]));
	for (size_t i = 0; i + 1 < counts->record_count; i += COUNTS_ROLES)
		json_array_append_new(
			summary, summary_json(&counts->records[i + COUNTS_LOCKSTEP],
					 &counts->records[i + COUNTS_BATCH]));
	return json_pack("{ss s{si si} so so so so so}", "schema", "muxbench.counts",
		"schema_version", "major", 1, "minor", 1, "run", run_json(counts),
		"environment", environment_json(), "config", config_json(counts),
		"trials", trials, "summary", summary);
}
