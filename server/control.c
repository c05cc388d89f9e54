/* control.c - the JSON lines that the harness and the server exchange. */
#include "server/control.h"

#include "common/clock.h"
#include "common/jsonl.h"
#include "common/records.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

enum { PROTOCOL = 1, SETTLE_MS_MAX = 60000 };

static uint64_t load(const uint64_t *counter)
{
	return __atomic_load_n(counter, __ATOMIC_RELAXED);
}

/* The worker's modes, words with spaces between, as an array. */
static json_t *modes_array(const char *modes)
{
	json_t *array = json_array();

	while (*(modes += strspn(modes, " "))) {
		size_t length = strcspn(modes, " ");

		json_array_append_new(array, json_stringn(modes, length));
		modes += length;
	}
	return array;
}

json_t *control_ready(const struct worker *worker, const struct control_facts *facts)
{
	char address[80];
	int port;

	net_address_format(facts->address, address, sizeof(address), &port);
	return json_pack("{ss si si ss so ss si si so so si s[i] so}", "event", "ready",
		"protocol", PROTOCOL, "pid", (int)getpid(), "backend",
		worker->backend->name, "modes", modes_array(worker->modes), "address",
		address, "port", port, "connections_max", facts->connections_max,
		"descriptors_soft", record_u64(facts->descriptors_soft),
		"descriptors_hard", record_u64(facts->descriptors_hard), "fds_limit",
		worker->backend->fds_limit, "worker_tids", (int)worker->tid, "cpu",
		worker->cpu >= 0 ? json_integer(worker->cpu) : json_null());
}

json_t *control_calls(const struct calls *calls)
{
	static const char *const names[CALL_COUNT] = {
#define CALL_NAME(name) [CALL_##name] = #name,
		CALLS(CALL_NAME)
#undef CALL_NAME
	};
	json_t *object = json_object();

	for (int i = 0; i < CALL_COUNT; i++) {
		uint64_t count = load(&calls->count[i]);

		if (count > 0)
			json_object_set_new(object, names[i], record_u64(count));
	}
	return object;
}

static json_t *connections_object(const struct calls *calls)
{
	uint64_t accepted, closed;

	calls_connections(calls, &accepted, &closed);
	return json_pack("{so so so so}", "accepted", record_u64(accepted), "closed",
		record_u64(closed), "refused", record_u64(load(&calls->refused)), "held",
		record_u64(accepted - closed));
}

/* flags: the backend's. */
static json_t *counters_object(const struct calls *calls, unsigned flags)
{
	const struct {
		const char *name;
		const uint64_t *counter;
	} counters[] = {
		{"bytes_rx", &calls->bytes_rx},
		{"bytes_tx", &calls->bytes_tx},
		{"wakeups", &calls->wakeups},
		{"events", &calls->events},
		{"eagain_accept", &calls->eagain_accept},
		{"eagain_recv", &calls->eagain_recv},
		{"eagain_send", &calls->eagain_send},
		{"wait_bytes", &calls->wait_bytes},
		{"connection_errors", &calls->connection_errors},
		{"accept_pauses", &calls->accept_pauses},
	};
	json_t *object = json_object();

	for (size_t i = 0; i < sizeof(counters) / sizeof(counters[0]); i++)
		json_object_set_new(
			object, counters[i].name, record_u64(load(counters[i].counter)));
	json_object_set_new(object, "cq_overflows",
		flags & BACKEND_COMPLETIONS ? record_u64(load(&calls->cq_overflows))
					    : json_null());
	return object;
}

json_t *control_snapshot(const struct worker *worker, bool settled)
{
	const struct calls *calls = &worker->calls;
	struct usage usage = {0};

	/* Every thread but this one, which is the control side. */
	int error = usage_read(getpid(), gettid(), &usage);

	return json_pack("{ss so sb so so so so}", "event", "snapshot", "at_ns",
		record_u64(clock_now_ns()), "settled", (int)settled, "connections",
		connections_object(calls), "counters",
		counters_object(calls, worker->backend->flags), "calls",
		control_calls(calls), "usage",
		error == 0 ? record_from_usage(&usage) : json_null());
}

json_t *control_reason(const char *event, const char *backend, const char *reason)
{
	json_t *text = json_string(reason); /* NULL where it is no UTF-8 */
	json_t *object = json_pack("{ss so}", "event", event, "reason",
		text ? text : json_string("see stderr"));

	if (backend)
		json_object_set_new(object, "backend", json_string(backend));
	return object;
}

/*
 * Waits until stdout takes something. A pipe that does takes a page at least (pipe(7)),
 * which is more than any event. False: interrupt_fd was first.
 */
static bool await_room(int interrupt_fd)
{
	struct pollfd wait[] = {
		{.fd = STDOUT_FILENO, .events = POLLOUT},
		{.fd = interrupt_fd, .events = POLLIN},
	};
	int ready;

	do
		ready = poll(wait, 2, interrupt_fd < 0 ? 0 : -1);
	while (ready < 0 && errno == EINTR);
	return wait[0].revents != 0;
}

int control_tell(json_t *event, int interrupt_fd)
{
	int error = await_room(interrupt_fd) ? jsonl_write(STDOUT_FILENO, event) : 0;

	json_decref(event);
	return error;
}

static int answer_snapshot(
	const struct worker *worker, const json_t *command, int interrupt_fd)
{
	uint64_t settle_ms = 0;

	if (json_object_get(command, "settle_ms")) {
		struct problem problem = {0};

		if (record_get_u64(command, "settle_ms", &settle_ms, &problem) < 0 ||
			settle_ms > SETTLE_MS_MAX)
			return control_tell(
				control_reason("error", NULL,
					"'settle_ms' takes 0 to 60000 milliseconds"),
				interrupt_fd);
	}
	bool settled = settle_ms > 0 &&
		       worker_settle(worker, clock_now_ns() + settle_ms * NS_PER_MS,
			       interrupt_fd);
	return control_tell(control_snapshot(worker, settled), interrupt_fd);
}

int control_answer(const struct worker *worker, const json_t *command, int interrupt_fd)
{
	const char *name = "";
	struct problem problem = {0};

	if (record_get_string(command, "cmd", &name, &problem) < 0)
		return control_tell(
			control_reason("error", NULL, problem.text), interrupt_fd);
	if (strcmp(name, "stop") == 0)
		return 1;
	if (strcmp(name, "snapshot") == 0)
		return answer_snapshot(worker, command, interrupt_fd);
	return control_tell(
		control_reason("error", NULL, "unknown command: snapshot or stop"),
		interrupt_fd);
}
