/* figures.c - the pictures of a report, and what they share. */
#include "harness/report/figures.h"

#include "harness/report/figure.h"
#include "harness/report/style.h"

#include <stdlib.h>

const char *figure_backend(const struct report *report, size_t backend)
{
	return report->replay.plan.axes.backends[backend];
}

size_t figure_style(const struct report *report, size_t backend)
{
	return report_style(&report->replay.plan, backend);
}

struct figure figure_new(
	struct report *report, const char *id, size_t group, const char *title)
{
	return (struct figure){
		.memory = &report->memory,
		.id = report_text(&report->memory, "%s-%zu", id, group + 1),
		.title = title,
	};
}

/* ---- what an interval is of ---- */

const char *figure_interval(struct report *report, const struct spread *spread)
{
	if (spread->interval_known)
		return report_text(
			&report->memory, "95 %% interval, %zu blocks", spread->count);
	return report_text(&report->memory, "smallest and largest of %zu block%s",
		spread->count, spread->count == 1 ? "" : "s");
}

const char *figure_whiskers(const struct report *report)
{
	return report->replay.plan.axes.blocks >= 6
		       ? "Whiskers: 95 % interval of the median; without any where it is "
			 "smaller than the mark."
		       : "Whiskers: smallest and largest block, too few for an interval.";
}

/* ---- the order of lines: highest end first, as the key lists them ---- */

static int by_last(const void *a, const void *b)
{
	double x = ((const struct figure_rank *)a)->last;
	double y = ((const struct figure_rank *)b)->last;

	return (x < y) - (x > y);
}

size_t figure_rank(const struct report *report, size_t group, struct figure_rank *ranked)
{
	const struct plan *plan = &report->replay.plan;
	size_t count = 0;

	for (size_t b = 0; b < plan->axes.backend_count; b++)
		for (size_t x = plan->x_count; x-- > 0;) {
			const struct summary_cell *cell =
				report_cell(report, b, group, x);

			if (!report_measured(cell))
				continue;
			ranked[count++] = (struct figure_rank){
				b, spread_of(summary_cost(cell)).median};
			break;
		}
	qsort(ranked, count, sizeof(*ranked), by_last);
	return count;
}

/* ---- one place along x only: a row a backend instead of a line ---- */

void figure_row(struct report *report, struct chart *chart, size_t backend,
	const struct spread *spread, const char *note, const char *tip)
{
	size_t row = chart_add_category(chart, figure_backend(report, backend), note);
	struct chart_series *series = chart_add_series(
		chart, figure_backend(report, backend), figure_style(report, backend), 0);

	chart_add_point(chart, series,
		(struct chart_point){
			.x = spread->median,
			.y = (double)row,
			.low = report_low(spread),
			.high = report_high(spread),
			.marked = true,
			.tip = tip,
		});
}

/* ---- all of them ---- */

void figures_of_group(struct report *report, struct report_writer *writer, size_t group)
{
	figure_cost(report, writer, group);
	figure_latency(report, writer, group);
	figure_spectrum(report, writer, group);
	figure_calls(report, writer, group);
	figure_ratios(report, writer, group);
}

void figures_of_run(struct report *report, struct report_writer *writer)
{
	figure_rates(report, writer);
	figure_order(report, writer);
}
