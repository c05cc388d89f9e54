/* table.c - what `muxbench limit` found, for a terminal. */
#include "harness/human.h"
#include "harness/limit/limit.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BOLD  "\033[1m"
#define RED   "\033[31m"
#define PLAIN "\033[0m"

enum { COLUMN = 52, TEXT_BYTES = 96 };

struct table {
	FILE *out;
	const struct limit *limit;
	bool colour;
	int name_width;
};

static const char *colour(const struct table *table, const char *code)
{
	return table->colour ? code : "";
}

static int name_width(const struct limit *limit)
{
	size_t width = strlen("blocking");

	for (size_t i = 0; i < limit->plan.axes.backend_count; i++)
		if (strlen(limit->names[i]) > width)
			width = strlen(limit->names[i]);
	return (int)width;
}

/* What every figure here rests on. */
static void print_basis(const struct table *table)
{
	const struct limit_options *options = &table->limit->options;
	char bytes[HUMAN_BYTES], idle[HUMAN_BYTES];

	human_count(options->message_bytes, bytes, sizeof(bytes));
	human_count(options->connections_idle, idle, sizeof(idle));
	fprintf(table->out, "(%s%s%" PRIu64 " block%s, %s byte%s, on one core",
		options->blocks > 1 ? "medians of " : "",
		table->limit->interrupted ? "at most " : "", options->blocks,
		options->blocks == 1 ? "" : "s", bytes,
		options->message_bytes == 1 ? "" : "s");
	if (options->connections_idle > 0)
		fprintf(table->out, ", the backends with %s idle", idle);
	fputs(")\n\n", table->out);
}

static void print_heading(const struct table *table, const char *first)
{
	const struct limit_options *options = &table->limit->options;

	fprintf(table->out, "  %-*s", table->name_width, first);
	for (size_t a = 0; a < options->active_count; a++) {
		char count[HUMAN_BYTES], text[TEXT_BYTES];

		human_count(options->active[a], count, sizeof(count));
		snprintf(text, sizeof(text), "%s active", count);
		fprintf(table->out, "  %*s", COLUMN, text);
	}
	fputc('\n', table->out);
}

static const struct limit_cell *cell_at(
	const struct table *table, size_t name, size_t active)
{
	return limit_summary_at(&table->limit->summary, name, active);
}

/* "4 calls", "0.04 calls": as many places as it has. */
static void calls_text(const struct limit_cell *cell, char *text, size_t text_size)
{
	double calls = limit_spread(cell, LIMIT_CALLS).median;

	snprintf(text, text_size, "%.3g calls", calls);
}

/* "412,345/s  2.43 us  0.04 calls *": the star is for the limit. */
static void way_text(
	const struct table *table, size_t way, size_t active, char *text, size_t size)
{
	const struct limit_cell *cell = cell_at(table, way, active);
	struct spread rate = limit_spread(cell, LIMIT_RATE);
	char count[HUMAN_BYTES], time[HUMAN_BYTES], calls[HUMAN_BYTES];

	snprintf(text, size, "-  ");
	if (rate.count == 0)
		return;
	human_count((uint64_t)llround(rate.median), count, sizeof(count));
	human_ns(1e9 / rate.median, time, sizeof(time));
	calls_text(cell, calls, sizeof(calls));
	snprintf(text, size, "%s/s  %7s  %12s %s", count, time, calls,
		table->limit->summary.best[active] == way ? "*" : " ");
}

/* "0.84 [0.82, 0.86]  cpu 0.85"; no interval of less than six blocks; "-": no limit. */
static void shares_text(const struct limit_cell *cell, char *text, size_t text_size)
{
	struct spread share = limit_spread(cell, LIMIT_SHARE);
	double cpu_share = limit_spread(cell, LIMIT_CPU_SHARE).median;

	snprintf(text, text_size, "-");
	if (share.interval_known)
		snprintf(text, text_size, "%.2f [%.2f, %.2f]  cpu %.2f", share.median,
			share.low, share.high, cpu_share);
	else if (share.count > 0)
		snprintf(text, text_size, "%.2f  cpu %.2f", share.median, cpu_share);
}

/* "0.84 [0.82, 0.86]  cpu 0.85  351,000/s  3.01 calls" */
static void share_text(
	const struct table *table, size_t name, size_t active, char *text, size_t size)
{
	const struct limit_cell *cell = cell_at(table, name, active);
	struct spread rate = limit_spread(cell, LIMIT_RATE);
	char count[HUMAN_BYTES], calls[HUMAN_BYTES], shares[TEXT_BYTES / 2];

	snprintf(text, size, "-");
	if (rate.count == 0)
		return;
	shares_text(cell, shares, sizeof(shares));
	human_count((uint64_t)llround(rate.median), count, sizeof(count));
	calls_text(cell, calls, sizeof(calls));
	snprintf(text, size, "%s  %9s/s  %12s", shares, count, calls);
}

typedef void text_function(
	const struct table *table, size_t name, size_t active, char *text, size_t size);

static void print_rows(
	const struct table *table, size_t first, size_t end, text_function *describe)
{
	for (size_t n = first; n < end; n++) {
		char text[TEXT_BYTES];

		fprintf(table->out, "  %-*s", table->name_width, table->limit->names[n]);
		for (size_t a = 0; a < table->limit->options.active_count; a++) {
			describe(table, n, a, text, sizeof(text));
			fprintf(table->out, "  %*s", COLUMN, text);
		}
		fputc('\n', table->out);
	}
	fputc('\n', table->out);
}

/* ---- what is missing ------------------------------------------------------------ */

/* Each gap is told once, for the first number of connections that it is the same for. */
static bool told_before(const struct table *table, size_t name, size_t active)
{
	const struct limit_cell *cell = cell_at(table, name, active);

	for (size_t a = 0; a < active; a++)
		if (strcmp(cell_at(table, name, a)->reason, cell->reason) == 0)
			return true;
	return false;
}

static void print_gap(const struct table *table, size_t name, size_t active)
{
	const struct limit_cell *cell = cell_at(table, name, active);
	enum trial_status status = limit_cell_status(cell);
	bool bad = status == TRIAL_INVALID || status == TRIAL_FAILED;
	char count[HUMAN_BYTES];

	human_count(table->limit->options.active[active], count, sizeof(count));
	fprintf(table->out, "  %s%s at %s active: %zu of %" PRIu64 " trials %s: %s%s\n",
		colour(table, bad ? RED : ""), table->limit->names[name], count,
		cell->trials[status], table->limit->options.blocks,
		trial_status_name(status), cell->reason, colour(table, bad ? PLAIN : ""));
}

static void print_gaps(const struct table *table)
{
	bool any = false;

	for (size_t n = 0; n < table->limit->plan.axes.backend_count; n++)
		for (size_t a = 0; a < table->limit->options.active_count; a++)
			if (limit_cell_status(cell_at(table, n, a)) != TRIAL_OK &&
				!told_before(table, n, a)) {
				print_gap(table, n, a);
				any = true;
			}
	if (any)
		fputc('\n', table->out);
}

static void print_disturbed(const struct table *table)
{
	const struct limit_summary *summary = &table->limit->summary;
	size_t disturbed = limit_summary_disturbed(summary);

	if (disturbed > 0)
		fprintf(table->out,
			"  in %zu of %zu trials others had over a tenth of the core: a "
			"warning: rates and\n  shares of them are not only its own; the "
			"share of CPU time (cpu) is steadier\n\n",
			disturbed, limit_summary_count(summary, TRIAL_OK));
}

void limit_print(FILE *out, const struct limit *limit)
{
	const char *no_color = getenv("NO_COLOR");
	struct table table = {
		.out = out,
		.limit = limit,
		.colour = isatty(fileno(out)) && !(no_color && *no_color),
		.name_width = name_width(limit),
	};

	fprintf(out, "%sThe limit: one thread owns both ends%s  ", colour(&table, BOLD),
		colour(&table, PLAIN));
	print_basis(&table);
	print_heading(&table, "way");
	print_rows(&table, 0, LIMIT_WAYS, way_text);
	fprintf(out,
		"%sShare of it (*) that each backend reaches%s  (with the load "
		"generator%s "
		"on the same core)\n\n",
		colour(&table, BOLD), colour(&table, PLAIN),
		limit->options.engine == ENGINE_EPOLL ? "" : ", of io_uring,");
	print_heading(&table, "backend");
	print_rows(&table, LIMIT_WAYS, limit->plan.axes.backend_count, share_text);
	print_gaps(&table);
	print_disturbed(&table);
}
