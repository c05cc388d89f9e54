/* server_peer.c - what is said to muxbench-server, and what it answers. */
#include "harness/process/server_peer.h"

#include "common/clock.h"
#include "common/records.h"
#include "harness/text.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#define HELLO_WAIT_NS  (5 * NS_PER_S)
#define ANSWER_WAIT_NS (5 * NS_PER_S) /* beside the time to settle */

int server_peer_start(struct peer *server, const struct launcher *launcher,
	const char *backend, int cpu, struct problem *problem)
{
	char cpu_text[16];
	const char *argv[] = {"muxbench-server", "--backend", backend, "--control",
		"--cpu", cpu_text, NULL};

	snprintf(cpu_text, sizeof(cpu_text), "%d", cpu);
	if (cpu < 0)
		argv[4] = NULL;
	return peer_start(server, launcher, argv, problem);
}

/* A number of the protocol that must fit in an int. */
static int get_int(
	const json_t *object, const char *key, int *value, struct problem *problem)
{
	uint64_t number = 0;
	int error = record_get_u64(object, key, &number, problem);

	if (error == 0 && number > INT_MAX)
		error = problem_set(problem, -EBADMSG, "'%s' is out of range", key);
	*value = (int)number;
	return error;
}

static int get_modes(
	const json_t *ready, struct server_hello *hello, struct problem *problem)
{
	const json_t *mode, *modes = json_object_get(ready, "modes");
	size_t i;

	if (!json_is_array(modes) || json_array_size(modes) > SERVER_MODES_MAX)
		return problem_set(problem, -EBADMSG,
			"'modes' is missing or not a list of at most %d",
			SERVER_MODES_MAX);
	json_array_foreach(modes, i, mode)
	{
		const char *name = json_string_value(mode);

		if (!name || strlen(name) >= SERVER_MODE_BYTES)
			return problem_set(problem, -EBADMSG,
				"'modes' holds no text, or one of %d bytes or more",
				SERVER_MODE_BYTES);
		strcpy(hello->modes[i], name);
	}
	hello->mode_count = json_array_size(modes);
	return 0;
}

static int get_workers(
	const json_t *ready, struct server_hello *hello, struct problem *problem)
{
	const json_t *tid, *tids = json_object_get(ready, "worker_tids");
	size_t i;

	if (!json_is_array(tids) || json_array_size(tids) == 0 ||
		json_array_size(tids) > SERVER_WORKERS_MAX)
		return problem_set(problem, -EBADMSG,
			"'worker_tids' is missing or not a list of 1 to %d",
			SERVER_WORKERS_MAX);
	json_array_foreach(tids, i, tid)
	{
		if (!json_is_integer(tid) || json_integer_value(tid) <= 0 ||
			json_integer_value(tid) > INT_MAX)
			return problem_set(
				problem, -EBADMSG, "'worker_tids' holds no thread id");
		hello->worker_tids[i] = (pid_t)json_integer_value(tid);
	}
	hello->worker_count = json_array_size(tids);
	return 0;
}

static int get_ready(
	const json_t *ready, struct server_hello *hello, struct problem *problem)
{
	const char *backend = "";
	int error = peer_check_protocol(ready, problem);

	if (error == 0)
		error = record_get_string(ready, "backend", &backend, problem);
	if (error == 0)
		error = get_modes(ready, hello, problem);
	if (error == 0)
		error = get_workers(ready, hello, problem);
	if (error == 0)
		error = get_int(ready, "port", &hello->port, problem);
	if (error == 0)
		error = record_get_u64(
			ready, "connections_max", &hello->connections_max, problem);
	if (error == 0)
		error = record_get_u64(
			ready, "descriptors_soft", &hello->descriptors_soft, problem);
	if (error == 0)
		error = record_get_u64(ready, "fds_limit", &hello->fds_limit, problem);
	hello->cpu = -1;
	if (error == 0 && !json_is_null(json_object_get(ready, "cpu")))
		error = get_int(ready, "cpu", &hello->cpu, problem);
	snprintf(hello->backend, sizeof(hello->backend), "%s", backend);
	text_one_line(hello->backend);
	return error;
}

int server_peer_hello(
	struct peer *server, struct server_hello *hello, struct problem *problem)
{
	struct problem what = {""};
	const char *event;
	json_t *answer;
	int error = peer_hear_event(server, HELLO_WAIT_NS, &answer, &event, problem);

	if (error < 0)
		return error;
	*hello = (struct server_hello){.state = SERVER_READY};
	if (strcmp(event, "ready") == 0)
		error = get_ready(answer, hello, &what);
	else if (strcmp(event, "unsupported") == 0)
		hello->state = SERVER_UNSUPPORTED;
	else if (strcmp(event, "error") == 0)
		hello->state = SERVER_ERROR;
	else
		error = problem_set(
			&what, -EBADMSG, "began with '%.40s', not 'ready'", event);
	if (hello->state != SERVER_READY)
		snprintf(hello->reason, sizeof(hello->reason), "%s", peer_reason(answer));
	text_one_line(hello->reason);
	return peer_taken(server, answer, error, &what, problem);
}

static int get_snapshot(
	const json_t *answer, struct server_snapshot *snapshot, struct problem *problem)
{
	json_t *connections, *counters, *calls, *usage;
	int error = record_get_u64(answer, "at_ns", &snapshot->at_ns, problem);

	if (error == 0)
		error = record_get_object(answer, "connections", &connections, problem);
	if (error == 0)
		error = record_get_u64(
			connections, "held", &snapshot->connections_held, problem);
	if (error == 0)
		error = record_get_object(answer, "counters", &counters, problem);
	if (error == 0)
		error = server_counters_from_json(counters, &snapshot->counters, problem);
	if (error == 0)
		error = record_get_object(answer, "calls", &calls, problem);
	if (error == 0)
		error = call_counts_from_json(calls, &snapshot->calls, problem);
	if (error == 0)
		error = record_get_object(answer, "usage", &usage, problem);
	if (error == 0)
		error = record_to_usage(usage, &snapshot->usage, problem);
	return error;
}

int server_peer_snapshot(struct peer *server, unsigned settle_ms,
	struct server_snapshot *snapshot, struct problem *problem)
{
	struct problem what = {""};
	json_t *answer;
	json_t *command = json_pack("{ss}", "cmd", "snapshot");

	if (settle_ms > 0)
		json_object_set_new(command, "settle_ms", json_integer(settle_ms));
	int error = peer_ask(server, command, "snapshot",
		ANSWER_WAIT_NS + settle_ms * NS_PER_MS, &answer, problem);
	if (error < 0)
		return error;
	*snapshot = (struct server_snapshot){0};
	if (settle_ms > 0)
		error = record_get_bool(answer, "settled", &snapshot->settled, &what);
	if (error == 0)
		error = get_snapshot(answer, snapshot, &what);
	return peer_taken(server, answer, error, &what, problem);
}
