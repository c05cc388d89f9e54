/* plan.c - which trials a run makes, and in which order. */
#include "harness/trial/plan.h"

#include "common/random.h"
#include "harness/human.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct axis_words {
	const char *name;   /* in JSON */
	const char *unit;   /* behind a number */
	const char *suffix; /* in a file name, before the number */
};

static const struct axis_words axis_words[PLAN_AXES] = {
	[PLAN_IDLE] = {"connections_idle", " idle", "-idle-"},
	[PLAN_ACTIVE] = {"connections_active", " active", "-active-"},
	[PLAN_MESSAGE_BYTES] = {"message_bytes", " bytes", "-bytes-"},
	[PLAN_PIPELINE] = {"pipeline", " in flight", "-pipeline-"},
	[PLAN_RATE] = {"rate", " requests/s", "-rate-"},
};

/* The first of these with several values is x. */
static const enum plan_axis x_order[] = {
	PLAN_IDLE, PLAN_RATE, PLAN_ACTIVE, PLAN_MESSAGE_BYTES, PLAN_PIPELINE};

/* The slowest first: how groups follow each other. */
static const enum plan_axis group_order[] = {
	PLAN_ACTIVE, PLAN_MESSAGE_BYTES, PLAN_PIPELINE, PLAN_RATE, PLAN_IDLE};

static_assert(sizeof(group_order) / sizeof(*group_order) == PLAN_AXES, "");

const struct cell cell_default = {
	.connections_active = 1,
	.message_bytes = 64,
	.pipeline = 1,
};

static uint64_t *number_of(struct cell *cell, enum plan_axis axis)
{
	switch (axis) {
	case PLAN_ACTIVE:
		return &cell->connections_active;
	case PLAN_MESSAGE_BYTES:
		return &cell->message_bytes;
	case PLAN_PIPELINE:
		return &cell->pipeline;
	case PLAN_RATE:
		return &cell->rate;
	case PLAN_IDLE:
	case PLAN_AXES:
		break;
	}
	return &cell->connections_idle;
}

uint64_t cell_number(const struct cell *cell, enum plan_axis axis)
{
	struct cell copy = *cell;

	return *number_of(&copy, axis);
}

void cell_set_number(struct cell *cell, enum plan_axis axis, uint64_t number)
{
	*number_of(cell, axis) = number;
}

const char *plan_axis_name(enum plan_axis axis)
{
	return axis_words[axis].name;
}

size_t plan_cell(const struct plan *plan, size_t backend, size_t group, size_t x)
{
	return (backend * plan->group_count + group) * plan->x_count + x;
}

/* ---- making a plan ---- */

static size_t length(const struct plan_list *list)
{
	return list->count ? list->count : 1;
}

static void choose_x(struct plan *plan)
{
	const struct plan_list *lists = plan->axes.lists;

	plan->x = PLAN_IDLE;
	for (size_t i = PLAN_AXES; i-- > 0;)
		if (lists[x_order[i]].count > 1)
			plan->x = x_order[i];
	plan->x_count = length(&lists[plan->x]);
	plan->group_count = 1;
	for (int axis = 0; axis < PLAN_AXES; axis++)
		if (axis != (int)plan->x)
			plan->group_count *= length(&lists[axis]);
}

static void set_from_list(
	const struct plan *plan, struct cell *cell, enum plan_axis axis, size_t index)
{
	const struct plan_list *list = &plan->axes.lists[axis];

	if (list->count > 0)
		cell_set_number(cell, axis, list->values[index]);
}

static struct cell cell_at(
	const struct plan *plan, size_t backend, size_t group, size_t x)
{
	struct cell cell = cell_default;

	cell.backend = plan->axes.backends[backend];
	set_from_list(plan, &cell, plan->x, x);
	for (size_t i = PLAN_AXES; i-- > 0;) {
		enum plan_axis axis = group_order[i];
		size_t count = length(&plan->axes.lists[axis]);

		if (axis == plan->x)
			continue;
		set_from_list(plan, &cell, axis, group % count);
		group /= count;
	}
	return cell;
}

static void fill_cells(struct plan *plan)
{
	for (size_t b = 0; b < plan->axes.backend_count; b++)
		for (size_t g = 0; g < plan->group_count; g++)
			for (size_t x = 0; x < plan->x_count; x++)
				plan->cells[plan_cell(plan, b, g, x)] =
					cell_at(plan, b, g, x);
}

/* Fisher and Yates: every order is equally likely. */
static void shuffle(uint32_t *order, size_t count, struct random *random)
{
	for (size_t i = count; i > 1; i--) {
		size_t j = (size_t)random_below(random, i);
		uint32_t kept = order[i - 1];

		order[i - 1] = order[j];
		order[j] = kept;
	}
}

static void fill_order(struct plan *plan)
{
	struct random random = {plan->axes.seed};

	for (size_t first = 0; first < plan->trial_count; first += plan->cell_count) {
		for (size_t i = 0; i < plan->cell_count; i++)
			plan->order[first + i] = (uint32_t)i;
		shuffle(plan->order + first, plan->cell_count, &random);
	}
}

/* Lists are short (a few dozen values), so five of them cannot overflow. */
static size_t count_cells(const struct plan *plan)
{
	size_t count = plan->axes.backend_count;

	for (int axis = 0; axis < PLAN_AXES; axis++)
		if (count <= PLAN_TRIALS_MAX)
			count *= length(&plan->axes.lists[axis]);
	return count;
}

int plan_make(struct plan *plan, const struct plan_axes *axes, struct problem *problem)
{
	*plan = (struct plan){.axes = *axes};
	plan->cell_count = count_cells(plan);
	if (plan->cell_count == 0 || plan->cell_count > PLAN_TRIALS_MAX ||
		axes->blocks > PLAN_TRIALS_MAX / plan->cell_count) {
		*plan = (struct plan){0};
		return problem_set(problem, -EINVAL,
			"that makes more than %d trials: shorten --backends, --blocks or "
			"a list of numbers",
			PLAN_TRIALS_MAX);
	}
	choose_x(plan);
	plan->trial_count = plan->cell_count * (size_t)axes->blocks;
	plan->cells = calloc(plan->cell_count, sizeof(*plan->cells));
	plan->order = calloc(plan->trial_count, sizeof(*plan->order));
	if (!plan->cells || !plan->order) {
		plan_free(plan);
		return problem_set(problem, -ENOMEM, "out of memory for the plan");
	}
	fill_cells(plan);
	fill_order(plan);
	return 0;
}

void plan_free(struct plan *plan)
{
	free(plan->cells);
	free(plan->order);
	*plan = (struct plan){0};
}

/* ---- finding a cell ---- */

static size_t find_backend(const struct plan *plan, const char *backend)
{
	size_t i = 0;

	while (i < plan->axes.backend_count &&
		strcmp(plan->axes.backends[i], backend) != 0)
		i++;
	return i;
}

/* False: the axis has no such number. */
static bool find_number(
	const struct plan *plan, enum plan_axis axis, uint64_t number, size_t *index)
{
	const struct plan_list *list = &plan->axes.lists[axis];

	*index = 0;
	if (list->count == 0)
		return number == cell_number(&cell_default, axis);
	while (*index < list->count && list->values[*index] != number)
		++*index;
	return *index < list->count;
}

/* By its place on each axis: a plan may have very many cells, and a result as many
 * trials. */
size_t plan_find(const struct plan *plan, const struct cell *other)
{
	size_t backend = find_backend(plan, other->backend), group = 0, x = 0;
	bool found = backend < plan->axes.backend_count;

	for (size_t i = 0; i < PLAN_AXES && found; i++) {
		enum plan_axis axis = group_order[i];
		size_t index;

		found = find_number(plan, axis, cell_number(other, axis), &index);
		if (axis == plan->x)
			x = index;
		else
			group = group * length(&plan->axes.lists[axis]) + index;
	}
	return found ? plan_cell(plan, backend, group, x) : plan->cell_count;
}

/* ---- words ---- */

void plan_number_text(enum plan_axis axis, uint64_t number, char *text, size_t text_size)
{
	char count[HUMAN_BYTES];

	human_count(number, count, sizeof(count));
	snprintf(text, text_size, "%s%s", count, axis_words[axis].unit);
}

/* Whether a group's number on that axis is worth a word. */
static bool is_worth_saying(
	const struct plan *plan, const struct cell *cell, enum plan_axis axis)
{
	if (axis == plan->x)
		return false;
	if (axis == PLAN_ACTIVE || axis == PLAN_MESSAGE_BYTES || axis == PLAN_IDLE)
		return true;
	return cell_number(cell, axis) != cell_number(&cell_default, axis);
}

void plan_group_text(const struct plan *plan, size_t group, char *text, size_t text_size)
{
	static const enum plan_axis order[] = {
		PLAN_MESSAGE_BYTES, PLAN_IDLE, PLAN_ACTIVE, PLAN_PIPELINE, PLAN_RATE};
	const struct cell *cell = &plan->cells[plan_cell(plan, 0, group, 0)];
	size_t used = 0;

	*text = '\0';
	for (size_t i = 0; i < PLAN_AXES && used < text_size; i++) {
		char number[HUMAN_BYTES + 16];

		if (!is_worth_saying(plan, cell, order[i]))
			continue;
		plan_number_text(
			order[i], cell_number(cell, order[i]), number, sizeof(number));
		used += (size_t)snprintf(
			text + used, text_size - used, "%s%s", used ? ", " : "", number);
	}
}

void plan_group_suffix(
	const struct plan *plan, size_t group, char *text, size_t text_size)
{
	const struct cell *cell = &plan->cells[plan_cell(plan, 0, group, 0)];
	size_t used = 0;

	*text = '\0';
	for (size_t i = 0; i < PLAN_AXES && group > 0 && used < text_size; i++) {
		enum plan_axis axis = group_order[i];

		if (axis != plan->x && plan->axes.lists[axis].count > 1)
			used += (size_t)snprintf(text + used, text_size - used,
				"%s%" PRIu64, axis_words[axis].suffix,
				cell_number(cell, axis));
	}
}
