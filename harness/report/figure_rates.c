/* figure_rates.c - throughput against latency, where rates were swept. */
#include "harness/report/figure.h"

#include "harness/report/numbers.h"
#include "harness/report/style.h"

/* The cell that differs from the first of the group in its rate only, or NULL. */
static const struct summary_cell *cell_with_rate(
	const struct report *report, const struct cell *like, uint64_t rate)
{
	struct cell wanted = *like;

	cell_set_number(&wanted, PLAN_RATE, rate);
	size_t index = plan_find(&report->replay.plan, &wanted);

	return index < report->replay.plan.cell_count
		       ? &report->replay.summary.cells[index]
		       : NULL;
}

static void add_rate_point(struct report *report, struct chart *chart,
	struct chart_series *series, const struct summary_cell *cell)
{
	struct spread rate = spread_of(&cell->requests_per_s);
	struct spread p99;

	if (rate.count == 0 || !report_latency(cell, true, &p99))
		return;
	double low = report_low(&p99), high = report_high(&p99);

	chart_add_point(chart, series,
		(struct chart_point){
			.x = rate.median,
			.y = p99.median,
			.low = low,
			.high = high,
			.marked = true,
			.tip = report_text(&report->memory,
				"%s: %s requests/s of %s offered, p99 %s\n%s over %zu "
				"block%s",
				series ? series->name : "", report_rate(rate.median).text,
				report_count((double)cell->cell->rate).text,
				report_ns(p99.median).text,
				report_ns_range(low, high).text, p99.count,
				p99.count == 1 ? "" : "s"),
		});
}

/* Overloaded in more than half of its blocks: one of them may be bad luck. */
static bool is_overloaded(const struct summary_cell *cell)
{
	return 2 * cell->flagged[WINDOW_OVERLOAD] > spread_of(summary_cost(cell)).count;
}

/* "poll from 20,000": where a backend could not keep up. */
static const char *overload_words(struct report *report, const struct cell *like)
{
	const struct plan *plan = &report->replay.plan;
	const struct plan_list *rates = &plan->axes.lists[PLAN_RATE];
	const char *words = "";

	for (size_t b = 0; b < plan->axes.backend_count; b++) {
		struct cell cell = *like;

		cell.backend = plan->axes.backends[b];
		for (size_t i = 0; i < rates->count; i++) {
			const struct summary_cell *at =
				cell_with_rate(report, &cell, rates->values[i]);

			if (!at || !is_overloaded(at))
				continue;
			words = report_text(&report->memory, "%s%s%s from %s", words,
				*words ? ", " : " Overloaded, so without a latency: ",
				cell.backend,
				report_count((double)rates->values[i]).text);
			break;
		}
	}
	return *words ? report_text(&report->memory, "%s offered.", words) : "";
}

/* How many trials were not sent in time, so that their latency is left out. */
static const char *lag_words(struct report *report, const struct cell *like)
{
	const struct plan *plan = &report->replay.plan;
	const struct plan_list *rates = &plan->axes.lists[PLAN_RATE];
	size_t late = 0, all = 0;

	for (size_t b = 0; b < plan->axes.backend_count; b++)
		for (size_t i = 0; i < rates->count; i++) {
			struct cell cell = *like;

			cell.backend = plan->axes.backends[b];
			const struct summary_cell *at =
				cell_with_rate(report, &cell, rates->values[i]);

			late += at ? at->flagged[WINDOW_LATENCY_INVALID] : 0;
			all += at ? spread_of(&at->cpu_ns).count : 0;
		}
	if (late == 0)
		return "";
	return report_text(&report->memory,
		" %zu of %zu trials are without a latency, because their requests were "
		"sent "
		"too late.",
		late, all);
}

static void figure_rates_at(struct report *report, struct report_writer *writer,
	const struct cell *like, size_t number)
{
	const struct plan *plan = &report->replay.plan;
	const struct plan_list *rates = &plan->axes.lists[PLAN_RATE];
	double connections = (double)(like->connections_idle + like->connections_active);
	struct figure figure = {
		.memory = &report->memory,
		.id = report_text(&report->memory, "rates-%zu", number),
		.title = report_text(&report->memory,
			"Throughput against p99 at %s open connections",
			report_count(connections).text),
	};
	struct chart *chart = figure_panel(&figure);

	chart->x = (struct chart_axis){.title = "requests answered per second",
		.kind = CHART_LINEAR,
		.from_zero = true};
	chart->y = (struct chart_axis){.title = "p99 of the response time (log)",
		.kind = CHART_LOG,
		.unit = CHART_NS};
	for (size_t b = 0; b < plan->axes.backend_count; b++) {
		struct cell cell = *like;
		size_t style = report_style(plan, b);
		struct chart_series *series = chart_add_series(
			chart, plan->axes.backends[b], style, CHART_LINE);

		cell.backend = plan->axes.backends[b];
		for (size_t i = 0; i < rates->count; i++) {
			const struct summary_cell *at =
				cell_with_rate(report, &cell, rates->values[i]);

			if (at)
				add_rate_point(report, chart, series, at);
		}
		if (series && series->count > 0)
			figure_key(&figure, cell.backend, style, CHART_LINE, NULL);
	}
	figure.about = report_text(&report->memory,
		"Each point is a rate that was offered in an open loop. Response time "
		"counts "
		"from when a request was due, so a server that falls behind shows "
		"it.%s%s",
		overload_words(report, like), lag_words(report, like));
	writer_figure(writer, &figure);
}

/* Where x is not the rate, its two ends are shown. */
void figure_rates(struct report *report, struct report_writer *writer)
{
	const struct plan *plan = &report->replay.plan;
	const struct plan_list *rates = &plan->axes.lists[PLAN_RATE];
	size_t number = 1;

	if (rates->count < 2)
		return;
	for (size_t g = 0; g < plan->group_count; g++) {
		size_t ends = plan->x == PLAN_RATE || plan->x_count == 1 ? 1 : 2;

		for (size_t end = 0; end < ends; end++) {
			size_t x = end == 0 ? 0 : plan->x_count - 1;
			const struct cell *cell = &plan->cells[plan_cell(plan, 0, g, x)];

			if (cell->rate == rates->values[0])
				figure_rates_at(report, writer, cell, number++);
		}
	}
}
