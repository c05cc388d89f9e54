/* table.c - what a run found, for a terminal. */
#include "harness/run/table.h"

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
	const struct table *table, size_t backend, size_t group, size_t x)
{
	return &table->summary->cells[plan_cell(table->plan, backend, group, x)];
}

/* "1,000 idle": the heading of a column. */
static void x_text(const struct table *table, size_t x, char *text, size_t text_size)
{
	plan_number_text(table->plan->x,
		cell_number(&table->plan->cells[x], table->plan->x), text, text_size);
}

static int backend_width(const struct table *table)
{
	size_t width = strlen("backend");

	for (size_t b = 0; b < table->plan->axes.backend_count; b++)
		if (strlen(table->plan->axes.backends[b]) > width)
			width = strlen(table->plan->axes.backends[b]);
	return (int)width;
}

/* "medians of 3 blocks, 64 bytes, 1 active, same core": what every figure rests on. */
static void print_basis(FILE *out, const struct table *table, size_t group)
{
	uint64_t blocks = table->plan->axes.blocks;
	const struct workload *workload = table->workload;
	char numbers[160];

	plan_group_text(table->plan, group, numbers, sizeof(numbers));
	fprintf(out, "%s%s%" PRIu64 " block%s, %s, %s", blocks > 1 ? "medians of " : "",
		table->interrupted ? "at most " : "", blocks, blocks == 1 ? "" : "s",
		numbers, placement_words(table->placement));
	if (workload->engine != ENGINE_EPOLL)
		fprintf(out, ", client %s", engine_name(workload->engine));
	if (workload->active_set == ACTIVE_SET_SPREAD)
		fputs(", spread over all connections", out);
	if (workload->kind == WORKLOAD_CHURN)
		fprintf(out, ", %" PRIu64 " echo%s a connection",
			workload->churn_requests,
			workload->churn_requests == 1 ? "" : "es");
}

/* What the server CPU is told of. */
static const char *deed(const struct table *table)
{
	return table->workload->kind == WORKLOAD_CHURN ? "a connection" : "an echo";
}

/* ---- costs ---- */

/* In an open loop the tail is what matters. */
static double shown_percentile(const struct summary_cell *cell)
{
	return cell->cell->rate > 0 ? 0.99 : 0.5;
}

/* "2.41 us / 4.98 us", or "-" where nothing was measured. */
static void cost_text(const struct summary_cell *cell, char text[CELL_BYTES])
{
	struct spread cpu = spread_of(summary_cost(cell));
	char cost[HUMAN_BYTES], latency[HUMAN_BYTES] = "-";
	uint64_t latency_ns;

	if (cpu.count == 0) {
		strcpy(text, "-");
		return;
	}
	human_ns(cpu.median, cost, sizeof(cost));
	if (summary_percentile(cell, shown_percentile(cell), &latency_ns))
		human_ns((double)latency_ns, latency, sizeof(latency));
	else if (cell->flagged[WINDOW_OVERLOAD] > 0)
		strcpy(latency, "overload");
	snprintf(text, CELL_BYTES, "%s / %s", cost, latency);
}

/* The width that column needs, its heading included. */
static int x_width(const struct table *table, size_t group, size_t x)
{
	char text[CELL_BYTES];

	x_text(table, x, text, sizeof(text));
	size_t width = strlen(text);

	for (size_t b = 0; b < table->plan->axes.backend_count; b++) {
		cost_text(cell_at(table, b, group, x), text);
		if (strlen(text) > width)
			width = strlen(text);
	}
	return (int)width;
}

static void print_costs(FILE *out, const struct table *table, size_t group)
{
	const struct plan_axes *axes = &table->plan->axes;
	bool open_loop = table->plan->cells[plan_cell(table->plan, 0, group, 0)].rate > 0;
	char text[CELL_BYTES];

	fprintf(out, "%sServer CPU of %s / %s%s  (", colour(table, BOLD), deed(table),
		open_loop ? "99th percentile of the response time" : "median latency",
		colour(table, PLAIN));
	print_basis(out, table, group);
	fprintf(out, ")\n\n  %-*s", backend_width(table), "backend");
	for (size_t x = 0; x < table->plan->x_count; x++) {
		x_text(table, x, text, sizeof(text));
		fprintf(out, "   %*s", x_width(table, group, x), text);
	}
	fputc('\n', out);
	for (size_t b = 0; b < axes->backend_count; b++) {
		fprintf(out, "  %-*s", backend_width(table), axes->backends[b]);
		for (size_t x = 0; x < table->plan->x_count; x++) {
			cost_text(cell_at(table, b, group, x), text);
			fprintf(out, "   %*s", x_width(table, group, x), text);
		}
		fputc('\n', out);
	}
	fputc('\n', out);
}

/* ---- requests a second, where that is asked for ---- */

static void print_throughput(FILE *out, const struct table *table, size_t group)
{
	const struct plan_axes *axes = &table->plan->axes;
	char text[HUMAN_BYTES + 16];

	fprintf(out, "%sRequests a second that were answered%s\n\n  %-*s",
		colour(table, BOLD), colour(table, PLAIN), backend_width(table),
		"backend");
	for (size_t x = 0; x < table->plan->x_count; x++) {
		x_text(table, x, text, sizeof(text));
		fprintf(out, "   %*s", x_width(table, group, x), text);
	}
	fputc('\n', out);
	for (size_t b = 0; b < axes->backend_count; b++) {
		fprintf(out, "  %-*s", backend_width(table), axes->backends[b]);
		for (size_t x = 0; x < table->plan->x_count; x++) {
			struct spread rate =
				spread_of(&cell_at(table, b, group, x)->requests_per_s);

			strcpy(text, "-");
			if (rate.count > 0)
				human_count((uint64_t)rate.median, text, sizeof(text));
			fprintf(out, "   %*s", x_width(table, group, x), text);
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
	FILE *out, const struct table *table, size_t backend, size_t group, size_t first)
{
	const struct plan_axes *axes = &table->plan->axes;
	const struct summary_cell *gap = cell_at(table, backend, group, first);
	enum trial_status status = summary_status(gap);
	bool bad = status == TRIAL_INVALID || status == TRIAL_FAILED;
	const char *separator = " at ";
	char text[HUMAN_BYTES + 16];

	fprintf(out, "  %s%s", colour(table, bad ? RED : ""), axes->backends[backend]);
	for (size_t x = first; x < table->plan->x_count; x++) {
		if (!same_gap(gap, cell_at(table, backend, group, x)))
			continue;
		x_text(table, x, text, sizeof(text));
		fprintf(out, "%s%s", separator, text);
		separator = ", ";
	}
	fputs(": ", out);
	if (gap->trials[status] < axes->blocks)
		fprintf(out, "%zu of %" PRIu64 " trials ", gap->trials[status],
			axes->blocks);
	fprintf(out, "%s: %s%s\n", trial_status_name(status), gap->reason,
		colour(table, bad ? PLAIN : ""));
}

static bool told_before(const struct table *table, size_t backend, size_t group, size_t x)
{
	const struct summary_cell *cell = cell_at(table, backend, group, x);

	for (size_t i = 0; i < x; i++)
		if (same_gap(cell, cell_at(table, backend, group, i)))
			return true;
	return false;
}

static bool print_gaps(FILE *out, const struct table *table, size_t group)
{
	const struct plan_axes *axes = &table->plan->axes;
	bool any = false;

	for (size_t b = 0; b < axes->backend_count; b++)
		for (size_t x = 0; x < table->plan->x_count; x++) {
			const struct summary_cell *cell = cell_at(table, b, group, x);

			if (summary_status(cell) == TRIAL_OK ||
				told_before(table, b, group, x))
				continue;
			print_gap(out, table, b, group, x);
			any = true;
		}
	return any;
}

/* "poll: 3 windows: client_saturated (latency withdrawn)", summed along x. */
static bool print_flags(FILE *out, const struct table *table, size_t group)
{
	static const char *const effects[] = {
		[WINDOW_LATENCY_INVALID] = "requests were sent too late: no latency, no "
					   "throughput of these",
		[WINDOW_CLIENT_SATURATED] = "the client's core was full: no latency, no "
					    "throughput of these",
		[WINDOW_OVERLOAD] =
			"the server fell behind the rate: no latency of these",
		[WINDOW_HALVES_DIFFER] = "a warning: the cost moved by over 5 % between "
					 "the halves of a window",
		[WINDOW_CLIENT_BOUND] = "a warning: the client was the bottleneck (try "
					"--engine io_uring)",
	};
	bool any = false;

	for (int flag = 0; flag < WINDOW_FLAG_COUNT; flag++) {
		size_t count = 0;

		for (size_t b = 0; b < table->plan->axes.backend_count; b++)
			for (size_t x = 0; x < table->plan->x_count; x++)
				count += cell_at(table, b, group, x)->flagged[flag];
		if (count == 0)
			continue;
		fprintf(out, "  %s in %zu window%s: %s\n",
			window_flag_name((enum window_flag)flag), count,
			count == 1 ? "" : "s", effects[flag]);
		any = true;
	}
	return any;
}

/* ---- the sentences ---- */

/* The last place along x that has a cost, or 0 when only the first or none has. */
static size_t last_measured(const struct table *table, size_t backend, size_t group)
{
	size_t last = 0;

	for (size_t x = 1; x < table->plan->x_count; x++)
		if (spread_of(summary_cost(cell_at(table, backend, group, x))).count > 0)
			last = x;
	return last;
}

/* "poll 812 times", or "select 35.1 times (up to 1,000)"; false when it has no ratio. */
static bool print_growth(FILE *out, const struct table *table, size_t backend,
	size_t group, const char *separator)
{
	size_t last = last_measured(table, backend, group);
	struct spread few = spread_of(summary_cost(cell_at(table, backend, group, 0)));
	struct spread many =
		spread_of(summary_cost(cell_at(table, backend, group, last)));
	char text[HUMAN_BYTES + 16];

	if (last == 0 || few.count == 0 || few.median <= 0)
		return false;
	human_ratio(many.median / few.median, text, sizeof(text));
	fprintf(out, "%s%s %s times", separator, table->plan->axes.backends[backend],
		text);
	if (last < table->plan->x_count - 1) {
		x_text(table, last, text, sizeof(text));
		fprintf(out, " (up to %s)", text);
	}
	return true;
}

static void print_sentence(FILE *out, const struct table *table, size_t group)
{
	char from[HUMAN_BYTES + 16], to[HUMAN_BYTES + 16], lead[160];
	bool any = false;

	x_text(table, 0, from, sizeof(from));
	x_text(table, table->plan->x_count - 1, to, sizeof(to));
	snprintf(lead, sizeof(lead), "From %s to %s the server CPU of %s grows: ", from,
		to, deed(table));
	for (size_t b = 0; b < table->plan->axes.backend_count; b++)
		any |= print_growth(out, table, b, group, any ? ", " : lead);
	if (!any)
		return;
	fputs(" (", out);
	print_basis(out, table, group);
	fputs(").\n\n", out);
}

/* True when there are any. */
static bool print_verdicts(FILE *out, const struct table *table, size_t group)
{
	const struct verdicts *verdicts = table->verdicts;
	bool any = false, publishable = true;

	for (size_t i = 0; i < verdicts->count; i++) {
		const struct verdict *verdict = &verdicts->list[i];

		if (verdict->group != group)
			continue;
		if (!any) {
			fprintf(out, "%sVerdicts%s  (server CPU of %s, ",
				colour(table, BOLD), colour(table, PLAIN), deed(table));
			print_basis(out, table, group);
			fputs(")\n\n", out);
		}
		any = true;
		publishable &= verdict->complexity.publishable;
		fprintf(out, "  %-*s   %s\n", backend_width(table),
			table->plan->axes.backends[verdict->backend],
			verdict->complexity.sentence);
	}
	if (any && !publishable)
		fprintf(out,
			"\n  To publish a verdict takes %d numbers of connections over "
			"two "
			"powers of ten\n  and %d blocks: muxbench run --profile curves\n",
			COMPLEXITY_POINTS_PUBLISHABLE, COMPLEXITY_BLOCKS_PUBLISHABLE);
	if (any)
		fputc('\n', out);
	return any;
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

/* The first that the kernel did not count for, if there is one. */
static const struct summary_cell *uncounted(const struct table *table)
{
	for (size_t b = 0; b < table->plan->axes.backend_count; b++) {
		const struct summary_cell *cell = cell_at(table, b, 0, 0);

		if (summary_counted(cell) && spread_of(&cell->syscalls).count == 0)
			return cell;
	}
	return NULL;
}

static void print_calls(FILE *out, const struct table *table)
{
	const struct plan_axes *axes = &table->plan->axes;
	const struct summary_cell *missing = uncounted(table);
	char text[HUMAN_BYTES + 16];

	x_text(table, 0, text, sizeof(text));
	fprintf(out, "%sSystem calls of an echo%s  (%s, ", colour(table, BOLD),
		colour(table, PLAIN), text);
	print_basis(out, table, 0);
	fprintf(out, ")\n\n  %-*s  %6s   %s\n", backend_width(table), "backend", "kernel",
		"by name, as the server counted");
	for (size_t b = 0; b < axes->backend_count; b++) {
		fprintf(out, "  %-*s", backend_width(table), axes->backends[b]);
		print_calls_of(out, cell_at(table, b, 0, 0));
	}
	if (missing)
		fprintf(out, "\n  not counted in the kernel%s%s: %s\n",
			missing->untold ? ", of " : "",
			missing->untold ? missing->cell->backend : "",
			missing->syscall_method + strlen(KERNEL_METHOD_NONE));
	fputc('\n', out);
}

/* What the load generator took beside the server: which of both limits the rate. */
static void print_clients(FILE *out, const struct table *table)
{
	const struct plan_axes *axes = &table->plan->axes;
	char text[HUMAN_BYTES + 16], server[HUMAN_BYTES], client[HUMAN_BYTES];

	x_text(table, 0, text, sizeof(text));
	fprintf(out, "%sCPU of an echo, server and client%s  (%s, ", colour(table, BOLD),
		colour(table, PLAIN), text);
	print_basis(out, table, 0);
	fprintf(out, ")\n\n  %-*s  %9s  %9s\n", backend_width(table), "backend", "server",
		"client");
	for (size_t b = 0; b < axes->backend_count; b++) {
		const struct summary_cell *cell = cell_at(table, b, 0, 0);
		struct spread of_client = spread_of(&cell->client_cpu_ns);

		if (of_client.count == 0)
			continue;
		human_ns(spread_of(&cell->cpu_ns).median, server, sizeof(server));
		human_ns(of_client.median, client, sizeof(client));
		fprintf(out, "  %-*s  %9s  %9s\n", backend_width(table),
			axes->backends[b], server, client);
	}
	fputc('\n', out);
}

void table_print(FILE *out, const struct table *table)
{
	for (size_t g = 0; g < table->plan->group_count; g++) {
		print_costs(out, table, g);
		if (table->plan->x == PLAN_RATE)
			print_throughput(out, table, g);
		bool gaps = print_gaps(out, table, g);

		if (print_flags(out, table, g) || gaps)
			fputc('\n', out);
		if (!print_verdicts(out, table, g) && table->plan->x == PLAN_IDLE &&
			table->plan->x_count > 1)
			print_sentence(out, table, g);
	}
	print_clients(out, table);
	print_calls(out, table);
}
