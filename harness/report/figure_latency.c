/* figure_latency.c - latency against connections, and its spectrum. */
#include "harness/report/figure.h"

#include "harness/report/numbers.h"
#include "harness/statistics/statistics.h"

#include <math.h>

static const char *latency_tip(struct report *report, const struct summary_cell *cell,
	const struct spread *ns, bool tail)
{
	const char *text = report_text(&report->memory, "%s, %s: p%s %s",
		cell->cell->backend, report_x_text(report, cell), tail ? "99" : "50",
		report_ns(ns->median).text);

	if (ns->count == 0)
		return text;
	return report_text(&report->memory, "%s\n%s (%s)", text,
		report_ns_range(report_low(ns), report_high(ns)).text,
		figure_interval(report, ns));
}

static void add_latency_line(struct report *report, struct chart *chart, size_t group,
	size_t backend, bool tail)
{
	struct chart_series *series =
		chart_add_series(chart, figure_backend(report, backend),
			figure_style(report, backend), CHART_LINE);

	for (size_t x = 0; x < report->replay.plan.x_count; x++) {
		const struct summary_cell *cell = report_cell(report, backend, group, x);
		struct spread ns;

		if (!report_latency(cell, tail, &ns))
			continue;
		chart_add_point(chart, series,
			(struct chart_point){
				.x = report_x_value(report, cell),
				.y = ns.median,
				.low = report_low(&ns),
				.high = report_high(&ns),
				.marked = true,
				.tip = latency_tip(report, cell, &ns, tail),
			});
	}
}

static void add_latency_row(struct report *report, struct chart *chart, size_t group,
	size_t backend, bool tail)
{
	const struct summary_cell *cell = report_cell(report, backend, group, 0);
	struct spread ns;

	if (report_latency(cell, tail, &ns))
		figure_row(report, chart, backend, &ns,
			report_text(&report->memory, "%s", report_ns(ns.median).text),
			latency_tip(report, cell, &ns, tail));
}

static bool is_open_loop(const struct report *report, size_t group)
{
	const struct plan *plan = &report->replay.plan;

	for (size_t b = 0; b < plan->axes.backend_count; b++)
		for (size_t x = 0; x < plan->x_count; x++)
			if (report_cell(report, b, group, x)->open_loop)
				return true;
	return false;
}

const char *figure_latency_words(const struct report *report, size_t group)
{
	return is_open_loop(report, group)
		       ? "Response time: from when a request was due until its echo was "
			 "back."
		       : "Service time: from send to echo. In a closed loop nothing is "
			 "sent "
			 "while the server stalls, so tails look shorter than users see "
			 "them.";
}

/* The axes of p50 or p99: lines against x, or, at one place along it, rows. */
static void set_latency_axes(struct report *report, struct chart *chart, bool tail)
{
	bool rows = report->replay.plan.x_count == 1;
	struct chart_axis latency = {.title = rows   ? "latency"
					      : tail ? "p99 (log)"
						     : "p50 (log)",
		.kind = rows ? CHART_LINEAR : CHART_LOG,
		.unit = CHART_NS,
		.from_zero = true};

	chart->title = tail ? "p99" : "p50";
	chart->x = rows ? latency
			: (struct chart_axis){.title = report_text(&report->memory,
						      "%s (log)", report_x_title(report)),
				  .kind = CHART_LOG};
	chart->y = rows ? (struct chart_axis){.kind = CHART_CATEGORIES} : latency;
}

void figure_latency(struct report *report, struct report_writer *writer, size_t group)
{
	struct figure_rank ranked[REPLAY_BACKENDS_MAX];
	size_t count = figure_rank(report, group, ranked);
	bool rows = report->replay.plan.x_count == 1;
	struct figure figure = figure_new(report, "latency", group,
		rows ? "Latency"
		     : report_text(&report->memory, "Latency against %s",
			       report_x_title(report)));

	for (int tail = 0; tail < 2; tail++) {
		struct chart *chart = figure_panel(&figure);

		set_latency_axes(report, chart, tail);
		for (size_t i = 0; i < count; i++)
			(rows ? add_latency_row : add_latency_line)(
				report, chart, group, ranked[i].backend, tail);
	}
	for (size_t i = 0; i < count && !rows; i++)
		figure_key(&figure, figure_backend(report, ranked[i].backend),
			figure_style(report, ranked[i].backend), CHART_LINE, NULL);
	if (!rows)
		chart_share_y(&figure.panels[0], &figure.panels[1]);
	figure.about = report_text(&report->memory,
		"%s Points: of the requests of all blocks together; left out where fewer "
		"than "
		"10 lie beyond. %s",
		figure_latency_words(report, group), figure_whiskers(report));
	writer_figure(writer, &figure);
}

/* ---- latency spectrum ---- */

/* The values of a cell's trials at one percentile; false unless every trial has one. */
static bool spectrum_at(
	const struct report *report, size_t cell, size_t point, struct spread *spread)
{
	double values[STATISTICS_VALUES_MAX];
	size_t count = 0;

	for (size_t t = report->cell_trials[cell]; t < report->cell_trials[cell + 1];
		t++) {
		const double *spectrum = report->trials[report->by_cell[t]].spectrum;

		if (!spectrum)
			continue;
		if (isnan(spectrum[point]) || count == STATISTICS_VALUES_MAX)
			return false;
		values[count++] = spectrum[point];
	}
	*spread = spread_of(&(struct samples){.values = values, .blocks = count});
	return count > 0;
}

static void add_spectrum(struct report *report, struct chart *chart, size_t group,
	size_t backend, size_t x)
{
	const char *name = figure_backend(report, backend);
	size_t cell = plan_cell(&report->replay.plan, backend, group, x);
	struct spread ns;
	struct chart_series *series = chart_add_series(
		chart, name, figure_style(report, backend), CHART_LINE | CHART_RIBBON);

	for (size_t i = 0; i < SPECTRUM_POINTS && spectrum_at(report, cell, i, &ns);
		i++) {
		double inverse = spectrum_inverse(i);
		bool named = spectrum_is_named(i);

		chart_add_point(chart, series,
			(struct chart_point){
				.x = inverse,
				.y = ns.median,
				.low = ns.min,
				.high = ns.max,
				.marked = named,
				.tip = !named ? NULL
					      : report_text(&report->memory,
							"%s: %s within %s\n%s over %zu "
							"block%s",
							name,
							i ? report_percentile(inverse)
									.text
							  : "the fastest",
							report_ns(ns.median).text,
							report_ns_range(ns.min, ns.max)
								.text,
							ns.count,
							ns.count == 1 ? "" : "s"),
			});
	}
}

static void add_spectrum_panel(
	struct report *report, struct figure *figure, size_t group, size_t x)
{
	const struct plan *plan = &report->replay.plan;
	const struct summary_cell *cell = report_cell(report, 0, group, x);
	struct chart *chart = figure_panel(figure);

	chart->title = report_x_text(report, cell);
	chart->x = (struct chart_axis){.title = "share of the requests, as 1 / (1 - p)",
		.kind = CHART_LOG,
		.unit = CHART_PERCENTILE,
		.low = 1,
		.high = 100};
	chart->y = (struct chart_axis){
		.title = "latency (log)", .kind = CHART_LOG, .unit = CHART_NS};
	for (size_t b = 0; b < plan->axes.backend_count; b++)
		add_spectrum(report, chart, group, b, x);
}

void figure_spectrum(struct report *report, struct report_writer *writer, size_t group)
{
	const struct plan *plan = &report->replay.plan;
	struct figure figure = figure_new(report, "spectrum", group, "Latency spectrum");
	size_t first, far;

	if (!report_first_x(report, group, &first) || !report_far_x(report, group, &far))
		return;
	add_spectrum_panel(report, &figure, group, first);
	if (far != first)
		add_spectrum_panel(report, &figure, group, far);
	for (size_t b = 0; b < plan->axes.backend_count; b++)
		if (report_measured(report_cell(report, b, group, first)))
			figure_key(&figure, figure_backend(report, b),
				figure_style(report, b), CHART_LINE, NULL);
	figure.about = report_text(&report->memory,
		"What share of the requests is answered within a time: each trial has "
		"its own "
		"percentiles, the line is their median over the blocks, the band their "
		"smallest "
		"to largest. A line ends where fewer than 10 requests of a trial lie "
		"beyond. %s",
		figure_latency_words(report, group));
	writer_figure(writer, &figure);
}
