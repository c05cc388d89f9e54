/* trial.c - one trial of `muxbench waitcost`. */
#include "harness/waitcost/trial.h"

#include "common/clock.h"
#include "common/records.h"
#include "harness/process/backends.h"
#include "harness/text.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define ANSWER_WAIT_NS (60 * NS_PER_S)
#define END_WAIT_NS    (5 * NS_PER_S)

#define BATCHES    "9"
#define BATCH_TIME "500us"

/* ---- one server ---------------------------------------------------------------------
 */

static int start(struct peer *server, const struct waitcost_setting *setting,
	const struct waitcost_cell *cell, struct problem *problem)
{
	char descriptors[24], ready[24], cpu[16];
	const char *argv[] = {"muxbench-server", "--waitcost", "--backend", cell->backend,
		"--descriptors", descriptors, "--ready", ready, "--batches", BATCHES,
		"--batch-time", BATCH_TIME, "--cpu", cpu, NULL};
	enum { CPU_OPTION = 12 };

	snprintf(descriptors, sizeof(descriptors), "%" PRIu64, cell->descriptors);
	snprintf(ready, sizeof(ready), "%" PRIu64, cell->ready);
	snprintf(cpu, sizeof(cpu), "%d", setting->placement->server_cpu);
	if (setting->placement->server_cpu < 0)
		argv[CPU_OPTION] = NULL;
	return peer_start(server, setting->launcher, argv, problem);
}

static void decide(
	struct waitcost_trial *trial, enum trial_status status, const char *reason)
{
	trial->status = status;
	problem_set(&trial->reason, 0, "%s", reason);
	text_one_line(trial->reason.text);
}

/* Whether what the server measured is what it was asked for. */
static int check_identity(
	const struct waitcost_cell *cell, const json_t *measured, struct problem *problem)
{
	uint64_t descriptors = 0, ready = 0;
	const char *backend = "";
	int error = record_get_string(measured, "backend", &backend, problem);

	if (error == 0)
		error = record_get_u64(measured, "descriptors", &descriptors, problem);
	if (error == 0)
		error = record_get_u64(measured, "ready", &ready, problem);
	if (error == 0 && (descriptors != cell->descriptors || ready != cell->ready ||
				  !backends_is_wanted(cell->backend, backend)))
		error = problem_set(problem, -EBADMSG,
			"measured %.60s with %" PRIu64 " of %" PRIu64
			" ready, which is not what was asked for",
			backend, ready, descriptors);
	return error;
}

static void take_measured(struct waitcost_trial *trial, json_t *measured)
{
	struct problem what = {""};
	int error = check_identity(trial->cell, measured, &what);

	if (error == 0)
		error = waitcost_figures_read(&trial->figures, measured, &what);
	if (error < 0) {
		problem_set(&trial->reason, 0, "muxbench-server: %.480s", what.text);
		trial->status = TRIAL_FAILED;
		return;
	}
	trial->measured = json_incref(measured);
	if (trial->figures.trusted)
		return;
	trial->status = TRIAL_INVALID;
	problem_set(&trial->reason, 0,
		"others had the server's core in nearly all of its batches");
}

/* What the one thing that the server said means. */
static void take_event(struct waitcost_trial *trial, json_t *answer, const char *event)
{
	struct problem what;

	if (strcmp(event, "waitcost") == 0)
		take_measured(trial, answer);
	else if (strcmp(event, "skipped") == 0)
		decide(trial, TRIAL_SKIPPED, peer_reason(answer));
	else if (strcmp(event, "unsupported") == 0)
		decide(trial, TRIAL_UNSUPPORTED, peer_reason(answer));
	else {
		problem_set(&what, 0, "muxbench-server: %.480s", peer_reason(answer));
		decide(trial, TRIAL_FAILED, what.text);
	}
}

static void fail_by_end(struct waitcost_trial *trial, const struct peer *server)
{
	char end[80];

	child_describe_end(&server->child, end, sizeof(end));
	problem_set(&trial->reason, 0, "muxbench-server ended in the middle: %s", end);
	trial->status = TRIAL_FAILED;
}

/* Hears the answer and sees the process end. 0, or -ECANCELED. */
static int converse(struct waitcost_trial *trial, struct peer *server)
{
	json_t *answer = NULL;
	const char *event;
	struct problem what = {""};
	int error = peer_hear_event(server, ANSWER_WAIT_NS, &answer, &event, &what);

	if (error == -ECANCELED)
		return error;
	if (error < 0)
		decide(trial, TRIAL_FAILED, what.text);
	else
		take_event(trial, answer, event);
	json_decref(answer);
	bool ended = child_wait(&server->child, -1, clock_now_ns() + END_WAIT_NS) == 0;

	if (ended && (error == -EPIPE ||
			     (trial->measured && !child_succeeded(&server->child))))
		fail_by_end(trial, server);
	else if (trial->measured && !ended)
		decide(trial, TRIAL_FAILED, "muxbench-server did not end");
	return 0;
}

int waitcost_trial_run(struct waitcost_trial *trial,
	const struct waitcost_setting *setting, const struct waitcost_cell *cell,
	uint64_t block, uint64_t order_in_block)
{
	struct problem what = {""};
	struct peer server;

	*trial = (struct waitcost_trial){
		.cell = cell,
		.block = block,
		.order_in_block = order_in_block,
	};
	int error = start(&server, setting, cell, &what);

	if (error == 0)
		error = converse(trial, &server);
	else
		decide(trial, TRIAL_FAILED, what.text);
	peer_end(&server);
	return error == -ECANCELED ? error : 0;
}

void waitcost_trial_free(struct waitcost_trial *trial)
{
	json_decref(trial->measured);
	trial->measured = NULL;
}

/* ---- the record ---------------------------------------------------------------------
 */

json_t *waitcost_trial_json(
	const struct waitcost_trial *trial, const struct placement *placement)
{
	json_t *reasons = json_array();
	int cpu = placement->server_cpu;

	if (*trial->reason.text)
		json_array_append_new(reasons, text_json(trial->reason.text));
	json_t *record = json_pack("{so sI sI so sI sI ss so so}", "trial_id",
		json_sprintf(
			"%" PRIu64 ".%03" PRIu64, trial->block, trial->order_in_block),
		"block", (json_int_t)trial->block, "order_in_block",
		(json_int_t)trial->order_in_block, "backend",
		text_json(trial->cell->backend), "descriptors",
		(json_int_t)trial->cell->descriptors, "ready",
		(json_int_t)trial->cell->ready, "status",
		trial_status_name(trial->status), "status_reasons", reasons, "placement",
		json_pack("{ss so sb}", "kind", placement_name(placement->kind),
			"server_cpu", cpu < 0 ? json_null() : json_integer(cpu), "pinned",
			cpu >= 0));
	static const char *const members[] = {"edge_triggered", "descriptor_highest",
		"clock_read_ns", "wait", "interest"};

	for (size_t i = 0; i < sizeof(members) / sizeof(*members); i++) {
		json_t *member = json_object_get(trial->measured, members[i]);

		json_object_set_new(
			record, members[i], member ? json_incref(member) : json_null());
	}
	return record;
}
