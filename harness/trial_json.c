/* trial_json.c - a window of a trial as a JSON record. */
#include "harness/trial_json.h"

#include "common/records.h"
#include "harness/text.h"

#include <inttypes.h>

json_t *trial_id(const struct trial *trial)
{
	return json_sprintf(
		"%" PRIu64 ".%02" PRIu64, trial->block, trial->order_in_block);
}

static json_t *cpu_json(int cpu)
{
	return cpu < 0 ? json_null() : json_integer(cpu);
}

static json_t *reasons_json(const struct window *window)
{
	json_t *reasons = json_array();

	for (size_t i = 0; i < window->reason_count; i++)
		json_array_append_new(reasons, text_json(window->reasons[i]));
	return reasons;
}

static json_t *modes_json(const struct server_hello *server)
{
	json_t *modes = json_array();

	for (size_t i = 0; i < server->mode_count; i++)
		json_array_append_new(modes, json_string(server->modes[i]));
	return modes;
}

/* What server and client have in common; the split of CPU needs a timer tick. */
static json_t *usage_json(const struct usage *usage)
{
	uint64_t user_ns = 0, sys_ns = 0;
	bool split = usage_split(usage, &user_ns, &sys_ns);

	return json_pack("{so so so so so so so}", "cpu_ns", record_u64(usage->cpu_ns),
		"cpu_user_ns", split ? record_u64(user_ns) : json_null(), "cpu_sys_ns",
		split ? record_u64(sys_ns) : json_null(), "ctx_switches_voluntary",
		record_u64(usage->ctx_switches_voluntary), "ctx_switches_involuntary",
		record_u64(usage->ctx_switches_involuntary), "rss_max_bytes",
		record_u64(usage->rss_max_bytes), "run_delay_ns",
		record_u64(usage->run_delay_ns));
}

static json_t *server_json(const struct trial *trial, const struct window *window)
{
	struct usage usage = window_server_usage(window);
	json_t *server = usage_json(&usage);

	json_object_set_new(server, "modes", modes_json(&trial->server));
	json_object_set_new(server, "connections_held_before",
		record_u64(window->before.connections_held));
	json_object_set_new(server, "connections_held_after",
		record_u64(window->after.connections_held));
	return server;
}

static json_t *setup_json(const struct trial *trial)
{
	if (!trial->setup_known)
		return json_null();
	return json_pack("{so so}", "connect_ns", record_u64(trial->connect_ns),
		"held_ns", record_u64(trial->held_ns));
}

static json_t *placement_json(const struct trial *trial)
{
	int server_cpu = trial->server_known ? trial->server.cpu : -1;

	return json_pack("{ss so so sb}", "kind", placement_name(trial->placement),
		"server_cpu", cpu_json(server_cpu), "client_cpu",
		cpu_json(trial->load_cpu), "pinned",
		server_cpu >= 0 && trial->load_cpu >= 0);
}

/* The measured members, or the same names with null. */
static void set_measured(
	json_t *record, const struct trial *trial, const struct window *window)
{
	static const char *const names[] = {"measured_ns", "counters", "calls",
		"syscalls_total", "syscall_method", "server", "client", "latency"};
	struct server_counters counters = window_server_counters(window);
	struct call_counts calls = window_calls(window);

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		json_object_set_new(record, names[i], json_null());
	if (!window->measured)
		return;
	json_object_set_new(record, "measured_ns", record_u64(window->load.measured_ns));
	json_object_set_new(
		record, "counters", counters_to_json(&counters, &window->load.counters));
	json_object_set_new(record, "calls", call_counts_to_json(&calls));
	if (window->kernel_counted)
		json_object_set_new(
			record, "syscalls_total", record_u64(window->kernel_calls));
	json_object_set_new(record, "syscall_method", text_json(window->kernel_method));
	json_object_set_new(record, "server", server_json(trial, window));
	json_object_set_new(record, "client", usage_json(&window->load.usage));
	json_object_set_new(record, "latency",
		json_pack("{sn so sn}", "response", "service",
			record_from_histogram(&window->load.service), "send_lag"));
}

json_t *trial_to_json(const struct trial *trial, enum window_role role)
{
	const struct window *window = &trial->windows[role];
	json_t *record = json_pack("{so so so so ss so so so ss so so so}", "trial_id",
		trial_id(trial), "block", record_u64(trial->block), "order_in_block",
		record_u64(trial->order_in_block), "backend",
		text_json(trial->cell.backend), "role", window_role_name(role),
		"connections_idle", record_u64(trial->cell.connections_idle),
		"connections_active", record_u64(trial->cell.connections_active),
		"message_bytes", record_u64(trial->message_bytes), "status",
		trial_status_name(window->status), "status_reasons", reasons_json(window),
		"placement", placement_json(trial), "setup", setup_json(trial));

	set_measured(record, trial, window);
	return record;
}
