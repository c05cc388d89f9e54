/* summary.c - what the trials of `muxbench waitcost` come to. */
#include "harness/waitcost/summary.h"

#include "common/records.h"
#include "harness/text.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- cells --------------------------------------------------------------------------
 */

static int cell_make(struct waitcost_summary_cell *cell, size_t blocks)
{
	int error = 0;

	cell->wait_bytes = NAN;
	for (int f = 0; f < WAITCOST_FIGURES && error == 0; f++)
		error = samples_make(&cell->figures[f], blocks);
	return error;
}

int waitcost_summary_make(
	struct waitcost_summary *summary, const struct waitcost_plan *plan)
{
	const struct waitcost_axes *axes = &plan->axes;
	int error = 0;

	*summary = (struct waitcost_summary){
		.plan = plan,
		.cells = calloc(plan->cell_count, sizeof(*summary->cells)),
		.verdicts = calloc(axes->backend_count * axes->ready_count,
			sizeof(*summary->verdicts)),
	};
	if (!summary->cells || !summary->verdicts)
		return -ENOMEM;
	for (size_t i = 0; i < plan->cell_count && error == 0; i++)
		error = cell_make(&summary->cells[i], (size_t)axes->blocks);
	return error;
}

void waitcost_summary_free(struct waitcost_summary *summary)
{
	for (size_t i = 0; summary->cells && i < summary->plan->cell_count; i++)
		for (int f = 0; f < WAITCOST_FIGURES; f++)
			samples_free(&summary->cells[i].figures[f]);
	free(summary->cells);
	free(summary->verdicts);
	*summary = (struct waitcost_summary){0};
}

enum trial_status waitcost_cell_status(const struct waitcost_summary_cell *cell)
{
	int status = TRIAL_STATUS_COUNT - 1;

	while (status > TRIAL_OK && cell->trials[status] == 0)
		status--;
	return (enum trial_status)status;
}

void waitcost_summary_add(struct waitcost_summary *summary, size_t index,
	const struct waitcost_trial *trial)
{
	struct waitcost_summary_cell *cell = &summary->cells[index];
	size_t block = (size_t)trial->block - 1;

	cell->trials[trial->status]++;
	if (trial->status != TRIAL_OK) {
		if (waitcost_cell_status(cell) == trial->status)
			snprintf(cell->reason, sizeof(cell->reason), "%.255s",
				trial->reason.text);
		return;
	}
	for (int f = 0; f < WAITCOST_FIGURES; f++)
		cell->figures[f].values[block] = trial->figures.ns[f];
	cell->wait_bytes = trial->figures.wait_bytes;
}

bool waitcost_summary_lacks(
	const struct waitcost_summary *summary, size_t index, uint64_t block)
{
	const struct waitcost_summary_cell *cell = &summary->cells[index];

	return cell->trials[TRIAL_INVALID] > 0 &&
	       isnan(cell->figures[WAITCOST_WAIT].values[block - 1]);
}

const struct waitcost_summary_cell *waitcost_summary_at(
	const struct waitcost_summary *summary, size_t backend, size_t ready,
	size_t descriptors)
{
	return &summary->cells[waitcost_plan_cell(
		summary->plan, backend, ready, descriptors)];
}

struct spread waitcost_spread(
	const struct waitcost_summary_cell *cell, enum waitcost_figure figure)
{
	return spread_of(&cell->figures[figure]);
}

size_t waitcost_summary_count(
	const struct waitcost_summary *summary, enum trial_status status)
{
	size_t count = 0;

	for (size_t i = 0; i < summary->plan->cell_count; i++)
		count += summary->cells[i].trials[status];
	return count;
}

/* ---- verdicts -----------------------------------------------------------------------
 */

const struct waitcost_verdict *waitcost_verdict_at(
	const struct waitcost_summary *summary, size_t backend, size_t ready)
{
	return &summary->verdicts[backend * summary->plan->axes.ready_count + ready];
}

/* complexity.h counts connections; what is counted here are registered descriptors. */
static const struct word {
	const char *of_connections;
	const char *of_descriptors;
} words[] = {
	{"idle connection", "descriptor"},
	{"connection", "descriptor"},
	{"--idle", "--descriptors"},
};

/* A sentence with these words replaced, cut to text_size. */
static void reword(const char *sentence, char *text, size_t text_size)
{
	size_t used = 0;

	while (*sentence && used + 1 < text_size) {
		const struct word *word = words,
				  *end = words + sizeof(words) / sizeof(*words);

		while (word < end && strncmp(sentence, word->of_connections,
					     strlen(word->of_connections)) != 0)
			word++;
		if (word == end) {
			text[used++] = *sentence++;
			continue;
		}
		int length = snprintf(
			text + used, text_size - used, "%s", word->of_descriptors);

		used += (size_t)length;
		sentence += strlen(word->of_connections);
	}
	text[used < text_size ? used : text_size - 1] = '\0';
}

/* The waits of one backend, block by block; how many of them were measured. */
static size_t collect(const struct waitcost_summary *summary, size_t backend,
	size_t ready, double *values)
{
	const struct waitcost_axes *axes = &summary->plan->axes;
	size_t measured = 0;

	for (size_t block = 0; block < axes->blocks; block++)
		for (size_t n = 0; n < axes->descriptor_count; n++) {
			const struct waitcost_summary_cell *cell =
				waitcost_summary_at(summary, backend, ready, n);
			double value = cell->figures[WAITCOST_WAIT].values[block];

			values[block * axes->descriptor_count + n] = value;
			measured += isnan(value) ? 0 : 1;
		}
	return measured;
}

int waitcost_summary_judge(struct waitcost_summary *summary)
{
	const struct waitcost_axes *axes = &summary->plan->axes;
	size_t points = axes->descriptor_count;
	double *values = calloc((size_t)axes->blocks * points, sizeof(*values));
	double *numbers = calloc(points, sizeof(*numbers));

	if (!values || !numbers) {
		free(values);
		free(numbers);
		return -ENOMEM;
	}
	for (size_t n = 0; n < points; n++)
		numbers[n] = (double)axes->descriptors[n];
	for (size_t b = 0; b < axes->backend_count; b++)
		for (size_t k = 0; k < axes->ready_count; k++) {
			struct waitcost_verdict *verdict =
				&summary->verdicts[b * axes->ready_count + k];
			struct complexity_input input = {
				.connections = numbers,
				.points = points,
				.cpu_ns = values,
				.blocks = (size_t)axes->blocks,
			};

			verdict->judged = collect(summary, b, k, values) > 0;
			if (verdict->judged)
				complexity_judge(&input, &verdict->complexity);
			reword(verdict->complexity.sentence, verdict->sentence,
				sizeof(verdict->sentence));
		}
	free(values);
	free(numbers);
	return 0;
}

/* ---- JSON ---------------------------------------------------------------------------
 */

/* null where nothing was measured. */
static json_t *real_json(double value)
{
	return isfinite(value) ? json_real(value) : json_null();
}

static json_t *spread_json(struct spread spread)
{
	if (spread.count == 0)
		return json_null();
	return json_pack("{sf sf sf}", "median", spread.median, "min", spread.min, "max",
		spread.max);
}

static json_t *cell_json(
	const struct waitcost_summary *summary, size_t backend, size_t ready, size_t n)
{
	const struct waitcost_summary_cell *cell =
		waitcost_summary_at(summary, backend, ready, n);
	const struct waitcost_axes *axes = &summary->plan->axes;
	json_t *trials = json_object();

	for (int status = 0; status < TRIAL_STATUS_COUNT; status++)
		json_object_set_new(trials, trial_status_name((enum trial_status)status),
			record_u64(cell->trials[status]));
	json_t *object = json_pack("{so so so so so so}", "backend",
		text_json(axes->backends[backend]), "descriptors",
		record_u64(axes->descriptors[n]), "ready", record_u64(axes->ready[ready]),
		"trials", trials, "reason",
		*cell->reason ? text_json(cell->reason) : json_null(),
		"wait_bytes_per_wait", real_json(cell->wait_bytes));

	for (int f = 0; f < WAITCOST_FIGURES; f++) {
		char key[40];

		snprintf(key, sizeof(key), "%s_ns",
			waitcost_figure_name((enum waitcost_figure)f));
		json_object_set_new(object, key,
			spread_json(waitcost_spread(cell, (enum waitcost_figure)f)));
	}
	return object;
}

json_t *waitcost_summary_json(const struct waitcost_summary *summary)
{
	const struct waitcost_axes *axes = &summary->plan->axes;
	json_t *array = json_array();

	for (size_t b = 0; b < axes->backend_count; b++)
		for (size_t k = 0; k < axes->ready_count; k++)
			for (size_t n = 0; n < axes->descriptor_count; n++)
				if (axes->ready[k] <= axes->descriptors[n])
					json_array_append_new(
						array, cell_json(summary, b, k, n));
	return array;
}

static json_t *interval_json(struct interval interval)
{
	return json_pack("{so so so}", "estimate", real_json(interval.estimate), "low",
		real_json(interval.low), "high", real_json(interval.high));
}

static json_t *knot_json(const struct complexity *c)
{
	if (!isfinite(c->knot_connections))
		return json_null();
	return json_pack("{sf sf sf}", "descriptors", c->knot_connections,
		"ns_per_descriptor_below", c->knot_ns_below, "ns_per_descriptor_above",
		c->knot_ns_above);
}

static json_t *verdict_json(
	const struct waitcost_summary *summary, size_t backend, size_t ready)
{
	const struct waitcost_verdict *verdict =
		waitcost_verdict_at(summary, backend, ready);
	const struct complexity *c = &verdict->complexity;
	const struct waitcost_axes *axes = &summary->plan->axes;

	return json_pack("{so ss so ss sb so so so so so so so so so so ss so ss}",
		"backend", text_json(axes->backends[backend]), "metric", "wait_ns",
		"ready", record_u64(axes->ready[ready]), "verdict",
		complexity_verdict_name(c->verdict), "publishable", (int)c->publishable,
		"points", record_u64(c->points), "blocks", record_u64(c->blocks),
		"descriptors_min", real_json(c->connections_min), "descriptors_max",
		real_json(c->connections_max), "ns_per_descriptor",
		interval_json(c->ns_per_connection), "intercept_ns",
		interval_json(c->intercept_ns), "share", interval_json(c->share),
		"exponent_at_end", interval_json(c->tail), "growth",
		interval_json(c->growth), "p_linear", real_json(c->p_linear), "form",
		complexity_form_name(c->form), "knot", knot_json(c), "sentence",
		verdict->sentence);
}

json_t *waitcost_complexity_json(const struct waitcost_summary *summary)
{
	const struct waitcost_axes *axes = &summary->plan->axes;
	json_t *array = json_array();

	for (size_t b = 0; b < axes->backend_count; b++)
		for (size_t k = 0; k < axes->ready_count; k++)
			if (waitcost_verdict_at(summary, b, k)->judged)
				json_array_append_new(array, verdict_json(summary, b, k));
	return array;
}
