/* table.c - what `muxbench waitcost` found, for a terminal. */
#include "harness/human.h"
#include "harness/waitcost/waitcost.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { COLUMN = 8 }; /* "12.8 ms" and a blank */

#define BOLD  "\033[1m"
#define RED   "\033[31m"
#define PLAIN "\033[0m"

struct table {
	FILE *out;
	const struct waitcost_run *run;
	const struct waitcost_axes *axes;
	bool colour;
	int name_width;
	size_t ready; /* index of the number that is ready in the table being printed */
};

static const char *colour(const struct table *table, const char *code)
{
	return table->colour ? code : "";
}

static const struct waitcost_summary_cell *cell_at(
	const struct table *table, size_t backend, size_t descriptors)
{
	return waitcost_summary_at(
		&table->run->summary, backend, table->ready, descriptors);
}

static int name_width(const struct waitcost_axes *axes)
{
	size_t width = strlen("backend");

	for (size_t b = 0; b < axes->backend_count; b++)
		if (strlen(axes->backends[b]) > width)
			width = strlen(axes->backends[b]);
	return (int)width;
}

/* Columns whose N holds as many as are ready. */
static bool has_column(const struct table *table, size_t n)
{
	return table->axes->descriptors[n] >= table->axes->ready[table->ready];
}

/* "(medians of 10 blocks, one core)": what every figure here rests on. */
static void print_basis(const struct table *table)
{
	uint64_t blocks = table->axes->blocks;

	fprintf(table->out, "(%s%s%" PRIu64 " block%s, %s)\n\n",
		blocks > 1 ? "medians of " : "",
		table->run->interrupted ? "at most " : "", blocks, blocks == 1 ? "" : "s",
		table->run->placement.server_cpu < 0 ? "unpinned" : "on one core");
}

static void print_heading(const struct table *table, const char *first, int width)
{
	fprintf(table->out, "  %-*s", width, first);
	for (size_t n = 0; n < table->axes->descriptor_count; n++) {
		char count[HUMAN_BYTES];

		if (!has_column(table, n))
			continue;
		human_count(table->axes->descriptors[n], count, sizeof(count));
		fprintf(table->out, "  %*s", COLUMN, count);
	}
	fputc('\n', table->out);
}

static void print_figures(
	const struct table *table, size_t backend, enum waitcost_figure figure)
{
	for (size_t n = 0; n < table->axes->descriptor_count; n++) {
		struct spread spread =
			waitcost_spread(cell_at(table, backend, n), figure);
		char text[HUMAN_BYTES] = "-";

		if (!has_column(table, n))
			continue;
		if (spread.count > 0 && spread.median < 9.95)
			snprintf(text, sizeof(text), "%.1f ns", spread.median);
		else if (spread.count > 0)
			human_ns(spread.median, text, sizeof(text));
		fprintf(table->out, "  %*s", COLUMN, text);
	}
	fputc('\n', table->out);
}

/* ---- waits --------------------------------------------------------------------------
 */

static void print_waits(const struct table *table)
{
	char ready[HUMAN_BYTES];

	human_count(table->axes->ready[table->ready], ready, sizeof(ready));
	fprintf(table->out, "%sOne wait, %s of N descriptors ready%s  ",
		colour(table, BOLD), ready, colour(table, PLAIN));
	print_basis(table);
	print_heading(table, "backend", table->name_width);
	for (size_t b = 0; b < table->axes->backend_count; b++) {
		fprintf(table->out, "  %-*s", table->name_width,
			table->axes->backends[b]);
		print_figures(table, b, WAITCOST_WAIT);
	}
	fputc('\n', table->out);
}

/* ---- what is missing ----------------------------------------------------------------
 */

static bool same_gap(
	const struct waitcost_summary_cell *a, const struct waitcost_summary_cell *b)
{
	enum trial_status status = waitcost_cell_status(a);

	return status == waitcost_cell_status(b) &&
	       a->trials[status] == b->trials[status] &&
	       strcmp(a->reason, b->reason) == 0;
}

/* Each gap is told once, for all numbers of descriptors that it is the same for. */
static bool told_before(const struct table *table, size_t backend, size_t descriptors)
{
	for (size_t n = 0; n < descriptors; n++)
		if (same_gap(cell_at(table, backend, n),
			    cell_at(table, backend, descriptors)))
			return true;
	return false;
}

/* Whether it is the same everywhere that the backend was to be measured. */
static bool is_everywhere(const struct table *table, size_t backend,
	const struct waitcost_summary_cell *gap)
{
	for (size_t n = 0; n < table->axes->descriptor_count; n++)
		if (has_column(table, n) && !same_gap(gap, cell_at(table, backend, n)))
			return false;
	return true;
}

static void print_gap(const struct table *table, size_t backend, size_t first)
{
	const struct waitcost_summary_cell *gap = cell_at(table, backend, first);
	enum trial_status status = waitcost_cell_status(gap);
	bool bad = status == TRIAL_INVALID || status == TRIAL_FAILED;
	bool everywhere = is_everywhere(table, backend, gap);
	const char *separator = " at ";

	fprintf(table->out, "  %s%s", colour(table, bad ? RED : ""),
		table->axes->backends[backend]);
	for (size_t n = first; n < table->axes->descriptor_count; n++) {
		char count[HUMAN_BYTES];

		if (everywhere || !same_gap(gap, cell_at(table, backend, n)))
			continue;
		human_count(table->axes->descriptors[n], count, sizeof(count));
		fprintf(table->out, "%s%s", separator, count);
		separator = ", ";
	}
	fputs(": ", table->out);
	if (gap->trials[status] < table->axes->blocks)
		fprintf(table->out, "%zu of %" PRIu64 " trials ", gap->trials[status],
			table->axes->blocks);
	fprintf(table->out, "%s: %s%s\n", trial_status_name(status), gap->reason,
		colour(table, bad ? PLAIN : ""));
}

static void print_gaps(const struct table *table)
{
	bool any = false;

	for (size_t b = 0; b < table->axes->backend_count; b++)
		for (size_t n = 0; n < table->axes->descriptor_count; n++) {
			if (waitcost_cell_status(cell_at(table, b, n)) == TRIAL_OK ||
				told_before(table, b, n))
				continue;
			print_gap(table, b, n);
			any = true;
		}
	if (any)
		fputc('\n', table->out);
}

/* ---- verdicts -----------------------------------------------------------------------
 */

static void print_verdicts(const struct table *table)
{
	char ready[HUMAN_BYTES];

	human_count(table->axes->ready[table->ready], ready, sizeof(ready));
	fprintf(table->out, "%sHow one wait grows with N%s  (%s ready)\n\n",
		colour(table, BOLD), colour(table, PLAIN), ready);
	for (size_t b = 0; b < table->axes->backend_count; b++) {
		const struct waitcost_verdict *verdict =
			waitcost_verdict_at(&table->run->summary, b, table->ready);

		if (verdict->judged)
			fprintf(table->out, "  %-*s  %s\n", table->name_width,
				table->axes->backends[b], verdict->sentence);
	}
	fputc('\n', table->out);
}

/* ---- changes of interest ------------------------------------------------------------
 */

static bool any_measured(const struct table *table, size_t backend)
{
	for (size_t n = 0; n < table->axes->descriptor_count; n++)
		if (waitcost_spread(cell_at(table, backend, n), WAITCOST_REGISTER).count >
			0)
			return true;
	return false;
}

/* At the smallest number of ready descriptors, on which they hardly depend. */
static void print_interest(const struct table *table)
{
	int width = table->name_width + (int)strlen("  register");

	fprintf(table->out, "%sOne change of interest among N descriptors%s  ",
		colour(table, BOLD), colour(table, PLAIN));
	print_basis(table);
	print_heading(table, "backend", width);
	for (size_t b = 0; b < table->axes->backend_count; b++) {
		if (!any_measured(table, b))
			continue;
		for (int f = WAITCOST_REGISTER; f < WAITCOST_FIGURES; f++) {
			fprintf(table->out, "  %-*s  %-8s", table->name_width,
				f == WAITCOST_REGISTER ? table->axes->backends[b] : "",
				waitcost_figure_name((enum waitcost_figure)f));
			print_figures(table, b, (enum waitcost_figure)f);
		}
	}
	fputc('\n', table->out);
}

void waitcost_run_print(FILE *out, const struct waitcost_run *run)
{
	const char *no_color = getenv("NO_COLOR");
	struct table table = {
		.out = out,
		.run = run,
		.axes = &run->plan.axes,
		.colour = isatty(fileno(out)) && !(no_color && *no_color),
		.name_width = name_width(&run->plan.axes),
	};

	for (table.ready = 0; table.ready < table.axes->ready_count; table.ready++) {
		print_waits(&table);
		print_gaps(&table);
		print_verdicts(&table);
	}
	table.ready = 0;
	print_interest(&table);
}
