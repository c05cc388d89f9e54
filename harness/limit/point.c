/* point.c - one point of the limit, measured in this very process. */
#include "harness/limit/point.h"

#include "common/clock.h"
#include "common/cpu.h"
#include "common/exit_status.h"
#include "common/jsonl.h"
#include "common/records.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#define WARMUP_NS_MAX (200 * NS_PER_MS)

enum {
	WARMUP_SHARE = 4, /* of the duration, one in so many */
	/* between two looks at the clock, so that they cost nothing */
	ROUND_TRIPS_A_LOOK = 64,
};

/* What a point consists of while it is measured. */
struct bench {
	const struct limit_way *way;
	struct limit_ends ends;
	void *state;
	struct limit_calls calls;
};

uint64_t limit_warmup_ns(uint64_t duration_ns)
{
	uint64_t share_ns = duration_ns / WARMUP_SHARE;

	return share_ns < WARMUP_NS_MAX ? share_ns : WARMUP_NS_MAX;
}

static int make_rounds(struct bench *bench, uint64_t rounds, struct problem *problem)
{
	int error = 0;

	for (uint64_t i = 0; i < rounds && error == 0; i++) {
		limit_ends_begin_round(&bench->ends);
		error = bench->way->round(
			bench->state, &bench->ends, &bench->calls, problem);
	}
	return error;
}

static int make_rounds_for(
	struct bench *bench, uint64_t duration_ns, struct problem *problem)
{
	uint64_t rounds_a_look =
		(ROUND_TRIPS_A_LOOK + bench->ends.count - 1) / bench->ends.count;
	uint64_t begin_ns = clock_now_ns();
	int error = 0;

	while (error == 0 && clock_now_ns() - begin_ns < duration_ns)
		error = make_rounds(bench, rounds_a_look, problem);
	return error;
}

static int read_usage(struct usage *usage, struct problem *problem)
{
	int error = usage_read(getpid(), 0, usage);

	return error < 0 ? problem_set(problem, error, "cannot read /proc/self: %s",
				   strerror(-error))
			 : 0;
}

static int measure(struct bench *bench, const struct limit_point_order *order,
	struct limit_point *point, struct problem *problem)
{
	struct usage before, after;
	uint64_t begin_ns = 0, rounds_before = 0;
	int error = order->rounds > 0
			    ? 0
			    : make_rounds_for(bench, limit_warmup_ns(order->duration_ns),
				      problem);

	bench->calls = (struct limit_calls){0};
	rounds_before = bench->ends.rounds;
	if (error == 0)
		error = read_usage(&before, problem);
	begin_ns = clock_now_ns();
	if (error == 0)
		error = order->rounds > 0
				? make_rounds(bench, order->rounds, problem)
				: make_rounds_for(bench, order->duration_ns, problem);
	point->measured_ns = clock_now_ns() - begin_ns;
	if (error == 0)
		error = read_usage(&after, problem);
	if (error < 0)
		return error;
	point->round_trips = (bench->ends.rounds - rounds_before) * bench->ends.count;
	point->calls = bench->calls;
	point->usage = usage_difference(&before, &after);
	return 0;
}

int limit_point_measure(struct limit_point *point, const struct limit_point_order *order,
	struct problem *problem)
{
	struct bench bench = {.way = order->way};
	int error = order->cpu < 0 ? 0 : cpu_pin_self(order->cpu);

	*point = (struct limit_point){0};
	if (error < 0)
		return problem_set(problem, error, "cannot stay on cpu %d: %s",
			order->cpu, strerror(-error));
	error = limit_ends_open(
		&bench.ends, order->connections, order->message_bytes, problem);
	if (error == 0 && order->way->open)
		error = order->way->open(&bench.state, &bench.ends, problem);
	if (error == 0)
		error = measure(&bench, order, point, problem);
	if (bench.state)
		order->way->close(bench.state);
	limit_ends_close(&bench.ends);
	return error;
}

/* ---- JSON ---- */

struct call_name {
	const char *name;
	size_t at; /* in struct limit_calls */
};

static const struct call_name call_names[] = {
	{"sendto", offsetof(struct limit_calls, send)},
	{"recvfrom", offsetof(struct limit_calls, recv)},
	{"io_uring_enter", offsetof(struct limit_calls, enter)},
};

enum { CALL_NAMES = sizeof(call_names) / sizeof(*call_names) };

static uint64_t *call_at(const struct limit_calls *calls, size_t i)
{
	return (uint64_t *)((char *)calls + call_names[i].at);
}

json_t *limit_calls_json(const struct limit_calls *calls)
{
	json_t *object = json_object();

	for (size_t i = 0; i < CALL_NAMES; i++)
		if (*call_at(calls, i) > 0)
			json_object_set_new(object, call_names[i].name,
				record_u64(*call_at(calls, i)));
	return object;
}

json_t *limit_point_json(
	const struct limit_point *point, const struct limit_point_order *order)
{
	return json_pack("{ss ss so so so so so so}", "event", "limit", "way",
		order->way->name, "connections_active", record_u64(order->connections),
		"message_bytes", record_u64(order->message_bytes), "round_trips",
		record_u64(point->round_trips), "measured_ns",
		record_u64(point->measured_ns), "calls", limit_calls_json(&point->calls),
		"usage", record_from_usage(&point->usage));
}

static int read_calls(
	const json_t *object, struct limit_calls *calls, struct problem *problem)
{
	int error = 0;

	for (size_t i = 0; i < CALL_NAMES && error == 0; i++)
		if (json_object_get(object, call_names[i].name))
			error = record_get_u64(
				object, call_names[i].name, call_at(calls, i), problem);
	return error;
}

/* Whether what was measured is what was asked for. */
static int check_identity(const struct limit_point_order *order, const json_t *object,
	struct problem *problem)
{
	uint64_t connections = 0, message_bytes = 0;
	const char *way = "";
	int error = record_get_string(object, "way", &way, problem);

	if (error == 0)
		error = record_get_u64(
			object, "connections_active", &connections, problem);
	if (error == 0)
		error = record_get_u64(object, "message_bytes", &message_bytes, problem);
	if (error == 0 && (strcmp(way, order->way->name) != 0 ||
				  connections != order->connections ||
				  message_bytes != order->message_bytes))
		error = problem_set(problem, -EBADMSG,
			"measured %.40s over %" PRIu64 " connections, which is not what "
			"was asked for",
			way, connections);
	return error;
}

int limit_point_read(struct limit_point *point, const struct limit_point_order *order,
	const json_t *object, struct problem *problem)
{
	json_t *calls = NULL, *usage = NULL;

	*point = (struct limit_point){0};
	int error = check_identity(order, object, problem);

	if (error == 0)
		error = record_get_u64(
			object, "round_trips", &point->round_trips, problem);
	if (error == 0)
		error = record_get_u64(
			object, "measured_ns", &point->measured_ns, problem);
	if (error == 0)
		error = record_get_object(object, "calls", &calls, problem);
	if (error == 0)
		error = read_calls(calls, &point->calls, problem);
	if (error == 0)
		error = record_get_object(object, "usage", &usage, problem);
	if (error == 0)
		error = record_to_usage(usage, &point->usage, problem);
	if (error == 0 && (point->round_trips == 0 || point->measured_ns == 0))
		error = problem_set(problem, -EBADMSG, "measured nothing");
	return error;
}

/* ---- the whole ---- */

struct outcome {
	int error;
	const char *event;
	enum exit_status status;
};

/* The last is for all others. */
static const struct outcome outcomes[] = {
	{-ENOTSUP, "unsupported", EXIT_STATUS_CANNOT_RUN},
	{-EMFILE, "skipped", EXIT_STATUS_SKIPPED},
	{0, "error", EXIT_STATUS_FAILED},
};

static const struct outcome *outcome_of(int error)
{
	const struct outcome *outcome = outcomes;

	while (outcome->error != 0 && outcome->error != error)
		outcome++;
	return outcome;
}

int limit_point_run(const struct limit_point_order *order, struct problem *problem)
{
	struct limit_point point;
	struct problem what = {""};
	int status = EXIT_STATUS_OK;
	json_t *object;
	int error = limit_point_measure(&point, order, &what);

	if (error == 0) {
		object = limit_point_json(&point, order);
	} else {
		const struct outcome *outcome = outcome_of(error);

		status = (int)outcome->status;
		object = json_pack(
			"{ss ss}", "event", outcome->event, "reason", what.text);
		problem_set(problem, error, "%s: %.480s", outcome->event, what.text);
	}
	int written = object ? jsonl_write(STDOUT_FILENO, object) : -ENOMEM;

	json_decref(object);
	if (written == 0)
		return status;
	problem_set(problem, written, "cannot write to stdout: %s", strerror(-written));
	return EXIT_STATUS_FAILED;
}
