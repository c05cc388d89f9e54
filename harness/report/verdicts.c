/* verdicts.c - the verdict sentences of a report, and the figures behind them. */
#include "harness/report/content.h"

#include "harness/report/numbers.h"
#include "harness/report/style.h"

#include <math.h>
#include <string.h>

/* ---- sentences ---- */

/* "", or what is lacking: "3 blocks of the 10 needed" joined to the others. */
static const char *lacking(struct report *report, const char *words, double has,
	double needed, const char *what)
{
	if (has >= needed)
		return words;
	return report_text(&report->memory, "%s%s%.2g of %.2g %s", words,
		*words ? ", " : "", has, needed, what);
}

static const char *standing(struct report *report, const struct complexity *c)
{
	const char *words = "";
	double decades =
		c->points > 0 ? log10(c->connections_max / c->connections_min) : 0;

	if (c->publishable)
		return report_text(&report->memory,
			"publishable: %zu blocks, %zu numbers of connections", c->blocks,
			c->points);
	words = lacking(report, words, (double)c->blocks, COMPLEXITY_BLOCKS_PUBLISHABLE,
		"blocks");
	words = lacking(report, words, (double)c->points, COMPLEXITY_POINTS_PUBLISHABLE,
		"numbers of connections");
	words = lacking(
		report, words, decades, COMPLEXITY_DECADES_PUBLISHABLE, "decades");
	return report_text(&report->memory, "not to be published: %s", words);
}

/* Why a backend has no verdict, from its cells. */
static const char *no_verdict(struct report *report, size_t group, size_t backend)
{
	const struct plan *plan = &report->replay.plan;

	for (size_t x = 0; x < plan->x_count; x++)
		if (report_measured(report_cell(report, backend, group, x)))
			return report_text(&report->memory,
				"too few numbers of connections for a verdict");
	for (size_t x = 0; x < plan->x_count; x++) {
		const struct summary_cell *cell = report_cell(report, backend, group, x);

		if (*cell->reason)
			return report_text(&report->memory, "%s: %s",
				trial_status_name(summary_status(cell)), cell->reason);
	}
	return "no trial was made";
}

static void put_group(struct report *report, struct report_writer *writer, size_t group)
{
	struct report_verdict list[REPLAY_BACKENDS_MAX];
	const struct plan *plan = &report->replay.plan;

	for (size_t b = 0; b < plan->axes.backend_count; b++) {
		const struct complexity *c =
			verdicts_find(&report->replay.verdicts, b, group);

		list[b] = (struct report_verdict){
			.backend = plan->axes.backends[b],
			.style = report_style(plan, b),
			.verdict = c ? c->verdict : COMPLEXITY_INCONCLUSIVE,
			.name = c ? complexity_verdict_name(c->verdict) : "none",
			.sentence = c ? c->sentence : no_verdict(report, group, b),
			.standing = c ? standing(report, c) : "",
			.publishable = c && c->publishable,
		};
	}
	writer_verdicts(writer, list, plan->axes.backend_count);
}

/* "Over these connections the server CPU of a request grew: poll 152×, ..." */
static const char *growth_words(struct report *report, size_t group)
{
	const struct plan *plan = &report->replay.plan;
	const char *words = "";

	for (size_t b = 0; b < plan->axes.backend_count; b++) {
		const struct summary_cell *first = report_cell(report, b, group, 0);
		const struct summary_cell *last = first;

		for (size_t x = 1; x < plan->x_count; x++)
			if (report_measured(report_cell(report, b, group, x)))
				last = report_cell(report, b, group, x);
		if (last == first || !report_measured(first))
			continue;
		words = report_text(&report->memory, "%s%s%s %s", words,
			*words ? ", " : "", plan->axes.backends[b],
			report_ratio(spread_of(summary_cost(last)).median /
				     spread_of(summary_cost(first)).median)
				.text);
		if (last != report_cell(report, b, group, plan->x_count - 1))
			words = report_text(&report->memory, "%s (to %s)", words,
				report_count(report_x_value(report, last)).text);
	}
	if (!*words)
		return "";
	return report_text(&report->memory,
		"From %s to %s %s the server CPU per %s becomes: %s (ratio of medians).",
		report_count(report_x_value(report, report_cell(report, 0, group, 0)))
			.text,
		report_count(report_x_value(report,
				     report_cell(report, 0, group, plan->x_count - 1)))
			.text,
		report_x_title(report), report_unit(report), words);
}

void content_verdicts(struct report *report, struct report_writer *writer)
{
	if (report->replay.verdicts.count == 0)
		writer_paragraph(writer,
			report_text(&report->memory,
				"There are no verdicts in this run: they take %d or more "
				"numbers of idle connections.",
				COMPLEXITY_POINTS_MIN));
	for (size_t group = 0; group < content_groups(report); group++) {
		content_group_heading(report, writer, group);
		if (report->replay.verdicts.count > 0)
			put_group(report, writer, group);
		writer_paragraph(writer, growth_words(report, group));
	}
}

/* ---- what they rest on ---- */

/* "-0.02", but never "-0.00". */
static const char *figure_text(struct report *report, double value)
{
	return report_text(&report->memory, "%.2f", fabs(value) < 0.005 ? 0 : value);
}

static void put_figure(struct report *report, struct report_table *table,
	const struct interval *interval)
{
	if (!isfinite(interval->estimate)) {
		report_table_put(table, "–");
		return;
	}
	report_table_put(table, "%s", figure_text(report, interval->estimate));
	if (isfinite(interval->low) && isfinite(interval->high))
		report_table_note(table, "%s to %s", figure_text(report, interval->low),
			figure_text(report, interval->high));
}

static void put_knot(struct report_table *table, const struct complexity *c)
{
	report_table_put(table, "%s", complexity_form_name(c->form));
	if (isfinite(c->knot_connections))
		report_table_note(table, "knot at %s: %s, then %s per connection",
			report_count(c->knot_connections).text,
			report_ns(c->knot_ns_below).text,
			report_ns(c->knot_ns_above).text);
}

static void put_row(
	struct report *report, struct report_table *table, const struct verdict *verdict)
{
	const struct plan *plan = &report->replay.plan;
	const struct complexity *c = &verdict->complexity;

	report_table_put(table, "%s", plan->axes.backends[verdict->backend]);
	report_table_style(table, report_style(plan, verdict->backend));
	report_table_put(table, "%s", complexity_verdict_name(c->verdict));
	report_table_put(table, "%zu", c->points);
	if (isfinite(c->connections_min))
		report_table_note(table, "%s–%s", report_count(c->connections_min).text,
			report_count(c->connections_max).text);
	report_table_put(table, "%zu", c->blocks);
	put_figure(report, table, &c->ns_per_connection);
	put_figure(report, table, &c->share);
	put_figure(report, table, &c->tail);
	put_figure(report, table, &c->growth);
	if (isfinite(c->p_linear))
		report_table_put(table, "%.2f", c->p_linear);
	else
		report_table_put(table, "–");
	put_knot(table, c);
}

void content_verdict_figures(struct report *report, struct report_writer *writer)
{
	static const char *const headings[] = {"points", "blocks", "b: ns per connection",
		"s: share at the end", "E: slope of the end", "G: growth",
		"p: linear forms win"};

	if (report->replay.verdicts.count == 0) {
		writer_paragraph(writer, "There are none.");
		return;
	}
	writer_paragraph(writer, "Each with its 95 % interval over the blocks. b and s: "
				 "from the line a + b N, "
				 "fitted to relative residuals in each block; s is the "
				 "part of the cost at the "
				 "largest N that is b N. E: the slope of ln(cost) on "
				 "ln(N) over the last decade, 0 "
				 "is flat, 1 is proportional. G: the last two medians "
				 "over the first two. p: the "
				 "share of resampled runs in which a linear form (a + b "
				 "N, the same with a knot, "
				 "a + b N^2) fits better than a + b log N and a + b sqrt "
				 "N. linear: s from .75 and "
				 "p from .90. flat: E to .25 and G to 1.5. grows: E "
				 "above 0 and G above 1.1. It is "
				 "the end of the interval that counts.");
	for (size_t group = 0; group < content_groups(report); group++) {
		struct report_table table = {.memory = &report->memory};

		content_group_heading(report, writer, group);
		report_table_column(&table, false, "backend");
		report_table_column(&table, false, "verdict");
		for (size_t i = 0; i < sizeof(headings) / sizeof(*headings); i++)
			report_table_column(&table, true, "%s", headings[i]);
		report_table_column(&table, false, "best form");
		for (size_t i = 0; i < report->replay.verdicts.count; i++)
			if (report->replay.verdicts.list[i].group == group)
				put_row(report, &table, &report->replay.verdicts.list[i]);
		writer_table(writer, &table);
	}
}
