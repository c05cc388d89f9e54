/* figure_calls.c - system calls of a request, stacked by name. */
#include "harness/report/figure.h"

#include "harness/report/numbers.h"

#include <string.h>

/* What the kernel counts of a server that names nothing. */
static const char unnamed[] = "not named";

static double calls_named(const struct summary_cell *cell, const char *name)
{
	double all;

	if (cell->untold)
		return strcmp(name, unnamed) == 0 && summary_calls(cell, &all) ? all : 0;
	for (size_t c = 0; c < cell->call_count; c++)
		if (strcmp(cell->calls[c].name, name) == 0)
			return spread_of(&cell->calls[c].per_request).median;
	return 0;
}

/* How many backends make a call there. */
static size_t callers(
	const struct report *report, size_t group, size_t x, const char *name)
{
	size_t count = 0;

	for (size_t b = 0; b < report->replay.plan.axes.backend_count; b++)
		count += calls_named(report_cell(report, b, group, x), name) > 0;
	return count;
}

/*
 * The names of all calls of the group at that place. Those of few backends come first:
 * that is the wait, and what all do alike lies behind it.
 */
static size_t call_names(
	const struct report *report, size_t group, size_t x, const char **names)
{
	size_t count = 0;

	for (size_t b = 0; b < report->replay.plan.axes.backend_count; b++) {
		const struct summary_cell *cell = report_cell(report, b, group, x);

		for (size_t c = 0; c < cell->call_count; c++) {
			size_t i = 0;

			while (i < count && strcmp(names[i], cell->calls[c].name) != 0)
				i++;
			if (i < count || count == CALL_NAMES_MAX)
				continue;
			for (; i > 0 &&
				callers(report, group, x, names[i - 1]) >
					callers(report, group, x, cell->calls[c].name);
				i--)
				names[i] = names[i - 1];
			names[i] = cell->calls[c].name;
			count++;
		}
	}
	if (callers(report, group, x, unnamed) > 0 && count < CALL_NAMES_MAX)
		names[count++] = unnamed;
	return count;
}

/* One name's part of every row; before[] is how much of a row is drawn already. */
static void add_calls(struct report *report, struct chart *chart, size_t group, size_t x,
	const char *name, size_t style, double *before)
{
	struct chart_series *series = chart_add_series(chart, name, style, CHART_BARS);
	size_t row = 0;

	for (size_t b = 0; b < report->replay.plan.axes.backend_count; b++) {
		const struct summary_cell *cell = report_cell(report, b, group, x);
		double total, calls = calls_named(cell, name);

		if (!summary_calls(cell, &total))
			continue;
		if (calls > 0)
			chart_add_point(chart, series,
				(struct chart_point){
					.x = before[row] + calls / 2,
					.y = (double)row,
					.low = before[row],
					.high = before[row] + calls,
					.marked = true,
					.tip = report_text(&report->memory,
						"%s: %s %s per request (%s in all)",
						figure_backend(report, b), name,
						report_calls(calls).text,
						report_calls(total).text),
				});
		before[row++] += calls;
	}
}

void figure_calls(struct report *report, struct report_writer *writer, size_t group)
{
	const char *names[CALL_NAMES_MAX];
	double before[REPLAY_BACKENDS_MAX] = {0};
	size_t x;

	if (!report_first_x(report, group, &x))
		return;
	struct figure figure = figure_new(report, "calls", group,
		report_text(&report->memory, "System calls per request at %s",
			report_x_text(report, report_cell(report, 0, group, x))));
	struct chart *chart = figure_panel(&figure);

	chart->x = (struct chart_axis){
		.title = "system calls per request", .from_zero = true};
	chart->y = (struct chart_axis){.kind = CHART_CATEGORIES};
	for (size_t b = 0; b < report->replay.plan.axes.backend_count; b++) {
		const struct summary_cell *cell = report_cell(report, b, group, x);

		double total;

		if (summary_calls(cell, &total))
			chart_add_category(chart, figure_backend(report, b),
				report_text(
					&report->memory, "%s", report_calls(total).text));
	}
	size_t count = call_names(report, group, x, names);

	for (size_t i = 0; i < count; i++) {
		add_calls(report, chart, group, x, names[i], i, before);
		figure_key(&figure, names[i], i, CHART_BARS, NULL);
	}
	figure.about =
		"In lockstep: a request is sent only when the server sleeps, so the "
		"counts are whole numbers. On the right the total, as the kernel "
		"counted it where it could.";
	writer_figure(writer, &figure);
}
