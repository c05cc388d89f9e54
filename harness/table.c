/* table.c - what a run found, for a terminal. */
#include "harness/table.h"

#include "harness/human.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { CELL_BYTES = 2 * HUMAN_BYTES + 4 };

#define BOLD  "\033[1m"
#define RED   "\033[31m"
#define PLAIN "\033[0m"

static const char *colour(const struct table *table, const char *code)
{
	return table->colour ? code : "";
}

static const struct summary_cell *cell_at(
	const struct table *table, size_t backend, size_t active, size_t idle)
{
	return &table->summary->cells[plan_cell(table->plan, backend, active, idle)];
}

static int backend_width(const struct table *table)
{
	size_t width = strlen("backend");

	for (size_t b = 0; b < table->plan->axes.backend_count; b++)
		if (strlen(table->plan->axes.backends[b]) > width)
			width = strlen(table->plan->axes.backends[b]);
	return (int)width;
}

/* "medians of 3 blocks, 1 active, same core": what every figure here rests on. */
static void print_basis(FILE *out, const struct table *table, size_t active)
{
	uint64_t blocks = table->plan->axes.blocks;
	char count[HUMAN_BYTES];

	human_count(table->plan->axes.active[active], count, sizeof(count));
	fprintf(out, "%s%s%" PRIu64 " block%s, %s active, %s",
		blocks > 1 ? "medians of " : "", table->interrupted ? "at most " : "",
		blocks, blocks == 1 ? "" : "s", count, placement_words(table->placement));
}

/* ---- costs ---- */

/* "2.41 us / 4.98 us", or "-" where nothing was measured. */
static void cost_text(const struct summary_cell *cell, char text[CELL_BYTES])
{
	struct spread cpu = spread_of(&cell->cpu_ns);
	char cost[HUMAN_BYTES], latency[HUMAN_BYTES] = "-";
	uint64_t p50_ns;

	if (cpu.count == 0) {
		strcpy(text, "-");
		return;
	}
	human_ns(cpu.median, cost, sizeof(cost));
	if (summary_percentile(cell, 0.5, &p50_ns))
		human_ns((double)p50_ns, latency, sizeof(latency));
	snprintf(text, CELL_BYTES, "%s / %s", cost, latency);
}

/* The width that column needs, its heading included. */
static int idle_width(const struct table *table, size_t active, size_t idle)
{
	char text[CELL_BYTES];

	human_count(table->plan->axes.idle[idle], text, sizeof(text));
	size_t width = strlen(text) + strlen(" idle");

	for (size_t b = 0; b < table->plan->axes.backend_count; b++) {
		cost_text(cell_at(table, b, active, idle), text);
		if (strlen(text) > width)
			width = strlen(text);
	}
	return (int)width;
}

static void print_costs(FILE *out, const struct table *table, size_t active)
{
	const struct plan_axes *axes = &table->plan->axes;
	char text[CELL_BYTES];

	fprintf(out, "%sServer CPU of an echo / median latency%s  (%" PRIu64 " bytes, ",
		colour(table, BOLD), colour(table, PLAIN), table->message_bytes);
	print_basis(out, table, active);
	fprintf(out, ")\n\n  %-*s", backend_width(table), "backend");
	for (size_t i = 0; i < axes->idle_count; i++) {
		char count[HUMAN_BYTES];

		human_count(axes->idle[i], count, sizeof(count));
		snprintf(text, sizeof(text), "%s idle", count);
		fprintf(out, "   %*s", idle_width(table, active, i), text);
	}
	fputc('\n', out);
	for (size_t b = 0; b < axes->backend_count; b++) {
		fprintf(out, "  %-*s", backend_width(table), axes->backends[b]);
		for (size_t i = 0; i < axes->idle_count; i++) {
			cost_text(cell_at(table, b, active, i), text);
			fprintf(out, "   %*s", idle_width(table, active, i), text);
		}
		fputc('\n', out);
	}
	fputc('\n', out);
}

/* ---- what is missing ---- */

static bool same_gap(const struct summary_cell *a, const struct summary_cell *b)
{
	return summary_status(a) == summary_status(b) &&
	       a->trials[summary_status(a)] == b->trials[summary_status(b)] &&
	       strcmp(a->reason, b->reason) == 0;
}

/* "select at 5,000, 10,000 idle: skipped: fd_setsize 1024 ...": each gap is told once. */
static void print_gap(
	FILE *out, const struct table *table, size_t backend, size_t active, size_t first)
{
	const struct plan_axes *axes = &table->plan->axes;
	const struct summary_cell *gap = cell_at(table, backend, active, first);
	enum trial_status status = summary_status(gap);
	bool bad = status == TRIAL_INVALID || status == TRIAL_FAILED;
	const char *separator = " at ";

	fprintf(out, "  %s%s", colour(table, bad ? RED : ""), axes->backends[backend]);
	for (size_t i = first; i < axes->idle_count; i++) {
		char count[HUMAN_BYTES];

		if (!same_gap(gap, cell_at(table, backend, active, i)))
			continue;
		human_count(axes->idle[i], count, sizeof(count));
		fprintf(out, "%s%s", separator, count);
		separator = ", ";
	}
	fprintf(out, " idle: ");
	if (gap->trials[status] < axes->blocks)
		fprintf(out, "%zu of %" PRIu64 " trials ", gap->trials[status],
			axes->blocks);
	fprintf(out, "%s: %s%s\n", trial_status_name(status), gap->reason,
		colour(table, bad ? PLAIN : ""));
}

static bool told_before(
	const struct table *table, size_t backend, size_t active, size_t idle)
{
	const struct summary_cell *cell = cell_at(table, backend, active, idle);

	for (size_t i = 0; i < idle; i++)
		if (same_gap(cell, cell_at(table, backend, active, i)))
			return true;
	return false;
}

static void print_gaps(FILE *out, const struct table *table, size_t active)
{
	const struct plan_axes *axes = &table->plan->axes;
	bool any = false;

	for (size_t b = 0; b < axes->backend_count; b++)
		for (size_t i = 0; i < axes->idle_count; i++) {
			const struct summary_cell *cell = cell_at(table, b, active, i);

			if (summary_status(cell) == TRIAL_OK ||
				told_before(table, b, active, i))
				continue;
			print_gap(out, table, b, active, i);
			any = true;
		}
	if (any)
		fputc('\n', out);
}

/* ---- the sentence ---- */

/* The last idle count that has a cost, or 0 when only the first or none has. */
static size_t last_measured(const struct table *table, size_t backend, size_t active)
{
	size_t last = 0;

	for (size_t i = 1; i < table->plan->axes.idle_count; i++)
		if (spread_of(&cell_at(table, backend, active, i)->cpu_ns).count > 0)
			last = i;
	return last;
}

/* "poll 812 times", or "select 35.1 times (up to 1,000)"; false when it has no ratio. */
static bool print_growth(FILE *out, const struct table *table, size_t backend,
	size_t active, const char *separator)
{
	const struct plan_axes *axes = &table->plan->axes;
	size_t last = last_measured(table, backend, active);
	struct spread few = spread_of(&cell_at(table, backend, active, 0)->cpu_ns);
	struct spread many = spread_of(&cell_at(table, backend, active, last)->cpu_ns);
	char text[HUMAN_BYTES];

	if (last == 0 || few.count == 0 || few.median <= 0)
		return false;
	human_ratio(many.median / few.median, text, sizeof(text));
	fprintf(out, "%s%s %s times", separator, axes->backends[backend], text);
	if (last < axes->idle_count - 1) {
		human_count(axes->idle[last], text, sizeof(text));
		fprintf(out, " (up to %s)", text);
	}
	return true;
}

static void print_sentence(FILE *out, const struct table *table, size_t active)
{
	const struct plan_axes *axes = &table->plan->axes;
	char from[HUMAN_BYTES], to[HUMAN_BYTES], lead[128];
	bool any = false;

	human_count(axes->idle[0], from, sizeof(from));
	human_count(axes->idle[axes->idle_count - 1], to, sizeof(to));
	snprintf(lead, sizeof(lead),
		"From %s to %s idle connections the server CPU of an echo grows: ", from,
		to);
	for (size_t b = 0; b < axes->backend_count; b++)
		any |= print_growth(out, table, b, active, any ? ", " : lead);
	if (!any)
		return;
	fputs(" (", out);
	print_basis(out, table, active);
	fputs(").\n\n", out);
}

/* ---- calls ---- */

/* Largest first; equal ones by name, so that two runs print alike. */
static int by_count(const void *a, const void *b)
{
	const struct summary_call *x = *(const struct summary_call *const *)a;
	const struct summary_call *y = *(const struct summary_call *const *)b;
	double difference =
		spread_of(&y->per_request).median - spread_of(&x->per_request).median;

	if (difference != 0)
		return difference > 0 ? 1 : -1;
	return strcmp(x->name, y->name);
}

static void print_calls_of(FILE *out, const struct summary_cell *cell)
{
	const struct summary_call *calls[CALL_NAMES_MAX];
	struct spread total = spread_of(&cell->syscalls);

	for (size_t i = 0; i < cell->call_count; i++)
		calls[i] = &cell->calls[i];
	qsort(calls, cell->call_count, sizeof(*calls), by_count);
	if (total.count > 0)
		fprintf(out, "  %6.3f  ", total.median);
	else
		fprintf(out, "  %6s  ", "-");
	for (size_t i = 0; i < cell->call_count; i++)
		fprintf(out, " %s %.3f", calls[i]->name,
			spread_of(&calls[i]->per_request).median);
	fputs(cell->call_count ? "\n" : " -\n", out);
}

/* Why a column of the kernel's counts is empty, if it is. */
static const char *uncounted(const struct table *table)
{
	for (size_t b = 0; b < table->plan->axes.backend_count; b++) {
		const struct summary_cell *cell = cell_at(table, b, 0, 0);

		if (summary_counted(cell) && spread_of(&cell->syscalls).count == 0)
			return cell->syscall_method + strlen(KERNEL_METHOD_NONE);
	}
	return NULL;
}

static void print_calls(FILE *out, const struct table *table)
{
	const struct plan_axes *axes = &table->plan->axes;
	const char *reason = uncounted(table);
	char count[HUMAN_BYTES];

	human_count(axes->idle[0], count, sizeof(count));
	fprintf(out, "%sSystem calls of an echo%s  (%s idle, ", colour(table, BOLD),
		colour(table, PLAIN), count);
	print_basis(out, table, 0);
	fprintf(out, ")\n\n  %-*s  %6s   %s\n", backend_width(table), "backend", "kernel",
		"by name, as the server counted");
	for (size_t b = 0; b < axes->backend_count; b++) {
		fprintf(out, "  %-*s", backend_width(table), axes->backends[b]);
		print_calls_of(out, cell_at(table, b, 0, 0));
	}
	if (reason)
		fprintf(out, "\n  not counted in the kernel: %s\n", reason);
	fputc('\n', out);
}

void table_print(FILE *out, const struct table *table)
{
	for (size_t a = 0; a < table->plan->axes.active_count; a++) {
		print_costs(out, table, a);
		print_gaps(out, table, a);
		if (table->plan->axes.idle_count > 1)
			print_sentence(out, table, a);
	}
	print_calls(out, table);
}
