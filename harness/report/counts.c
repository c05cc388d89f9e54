/* counts.c - what was counted for each request: calls by name, wake-ups, bytes. */
#include "harness/report/content.h"

#include "harness/report/numbers.h"
#include "harness/report/style.h"
#include "harness/statistics/statistics.h"

#include <math.h>
#include <string.h>

/* "3.000", and "2.998–3.001" under it when the blocks do not agree to the call. */
static void put_exact(struct report_table *table, const struct samples *samples)
{
	struct spread spread = spread_of(samples);

	if (spread.count == 0) {
		report_table_put(table, "–");
		return;
	}
	report_table_put(table, "%s", report_calls(spread.median).text);
	if (spread.max - spread.min >= 0.0005)
		report_table_note(table, "%s–%s", report_calls(spread.min).text,
			report_calls(spread.max).text);
}

/* "epoll_wait 1.000, recvfrom 1.000, sendto 1.000" */
static const char *names_text(struct report *report, const struct summary_cell *cell)
{
	const char *words = cell->untold ? "not told" : "";

	for (size_t c = 0; c < cell->call_count; c++)
		words = report_text(&report->memory, "%s%s%s %s", words,
			*words ? ", " : "", cell->calls[c].name,
			report_calls(spread_of(&cell->calls[c].per_request).median).text);
	return words;
}

static bool same_counts(
	struct report *report, const struct summary_cell *a, const struct summary_cell *b)
{
	struct spread x = spread_of(&a->syscalls), y = spread_of(&b->syscalls);

	return summary_counted(b) &&
	       strcmp(names_text(report, a), names_text(report, b)) == 0 &&
	       (x.count > 0) == (y.count > 0) && fabs(x.median - y.median) < 0.0005 &&
	       fabs(x.min - y.min) < 0.0005 && fabs(x.max - y.max) < 0.0005;
}

static double requests_counted(const struct summary_cell *cell)
{
	double sum = 0;

	for (size_t b = 0; b < cell->requests.blocks; b++)
		sum += isnan(cell->requests.values[b]) ? 0 : cell->requests.values[b];
	return sum;
}

/* One row for a stretch of x along which nothing changes. */
static void put_stretch(struct report *report, struct report_table *table, size_t group,
	size_t backend, size_t from, size_t to)
{
	const struct plan *plan = &report->replay.plan;
	const struct summary_cell *cell = report_cell(report, backend, group, from);
	double requests = 0, server = cell->untold ? NAN : 0;
	char last[64];

	for (size_t x = from; x <= to; x++)
		requests += requests_counted(report_cell(report, backend, group, x));
	for (size_t c = 0; c < cell->call_count; c++)
		server += spread_of(&cell->calls[c].per_request).median;
	plan_number_text(plan->x,
		cell_number(report_cell(report, backend, group, to)->cell, plan->x), last,
		sizeof(last));
	report_table_put(table, "%s", plan->axes.backends[backend]);
	report_table_style(table, report_style(plan, backend));
	if (from == to)
		report_table_put(table, "%s", last);
	else
		report_table_put(table, "%s to %s",
			report_count((double)cell_number(cell->cell, plan->x)).text,
			last);
	report_table_put(table, "%s", report_count(requests).text);
	report_table_put(table, "%s", report_calls(server).text);
	put_exact(table, &cell->syscalls);
	report_table_put(table, "%s", names_text(report, cell));
}

static void put_backend(
	struct report *report, struct report_table *table, size_t group, size_t backend)
{
	size_t count = report->replay.plan.x_count;

	for (size_t from = 0; from < count;) {
		const struct summary_cell *cell =
			report_cell(report, backend, group, from);
		size_t to = from;

		if (!summary_counted(cell)) {
			from++;
			continue;
		}
		while (to + 1 < count &&
			same_counts(report, cell,
				report_cell(report, backend, group, to + 1)))
			to++;
		put_stretch(report, table, group, backend, from, to);
		from = to + 1;
	}
}

/* ---- what else was counted ---- */

struct other {
	const char *name;
	double (*value)(const struct report_trial *trial);
};

static double wakeups(const struct report_trial *trial)
{
	return trial->wakeups_per_request;
}

static double events(const struct report_trial *trial)
{
	return trial->events_per_wakeup;
}

static double eagains(const struct report_trial *trial)
{
	return trial->eagains_per_request;
}

static double wait_bytes(const struct report_trial *trial)
{
	return trial->bytes_per_wakeup;
}

static double median_of(const struct report *report, size_t cell,
	double (*value)(const struct report_trial *trial))
{
	double values[STATISTICS_VALUES_MAX];
	size_t count = 0;

	for (size_t i = report->cell_trials[cell]; i < report->cell_trials[cell + 1];
		i++) {
		double one = value(&report->trials[report->by_cell[i]]);

		if (!isnan(one) && count < STATISTICS_VALUES_MAX)
			values[count++] = one;
	}
	return statistics_median(values, count);
}

/* At the first place along x and at the last that the backend has. */
static bool find_ends(const struct report *report, size_t group, size_t backend,
	size_t *first, size_t *last)
{
	const struct plan *plan = &report->replay.plan;
	bool found = false;

	*first = *last = 0;
	for (size_t x = 0; x < plan->x_count; x++) {
		if (!summary_counted(report_cell(report, backend, group, x)))
			continue;
		*first = found ? *first : x;
		*last = x;
		found = true;
	}
	return found;
}

static void put_others(struct report *report, struct report_writer *writer, size_t group)
{
	static const struct other others[] = {
		{"wake-ups per request", wakeups},
		{"events per wake-up", events},
		{"EAGAINs per request", eagains},
	};
	const struct plan *plan = &report->replay.plan;
	struct report_table table = {.memory = &report->memory,
		.title = "Waits, as the server counted them (medians; bytes are what a "
			 "wait "
			 "moves between the process and the kernel)"};

	report_table_column(&table, false, "backend");
	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++)
		report_table_column(&table, true, "%s", others[i].name);
	report_table_column(&table, true, "bytes per wait");
	report_table_column(&table, true, "bytes per wait");
	for (size_t b = 0; b < plan->axes.backend_count; b++) {
		size_t first, last;

		if (!find_ends(report, group, b, &first, &last))
			continue;
		size_t low = plan_cell(plan, b, group, first);
		size_t high = plan_cell(plan, b, group, last);

		report_table_put(&table, "%s", plan->axes.backends[b]);
		report_table_style(&table, report_style(plan, b));
		for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++)
			report_table_put(&table, "%s",
				report_calls(median_of(report, low, others[i].value))
					.text);
		for (int end = 0; end < 2; end++) {
			size_t cell = end ? high : low;

			report_table_put(&table, "%s",
				report_bytes(median_of(report, cell, wait_bytes)).text);
			report_table_note(&table, "%s open",
				report_count(report_x_value(report,
						     &report->replay.summary.cells[cell]))
					.text);
		}
	}
	writer_table(writer, &table);
}

/* ---- the section ---- */

/* Why the kernel's column is empty, if it is. */
static const char *uncounted(struct report *report)
{
	const struct summary *summary = &report->replay.summary;

	for (size_t i = 0; i < summary->cell_count; i++) {
		const struct summary_cell *cell = &summary->cells[i];
		size_t none = strlen(KERNEL_METHOD_NONE);

		if (!summary_counted(cell) || spread_of(&cell->syscalls).count > 0)
			continue;
		return report_text(&report->memory, "The kernel did not count%s%s: %s.",
			cell->untold ? " of " : "",
			cell->untold ? cell->cell->backend : "",
			strncmp(cell->syscall_method, KERNEL_METHOD_NONE, none) == 0
				? cell->syscall_method + none
				: cell->syscall_method);
	}
	return "";
}

void content_counts(struct report *report, struct report_writer *writer)
{
	writer_paragraph(writer,
		"Of windows in lockstep, in which the server sleeps between "
		"requests. Numbers of connections at which nothing changes share "
		"a row.");
	writer_paragraph(writer, uncounted(report));
	for (size_t group = 0; group < content_groups(report); group++) {
		struct report_table table = {
			.memory = &report->memory, .title = "System calls per request"};

		content_group_heading(report, writer, group);
		report_table_column(&table, false, "backend");
		report_table_column(&table, false, "at");
		report_table_column(&table, true, "requests");
		report_table_column(&table, true, "server");
		report_table_column(&table, true, "kernel");
		report_table_column(&table, false, "by name, as the server counted");
		for (size_t b = 0; b < report->replay.plan.axes.backend_count; b++)
			put_backend(report, &table, group, b);
		writer_table(writer, &table);
		put_others(report, writer, group);
	}
}
