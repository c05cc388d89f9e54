/* trials.c - trials one by one: left out, doubtful, and all of them. */
#include "harness/report/content.h"

#include "harness/report/numbers.h"
#include "harness/report/style.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- above everything else ---- */

static void warn_count(struct report *report, struct report_writer *writer,
	enum trial_status status, const char *what)
{
	size_t count = summary_count(&report->replay.summary, status);

	if (count > 0)
		writer_warning(writer,
			report_text(&report->memory,
				"%zu of %zu trials %s, and in no figure: see Trials.",
				count, report->trial_count, what));
}

void content_warnings(struct report *report, struct report_writer *writer)
{
	const json_t *environment = json_object_get(report->root, "environment");
	const json_t *warnings = json_object_get(environment, "warnings"), *item;
	size_t i;

	if (json_is_true(
		    json_object_get(json_object_get(report->root, "run"), "interrupted")))
		writer_warning(writer,
			report_text(&report->memory,
				"The run was interrupted: %zu of %zu trials "
				"were made.",
				report->trial_count, report->replay.plan.trial_count));
	warn_count(report, writer, TRIAL_INVALID,
		"are invalid: measured, but not to be trusted");
	warn_count(report, writer, TRIAL_FAILED, "failed");
	json_array_foreach(warnings, i, item)
	{
		if (json_is_string(item))
			writer_warning(writer, json_string_value(item));
	}
}

/* ---- those left out ---- */

/* "1,000 idle, 50 active" */
static const char *cell_words(struct report *report, const struct cell *cell)
{
	const char *words = report_text(&report->memory, "%s idle, %s active",
		report_count((double)cell->connections_idle).text,
		report_count((double)cell->connections_active).text);

	for (int axis = PLAN_MESSAGE_BYTES; axis < PLAN_AXES; axis++) {
		uint64_t number = cell_number(cell, (enum plan_axis)axis);
		char text[64];

		if (report->replay.plan.axes.lists[axis].count < 2)
			continue;
		plan_number_text((enum plan_axis)axis, number, text, sizeof(text));
		words = report_text(&report->memory, "%s, %s", words, text);
	}
	return words;
}

/* All reasons of both windows, each once. */
static const char *reasons(struct report *report, const struct report_trial *trial)
{
	const char *words = "";

	for (int role = 0; role < WINDOW_COUNT; role++) {
		const json_t *item,
			*list = json_object_get(trial->records[role], "status_reasons");
		size_t i;

		json_array_foreach(list, i, item)
		{
			const char *reason = json_string_value(item);

			if (i == WINDOW_REASONS_MAX)
				break; /* no window of ours has more */
			if (!reason || strstr(words, reason))
				continue;
			words = report_text(&report->memory, "%s%s%s", words,
				*words ? "; " : "", reason);
		}
	}
	return words;
}

/*
 * What became of a trial that is in no figure; then, merged, of the trials of a cell, and
 * of cells along x.
 */
struct fate {
	size_t curve; /* backend and group: equal along x */
	size_t x;
	enum trial_status status;
	const char *reasons;
	const char *blocks; /* "1, 4" or "all" */
	const char *places; /* along x: "1,000; 3,000" */
};

static int compare(size_t a, size_t b)
{
	return (a > b) - (a < b);
}

static int by_cell(const void *a, const void *b)
{
	const struct fate *x = a, *y = b;
	int order = compare(x->curve, y->curve);

	if (order == 0)
		order = compare(x->x, y->x);
	if (order == 0)
		order = compare(x->status, y->status);
	return order ? order : strcmp(x->reasons, y->reasons);
}

static int by_curve(const void *a, const void *b)
{
	const struct fate *x = a, *y = b;
	int order = compare(x->curve, y->curve);

	if (order == 0)
		order = compare(x->status, y->status);
	if (order == 0)
		order = strcmp(x->reasons, y->reasons);
	if (order == 0)
		order = strcmp(x->blocks, y->blocks);
	return order ? order : compare(x->x, y->x);
}

/* Of every trial that is not ok; how many. They are in the order of the plan's cells. */
static size_t find_fates(struct report *report, struct fate *fates)
{
	size_t count = 0, places = report->replay.plan.x_count;

	for (size_t t = 0; t < report->trial_count; t++) {
		const struct report_trial *trial = &report->trials[t];

		if (trial->status == TRIAL_OK)
			continue;
		fates[count++] = (struct fate){
			.curve = trial->cell / places,
			.x = trial->cell % places,
			.status = trial->status,
			.reasons = reasons(report, trial),
			.blocks = report_text(&report->memory, "%llu",
				(unsigned long long)trial->block),
			.places = report_text(&report->memory, "%s",
				report_count(
					(double)cell_number(
						&report->replay.plan.cells[trial->cell],
						report->replay.plan.x))
					.text),
		};
	}
	return count;
}

/* Joins neighbours of one cell: their blocks. How many are left. */
static size_t merge_blocks(struct report *report, struct fate *fates, size_t count)
{
	size_t kept = 0, joined = 1;

	for (size_t i = 0; i < count; i++) {
		struct fate *last = kept > 0 ? &fates[kept - 1] : NULL;

		if (last && by_cell(last, &fates[i]) == 0) {
			last->blocks = report_text(
				&report->memory, "%s, %s", last->blocks, fates[i].blocks);
			joined++;
		} else {
			fates[kept++] = fates[i];
			last = &fates[kept - 1];
			joined = 1;
		}
		if (joined > 1 && joined == report->replay.plan.axes.blocks)
			last->blocks = "all";
	}
	return kept;
}

/* Joins neighbours that differ in their place along x only. How many are left. */
static size_t merge_places(struct report *report, struct fate *fates, size_t count)
{
	size_t kept = 0;

	for (size_t i = 0; i < count; i++) {
		struct fate *last = kept > 0 ? &fates[kept - 1] : NULL;
		size_t x = fates[i].x;

		if (last)
			fates[i].x = last->x; /* to be compared without it */
		if (last && by_curve(last, &fates[i]) == 0) {
			last->places = report_text(
				&report->memory, "%s; %s", last->places, fates[i].places);
			continue;
		}
		fates[i].x = x;
		fates[kept++] = fates[i];
	}
	return kept;
}

static void put_fate(
	struct report *report, struct report_table *table, const struct fate *fate)
{
	const struct plan *plan = &report->replay.plan;
	char text[160];

	plan_group_text(plan, fate->curve % plan->group_count, text, sizeof(text));
	report_table_put(
		table, "%s", plan->axes.backends[fate->curve / plan->group_count]);
	report_table_put(table, "%s", fate->places);
	report_table_note(table, "%s", text);
	report_table_put(table, "%s", fate->blocks);
	report_table_put(table, "%s", trial_status_name(fate->status));
	report_table_put(table, "%s", fate->reasons);
}

static void put_left_out(struct report *report, struct report_writer *writer)
{
	const struct plan *plan = &report->replay.plan;
	struct report_table table = {.memory = &report->memory,
		.title = "Trials that are in no figure, and why"};
	struct fate *fates =
		report_take(&report->memory, (report->trial_count + 1) * sizeof(*fates));
	size_t count = fates ? find_fates(report, fates) : 0;

	if (count == 0) {
		writer_paragraph(writer, "Every trial is ok, and in the figures.");
		return;
	}
	qsort(fates, count, sizeof(*fates), by_cell);
	count = merge_blocks(report, fates, count);
	qsort(fates, count, sizeof(*fates), by_curve);
	count = merge_places(report, fates, count);
	report_table_column(&table, false, "backend");
	report_table_column(&table, false, "%s",
		plan->x == PLAN_IDLE ? "idle connections" : report_x_title(report));
	report_table_column(&table, false, "blocks");
	report_table_column(&table, false, "status");
	report_table_column(&table, false, "reason");
	for (size_t i = 0; i < count; i++)
		put_fate(report, &table, &fates[i]);
	writer_table(writer, &table);
}

/* ---- those with a flag ---- */

static const char *flag_words(const char *flag)
{
	if (strcmp(flag, "latency_invalid") == 0)
		return "latency left out";
	if (strcmp(flag, "client_saturated") == 0)
		return "latency and throughput left out";
	if (strcmp(flag, "overload") == 0)
		return "latency left out";
	return "nothing: a warning";
}

static void put_flagged(struct report *report, struct report_writer *writer)
{
	struct report_table table = {.memory = &report->memory,
		.title = "Trials that are ok, with a reservation"};

	report_table_column(&table, false, "trial");
	report_table_column(&table, false, "backend");
	report_table_column(&table, false, "at");
	report_table_column(&table, false, "consequence");
	report_table_column(&table, false, "why");
	for (size_t t = 0; t < report->trial_count; t++) {
		const struct report_trial *trial = &report->trials[t];
		const struct cell *cell = &report->replay.plan.cells[trial->cell];
		const json_t *record = trial->records[WINDOW_TIMED], *flag;
		size_t i;

		json_array_foreach(json_object_get(record, "flags"), i, flag)
		{
			const char *name = json_string_value(flag);
			const char *note = json_string_value(
				json_array_get(json_object_get(record, "notes"), i));

			if (!name || trial->status != TRIAL_OK)
				continue;
			report_table_put(&table, "%llu.%02llu",
				(unsigned long long)trial->block,
				(unsigned long long)trial->order_in_block);
			report_table_put(&table, "%s", cell->backend);
			report_table_put(&table, "%s", cell_words(report, cell));
			report_table_put(&table, "%s", flag_words(name));
			report_table_put(&table, "%s", note ? note : name);
		}
	}
	writer_table(writer, &table);
}

/* ---- all ---- */

/* A number somewhere in a record, divided; NAN where it is not there. */
static double share_of(const json_t *record, const char *member, const char *key)
{
	const json_t *value = json_object_get(json_object_get(record, member), key);
	double window = json_number_value(json_object_get(record, "measured_ns"));

	return json_is_number(value) && window > 0 ? json_number_value(value) / window
						   : NAN;
}

static double number_of(const json_t *record, const char *member, const char *key)
{
	const json_t *object = *member ? json_object_get(record, member) : record;
	const json_t *value = json_object_get(object, key);

	return json_is_number(value) ? json_number_value(value) : NAN;
}

static void put_trial(struct report *report, struct report_table *table,
	const struct report_trial *trial)
{
	const struct plan *plan = &report->replay.plan;
	const struct cell *cell = &plan->cells[trial->cell];
	const json_t *timed = trial->records[WINDOW_TIMED];

	report_table_put(table, "%llu.%02llu", (unsigned long long)trial->block,
		(unsigned long long)trial->order_in_block);
	report_table_put(table, "%s", cell->backend);
	report_table_put(table, "%s", cell_words(report, cell));
	report_table_put(table, "%s", trial_status_name(trial->status));
	report_table_put(table, "%s",
		report_count(number_of(timed, "counters", "requests_completed")).text);
	report_table_put(table, "%s", report_ns(trial->cost_ns).text);
	report_table_put(table, "%s", report_ns(trial->p50_ns).text);
	report_table_put(table, "%s", report_ns(trial->p99_ns).text);
	report_table_put(table, "%s", report_rate(trial->requests_per_s).text);
	report_table_put(table, "%s",
		report_percent(share_of(timed, "server", "run_delay_ns")).text);
	report_table_put(
		table, "%s", report_percent(share_of(timed, "client", "cpu_ns")).text);
	report_table_put(table, "%s",
		report_count(number_of(timed, "server", "ctx_switches_involuntary"))
			.text);
	report_table_put(table, "%s", report_ns(number_of(timed, "", "steal_ns")).text);
}

static void put_all(struct report *report, struct report_writer *writer)
{
	static const char *const numbers[] = {"requests", "server CPU", "p50", "p99",
		"requests/s", "run delay", "client CPU", "taken off the core", "stolen"};
	struct report_table table = {.memory = &report->memory};
	size_t shown = report_trials_shown(report);

	if (!writer->form->complete)
		return;
	report_table_column(&table, false, "trial");
	report_table_column(&table, false, "backend");
	report_table_column(&table, false, "at");
	report_table_column(&table, false, "status");
	for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++)
		report_table_column(&table, true, "%s", numbers[i]);
	for (size_t t = 0; t < shown; t++)
		put_trial(report, &table, &report->trials[t]);
	writer_fold(writer,
		report_text(&report->memory, "%s %zu trials, in the order they ran",
			shown < report->trial_count ? "The first" : "All", shown));
	writer_paragraph(writer,
		"Of timed windows. Run delay and client CPU are shares of the window: "
		"how long "
		"the server was ready and waited for its core, and how much of a core "
		"the load "
		"generator used. Stolen is what the hypervisor took meanwhile.");
	writer_table(writer, &table);
	writer_unfold(writer);
}

void content_trials(struct report *report, struct report_writer *writer)
{
	put_left_out(report, writer);
	put_flagged(report, writer);
	put_all(report, writer);
}
