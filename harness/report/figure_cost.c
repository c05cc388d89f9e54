/* figure_cost.c - what a request costs the server, against connections. */
#include "harness/report/figure.h"

#include "harness/report/numbers.h"

#include <math.h>

static void add_cost_line(
	struct report *report, struct chart *chart, size_t group, size_t backend)
{
	struct chart_series *series =
		chart_add_series(chart, figure_backend(report, backend),
			figure_style(report, backend), CHART_LINE);

	for (size_t x = 0; x < report->replay.plan.x_count; x++) {
		const struct summary_cell *cell = report_cell(report, backend, group, x);
		struct spread cost = spread_of(summary_cost(cell));
		double low = report_low(&cost), high = report_high(&cost);

		if (cost.count == 0)
			continue;
		chart_add_point(chart, series,
			(struct chart_point){
				.x = report_x_value(report, cell),
				.y = cost.median,
				.low = low,
				.high = high,
				.marked = true,
				.tip = report_text(&report->memory,
					"%s, %s: %s per %s\n%s (%s)",
					figure_backend(report, backend),
					report_x_text(report, cell),
					report_ns(cost.median).text, report_unit(report),
					report_ns_range(low, high).text,
					figure_interval(report, &cost)),
			});
	}
}

/* "; linear, 104 ns per connection", or both slopes where it bends: "74, then 106 ns". */
static const char *verdict_words(struct report *report, size_t group, size_t backend)
{
	const struct complexity *c =
		verdicts_find(&report->replay.verdicts, backend, group);

	if (!c || !isfinite(c->ns_per_connection.estimate))
		return "";
	if (c->verdict == COMPLEXITY_FLAT)
		return "; flat";
	const char *name = complexity_verdict_name(c->verdict);

	if (isfinite(c->knot_connections))
		return report_text(&report->memory, "; %s, %s, then %s per connection",
			name, report_ns(c->knot_ns_below).text,
			report_ns(c->knot_ns_above).text);
	return report_text(&report->memory, "; %s, %s per connection", name,
		report_ns(c->ns_per_connection.estimate).text);
}

/* "6.33 µs → 1.02 ms; linear, 104 ns per connection" */
static const char *cost_key(struct report *report, size_t group,
	const struct chart_series *series, size_t backend)
{
	if (!series || series->count == 0)
		return NULL;
	return report_text(&report->memory, "%s → %s%s",
		report_ns(series->points[0].y).text,
		report_ns(series->points[series->count - 1].y).text,
		verdict_words(report, group, backend));
}

/* How steep a line is on two log axes, from end to end. */
static double climb(const struct chart_series *series)
{
	const struct chart_point *a = series->points;
	const struct chart_point *b = &series->points[series->count - 1];

	return log(b->y / a->y) / log(b->x / a->x);
}

/*
 * O(1) starts at the flattest line's first point, O(n) ends at the last point of the line
 * that climbs most, of those that were measured furthest out.
 */
static void add_guides(struct chart *chart)
{
	const struct chart_series *flat = NULL, *steep = NULL;

	for (size_t s = 0; s < chart->series_count; s++) {
		const struct chart_series *line = &chart->series[s];
		double x = line->count > 1 ? line->points[line->count - 1].x : 0;

		if (line->count < 2 || !(x > line->points[0].x))
			continue;
		if (fabs(climb(line)) < 0.25) {
			if (!flat || fabs(climb(line)) < fabs(climb(flat)))
				flat = line;
		} else if (!steep || x > steep->points[steep->count - 1].x ||
			   (x == steep->points[steep->count - 1].x &&
				   climb(line) > climb(steep))) {
			steep = line;
		}
	}
	if (flat)
		chart_add_guide(chart, CHART_HORIZONTAL, flat->points[0].y, "O(1)");
	if (steep) {
		const struct chart_point *end = &steep->points[steep->count - 1];

		chart_add_guide(chart, CHART_PROPORTIONAL, end->y / end->x, "O(n)");
	}
}

static const char *missing_words(
	struct report *report, const struct figure_rank *ranked, size_t count)
{
	const char *words = "";

	for (size_t b = 0; b < report->replay.plan.axes.backend_count; b++) {
		bool found = false;

		for (size_t i = 0; i < count; i++)
			found |= ranked[i].backend == b;
		if (!found)
			words = report_text(&report->memory, "%s%s%s", words,
				*words ? ", " : " Not measured: ",
				figure_backend(report, b));
	}
	return *words ? report_text(&report->memory, "%s.", words) : "";
}

static void add_keys(struct report *report, struct figure *figure, size_t group,
	const struct figure_rank *ranked, size_t count)
{
	const struct chart *chart = &figure->panels[0];

	for (size_t i = 0; i < count && i < chart->series_count; i++)
		figure_key(figure, figure_backend(report, ranked[i].backend),
			figure_style(report, ranked[i].backend), CHART_LINE,
			cost_key(report, group, &chart->series[i], ranked[i].backend));
}

static void figure_lines(
	struct report *report, struct report_writer *writer, size_t group, bool log_axes)
{
	struct figure_rank ranked[REPLAY_BACKENDS_MAX];
	size_t count = figure_rank(report, group, ranked);
	enum chart_scale_kind kind = log_axes ? CHART_LOG : CHART_LINEAR;
	const char *log_words = log_axes ? " (log)" : "";
	struct figure figure =
		figure_new(report, log_axes ? "cost" : "cost-linear", group,
			report_text(&report->memory, "Server CPU per %s against %s%s",
				report_unit(report), report_x_title(report),
				log_axes ? "" : ", the same on linear axes"));
	struct chart *chart = figure_panel(&figure);

	figure.essential = log_axes;
	chart->x = (struct chart_axis){.title = report_text(&report->memory, "%s%s",
					       report_x_title(report), log_words),
		.kind = kind,
		.from_zero = !log_axes};
	chart->y = (struct chart_axis){
		.title = report_text(&report->memory, "server CPU per %s%s",
			report_unit(report), log_words),
		.kind = kind,
		.unit = CHART_NS,
		.from_zero = true};
	for (size_t i = 0; i < count; i++)
		add_cost_line(report, chart, group, ranked[i].backend);
	add_keys(report, &figure, group, ranked, count);
	if (log_axes && report->replay.plan.x == PLAN_IDLE)
		add_guides(chart);
	figure.about = report_text(&report->memory, "Points: median of %s. %s%s%s",
		report_blocks_text(report), figure_whiskers(report),
		chart->guide_count ? " Grey lines: for orientation, not fitted." : "",
		missing_words(report, ranked, count));
	writer_figure(writer, &figure);
}

/* With one place along x a line would be a point: a row a backend says more. */
static void figure_rows(struct report *report, struct report_writer *writer, size_t group)
{
	struct figure figure = figure_new(report, "cost", group,
		report_text(&report->memory, "Server CPU per %s at %s",
			report_unit(report),
			report_x_text(report, report_cell(report, 0, group, 0))));
	struct chart *chart = figure_panel(&figure);

	chart->x = (struct chart_axis){.title = report_text(&report->memory,
					       "server CPU per %s", report_unit(report)),
		.unit = CHART_NS,
		.from_zero = true};
	chart->y = (struct chart_axis){.kind = CHART_CATEGORIES};
	for (size_t b = 0; b < report->replay.plan.axes.backend_count; b++) {
		struct spread cost =
			spread_of(summary_cost(report_cell(report, b, group, 0)));
		const char *text =
			report_text(&report->memory, "%s", report_ns(cost.median).text);

		if (cost.count == 0)
			continue;
		figure_row(report, chart, b, &cost, text,
			report_text(&report->memory, "%s: %s per %s\n%s (%s)",
				figure_backend(report, b), text, report_unit(report),
				report_ns_range(report_low(&cost), report_high(&cost))
					.text,
				figure_interval(report, &cost)));
	}
	figure.about = report_text(&report->memory, "Marks: median of %s. %s",
		report_blocks_text(report), figure_whiskers(report));
	writer_figure(writer, &figure);
}

void figure_cost(struct report *report, struct report_writer *writer, size_t group)
{
	if (report->replay.plan.x_count == 1) {
		figure_rows(report, writer, group);
		return;
	}
	figure_lines(report, writer, group, true);
	figure_lines(report, writer, group, false);
}
