/* load_peer.c - what is said to muxbench-load, and what it answers. */
#include "harness/process/load_peer.h"

#include "common/clock.h"
#include "common/records.h"
#include "harness/text.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define CONNECTED_WAIT_NS (60 * NS_PER_S)
#define ANSWER_WAIT_NS    (5 * NS_PER_S)
/* How long the load generator itself waits for what is in flight. */
#define IN_FLIGHT_WAIT_NS (10 * NS_PER_S)
/* More than a request in lockstep can take. */
#define REQUEST_WAIT_NS (10 * NS_PER_MS)

enum { LOAD_NUMBERS_MAX = 8, LOAD_ARGUMENTS_MAX = 32 };

/* An argument list in the making; numbers are kept as text in it. */
struct arguments {
	const char *argv[LOAD_ARGUMENTS_MAX + 1]; /* ends with NULL */
	size_t count;
	char numbers[LOAD_NUMBERS_MAX][24];
	size_t number_count;
};

static void add_flag(struct arguments *arguments, const char *option)
{
	assert(arguments->count < LOAD_ARGUMENTS_MAX);
	arguments->argv[arguments->count++] = option;
}

static void add_text(struct arguments *arguments, const char *option, const char *text)
{
	assert(arguments->count + 2 <= LOAD_ARGUMENTS_MAX);
	arguments->argv[arguments->count++] = option;
	arguments->argv[arguments->count++] = text;
}

static void add_number(struct arguments *arguments, const char *option, uint64_t number)
{
	assert(arguments->number_count < LOAD_NUMBERS_MAX);
	char *text = arguments->numbers[arguments->number_count++];

	snprintf(text, sizeof(arguments->numbers[0]), "%" PRIu64, number);
	add_text(arguments, option, text);
}

int load_peer_start(struct peer *load, const struct launcher *launcher,
	const struct load_order *order, struct problem *problem)
{
	const struct workload *workload = order->workload;
	struct arguments arguments = {
		.argv = {"muxbench-load", "--control"},
		.count = 2,
	};

	add_number(&arguments, "--port", (uint64_t)order->port);
	if (order->host && *order->host)
		add_text(&arguments, "--host", order->host);
	add_number(&arguments, "--idle", order->connections_idle);
	add_number(&arguments, "--active", order->connections_active);
	add_number(&arguments, "--message-bytes", order->message_bytes);
	add_number(&arguments, "--seed", order->seed);
	if (order->cpu >= 0)
		add_number(&arguments, "--cpu", (uint64_t)order->cpu);
	if (order->pipeline > 1)
		add_number(&arguments, "--pipeline", order->pipeline);
	if (workload && workload->active_set != ACTIVE_SET_FIXED)
		add_text(&arguments, "--active-set",
			active_set_name(workload->active_set));
	if (workload && workload->engine != ENGINE_EPOLL)
		add_text(&arguments, "--engine", engine_name(workload->engine));
	if (workload && workload->kind == WORKLOAD_CHURN) {
		add_text(&arguments, "--workload", workload_kind_name(workload->kind));
		add_number(&arguments, "--churn-requests", workload->churn_requests);
	}
	if (order->echo_idle)
		add_flag(&arguments, "--echo-idle");
	return peer_start(load, launcher, arguments.argv, problem);
}

int load_peer_connected(struct peer *load, uint64_t *connect_ns, struct problem *problem)
{
	struct problem what = {""};
	const char *event;
	json_t *answer;
	int error = peer_hear_event(load, CONNECTED_WAIT_NS, &answer, &event, problem);

	if (error < 0)
		return error;
	if (strcmp(event, "unsupported") == 0) {
		problem_set(problem, 0, "muxbench-load: %s", peer_reason(answer));
		json_decref(answer);
		return -EOPNOTSUPP;
	}
	error = peer_expect(load, "connected", event, &answer, problem);
	if (error < 0)
		return error;
	error = peer_check_protocol(answer, &what);
	if (error == 0)
		error = record_get_u64(answer, "connect_ns", connect_ns, &what);
	return peer_taken(load, answer, error, &what, problem);
}

/* The histograms there are: in a closed loop the service time is all that means anything.
 */
static int get_latency(
	const json_t *latency, struct load_result *result, struct problem *problem)
{
	json_t *service, *response, *send_lag;
	int error = record_get_object(latency, "service", &service, problem);

	if (error == 0)
		error = record_to_histogram(service, &result->service, problem);
	result->open_loop = json_is_object(json_object_get(latency, "response"));
	if (error < 0 || !result->open_loop)
		return error;
	error = record_get_object(latency, "response", &response, problem);
	if (error == 0)
		error = record_to_histogram(response, &result->response, problem);
	if (error == 0)
		error = record_get_object(latency, "send_lag", &send_lag, problem);
	if (error == 0)
		error = record_to_histogram(send_lag, &result->send_lag, problem);
	return error;
}

static int get_result(
	const json_t *done, struct load_result *result, struct problem *problem)
{
	json_t *counters, *usage, *latency;
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
		error = get_latency(latency, result, problem);
	const char *error_first =
		json_string_value(json_object_get(done, "errors_first"));

	snprintf(result->error_first, sizeof(result->error_first), "%s",
		error_first ? error_first : "");
	text_one_line(result->error_first);
	return error;
}

int load_peer_begin(
	struct peer *load, const struct load_window *window, struct problem *problem)
{
	json_t *command = json_pack("{ss}", "cmd", "run");

	if (window->requests > 0)
		json_object_set_new(command, "requests", record_u64(window->requests));
	else
		json_object_set_new(
			command, "duration_ns", record_u64(window->duration_ns));
	if (window->resume_pid > 0)
		json_object_set_new(
			command, "resume_pid", json_integer(window->resume_pid));
	if (window->rate > 0) {
		json_object_set_new(command, "rate", record_u64(window->rate));
		json_object_set_new(
			command, "arrival", json_string(arrival_name(window->arrival)));
	}
	if (window->lockstep_tid > 0) {
		json_object_set_new(
			command, "lockstep_pid", json_integer(window->lockstep_pid));
		json_object_set_new(
			command, "lockstep_tid", json_integer(window->lockstep_tid));
	}
	return peer_tell(load, command, problem);
}

int load_peer_finish(struct peer *load, const struct load_window *window,
	struct load_result *result, struct problem *problem)
{
	struct problem what = {""};
	json_t *answer;
	int error = peer_hear(load, "done",
		window->duration_ns + window->requests * REQUEST_WAIT_NS +
			IN_FLIGHT_WAIT_NS + ANSWER_WAIT_NS,
		&answer, problem);

	if (error < 0)
		return error;
	error = get_result(answer, result, &what);
	return peer_taken(load, answer, error, &what, problem);
}

int load_peer_run(struct peer *load, const struct load_window *window,
	struct load_result *result, struct problem *problem)
{
	int error = load_peer_begin(load, window, problem);

	return error < 0 ? error : load_peer_finish(load, window, result, problem);
}
