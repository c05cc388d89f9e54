/*
 * plot.c - the picture of `muxbench waitcost`: its data, the script that draws
 * it and what gnuplot made of them lie together in DIR/plots, one picture for each number
 * of ready descriptors.
 */
#include "harness/waitcost/waitcost.h"

#include "harness/gnuplot.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#define PICTURE "wait-cost"
#define SCRIPT  PICTURE ".gp"

static const char *const scripts[] = {"style.gp", SCRIPT};

enum { SCRIPTS = sizeof(scripts) / sizeof(*scripts) };

/* ---- data ---------------------------------------------------------------------------
 */

struct rows {
	const struct waitcost_run *run;
	size_t ready; /* index */
};

/* Cut to characters that no reader of CSV trips over. */
static void put_name(FILE *out, const char *name)
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				    "0123456789-_./+";

	for (; *name; name++)
		fputc(strchr(plain, *name) ? *name : '_', out);
}

/* The verdict, and what the key of the picture says of it; no commas in either. */
static void put_verdict(FILE *out, const struct waitcost_verdict *verdict)
{
	const struct complexity *c = &verdict->complexity;

	if (!verdict->judged) {
		fputs(",,", out);
		return;
	}
	fprintf(out, ",%s,", complexity_verdict_name(c->verdict));
	if (c->verdict == COMPLEXITY_LINEAR && isfinite(c->knot_connections))
		fprintf(out, "O(n): %.3g to %.3g ns/descriptor", c->knot_ns_below,
			c->knot_ns_above);
	else if (c->verdict == COMPLEXITY_LINEAR)
		fprintf(out, "O(n): %.3g ns/descriptor", c->ns_per_connection.estimate);
	else if (c->verdict == COMPLEXITY_FLAT)
		fputs("O(1): flat", out);
	else if (c->verdict == COMPLEXITY_GROWS)
		fprintf(out, "grows %.3g times", c->growth.estimate);
	else
		fputs("inconclusive", out);
}

/* Empty fields were not measured. */
static void put_row(FILE *out, const struct rows *rows, size_t backend, size_t n)
{
	const struct waitcost_axes *axes = &rows->run->plan.axes;
	const struct waitcost_summary_cell *cell =
		waitcost_summary_at(&rows->run->summary, backend, rows->ready, n);
	struct spread wait = waitcost_spread(cell, WAITCOST_WAIT);

	put_name(out, axes->backends[backend]);
	fprintf(out, ",%" PRIu64 ",%" PRIu64, axes->descriptors[n],
		axes->ready[rows->ready]);
	if (wait.count > 0)
		fprintf(out, ",%.2f,%.2f,%.2f", wait.median, wait.min, wait.max);
	else
		fputs(",,,", out);
	for (int f = WAITCOST_REGISTER; f < WAITCOST_FIGURES; f++) {
		struct spread spread = waitcost_spread(cell, (enum waitcost_figure)f);

		fputc(',', out);
		if (spread.count > 0)
			fprintf(out, "%.2f", spread.median);
	}
	fprintf(out, ",%zu", wait.count);
	put_verdict(out, waitcost_verdict_at(&rows->run->summary, backend, rows->ready));
	fputc('\n', out);
}

static int write_rows(FILE *out, const void *what)
{
	const struct rows *rows = what;
	const struct waitcost_axes *axes = &rows->run->plan.axes;

	fputs("backend,descriptors,ready,wait_ns_median,wait_ns_min,wait_ns_max,"
	      "register_ns_median,modify_ns_median,remove_ns_median,blocks,verdict,"
	      "verdict_note\n",
		out);
	for (size_t b = 0; b < axes->backend_count; b++)
		for (size_t n = 0; n < axes->descriptor_count; n++)
			if (axes->ready[rows->ready] <= axes->descriptors[n])
				put_row(out, rows, b, n);
	return 0;
}

static bool any_wait(const struct rows *rows)
{
	const struct waitcost_axes *axes = &rows->run->plan.axes;

	for (size_t b = 0; b < axes->backend_count; b++)
		if (waitcost_verdict_at(&rows->run->summary, b, rows->ready)->judged)
			return true;
	return false;
}

/* "wait-cost", and for a further number of ready ones "wait-cost-ready-100". */
static void picture_name(const struct rows *rows, char *name, size_t name_size)
{
	if (rows->ready == 0)
		snprintf(name, name_size, "%s", PICTURE);
	else
		snprintf(name, name_size, PICTURE "-ready-%" PRIu64,
			rows->run->plan.axes.ready[rows->ready]);
}

/* ---- scripts ------------------------------------------------------------------------
 */

static int copy_scripts(const struct gnuplot *gnuplot, struct problem *problem)
{
	int error = 0;

	for (size_t i = 0; i < SCRIPTS && error == 0; i++)
		error = gnuplot_copy_script(gnuplot, scripts[i], problem);
	return error;
}

/* ---- pictures -----------------------------------------------------------------------
 */

/* Only numbers and words of this program go into what gnuplot is given to evaluate. */
static int draw(
	const struct gnuplot *gnuplot, const struct rows *rows, struct problem *problem)
{
	char out[GNUPLOT_NAME_MAX], assignments[640];
	uint64_t blocks = rows->run->plan.axes.blocks;

	picture_name(rows, out, sizeof(out));
	snprintf(assignments, sizeof(assignments),
		"data='%s.csv'; title_note='%" PRIu64
		" ready, no network, timeout 0, %s, %" PRIu64 " block%s'",
		out, rows->run->plan.axes.ready[rows->ready],
		rows->run->placement.server_cpu < 0 ? "unpinned" : "one core", blocks,
		blocks == 1 ? "" : "s");
	return gnuplot_draw(gnuplot, SCRIPT, assignments, out, problem);
}

/* All data first: it is there even if gnuplot is not. */
static int make_all(const struct gnuplot *gnuplot, const struct waitcost_run *run,
	struct problem *problem)
{
	struct rows rows = {.run = run};
	size_t ready_count = run->plan.axes.ready_count;
	int error = 0, drawn = 0;

	for (rows.ready = 0; rows.ready < ready_count && error == 0; rows.ready++) {
		char out[GNUPLOT_NAME_MAX], name[GNUPLOT_NAME_MAX + 4];

		picture_name(&rows, out, sizeof(out));
		snprintf(name, sizeof(name), "%s.csv", out);
		if (any_wait(&rows))
			error = store_put(
				gnuplot->folder, name, write_rows, &rows, problem);
	}
	for (rows.ready = 0; rows.ready < ready_count && error == 0; rows.ready++) {
		if (!any_wait(&rows))
			continue;
		error = draw(gnuplot, &rows, problem);
		drawn++;
	}
	return error < 0 ? error : drawn;
}

int waitcost_run_plot(const struct waitcost_run *run, struct problem *problem)
{
	struct gnuplot gnuplot;
	int result = gnuplot_open(
		&gnuplot, run->options.out, run->folder, run->program_directory, problem);

	if (result < 0)
		return result;
	gnuplot.cancel_fd = run->cancel_fd;
	result = copy_scripts(&gnuplot, problem);
	if (result == 0)
		result = make_all(&gnuplot, run, problem);
	gnuplot_close(&gnuplot);
	return result;
}
