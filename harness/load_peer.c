/* load_peer.c - what is said to muxbench-load, and what it answers. */
#include "harness/load_peer.h"

#include "common/clock.h"
#include "common/records.h"
#include "harness/text.h"

#include <inttypes.h>
#include <stdio.h>

#define CONNECTED_WAIT_NS (60 * NS_PER_S)
#define ANSWER_WAIT_NS    (5 * NS_PER_S)
/* How long the load generator itself waits for what is in flight. */
#define IN_FLIGHT_WAIT_NS (10 * NS_PER_S)

int load_peer_start(struct peer *load, const struct launcher *launcher,
	const struct load_order *order, struct problem *problem)
{
	enum { NUMBERS = 6, NUMBER_BYTES = 24 };
	char text[NUMBERS][NUMBER_BYTES];
	const char *argv[] = {"muxbench-load", "--control", "--port", text[0], "--idle",
		text[1], "--active", text[2], "--message-bytes", text[3], "--seed",
		text[4], "--cpu", text[5], NULL};
	const size_t cpu_at = sizeof(argv) / sizeof(*argv) - 3;

	snprintf(text[0], NUMBER_BYTES, "%d", order->port);
	snprintf(text[1], NUMBER_BYTES, "%" PRIu64, order->connections_idle);
	snprintf(text[2], NUMBER_BYTES, "%" PRIu64, order->connections_active);
	snprintf(text[3], NUMBER_BYTES, "%" PRIu64, order->message_bytes);
	snprintf(text[4], NUMBER_BYTES, "%" PRIu64, order->seed);
	snprintf(text[5], NUMBER_BYTES, "%d", order->cpu);
	if (order->cpu < 0)
		argv[cpu_at] = NULL;
	return peer_start(load, launcher, argv, problem);
}

int load_peer_connected(struct peer *load, uint64_t *connect_ns, struct problem *problem)
{
	struct problem what = {""};
	json_t *answer;
	int error = peer_hear(load, "connected", CONNECTED_WAIT_NS, &answer, problem);

	if (error < 0)
		return error;
	error = peer_check_protocol(answer, &what);
	if (error == 0)
		error = record_get_u64(answer, "connect_ns", connect_ns, &what);
	return peer_taken(load, answer, error, &what, problem);
}

static int get_result(
	const json_t *done, struct load_result *result, struct problem *problem)
{
	json_t *counters, *usage, *latency, *service;
	int error = record_get_u64(done, "measured_ns", &result->measured_ns, problem);

	if (error == 0)
		error = record_get_object(done, "counters", &counters, problem);
	if (error == 0)
		error = load_counters_from_json(counters, &result->counters, problem);
	if (error == 0)
		error = record_get_object(done, "usage", &usage, problem);
	if (error == 0)
		error = record_to_usage(usage, &result->usage, problem);
	if (error == 0)
		error = record_get_object(done, "latency", &latency, problem);
	if (error == 0)
		error = record_get_object(latency, "service", &service, problem);
	if (error == 0)
		error = record_to_histogram(service, &result->service, problem);
	const char *error_first =
		json_string_value(json_object_get(done, "errors_first"));

	snprintf(result->error_first, sizeof(result->error_first), "%s",
		error_first ? error_first : "");
	text_one_line(result->error_first);
	return error;
}

int load_peer_run(struct peer *load, const struct load_window *window,
	struct load_result *result, struct problem *problem)
{
	struct problem what = {""};
	json_t *answer;
	json_t *command = json_pack(
		"{ss so}", "cmd", "run", "duration_ns", record_u64(window->duration_ns));

	if (window->lockstep_tid > 0) {
		json_object_set_new(
			command, "lockstep_pid", json_integer(window->lockstep_pid));
		json_object_set_new(
			command, "lockstep_tid", json_integer(window->lockstep_tid));
	}
	int error = peer_ask(load, command, "done",
		window->duration_ns + IN_FLIGHT_WAIT_NS + ANSWER_WAIT_NS, &answer,
		problem);
	if (error < 0)
		return error;
	error = get_result(answer, result, &what);
	return peer_taken(load, answer, error, &what, problem);
}
