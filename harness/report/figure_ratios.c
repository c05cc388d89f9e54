/* figure_ratios.c - what the backends cost compared with one of them. */
#include "harness/report/figure.h"

#include "harness/report/numbers.h"
#include "harness/report/ratios.h"

#include <math.h>

static void add_ratio(struct report *report, struct chart *chart, size_t group,
	const struct report_ratio *r)
{
	const struct summary_cell *cell = report_cell(report, r->backend, group, r->x);
	const char *name = figure_backend(report, r->backend);
	struct chart_series *series =
		chart_add_series(chart, name, figure_style(report, r->backend), 0);
	size_t far;
	bool nearer = report_far_x(report, group, &far) && r->x != far;
	const char *count = report_text(
		&report->memory, "%s", report_count(report_x_value(report, cell)).text);
	size_t row = chart_add_category(chart,
		nearer ? report_text(&report->memory, "%s (at %s)", name, count) : name,
		report_text(&report->memory, "%s", report_ratio(r->ratio.estimate).text));

	chart_add_point(chart, series,
		(struct chart_point){
			.x = r->ratio.estimate,
			.y = (double)row,
			.low = r->ratio.low,
			.high = r->ratio.high,
			.marked = true,
			.tip = report_text(&report->memory,
				"%s costs %s what %s does\n95 %% interval %s, %zu "
				"blocks, at "
				"%s",
				name, report_ratio(r->ratio.estimate).text,
				figure_backend(report, ratio_reference(report)),
				report_ratio_range(r->ratio.low, r->ratio.high).text,
				r->blocks, report_x_text(report, cell)),
		});
}

enum { RATIO_NEAR_MAX = 3 };

/* All on one axis; and those that are near 1 once more, where they can be told apart. */
void figure_ratios(struct report *report, struct report_writer *writer, size_t group)
{
	struct report_ratio list[REPLAY_BACKENDS_MAX];
	size_t reference = ratio_reference(report), count = 0, near = 0, far;

	for (size_t b = 0; b < report->replay.plan.axes.backend_count; b++)
		if (b != reference && ratio_make(report, group, b, &list[count])) {
			near += list[count].ratio.high < RATIO_NEAR_MAX &&
				list[count].ratio.low * RATIO_NEAR_MAX > 1;
			count++;
		}
	if (count == 0 || !report_far_x(report, group, &far))
		return;
	struct figure figure = figure_new(report, "ratios", group,
		report_text(&report->memory, "Server CPU compared with %s at %s",
			figure_backend(report, reference),
			report_x_text(
				report, report_cell(report, reference, group, far))));

	for (int zoomed = near == count || near == 0; zoomed < 2; zoomed++) {
		struct chart *chart = figure_panel(&figure);

		chart->title = zoomed == 0                ? "all"
			       : near < count && near > 0 ? "near 1"
							  : NULL;
		chart->x = (struct chart_axis){
			.title = report_text(&report->memory, "times the CPU of %s (log)",
				figure_backend(report, reference)),
			.kind = CHART_LOG,
			.unit = CHART_RATIO};
		chart->y = (struct chart_axis){.kind = CHART_CATEGORIES};
		for (size_t i = 0; i < count; i++)
			if (zoomed == 0 || near == 0 || near == count ||
				(list[i].ratio.high < RATIO_NEAR_MAX &&
					list[i].ratio.low * RATIO_NEAR_MAX > 1))
				add_ratio(report, chart, group, &list[i]);
		chart_add_guide(chart, CHART_VERTICAL, 1, "");
	}
	figure.about =
		"Geometric mean of the ratios within each block and its 95 % interval. "
		"An interval that holds 1 shows no difference.";
	writer_figure(writer, &figure);
}
