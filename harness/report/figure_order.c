/* figure_order.c - each trial in the order they ran: did the cost drift? */
#include "harness/report/figure.h"

#include "harness/report/numbers.h"
#include "harness/report/style.h"
#include "harness/statistics/statistics.h"

#include <math.h>

static void add_order(struct report *report, struct chart *chart, size_t backend)
{
	const struct plan *plan = &report->replay.plan;
	const char *name = plan->axes.backends[backend];
	struct chart_series *series =
		chart_add_series(chart, name, report_style(plan, backend), CHART_SMALL);

	for (size_t t = 0; t < report_trials_shown(report); t++) {
		const struct report_trial *trial = &report->trials[t];
		const struct summary_cell *cell =
			&report->replay.summary.cells[trial->cell];
		double percent = 100 * (trial->relative - 1);

		/* Names are the plan's own, so the same name is the same string. */
		if (cell->cell->backend != name || isnan(percent))
			continue;
		chart_add_point(chart, series,
			(struct chart_point){
				.x = (double)(t + 1),
				.y = percent,
				.low = NAN,
				.high = NAN,
				.marked = true,
				.tip = report_text(&report->memory,
					"trial %llu.%02llu: %s, %s\n%s per %s, %+.1f %% "
					"from "
					"the median",
					(unsigned long long)trial->block,
					(unsigned long long)trial->order_in_block, name,
					report_x_text(report, cell),
					report_ns(trial->cost_ns).text,
					report_unit(report), percent),
			});
	}
}

/* The median of a block's trials, and how many it is of. */
static double block_percent(const struct report *report, uint64_t block)
{
	double values[STATISTICS_VALUES_MAX];
	size_t count = 0;

	for (size_t t = 0; t < report->trial_count && count < STATISTICS_VALUES_MAX;
		t++) {
		double percent = 100 * (report->trials[t].relative - 1);

		if (report->trials[t].block == block && !isnan(percent))
			values[count++] = percent;
	}
	return statistics_median(values, count);
}

/* "The blocks' own medians lie between -0.4 % (block 3) and +1.2 % (block 7)." */
static const char *drift_words(struct report *report)
{
	double low = NAN, high = NAN;
	uint64_t low_block = 0, high_block = 0;

	for (uint64_t block = 1; block <= report->replay.plan.axes.blocks; block++) {
		double percent = block_percent(report, block);

		if (isnan(percent))
			continue;
		if (low_block == 0 || percent < low) {
			low = percent;
			low_block = block;
		}
		if (high_block == 0 || percent > high) {
			high = percent;
			high_block = block;
		}
	}
	if (low_block == 0)
		return "";
	return report_text(&report->memory,
		"The medians of whole blocks lie between %+.1f %% (block %llu) and %+.1f "
		"%% "
		"(block %llu): what drifts falls on all backends alike, because each "
		"block "
		"runs every cell once in random order.",
		low, (unsigned long long)low_block, high, (unsigned long long)high_block);
}

void figure_order(struct report *report, struct report_writer *writer)
{
	const struct plan *plan = &report->replay.plan;
	struct figure figure = {
		.memory = &report->memory,
		.id = "order",
		.title = "Run order: each trial against the median of its cell",
		.about = drift_words(report),
	};
	struct chart *chart = figure_panel(&figure);

	chart->x = (struct chart_axis){.title = "trial, in the order they ran"};
	chart->y = (struct chart_axis){
		.title = report_text(&report->memory,
			"server CPU per %s against the median", report_unit(report)),
		.unit = CHART_PERCENT};
	for (size_t t = 1; t < report_trials_shown(report); t++)
		if (report->trials[t].block != report->trials[t - 1].block)
			chart_add_guide(chart, CHART_VERTICAL, (double)t + 0.5, "");
	chart_add_guide(chart, CHART_HORIZONTAL, 0, "");
	for (size_t b = 0; b < plan->axes.backend_count; b++) {
		add_order(report, chart, b);
		figure_key(
			&figure, plan->axes.backends[b], report_style(plan, b), 0, NULL);
	}
	writer_figure(writer, &figure);
}
