/* trial_json.c - a window of a trial as a JSON record, and back. */
#include "harness/trial/trial_json.h"

#include "common/records.h"
#include "harness/text.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

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

static json_t *known_u64(bool known, uint64_t value)
{
	return known ? record_u64(value) : json_null();
}

/* What server and client have in common; the split of CPU needs a timer tick. */
static json_t *usage_json(const struct usage *usage, bool cpu, bool switches)
{
	uint64_t user_ns = 0, sys_ns = 0;
	bool split = usage_split(usage, &user_ns, &sys_ns) && cpu;

	return json_pack("{so so so so so so so}", "cpu_ns",
		known_u64(cpu, usage->cpu_ns), "cpu_user_ns", known_u64(split, user_ns),
		"cpu_sys_ns", known_u64(split, sys_ns), "ctx_switches_voluntary",
		known_u64(switches, usage->ctx_switches_voluntary),
		"ctx_switches_involuntary",
		known_u64(switches, usage->ctx_switches_involuntary), "rss_max_bytes",
		known_u64(cpu, usage->rss_max_bytes), "run_delay_ns",
		known_u64(switches, usage->run_delay_ns));
}

/* What there is to say only of a server that is not ours. */
static void set_seen(json_t *server, const struct window *window)
{
	const struct server_seen *seen = &window->after.seen;

	json_object_set_new(server, "cpu_method", text_json(window->cpu_method));
	json_object_set_new(
		server, "processes", known_u64(seen->cpu_known, seen->processes));
	json_object_set_new(server, "threads", known_u64(seen->cpu_known, seen->threads));
}

static json_t *server_json(const struct trial *trial, const struct window *window)
{
	struct usage usage = window_server_usage(window);
	json_t *server =
		usage_json(&usage, !window->cpu_unknown, !window->switches_unknown);

	json_object_set_new(server, "modes", modes_json(&trial->server));
	json_object_set_new(server, "connections_held_before",
		record_u64(window->before.connections_held));
	json_object_set_new(server, "connections_held_after",
		record_u64(window->after.connections_held));
	if (window->foreign)
		set_seen(server, window);
	return server;
}

static json_t *setup_json(const struct trial *trial)
{
	if (!trial->setup_known)
		return json_null();
	return json_pack("{so so ss}", "connect_ns", record_u64(trial->connect_ns),
		"held_ns", record_u64(trial->held_ns), "held_by",
		trial->foreign ? "echo" : "server");
}

static json_t *placement_json(const struct trial *trial)
{
	int server_cpu = trial->server_known ? trial->server.cpu : -1;

	return json_pack("{ss so so sb ss}", "kind", placement_name(trial->placement),
		"server_cpu", cpu_json(server_cpu), "client_cpu",
		cpu_json(trial->load_cpu), "pinned",
		server_cpu >= 0 && trial->load_cpu >= 0, "sched",
		sched_name(trial->sched));
}

static json_t *flags_json(const struct window *window)
{
	json_t *flags = json_array();

	for (int flag = 0; flag < WINDOW_FLAG_COUNT; flag++)
		if (window->flags[flag])
			json_array_append_new(flags,
				json_string(window_flag_name((enum window_flag)flag)));
	return flags;
}

static json_t *notes_json(const struct window *window)
{
	json_t *notes = json_array();

	for (int flag = 0; flag < WINDOW_FLAG_COUNT; flag++)
		if (window->flags[flag])
			json_array_append_new(notes, text_json(window->notes[flag]));
	return notes;
}

/* In lockstep times mean nothing, so the counted window keeps none. */
static json_t *latency_json(const struct window *window, enum window_role role)
{
	const struct load_result *load = &window->load;

	if (role != WINDOW_TIMED)
		return json_null();
	return json_pack("{so so so}", "response",
		load->open_loop ? record_from_histogram(&load->response) : json_null(),
		"service", record_from_histogram(&load->service), "send_lag",
		load->open_loop ? record_from_histogram(&load->send_lag) : json_null());
}

/* The measured members, or the same names with null. */
static void set_measured(json_t *record, const struct trial *trial, enum window_role role)
{
	static const char *const names[] = {"measured_ns", "counters", "calls",
		"syscalls_total", "syscall_method", "server", "client", "steal_ns",
		"latency"};
	const struct window *window = &trial->windows[role];
	struct server_counters counters = window_server_counters(window);
	struct call_counts calls = window_calls(window);

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		json_object_set_new(record, names[i], json_null());
	if (!window->measured)
		return;
	json_object_set_new(record, "measured_ns", record_u64(window->load.measured_ns));
	json_object_set_new(record, "counters",
		counters_to_json(
			window->foreign ? NULL : &counters, &window->load.counters));
	json_object_set_new(record, "calls",
		window->foreign ? json_null() : call_counts_to_json(&calls));
	if (window->kernel_counted)
		json_object_set_new(
			record, "syscalls_total", record_u64(window->kernel_calls));
	json_object_set_new(record, "syscall_method", text_json(window->kernel_method));
	json_object_set_new(record, "server", server_json(trial, window));
	json_object_set_new(
		record, "client", usage_json(&window->load.usage, true, true));
	if (window->steal_known)
		json_object_set_new(record, "steal_ns", record_u64(window->steal_ns));
	json_object_set_new(record, "latency", latency_json(window, role));
}

/* What the load generator did beside sending: what a curve must have in common. */
static void set_workload(json_t *record, const struct trial *trial)
{
	const struct workload *workload = &trial->workload;
	uint64_t rate = trial->cell.rate;

	json_object_set_new(
		record, "workload", json_string(workload_kind_name(workload->kind)));
	json_object_set_new(record, "churn_requests",
		workload->kind == WORKLOAD_CHURN ? record_u64(workload->churn_requests)
						 : json_null());
	json_object_set_new(
		record, "active_set", json_string(active_set_name(workload->active_set)));
	json_object_set_new(record, "engine", json_string(engine_name(workload->engine)));
	json_object_set_new(record, "rate", rate > 0 ? record_u64(rate) : json_null());
	json_object_set_new(record, "arrival",
		rate > 0 ? json_string(arrival_name(workload->arrival)) : json_null());
}

json_t *trial_to_json(const struct trial *trial, enum window_role role)
{
	const struct window *window = &trial->windows[role];
	const struct cell *cell = &trial->cell;
	json_t *record = json_pack("{so so so so ss so so so so}", "trial_id",
		trial_id(trial), "block", record_u64(trial->block), "order_in_block",
		record_u64(trial->order_in_block), "backend", text_json(cell->backend),
		"role", window_role_name(role), "connections_idle",
		record_u64(cell->connections_idle), "connections_active",
		record_u64(cell->connections_active), "message_bytes",
		record_u64(cell->message_bytes), "pipeline", record_u64(cell->pipeline));

	set_workload(record, trial);
	json_object_update_new(
		record, json_pack("{ss so so so so so}", "status",
				trial_status_name(window->status), "status_reasons",
				reasons_json(window), "flags", flags_json(window),
				"notes", notes_json(window), "placement",
				placement_json(trial), "setup", setup_json(trial)));
	set_measured(record, trial, role);
	return record;
}

/* ---- and back ---- */

/* A number that may be null or left out: then it is as given. */
static int get_optional(const json_t *object, const char *key, uint64_t missing,
	uint64_t *value, struct problem *problem)
{
	*value = missing;
	if (!json_object_get(object, key) || json_is_null(json_object_get(object, key)))
		return 0;
	return record_get_u64(object, key, value, problem);
}

static int get_cell(const json_t *record, struct cell *cell, struct problem *problem)
{
	int error = record_get_string(record, "backend", &cell->backend, problem);

	if (error == 0)
		error = record_get_u64(
			record, "connections_idle", &cell->connections_idle, problem);
	if (error == 0)
		error = record_get_u64(
			record, "connections_active", &cell->connections_active, problem);
	if (error == 0)
		error = record_get_u64(
			record, "message_bytes", &cell->message_bytes, problem);
	if (error == 0)
		error = get_optional(record, "pipeline", 1, &cell->pipeline, problem);
	if (error == 0)
		error = get_optional(record, "rate", 0, &cell->rate, problem);
	return error;
}

/* The index of a member's string among names; -EBADMSG with problem. */
static int get_name(const json_t *record, const char *key, const char *(*name_of)(int),
	int count, int *index, struct problem *problem)
{
	const char *name;
	int error = record_get_string(record, key, &name, problem);

	for (*index = 0; error == 0 && *index < count; ++*index)
		if (strcmp(name, name_of(*index)) == 0)
			return 0;
	return error < 0 ? error
			 : problem_set(problem, -EBADMSG, "'%s' is '%.40s'", key, name);
}

static const char *role_name(int role)
{
	return window_role_name((enum window_role)role);
}

static const char *status_name(int status)
{
	return trial_status_name((enum trial_status)status);
}

static int get_status(
	const json_t *record, struct window *window, struct problem *problem)
{
	const json_t *item;
	size_t i;
	int status;
	int error = get_name(
		record, "status", status_name, TRIAL_STATUS_COUNT, &status, problem);

	if (error < 0)
		return error;
	window->status = (enum trial_status)status;
	json_array_foreach(json_object_get(record, "status_reasons"), i, item)
	{
		if (json_is_string(item))
			window_mark(
				window, window->status, "%s", json_string_value(item));
	}
	json_array_foreach(json_object_get(record, "flags"), i, item)
	{
		const char *note = json_string_value(
			json_array_get(json_object_get(record, "notes"), i));

		for (int flag = 0; flag < WINDOW_FLAG_COUNT && json_is_string(item);
			flag++)
			if (strcmp(json_string_value(item),
				    window_flag_name((enum window_flag)flag)) == 0)
				window_flag(window, (enum window_flag)flag, "%s",
					note ? note : "");
	}
	return 0;
}

/* The user and system parts are whatever the ticks said, or were not known. */
static int get_usage(const json_t *object, struct usage *usage, struct problem *problem)
{
	const struct {
		const char *key;
		uint64_t *value;
	} fields[] = {
		{"cpu_ns", &usage->cpu_ns},
		{"cpu_user_ns", &usage->user_ticks_ns},
		{"cpu_sys_ns", &usage->sys_ticks_ns},
		{"ctx_switches_voluntary", &usage->ctx_switches_voluntary},
		{"ctx_switches_involuntary", &usage->ctx_switches_involuntary},
		{"run_delay_ns", &usage->run_delay_ns},
		{"rss_max_bytes", &usage->rss_max_bytes},
	};
	int error = 0;

	*usage = (struct usage){0};
	for (size_t i = 0; i < sizeof(fields) / sizeof(*fields) && error == 0; i++)
		error = get_optional(object, fields[i].key, 0, fields[i].value, problem);
	return error;
}

static int check_cpu(const json_t *object, bool may_be_null, struct problem *problem)
{
	const json_t *cpu = json_object_get(object, "cpu_ns");

	if (json_is_integer(cpu) || (may_be_null && json_is_null(cpu)))
		return 0;
	return problem_set(problem, -EBADMSG, "'cpu_ns' is no number");
}

static int get_server(
	const json_t *record, struct window *window, struct problem *problem)
{
	json_t *server;
	int error = record_get_object(record, "server", &server, problem);

	if (error == 0)
		error = get_usage(server, &window->after.usage, problem);
	if (error == 0)
		error = check_cpu(server, window->foreign, problem);
	window->cpu_unknown =
		error == 0 && json_is_null(json_object_get(server, "cpu_ns"));
	window->switches_unknown =
		error == 0 && json_is_null(json_object_get(server, "run_delay_ns"));
	if (error == 0)
		error = get_optional(server, "connections_held_before", 0,
			&window->before.connections_held, problem);
	if (error == 0)
		error = get_optional(server, "connections_held_after", 0,
			&window->after.connections_held, problem);
	return error;
}

static int get_histogram(const json_t *latency, const char *key, bool *known,
	struct histogram *histogram, struct problem *problem)
{
	json_t *object;

	*known = json_is_object(json_object_get(latency, key));
	histogram_reset(histogram);
	if (!*known)
		return 0;
	int error = record_get_object(latency, key, &object, problem);

	return error < 0 ? error : record_to_histogram(object, histogram, problem);
}

static int get_latency(
	const json_t *record, struct load_result *load, struct problem *problem)
{
	const json_t *latency = json_object_get(record, "latency");
	bool known;
	int error = get_histogram(latency, "service", &known, &load->service, problem);

	if (error == 0)
		error = get_histogram(
			latency, "send_lag", &known, &load->send_lag, problem);
	if (error == 0)
		error = get_histogram(
			latency, "response", &load->open_loop, &load->response, problem);
	return error;
}

static int get_kernel_count(
	const json_t *record, struct window *window, struct problem *problem)
{
	const char *method = json_string_value(json_object_get(record, "syscall_method"));
	const json_t *total = json_object_get(record, "syscalls_total");

	snprintf(window->kernel_method, sizeof(window->kernel_method), "%s",
		method ? method : KERNEL_METHOD_NONE "it is not in the record");
	window->kernel_counted = json_is_integer(total);
	return get_optional(record, "syscalls_total", 0, &window->kernel_calls, problem);
}

/* A server that is not ours tells nothing: then all that it would have is null. */
static int get_told(json_t *counters, const json_t *record, struct window *window,
	struct problem *problem)
{
	json_t *calls;

	window->foreign = json_is_null(json_object_get(counters, "bytes_tx")) &&
			  json_is_null(json_object_get(record, "calls"));
	if (window->foreign)
		return 0;
	int error = server_counters_from_json(counters, &window->after.counters, problem);

	if (error == 0)
		error = record_get_object(record, "calls", &calls, problem);
	return error < 0 ? error
			 : call_counts_from_json(calls, &window->after.calls, problem);
}

/* The bytes of a record are the server's: of one that tells nothing they are null. */
static int get_client_counters(
	json_t *counters, struct window *window, struct problem *problem)
{
	json_t *copy = window->foreign ? json_copy(counters) : json_incref(counters);

	if (window->foreign) {
		json_object_set_new(copy, "bytes_rx", json_integer(0));
		json_object_set_new(copy, "bytes_tx", json_integer(0));
	}
	int error = load_counters_from_json(copy, &window->load.counters, problem);

	json_decref(copy);
	return error;
}

static int get_measured(
	const json_t *record, struct window *window, struct problem *problem)
{
	struct load_result *load = &window->load;
	json_t *counters, *client;
	int error = record_get_u64(record, "measured_ns", &load->measured_ns, problem);

	if (error == 0)
		error = record_get_object(record, "counters", &counters, problem);
	if (error == 0)
		error = get_told(counters, record, window, problem);
	if (error == 0)
		error = get_client_counters(counters, window, problem);
	if (error == 0)
		error = get_server(record, window, problem);
	if (error == 0)
		error = record_get_object(record, "client", &client, problem);
	if (error == 0)
		error = get_usage(client, &load->usage, problem);
	if (error == 0)
		error = check_cpu(client, false, problem);
	if (error == 0)
		error = get_kernel_count(record, window, problem);
	window->steal_known = json_is_integer(json_object_get(record, "steal_ns"));
	if (error == 0)
		error = get_optional(record, "steal_ns", 0, &window->steal_ns, problem);
	return error < 0 ? error : get_latency(record, load, problem);
}

int trial_from_json(struct trial *trial, const json_t *record, enum window_role *role,
	struct problem *problem)
{
	int index;
	int error = get_name(record, "role", role_name, WINDOW_COUNT, &index, problem);

	if (error < 0)
		return error;
	*role = (enum window_role)index;
	struct window *window = &trial->windows[*role];

	memset(window, 0, sizeof(*window));
	error = record_get_u64(record, "block", &trial->block, problem);
	if (error == 0)
		error = record_get_u64(
			record, "order_in_block", &trial->order_in_block, problem);
	if (error == 0)
		error = get_cell(record, &trial->cell, problem);
	if (error == 0)
		error = get_status(record, window, problem);
	window->measured = !json_is_null(json_object_get(record, "measured_ns"));
	if (error == 0 && window->measured)
		error = get_measured(record, window, problem);
	if (error == 0 && window->measured && window->status == TRIAL_OK &&
		(window->load.counters.requests_completed == 0 ||
			window->load.measured_ns == 0))
		error = problem_set(
			problem, -EBADMSG, "an ok window without requests or time");
	return error;
}
