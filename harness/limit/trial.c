/* trial.c - one trial of a way of the limit. */
#include "harness/limit/trial.h"

#include "common/clock.h"
#include "common/records.h"
#include "harness/text.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define ANSWER_WAIT_NS (60 * NS_PER_S) /* beside the duration */
#define END_WAIT_NS    (5 * NS_PER_S)

/* ---- one process ---------------------------------------------------------------- */

static int start(struct peer *process, const struct limit_setting *setting,
	const struct limit_point_order *order, struct problem *problem)
{
	char active[24], bytes[24], duration[32], cpu[16];
	const char *argv[] = {"muxbench", "limit", "--point", order->way->name,
		"--active", active, "--message-bytes", bytes, "--duration", duration,
		"--cpu", cpu, NULL};

	snprintf(active, sizeof(active), "%zu", order->connections);
	snprintf(bytes, sizeof(bytes), "%zu", order->message_bytes);
	snprintf(duration, sizeof(duration), "%" PRIu64 "us",
		(uint64_t)(order->duration_ns / NS_PER_US));
	snprintf(cpu, sizeof(cpu), "%d", order->cpu);
	return peer_start(process, setting->launcher, argv, problem);
}

static void decide(
	struct limit_trial *trial, enum trial_status status, const char *reason)
{
	trial->status = status;
	problem_set(&trial->reason, 0, "%s", reason);
	text_one_line(trial->reason.text);
}

/* What the one thing that the process said means. */
static void take_event(struct limit_trial *trial, const struct limit_point_order *order,
	const json_t *answer, const char *event)
{
	struct problem what = {""};

	if (strcmp(event, "skipped") == 0)
		decide(trial, TRIAL_SKIPPED, peer_reason(answer));
	else if (strcmp(event, "unsupported") == 0)
		decide(trial, TRIAL_UNSUPPORTED, peer_reason(answer));
	else if (strcmp(event, "limit") != 0)
		decide(trial, TRIAL_FAILED, peer_reason(answer));
	else if (limit_point_read(&trial->point, order, answer, &what) < 0)
		decide(trial, TRIAL_FAILED, what.text);
}

static void fail_by_end(struct limit_trial *trial, const struct peer *process)
{
	char end[80], reason[160];

	child_describe_end(&process->child, end, sizeof(end));
	snprintf(reason, sizeof(reason), "the process ended in the middle: %s", end);
	decide(trial, TRIAL_FAILED, reason);
}

/* Hears the answer and sees the process end. 0, or -ECANCELED. */
static int converse(struct limit_trial *trial, const struct limit_point_order *order,
	struct peer *process)
{
	json_t *answer = NULL;
	const char *event;
	struct problem what = {""};
	int error = peer_hear_event(
		process, order->duration_ns + ANSWER_WAIT_NS, &answer, &event, &what);

	if (error == -ECANCELED)
		return error;
	if (error < 0)
		decide(trial, TRIAL_FAILED, what.text);
	else
		take_event(trial, order, answer, event);
	json_decref(answer);
	bool ended = child_wait(&process->child, -1, clock_now_ns() + END_WAIT_NS) == 0;
	bool measured = trial->status == TRIAL_OK;

	if (ended && (error == -EPIPE || (measured && !child_succeeded(&process->child))))
		fail_by_end(trial, process);
	else if (measured && !ended)
		decide(trial, TRIAL_FAILED, "the process did not end");
	return 0;
}

int limit_trial_run(struct limit_trial *trial, const struct limit_setting *setting,
	const struct cell *cell, uint64_t block, uint64_t order_in_block)
{
	struct limit_point_order order = {
		.way = limit_way_find(cell->backend),
		.connections = (size_t)cell->connections_active,
		.message_bytes = (size_t)cell->message_bytes,
		.duration_ns = setting->duration_ns,
		.cpu = setting->placement->server_cpu,
	};
	struct problem what = {""};
	struct peer process;

	*trial = (struct limit_trial){
		.cell = cell,
		.block = block,
		.order_in_block = order_in_block,
	};
	int error = start(&process, setting, &order, &what);

	if (error == 0)
		error = converse(trial, &order, &process);
	else
		decide(trial, TRIAL_FAILED, what.text);
	peer_end(&process);
	return error == -ECANCELED ? error : 0;
}

/* ---- the record ----------------------------------------------------------------- */

static void set_measured(json_t *record, const struct limit_trial *trial)
{
	static const char *const names[] = {
		"round_trips", "measured_ns", "calls", "usage"};
	const struct limit_point *point = &trial->point;

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		json_object_set_new(record, names[i], json_null());
	if (trial->status != TRIAL_OK)
		return;
	json_object_set_new(record, "round_trips", record_u64(point->round_trips));
	json_object_set_new(record, "measured_ns", record_u64(point->measured_ns));
	json_object_set_new(record, "calls", limit_calls_json(&point->calls));
	json_object_set_new(record, "usage", record_from_usage(&point->usage));
}

json_t *limit_trial_json(
	const struct limit_trial *trial, const struct placement *placement)
{
	json_t *reasons = json_array();

	if (*trial->reason.text)
		json_array_append_new(reasons, text_json(trial->reason.text));
	json_t *record = json_pack("{so so so ss so so ss so s{ss si}}", "trial_id",
		json_sprintf(
			"%" PRIu64 ".%02" PRIu64, trial->block, trial->order_in_block),
		"block", record_u64(trial->block), "order_in_block",
		record_u64(trial->order_in_block), "way", trial->cell->backend,
		"connections_active", record_u64(trial->cell->connections_active),
		"message_bytes", record_u64(trial->cell->message_bytes), "status",
		trial_status_name(trial->status), "status_reasons", reasons, "placement",
		"kind", placement_name(placement->kind), "cpu", placement->server_cpu);

	set_measured(record, trial);
	return record;
}
