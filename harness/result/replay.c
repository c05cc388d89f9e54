/* replay.c - a stored result made into plan, summary and verdicts again. */
#include "harness/result/replay.h"

#include "common/records.h"
#include "harness/trial/trial_json.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* ---- the plan, from config ---- */

/* A number, or a list of rising ones; null or left out: none. */
static int get_numbers(struct replay *replay, const json_t *config, enum plan_axis axis,
	struct plan_list *list, struct problem *problem)
{
	const char *name = plan_axis_name(axis);
	const json_t *value = json_object_get(config, name);
	uint64_t *numbers = replay->numbers[axis];
	size_t count = json_is_array(value) ? json_array_size(value) : 1;

	*list = (struct plan_list){.values = numbers};
	if (!value || json_is_null(value))
		return 0;
	if (count > REPLAY_LIST_MAX)
		return problem_set(problem, -EBADMSG, "config: '%s' has more than %d",
			name, REPLAY_LIST_MAX);
	for (size_t i = 0; i < count; i++) {
		const json_t *item =
			json_is_array(value) ? json_array_get(value, i) : value;
		json_int_t number = json_integer_value(item);

		if (!json_is_integer(item) || number < 0 ||
			(i > 0 && (uint64_t)number <= numbers[i - 1]))
			return problem_set(problem, -EBADMSG,
				"config: '%s' is no list of rising whole numbers", name);
		numbers[i] = (uint64_t)number;
	}
	list->count = count;
	return 0;
}

static int get_backends(struct replay *replay, const json_t *config, size_t *count,
	struct problem *problem)
{
	const json_t *name, *names = json_object_get(config, "backends");
	size_t i;

	*count = json_array_size(names);
	if (*count == 0 || *count > REPLAY_BACKENDS_MAX)
		return problem_set(problem, -EBADMSG,
			"config: 'backends' is no list of 1 to %d", REPLAY_BACKENDS_MAX);
	json_array_foreach(names, i, name)
	{
		replay->backends[i] = json_string_value(name);
		if (!replay->backends[i])
			return problem_set(problem, -EBADMSG,
				"config: 'backends' holds something else than strings");
	}
	return 0;
}

/* What older results do not say is what they could do only. */
static int get_workload(
	struct replay *replay, const json_t *config, struct problem *problem)
{
	struct workload *workload = &replay->workload;
	const char *name;
	int error = 0;

	*workload = (struct workload){.churn_requests = 1};
	if ((name = json_string_value(json_object_get(config, "workload"))))
		error = workload_kind_parse(name, &workload->kind, problem);
	if (error == 0 &&
		(name = json_string_value(json_object_get(config, "active_set"))))
		error = active_set_parse(name, &workload->active_set, problem);
	if (error == 0 && (name = json_string_value(json_object_get(config, "engine"))))
		error = engine_parse(name, &workload->engine, problem);
	if (error == 0 && (name = json_string_value(json_object_get(config, "arrival"))))
		error = arrival_parse(name, &workload->arrival, problem);
	if (error == 0 && json_is_integer(json_object_get(config, "churn_requests")))
		error = record_get_u64(
			config, "churn_requests", &workload->churn_requests, problem);
	if (error == 0)
		error = record_get_string(config, "placement", &name, problem);
	if (error == 0)
		error = placement_parse(name, &replay->placement, problem);
	return error < 0 ? -EBADMSG : 0;
}

static int make_plan(struct replay *replay, const json_t *root, struct problem *problem)
{
	struct plan_axes axes = {.backends = replay->backends};
	json_t *config, *run;
	int error = record_get_object(root, "config", &config, problem);

	if (error == 0)
		error = record_get_object(root, "run", &run, problem);
	if (error == 0)
		error = record_get_u64(run, "seed", &axes.seed, problem);
	if (error == 0)
		error = record_get_u64(config, "blocks", &axes.blocks, problem);
	if (error == 0)
		error = get_backends(replay, config, &axes.backend_count, problem);
	for (int axis = 0; axis < PLAN_AXES && error == 0; axis++)
		error = get_numbers(
			replay, config, (enum plan_axis)axis, &axes.lists[axis], problem);
	if (error == 0)
		error = get_workload(replay, config, problem);
	if (error == 0 && axes.blocks == 0)
		error = problem_set(problem, -EBADMSG, "config: 'blocks' is 0");
	if (error < 0)
		return error;
	error = plan_make(&replay->plan, &axes, problem);
	return error == -EINVAL ? -EBADMSG : error;
}

/* ---- the trials ---- */

static int check_place(const struct plan *plan, const struct trial *trial, size_t cell,
	struct problem *problem)
{
	if (trial->block < 1 || trial->block > plan->axes.blocks ||
		trial->order_in_block < 1 || trial->order_in_block > plan->cell_count)
		return problem_set(problem, -EBADMSG,
			"trial %" PRIu64 ".%02" PRIu64 " is outside of the plan",
			trial->block, trial->order_in_block);
	if (cell == plan->cell_count)
		return problem_set(problem, -EBADMSG,
			"trial %" PRIu64 ".%02" PRIu64 " is of no cell of the plan",
			trial->block, trial->order_in_block);
	return 0;
}

int replay_pair_take(struct replay_pair *pair, const struct plan *plan,
	const json_t *record, size_t *cell, struct problem *problem)
{
	struct trial *trial = pair->trial;
	struct cell before = trial->cell;
	uint64_t block = trial->block, place = trial->order_in_block;
	enum window_role role;
	int error = trial_from_json(trial, record, &role, problem);

	if (error < 0)
		return error;
	*cell = plan_find(plan, &trial->cell);
	error = check_place(plan, trial, *cell, problem);
	if (error < 0)
		return error;
	trial->cell = plan->cells[*cell]; /* its name lives longer than the record's */
	bool second = pair->half;

	pair->half = role == WINDOW_TIMED;
	if (second != (role == WINDOW_COUNTED) ||
		(second && (block != trial->block || place != trial->order_in_block ||
				   memcmp(&before, &trial->cell, sizeof(before)) != 0)))
		return problem_set(problem, -EBADMSG,
			"trial %" PRIu64 ".%02" PRIu64
			": a trial has two records, the timed one and then the counted "
			"one",
			trial->block, trial->order_in_block);
	if (!second)
		return 0;
	bool *done = &pair->done[(trial->block - 1) * plan->cell_count +
				 trial->order_in_block - 1];

	if (*done)
		return problem_set(problem, -EBADMSG,
			"trial %" PRIu64 ".%02" PRIu64 " is there twice", trial->block,
			trial->order_in_block);
	*done = true;
	return 1;
}

static int take_trials(
	struct replay *replay, const json_t *trials, struct problem *problem)
{
	struct replay_pair pair = {
		.trial = calloc(1, sizeof(*pair.trial)),
		.done = calloc(replay->plan.trial_count, sizeof(*pair.done)),
	};
	const json_t *record;
	size_t i, cell;
	int error = pair.trial && pair.done
			    ? 0
			    : problem_set(problem, -ENOMEM, "out of memory");

	json_array_foreach(trials, i, record)
	{
		if (error < 0)
			break;
		struct problem what = {""};

		error = replay_pair_take(&pair, &replay->plan, record, &cell, &what);
		if (error < 0)
			problem_set(problem, error, "trials[%zu]: %.300s", i, what.text);
		else if (error > 0)
			error = summary_add(&replay->summary, cell, pair.trial);
	}
	free(pair.trial);
	free(pair.done);
	return error;
}

int replay_result(struct replay *replay, const json_t *root, struct problem *problem)
{
	*replay = (struct replay){0};
	int error = make_plan(replay, root, problem);

	if (error == 0 && summary_make(&replay->summary, &replay->plan) < 0)
		error = problem_set(problem, -ENOMEM, "out of memory for the summary");
	if (error == 0)
		error = take_trials(replay, json_object_get(root, "trials"), problem);
	if (error == 0 &&
		verdicts_make(&replay->verdicts, &replay->plan, &replay->summary) < 0)
		error = problem_set(problem, -ENOMEM, "out of memory for the verdicts");
	return error;
}

void replay_free(struct replay *replay)
{
	verdicts_free(&replay->verdicts);
	summary_free(&replay->summary);
	plan_free(&replay->plan);
	*replay = (struct replay){0};
}
