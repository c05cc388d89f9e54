/* text.c - exact counts as tables for a terminal. */
#include "harness/counts/counts.h"

#include "harness/human.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { CELL_BYTES = 3 * COUNTS_RATIO_BYTES };

/* What stands between a backend's name and its calls by name. */
enum column { CALLS, WAKEUPS, EVENTS, EAGAINS, WAIT_BYTES, COLUMNS };

static const char *const headings[COLUMNS] = {
	[CALLS] = "calls",
	[WAKEUPS] = "wake-ups",
	[EVENTS] = "events",
	[EAGAINS] = "EAGAINs",
	[WAIT_BYTES] = "wait bytes",
};

/* Of one echo, or of the whole batch. */
static uint64_t divisor_of(const struct counts_record *record)
{
	return record->role == COUNTS_LOCKSTEP
		       ? record->window.load.counters.requests_completed
		       : 1;
}

/* "0", or by kind "1 recv, 2 send". */
static void eagains_text(
	const struct server_counters *counters, uint64_t per, char text[CELL_BYTES])
{
	const struct {
		const char *name;
		uint64_t count;
	} kinds[] = {
		{"accept", counters->eagain_accept},
		{"recv", counters->eagain_recv},
		{"send", counters->eagain_send},
	};
	size_t used = 0;

	strcpy(text, "0");
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		char ratio[COUNTS_RATIO_BYTES];

		if (kinds[i].count == 0 || used >= CELL_BYTES)
			continue;
		counts_ratio(kinds[i].count, per, ratio);
		used += (size_t)snprintf(text + used, CELL_BYTES - used, "%s%s %s",
			used ? ", " : "", ratio, kinds[i].name);
	}
}

static void cell_text(
	const struct counts_record *record, enum column column, char text[CELL_BYTES])
{
	struct server_counters counters = window_server_counters(&record->window);
	struct call_counts calls = counts_record_calls(record);
	const uint64_t values[COLUMNS] = {
		[CALLS] = call_counts_total(&calls),
		[WAKEUPS] = counters.wakeups,
		[EVENTS] = counters.events,
		[WAIT_BYTES] = counters.wait_bytes,
	};

	bool told = column == CALLS ? record->window.kernel_counted : false;

	if (!record->window.measured || (record->window.foreign && !told))
		strcpy(text, "-");
	else if (column == EAGAINS)
		eagains_text(&counters, divisor_of(record), text);
	else
		counts_ratio(values[column], divisor_of(record), text);
}

static int column_width(const struct counts *counts, enum counts_role role, int column)
{
	size_t width = strlen(headings[column]);

	for (size_t i = 0; i < counts->record_count; i++) {
		char text[CELL_BYTES];

		if (counts->records[i].role != role)
			continue;
		cell_text(&counts->records[i], (enum column)column, text);
		if (strlen(text) > width)
			width = strlen(text);
	}
	return (int)width;
}

static int backend_width(const struct counts *counts)
{
	size_t width = strlen("backend");

	for (size_t i = 0; i < counts->record_count; i++)
		if (strlen(counts->records[i].backend) > width)
			width = strlen(counts->records[i].backend);
	return (int)width;
}

/* Largest first; equal ones by name. */
static int by_count(const void *a, const void *b)
{
	const struct call_count *x = a, *y = b;

	if (x->count != y->count)
		return x->count < y->count ? 1 : -1;
	return strcmp(x->name, y->name);
}

static void print_names(FILE *out, const struct counts_record *record)
{
	struct call_counts calls = counts_record_calls(record);

	if (!record->window.measured ||
		(record->window.foreign && !record->window.kernel_counted)) {
		fputs("-", out);
		return;
	}
	qsort(calls.calls, calls.length, sizeof(*calls.calls), by_count);
	for (size_t i = 0; i < calls.length; i++) {
		char text[COUNTS_RATIO_BYTES];

		counts_ratio(calls.calls[i].count, divisor_of(record), text);
		fprintf(out, "%s%s %s", i ? ", " : "", calls.calls[i].name, text);
	}
	if (record->waits_restarted > 0)
		fprintf(out, " (%" PRIu64 " restarted)", record->waits_restarted);
}

static void print_table(FILE *out, const struct counts *counts, enum counts_role role)
{
	fprintf(out, "\n  %-*s", backend_width(counts), "backend");
	for (int column = 0; column < COLUMNS; column++)
		fprintf(out, "  %*s", column_width(counts, role, column),
			headings[column]);
	fputs("  by name\n", out);
	for (size_t i = 0; i < counts->record_count; i++) {
		const struct counts_record *record = &counts->records[i];

		if (record->role != role)
			continue;
		fprintf(out, "  %-*s", backend_width(counts), record->backend);
		for (int column = 0; column < COLUMNS; column++) {
			char text[CELL_BYTES];

			cell_text(record, (enum column)column, text);
			fprintf(out, "  %*s", column_width(counts, role, column), text);
		}
		fputs("  ", out);
		print_names(out, record);
		fputc('\n', out);
	}
	fputc('\n', out);
}

/* Why a backend has no numbers, or none to be trusted. */
static void print_reasons(FILE *out, const struct counts *counts, enum counts_role role)
{
	bool any = false;

	for (size_t i = 0; i < counts->record_count; i++) {
		const struct counts_record *record = &counts->records[i];

		if (record->role != role || record->window.status == TRIAL_OK)
			continue;
		for (size_t r = 0; r < record->window.reason_count; r++)
			fprintf(out, "  %s: %s: %s\n", record->backend,
				trial_status_name(record->window.status),
				record->window.reasons[r]);
		any = true;
	}
	if (any)
		fputc('\n', out);
}

static bool any_restarted(const struct counts *counts)
{
	for (size_t i = 0; i < counts->record_count; i++)
		if (counts->records[i].waits_restarted > 0)
			return true;
	return false;
}

/* Who counted; every pass was counted alike. */
static void print_method(FILE *out, const struct counts *counts)
{
	const struct window *window = NULL;

	for (size_t i = 0; i < counts->record_count && !window; i++)
		if (counts->records[i].window.measured)
			window = &counts->records[i].window;
	if (!window)
		return;
	if (window->kernel_counted)
		fprintf(out, "Counted in the kernel by %s, and by the server itself.\n",
			window->kernel_method);
	else
		fprintf(out, "The servers' own account; the kernel did not count: %s\n",
			window->kernel_method + strlen(KERNEL_METHOD_NONE));
}

void counts_text_write(FILE *out, const struct counts *counts)
{
	const struct counts_options *options = &counts->options;
	char bytes[HUMAN_BYTES], idle[HUMAN_BYTES];

	human_count(options->message_bytes, bytes, sizeof(bytes));
	human_count(options->connections_idle, idle, sizeof(idle));
	fprintf(out,
		"System calls of an echo  (%s byte%s, 1 active connection, %s idle; of "
		"%" PRIu64 " sent,\neach when the server slept)\n",
		bytes, options->message_bytes == 1 ? "" : "s", idle, options->requests);
	print_table(out, counts, COUNTS_LOCKSTEP);
	print_reasons(out, counts, COUNTS_LOCKSTEP);
	fprintf(out,
		"System calls of a batch  (%" PRIu64
		" connection%s, a request waiting on "
		"each when the stopped\nserver is resumed; sums)\n",
		options->batch, options->batch == 1 ? "" : "s");
	print_table(out, counts, COUNTS_BATCH);
	print_reasons(out, counts, COUNTS_BATCH);
	if (any_restarted(counts))
		fputs("restarted: a wait that the stop interrupted and the kernel itself "
		      "entered again;\nthe server cannot see it.\n",
			out);
	print_method(out, counts);
}
