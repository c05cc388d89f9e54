/* costs.c - the medians of a report with their intervals. */
#include "harness/report/content.h"

#include "harness/report/figures.h"
#include "harness/report/numbers.h"
#include "harness/report/ratios.h"
#include "harness/report/style.h"

#include <math.h>
#include <string.h>

/* What a table shows of each cell: false where there is nothing. */
struct measure {
	const char *title;
	bool (*spread)(const struct summary_cell *cell, struct spread *spread);
	bool rate; /* else nanoseconds */
};

static bool cost_of(const struct summary_cell *cell, struct spread *spread)
{
	*spread = spread_of(summary_cost(cell));
	return spread->count > 0;
}

static bool p50_of(const struct summary_cell *cell, struct spread *spread)
{
	return report_latency(cell, false, spread);
}

static bool p99_of(const struct summary_cell *cell, struct spread *spread)
{
	return report_latency(cell, true, spread);
}

static bool rate_of(const struct summary_cell *cell, struct spread *spread)
{
	*spread = spread_of(&cell->requests_per_s);
	return spread->count > 0;
}

static bool client_of(const struct summary_cell *cell, struct spread *spread)
{
	*spread = spread_of(&cell->client_cpu_ns);
	return spread->count > 0;
}

static const struct measure measures[] = {
	{"Server CPU", cost_of, false},
	{"Latency p50 of all blocks together", p50_of, false},
	{"Latency p99 of all blocks together", p99_of, false},
	{"Requests per second, median", rate_of, true},
	{"CPU of the load generator per request, median", client_of, false},
};

enum { MEASURES = sizeof(measures) / sizeof(*measures) };

/* Why a cell is empty, in a word or two. */
static const char *gap_words(const struct summary_cell *cell, size_t measure)
{
	enum trial_status status = summary_status(cell);

	if (measure > 0 && report_measured(cell))
		return cell->flagged[WINDOW_OVERLOAD]           ? "overload"
		       : cell->flagged[WINDOW_CLIENT_SATURATED] ? "client saturated"
		       : cell->flagged[WINDOW_LATENCY_INVALID]  ? "sent too late"
								: "too few requests";
	return status == TRIAL_OK ? "not run" : trial_status_name(status);
}

/* "6.30–6.41 µs", and of how many blocks where that is not all of them. */
static void put_interval(struct report_table *table, const struct report *report,
	const struct measure *measure, const struct spread *spread)
{
	double low = report_low(spread), high = report_high(spread);
	const char *range;

	if (spread->count == 0) {
		report_table_note(table, "blocks too short");
		return;
	}
	range = measure->rate ? report_text(table->memory, "%s–%s", report_rate(low).text,
					report_rate(high).text)
			      : report_text(table->memory, "%s",
					report_ns_range(low, high).text);
	if (!spread->interval_known && report->replay.plan.axes.blocks >= 6)
		report_table_note(table, "%s, range of %zu", range, spread->count);
	else if (spread->count < report->replay.plan.axes.blocks)
		report_table_note(table, "%s; %zu of %llu", range, spread->count,
			(unsigned long long)report->replay.plan.axes.blocks);
	else
		report_table_note(table, "%s", range);
}

static void put_measure(struct report_table *table, const struct report *report,
	const struct summary_cell *cell, size_t index)
{
	const struct measure *measure = &measures[index];
	struct spread spread;

	if (!measure->spread(cell, &spread)) {
		report_table_put(table, "–");
		report_table_note(table, "%s", gap_words(cell, index));
		return;
	}
	report_table_put(table, "%s",
		measure->rate ? report_rate(spread.median).text
			      : report_ns(spread.median).text);
	put_interval(table, report, measure, &spread);
}

static const char *interval_title(struct report *report, const char *what)
{
	return report_text(&report->memory, "%s and %s", what,
		report->replay.plan.axes.blocks >= 6
			? "its 95 % interval"
			: "the smallest and largest block (too few blocks for an "
			  "interval)");
}

static void put_costs(
	struct report *report, struct report_writer *writer, size_t group, size_t index)
{
	const struct plan *plan = &report->replay.plan;
	const char *what =
		index == 0 ? report_text(&report->memory, "Server CPU per %s, median",
				     report_unit(report))
			   : measures[index].title;
	struct report_table table =
		content_table(report, group, interval_title(report, what));

	for (size_t b = 0; b < plan->axes.backend_count; b++) {
		report_table_put(&table, "%s", plan->axes.backends[b]);
		report_table_style(&table, report_style(plan, b));
		for (size_t x = 0; x + 1 < table.columns; x++) {
			const struct summary_cell *cell =
				report_cell(report, b, group, x);

			put_measure(&table, report, cell, index);
		}
	}
	writer_table(writer, &table);
}

/* ---- ratios ---- */

static const char *ratio_words(const struct interval *ratio)
{
	if (ratio->low > 1)
		return "costs more";
	return ratio->high < 1 ? "costs less" : "no difference shown";
}

static void put_ratios(struct report *report, struct report_writer *writer, size_t group)
{
	const struct plan *plan = &report->replay.plan;
	size_t reference = ratio_reference(report);
	struct report_table table = {.memory = &report->memory,
		.title = report_text(&report->memory,
			"Server CPU per %s, times that of %s: mean ratio within the "
			"blocks and its "
			"95 %% interval",
			report_unit(report), plan->axes.backends[reference])};

	report_table_column(&table, false, "backend");
	report_table_column(&table, true, "at");
	report_table_column(&table, true, "ratio");
	report_table_column(&table, true, "95 %% interval");
	report_table_column(&table, true, "blocks");
	report_table_column(&table, false, "reading");
	for (size_t b = 0; b < plan->axes.backend_count; b++) {
		struct report_ratio ratio;
		char at[64];

		if (b == reference || !ratio_make(report, group, b, &ratio))
			continue;
		plan_number_text(plan->x,
			cell_number(&plan->cells[plan_cell(plan, b, group, ratio.x)],
				plan->x),
			at, sizeof(at));
		report_table_put(&table, "%s", plan->axes.backends[b]);
		report_table_style(&table, report_style(plan, b));
		report_table_put(&table, "%s", at);
		report_table_put(&table, "%s", report_ratio(ratio.ratio.estimate).text);
		report_table_put(&table, "%s",
			report_ratio_range(ratio.ratio.low, ratio.ratio.high).text);
		report_table_put(&table, "%zu", ratio.blocks);
		report_table_put(&table, "%s", ratio_words(&ratio.ratio));
	}
	writer_table(writer, &table);
}

/* ---- open loop: where the time went ---- */

static double response_of(const struct report_trial *trial)
{
	return trial->p99_ns;
}

static double service_of(const struct report_trial *trial)
{
	return trial->service_p99_ns;
}

static double lag_of(const struct report_trial *trial)
{
	return trial->lag_p99_ns;
}

static struct spread spread_over(const struct report *report, size_t cell,
	double (*value)(const struct report_trial *trial))
{
	double values[STATISTICS_VALUES_MAX];
	size_t count = 0;

	for (size_t i = report->cell_trials[cell]; i < report->cell_trials[cell + 1];
		i++) {
		const struct report_trial *trial = &report->trials[report->by_cell[i]];

		if (!isnan(trial->service_p99_ns) && count < STATISTICS_VALUES_MAX)
			values[count++] = value(trial);
	}
	return spread_of(&(struct samples){.values = values, .blocks = count});
}

/* Waiting to be sent and being served make up the response; each has its own tail. */
static void put_open_loop(
	struct report *report, struct report_writer *writer, size_t group)
{
	static double (*const values[])(const struct report_trial *trial) = {
		response_of, service_of, lag_of};
	static const char *const names[] = {"response", "service", "send lag"};
	const struct plan *plan = &report->replay.plan;
	struct report_table table = content_table(report, group,
		"Open loop, p99 of response time (from when due), service time (from "
		"when sent) "
		"and send lag: medians of the blocks");

	for (size_t b = 0; b < plan->axes.backend_count; b++)
		for (size_t v = 0; v < sizeof(values) / sizeof(*values); v++) {
			report_table_put(&table, "%s", plan->axes.backends[b]);
			report_table_style(&table, report_style(plan, b));
			report_table_note(&table, "%s", names[v]);
			for (size_t x = 0; x + 1 < table.columns; x++) {
				struct spread spread = spread_over(
					report, plan_cell(plan, b, group, x), values[v]);

				report_table_put(&table, "%s",
					spread.count ? report_ns(spread.median).text
						     : "–");
			}
		}
	writer_table(writer, &table);
}

/* ---- heat map ---- */

/* 1 to REPORT_SHADES by the logarithm of the cost between the cheapest and the dearest.
 */
static int shade(double cost, double low, double high)
{
	if (!(high > low))
		return 1;
	double share = log(cost / low) / log(high / low);

	return 1 + (int)fmin(REPORT_SHADES - 1, floor(share * REPORT_SHADES));
}

static void cost_range(const struct report *report, double *low, double *high)
{
	*low = INFINITY;
	*high = 0;
	for (size_t i = 0; i < report->replay.summary.cell_count; i++) {
		struct spread cost =
			spread_of(summary_cost(&report->replay.summary.cells[i]));

		if (cost.count == 0)
			continue;
		*low = fmin(*low, cost.median);
		*high = fmax(*high, cost.median);
	}
}

static void put_heat_row(struct report *report, struct report_table *table,
	size_t backend, size_t group, double low, double high)
{
	const struct plan *plan = &report->replay.plan;
	char text[160];

	plan_group_text(plan, group, text, sizeof(text));
	report_table_put(table, "%s", plan->axes.backends[backend]);
	report_table_note(table, "%s", text);
	report_table_style(table, report_style(plan, backend));
	for (size_t x = 0; x + 1 < table->columns; x++) {
		struct spread cost =
			spread_of(summary_cost(report_cell(report, backend, group, x)));

		if (cost.count == 0) {
			report_table_put(table, "–");
			continue;
		}
		report_table_put(table, "%s", report_ns(cost.median).text);
		report_table_shade(table, shade(cost.median, low, high));
	}
}

/* Where two things vary: all cells at once, darker where dearer. */
static void put_heat_map(struct report *report, struct report_writer *writer)
{
	const struct plan *plan = &report->replay.plan;
	struct report_table table = content_table(report, 0,
		report_text(&report->memory,
			"Heat map: median server CPU per %s, darker is dearer (log "
			"scale)",
			report_unit(report)));
	double low, high;

	if (plan->group_count < 2 || plan->x_count < 2)
		return;
	cost_range(report, &low, &high);
	for (size_t b = 0; b < plan->axes.backend_count; b++)
		for (size_t g = 0; g < content_groups(report); g++)
			put_heat_row(report, &table, b, g, low, high);
	writer_table(writer, &table);
}

static void put_group(struct report *report, struct report_writer *writer, size_t group)
{
	writer_paragraph(writer, figure_latency_words(report, group));
	for (size_t i = 0; i < MEASURES; i++)
		put_costs(report, writer, group, i);
	if (report->replay.plan.cells[plan_cell(&report->replay.plan, 0, group, 0)].rate >
		0)
		put_open_loop(report, writer, group);
	put_ratios(report, writer, group);
}

void content_costs(struct report *report, struct report_writer *writer)
{
	put_heat_map(report, writer);
	content_each_group(report, writer, put_group);
}
