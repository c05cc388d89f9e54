/* plot_data.c - the figures of a run as CSV. */
#include "harness/run/plot_data.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

static const struct summary_cell *cell_at(
	const struct plot_data *data, size_t backend, size_t x)
{
	return &data->summary->cells[plan_cell(data->plan, backend, data->group, x)];
}

static void put_name(FILE *out, const char *name)
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				    "0123456789-_./+:=";

	for (; *name; name++)
		fputc(strchr(plain, *name) ? *name : '_', out);
}

static void put_percentile(FILE *out, const struct summary_cell *cell, double p)
{
	uint64_t ns;

	fputc(',', out);
	if (summary_percentile(cell, p, &ns))
		fprintf(out, "%" PRIu64, ns);
}

/* Three numbers, empty where nothing was measured. */
static void put_spread(FILE *out, const struct samples *samples)
{
	struct spread spread = spread_of(samples);

	if (spread.count > 0)
		fprintf(out, ",%.1f,%.1f,%.1f", spread.median, spread.min, spread.max);
	else
		fputs(",,,", out);
}

/* The verdict, and what the key of a picture says of it; no commas in either. */
static void put_verdict(FILE *out, const struct complexity *c)
{
	if (!c) {
		fputs(",,", out);
		return;
	}
	fprintf(out, ",%s,", complexity_verdict_name(c->verdict));
	if (c->verdict == COMPLEXITY_LINEAR && isfinite(c->knot_connections))
		fprintf(out, "O(n): %.3g to %.3g ns/connection", c->knot_ns_below,
			c->knot_ns_above);
	else if (c->verdict == COMPLEXITY_LINEAR)
		fprintf(out, "O(n): %.3g ns/connection", c->ns_per_connection.estimate);
	else if (c->verdict == COMPLEXITY_FLAT)
		fputs("O(1): flat", out);
	else if (c->verdict == COMPLEXITY_GROWS)
		fprintf(out, "grows %.3g times", c->growth.estimate);
	else
		fputs("inconclusive", out);
}

static void put_costs_row(
	FILE *out, const struct plot_data *data, size_t backend, size_t x)
{
	const struct summary_cell *summary = cell_at(data, backend, x);
	const struct cell *cell = summary->cell;

	put_name(out, cell->backend);
	fprintf(out, ",%" PRIu64 ",%" PRIu64 ",%" PRIu64, cell->connections_idle,
		cell->connections_active,
		cell->connections_idle + cell->connections_active);
	put_spread(out, summary_cost(summary));
	put_percentile(out, summary, 0.5);
	put_percentile(out, summary, 0.99);
	fprintf(out, ",%zu,%" PRIu64 ",%" PRIu64 ",", spread_of(&summary->cpu_ns).count,
		cell->message_bytes, cell->pipeline);
	if (cell->rate > 0)
		fprintf(out, "%" PRIu64, cell->rate);
	put_spread(out, &summary->requests_per_s);
	put_spread(out, &summary->p99_ns);
	fprintf(out, ",%zu", summary->flagged[WINDOW_OVERLOAD]);
	put_verdict(out, verdicts_find(data->verdicts, backend, data->group));
	fputc('\n', out);
}

bool plot_data_any_costs(const struct plot_data *data)
{
	for (size_t b = 0; b < data->plan->axes.backend_count; b++)
		for (size_t x = 0; x < data->plan->x_count; x++)
			if (spread_of(summary_cost(cell_at(data, b, x))).count > 0)
				return true;
	return false;
}

bool plot_data_any_latency(const struct plot_data *data)
{
	uint64_t ns;

	for (size_t b = 0; b < data->plan->axes.backend_count; b++)
		for (size_t x = 0; x < data->plan->x_count; x++)
			if (summary_percentile(cell_at(data, b, x), 0.5, &ns))
				return true;
	return false;
}

bool plot_data_any_tail(const struct plot_data *data)
{
	for (size_t b = 0; b < data->plan->axes.backend_count; b++)
		for (size_t x = 0; x < data->plan->x_count; x++)
			if (spread_of(&cell_at(data, b, x)->p99_ns).count > 0)
				return data->plan->x == PLAN_RATE;
	return false;
}

/* A bar is stacked from names: totals alone make no picture. */
bool plot_data_any_calls(const struct plot_data *data)
{
	for (size_t b = 0; b < data->plan->axes.backend_count; b++)
		if (summary_counted(cell_at(data, b, 0)) && !cell_at(data, b, 0)->untold)
			return true;
	return false;
}

int plot_data_write_costs(FILE *out, const void *what)
{
	const struct plot_data *data = what;

	fputs("backend,connections_idle,connections_active,connections_total,"
	      "cpu_ns_median,cpu_ns_min,cpu_ns_max,p50_ns,p99_ns,blocks,message_bytes,"
	      "pipeline,rate,requests_per_s_median,requests_per_s_min,requests_per_s_max,"
	      "p99_ns_median,p99_ns_min,p99_ns_max,overloads,verdict,verdict_note\n",
		out);
	for (size_t b = 0; b < data->plan->axes.backend_count; b++)
		for (size_t x = 0; x < data->plan->x_count; x++)
			put_costs_row(out, data, b, x);
	return 0;
}

/* The names of calls that any of the backends makes, in the order they are met. */
struct columns {
	const char *names[CALL_NAMES_MAX];
	size_t count;
};

static void learn_columns(struct columns *columns, const struct summary_cell *cell)
{
	for (size_t i = 0; i < cell->call_count; i++) {
		size_t c = 0;

		while (c < columns->count &&
			strcmp(columns->names[c], cell->calls[i].name) != 0)
			c++;
		if (c == columns->count && c < CALL_NAMES_MAX)
			columns->names[columns->count++] = cell->calls[i].name;
	}
}

static double calls_named(const struct summary_cell *cell, const char *name)
{
	for (size_t i = 0; i < cell->call_count; i++)
		if (strcmp(cell->calls[i].name, name) == 0)
			return spread_of(&cell->calls[i].per_request).median;
	return 0;
}

int plot_data_write_calls(FILE *out, const void *what)
{
	const struct plot_data *data = what;
	size_t backends = data->plan->axes.backend_count;
	struct columns columns = {0};

	for (size_t b = 0; b < backends; b++)
		learn_columns(&columns, cell_at(data, b, 0));
	fputs("backend,total", out);
	for (size_t c = 0; c < columns.count; c++) {
		fputc(',', out);
		put_name(out, columns.names[c]);
	}
	fputc('\n', out);
	for (size_t b = 0; b < backends; b++) {
		const struct summary_cell *cell = cell_at(data, b, 0);
		double total;

		if (!summary_calls(cell, &total))
			continue;
		put_name(out, cell->cell->backend);
		fprintf(out, ",%.4f", total);
		for (size_t c = 0; c < columns.count; c++)
			fprintf(out, ",%.4f", calls_named(cell, columns.names[c]));
		fputc('\n', out);
	}
	return 0;
}
