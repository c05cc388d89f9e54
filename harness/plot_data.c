/* plot_data.c - the figures of a run as CSV. */
#include "harness/plot_data.h"

#include <inttypes.h>
#include <string.h>

static const struct summary_cell *cell_at(
	const struct plot_data *data, size_t backend, size_t idle)
{
	return &data->summary->cells[plan_cell(data->plan, backend, data->active, idle)];
}

static void put_name(FILE *out, const char *name)
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				    "0123456789-_./+";

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

static void put_costs_row(FILE *out, const struct summary_cell *cell)
{
	struct spread cpu = spread_of(&cell->cpu_ns);
	uint64_t idle = cell->cell->connections_idle;
	uint64_t active = cell->cell->connections_active;

	put_name(out, cell->cell->backend);
	fprintf(out, ",%" PRIu64 ",%" PRIu64 ",%" PRIu64, idle, active, idle + active);
	if (cpu.count > 0)
		fprintf(out, ",%.1f,%.1f,%.1f", cpu.median, cpu.min, cpu.max);
	else
		fputs(",,,", out);
	put_percentile(out, cell, 0.5);
	put_percentile(out, cell, 0.99);
	fprintf(out, ",%zu\n", cpu.count);
}

bool plot_data_any_costs(const struct plot_data *data)
{
	const struct plan_axes *axes = &data->plan->axes;

	for (size_t b = 0; b < axes->backend_count; b++)
		for (size_t i = 0; i < axes->idle_count; i++)
			if (spread_of(&cell_at(data, b, i)->cpu_ns).count > 0)
				return true;
	return false;
}

bool plot_data_any_calls(const struct plot_data *data)
{
	for (size_t b = 0; b < data->plan->axes.backend_count; b++)
		if (summary_counted(cell_at(data, b, 0)))
			return true;
	return false;
}

int plot_data_write_costs(FILE *out, const void *what)
{
	const struct plot_data *data = what;
	const struct plan_axes *axes = &data->plan->axes;

	fputs("backend,connections_idle,connections_active,connections_total,"
	      "cpu_ns_median,cpu_ns_min,cpu_ns_max,p50_ns,p99_ns,blocks\n",
		out);
	for (size_t b = 0; b < axes->backend_count; b++)
		for (size_t i = 0; i < axes->idle_count; i++)
			put_costs_row(out, cell_at(data, b, i));
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

static double calls_total(const struct summary_cell *cell)
{
	struct spread by_kernel = spread_of(&cell->syscalls);
	double by_server = 0;

	for (size_t i = 0; i < cell->call_count; i++)
		by_server += spread_of(&cell->calls[i].per_request).median;
	return by_kernel.count > 0 ? by_kernel.median : by_server;
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

		if (!summary_counted(cell))
			continue;
		put_name(out, cell->cell->backend);
		fprintf(out, ",%.4f", calls_total(cell));
		for (size_t c = 0; c < columns.count; c++)
			fprintf(out, ",%.4f", calls_named(cell, columns.names[c]));
		fputc('\n', out);
	}
	return 0;
}
