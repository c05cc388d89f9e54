/* run.c - a result, read back and put in order. */
#include "harness/export/figures.h"

#include "common/records.h"
#include "harness/statistics/statistics.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- records -------------------------------------------------------------------- */

static int read_status(
	const json_t *record, enum trial_status *status, struct problem *problem)
{
	const char *name;
	int error = record_get_string(record, "status", &name, problem);

	for (int s = 0; s < TRIAL_STATUS_COUNT && error == 0; s++)
		if (strcmp(name, trial_status_name((enum trial_status)s)) == 0) {
			*status = (enum trial_status)s;
			return 0;
		}
	return error < 0 ? error
			 : problem_set(problem, -EBADMSG, "unknown status '%.40s'", name);
}

/* That every histogram can be read is checked here, so that no writer meets another. */
static int check_latencies(
	const json_t *record, struct histogram *scratch, struct problem *problem)
{
	static const char *const names[] = {"response", "service", "send_lag"};
	const json_t *latency = json_object_get(record, "latency");
	int error = 0;

	for (size_t i = 0; i < sizeof(names) / sizeof(*names) && error == 0; i++) {
		const json_t *times = json_object_get(latency, names[i]);

		if (times && !json_is_null(times))
			error = record_to_histogram(times, scratch, problem);
	}
	return error;
}

static int read_record(struct export_record *record, const json_t *json,
	const json_t *config, struct histogram *scratch, struct problem *problem)
{
	int error = export_setting_read(&record->setting, json, config, problem);

	record->json = json;
	if (error == 0)
		error = record_get_string(json, "trial_id", &record->trial_id, problem);
	if (error == 0)
		error = record_get_u64(json, "block", &record->block, problem);
	if (error == 0)
		error = record_get_u64(
			json, "order_in_block", &record->order_in_block, problem);
	if (error == 0)
		error = record_get_string(json, "role", &record->role, problem);
	if (error == 0)
		error = read_status(json, &record->status, problem);
	return error < 0 ? error : check_latencies(json, scratch, problem);
}

static bool holds_number(const uint64_t *numbers, size_t count, uint64_t number)
{
	for (size_t i = 0; i < count; i++)
		if (numbers[i] == number)
			return true;
	return count == 0;
}

static bool holds_name(const char *const *names, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(names[i], name) == 0)
			return true;
	return count == 0;
}

static bool is_chosen(
	const struct export_setting *setting, const struct export_choice *choice)
{
	return holds_name(choice->backends, choice->backend_count, setting->backend) &&
	       holds_number(
		       choice->idle, choice->idle_count, setting->connections_idle) &&
	       holds_number(
		       choice->active, choice->active_count, setting->connections_active);
}

/* Puts the trial in front of what was wrong with it. */
static int in_trial(size_t index, const struct problem *what, struct problem *problem)
{
	return problem_set(problem, -EBADMSG, "trials[%zu]: %.400s", index, what->text);
}

static int read_records(struct export_run *run, const struct export_choice *choice,
	struct histogram *scratch, struct problem *problem)
{
	const json_t *trials = json_object_get(run->root, "trials");
	const json_t *config = json_object_get(run->root, "config");
	const json_t *json;
	struct problem what;
	size_t i;

	run->records = calloc(json_array_size(trials) + 1, sizeof(*run->records));
	if (!run->records)
		return -ENOMEM;
	json_array_foreach(trials, i, json)
	{
		struct export_record *record = &run->records[run->record_count];

		if (read_record(record, json, config, scratch, &what) < 0)
			return in_trial(i, &what, problem);
		if (is_chosen(&record->setting, choice))
			run->record_count++;
	}
	return 0;
}

/* ---- from records to cells ------------------------------------------------------ */

static int compare_records(const void *a, const void *b)
{
	const struct export_record *one = *(const struct export_record *const *)a;
	const struct export_record *other = *(const struct export_record *const *)b;
	int difference = export_setting_compare(&one->setting, &other->setting);

	if (difference == 0)
		difference = (one->block > other->block) - (one->block < other->block);
	if (difference == 0)
		difference = (one->order_in_block > other->order_in_block) -
			     (one->order_in_block < other->order_in_block);
	return difference ? difference : strcmp(one->trial_id, other->trial_id);
}

/* The records in the order of compare_records(). A new array, or NULL. */
static const struct export_record **sort_records(const struct export_run *run)
{
	const struct export_record **sorted =
		calloc(run->record_count + 1, sizeof(*sorted));

	for (size_t i = 0; i < run->record_count && sorted; i++)
		sorted[i] = &run->records[i];
	if (sorted)
		qsort(sorted, run->record_count, sizeof(*sorted), compare_records);
	return sorted;
}

/* WINDOW_COUNT: a window of another kind, which enters no figure. */
static enum window_role role_of(const struct export_record *record)
{
	enum window_role role = WINDOW_TIMED;

	while (role < WINDOW_COUNT && strcmp(record->role, window_role_name(role)) != 0)
		role++;
	return role;
}

static bool same_trial(const struct export_record *a, const struct export_record *b)
{
	return a->block == b->block && a->order_in_block == b->order_in_block &&
	       strcmp(a->trial_id, b->trial_id) == 0;
}

/* The trial that a window belongs to: the last of the cell, or a new one. */
static struct export_trial *trial_of(
	struct export_cell *cell, const struct export_record *record)
{
	if (cell->trial_count > 0) {
		struct export_trial *last = &cell->trials[cell->trial_count - 1];

		if (same_trial(export_trial_window(last), record))
			return last;
	}
	struct export_trial *trial = &cell->trials[cell->trial_count++];

	*trial = (struct export_trial){0};
	for (int m = 0; m < EXPORT_METRIC_COUNT; m++)
		trial->values[m] = NAN;
	return trial;
}

static const char *reason_of(const struct export_record *record)
{
	const json_t *reasons = json_object_get(record->json, "status_reasons");
	const char *reason = json_string_value(json_array_get(reasons, 0));

	return reason ? reason : trial_status_name(record->status);
}

/* Takes a window into the last cell. */
static int add_window(struct export_cell *cell, const struct export_record *record,
	struct problem *problem)
{
	enum window_role role = role_of(record);

	cell->windows[record->status]++;
	if (record->status != TRIAL_OK && !cell->reason)
		cell->reason = reason_of(record);
	if (record->status != TRIAL_OK || role == WINDOW_COUNT)
		return 0;
	struct export_trial *trial = trial_of(cell, record);

	if (trial->windows[role])
		return problem_set(problem, -EBADMSG,
			"trial '%.40s' has two %s windows that are ok", record->trial_id,
			window_role_name(role));
	trial->windows[role] = record;
	return 0;
}

/* sorted: runs of equal settings become cells, and runs of equal trials within, trials.
 */
static int make_cells(struct export_run *run, const struct export_record **sorted,
	struct histogram *scratch, struct problem *problem)
{
	struct export_trial *free_trials = run->trials;
	int error = 0;

	for (size_t i = 0; i < run->record_count && error == 0;) {
		struct export_cell *cell = &run->cells[run->cell_count++];

		cell->setting = &sorted[i]->setting;
		cell->trials = free_trials;
		for (; i < run->record_count && error == 0 &&
			export_setting_compare(cell->setting, &sorted[i]->setting) == 0;
			i++)
			error = add_window(cell, sorted[i], problem);
		free_trials += cell->trial_count;
		if (error == 0)
			error = export_cell_derive(cell, scratch, problem);
		for (int m = 0; m < EXPORT_METRIC_COUNT; m++)
			if (cell->figures[m].count > 0)
				run->metrics |= EXPORT_BIT(m);
	}
	return error;
}

/* With scratch allocated. */
static int make_run(struct export_run *run, const struct export_choice *choice,
	struct histogram *scratch, struct problem *problem)
{
	int error = read_records(run, choice, scratch, problem);

	if (error < 0)
		return error;
	const struct export_record **sorted = sort_records(run);

	run->trials = calloc(run->record_count + 1, sizeof(*run->trials));
	run->cells = calloc(run->record_count + 1, sizeof(*run->cells));
	error = sorted && run->trials && run->cells
			? make_cells(run, sorted, scratch, problem)
			: -ENOMEM;
	free(sorted);
	return error;
}

int export_run_make(struct export_run *run, json_t *root,
	const struct export_choice *choice, struct problem *problem)
{
	struct histogram *scratch = malloc(sizeof(*scratch));

	*run = (struct export_run){.root = root};
	int error = scratch ? make_run(run, choice, scratch, problem) : -ENOMEM;

	if (error == -ENOMEM)
		problem_set(problem, error, "out of memory");
	free(scratch);
	return error;
}

void export_run_free(struct export_run *run)
{
	for (size_t i = 0; i < run->cell_count; i++)
		free(run->cells[i].name);
	free(run->cells);
	free(run->trials);
	free(run->records);
	*run = (struct export_run){0};
}
