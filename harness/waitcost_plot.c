/*
 * waitcost_plot.c - the picture of `muxbench waitcost`: its data, the script that draws
 * it and what gnuplot made of them lie together in DIR/plots, one picture for each number
 * of ready descriptors.
 */
#include "harness/waitcost.h"

#include "common/clock.h"
#include "harness/child.h"
#include "harness/text.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define DRAW_WAIT_NS (60 * NS_PER_S)
#define PICTURE      "wait-cost"
#define SCRIPT       PICTURE ".gp"

/* Where the scripts lie, seen from the programs: in the source tree, and installed. */
static const char *const script_folders[] = {"../plots", "../share/muxbench/plots"};

static const char *const scripts[] = {"style.gp", SCRIPT};

enum { SCRIPTS = sizeof(scripts) / sizeof(*scripts), NAME_BYTES = 80 };

/* The folder pictures are made in. */
struct studio {
	const struct waitcost_run *run;
	char path[PATH_MAX + 16];
	int folder; /* owned */
};

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

static int copy_out(FILE *out, const void *what)
{
	const int *from = what;
	char chunk[16 * 1024];
	ssize_t n;

	while ((n = read(*from, chunk, sizeof(chunk))) > 0)
		fwrite(chunk, 1, (size_t)n, out);
	return n < 0 ? -errno : 0;
}

static int open_script(const struct studio *studio, const char *name)
{
	char path[PATH_MAX + 64];
	int from = -1;

	for (size_t i = 0; i < sizeof(script_folders) / sizeof(*script_folders); i++) {
		snprintf(path, sizeof(path), "%s/%s/%s", studio->run->program_directory,
			script_folders[i], name);
		if (from < 0)
			from = open(path, O_RDONLY | O_CLOEXEC);
	}
	return from;
}

static int copy_scripts(const struct studio *studio, struct problem *problem)
{
	int error = 0;

	for (size_t i = 0; i < SCRIPTS && error == 0; i++) {
		int from = open_script(studio, scripts[i]);

		if (from < 0)
			return problem_set(problem, -ESRCH,
				"no plots: found no %s in %.300s/%s or %s", scripts[i],
				studio->run->program_directory, script_folders[0],
				script_folders[1]);
		error = store_put(studio->folder, scripts[i], copy_out, &from, problem);
		close(from);
	}
	return error;
}

/* ---- pictures -----------------------------------------------------------------------
 */

/* gnuplot ends with 0 on a full disk too: only the image itself tells. */
static int check_image(const struct studio *studio, const char *out, const char *type,
	struct problem *problem)
{
	char name[NAME_BYTES];
	struct stat image;

	snprintf(name, sizeof(name), "%s.%s", out, type);
	if (fstatat(studio->folder, name, &image, 0) == 0 && image.st_size > 0)
		return 0;
	return problem_set(problem, -EIO,
		"gnuplot left no picture %.300s/%s (is the disk full?)", studio->path,
		name);
}

static int run_gnuplot(
	const struct studio *studio, const char *const *argv, struct problem *problem)
{
	struct child_command command = {
		.file = "gnuplot", .argv = argv, .directory = studio->path};
	struct child child;
	char end[80];
	int error = child_start(&child, &command, NULL);

	if (error == -ENOENT)
		return problem_set(problem, error,
			"gnuplot is not installed: the results are in %.200s, plots can "
			"be made later with: cd %.200s && gnuplot " SCRIPT
			" (apt-get install gnuplot-nox)",
			studio->run->options.out, studio->path);
	if (error < 0)
		return problem_set(
			problem, error, "cannot start gnuplot: %s", strerror(-error));
	error = child_wait(&child, studio->run->cancel_fd, clock_now_ns() + DRAW_WAIT_NS);
	child_end(&child, 0);
	if (error == -ECANCELED)
		return error;
	if (error < 0)
		return problem_set(
			problem, error, "gnuplot " SCRIPT ": %s", strerror(-error));
	if (child_succeeded(&child))
		return 0;
	child_describe_end(&child, end, sizeof(end));
	text_one_line(child.said);
	return problem_set(
		problem, -EIO, "gnuplot " SCRIPT ": %s: %.200s", end, child.said);
}

/* Only numbers and words of this program go into what gnuplot is given to evaluate. */
static int draw(
	const struct studio *studio, const struct rows *rows, struct problem *problem)
{
	char out[NAME_BYTES], assignments[256];
	const char *argv[] = {"gnuplot", "-e", assignments, SCRIPT, NULL};
	uint64_t blocks = rows->run->plan.axes.blocks;

	picture_name(rows, out, sizeof(out));
	snprintf(assignments, sizeof(assignments),
		"data='%s.csv'; out='%s'; title_note='%" PRIu64
		" ready, no network, timeout 0, %s, %" PRIu64 " block%s'",
		out, out, rows->run->plan.axes.ready[rows->ready],
		rows->run->placement.server_cpu < 0 ? "unpinned" : "one core", blocks,
		blocks == 1 ? "" : "s");
	int error = run_gnuplot(studio, argv, problem);

	if (error == 0)
		error = check_image(studio, out, "svg", problem);
	if (error == 0)
		error = check_image(studio, out, "png", problem);
	return error;
}

/* All data first: it is there even if gnuplot is not. */
static int make_all(const struct studio *studio, struct problem *problem)
{
	struct rows rows = {.run = studio->run};
	size_t ready_count = studio->run->plan.axes.ready_count;
	int error = 0, drawn = 0;

	for (rows.ready = 0; rows.ready < ready_count && error == 0; rows.ready++) {
		char out[NAME_BYTES], name[NAME_BYTES + 4];

		picture_name(&rows, out, sizeof(out));
		snprintf(name, sizeof(name), "%s.csv", out);
		if (any_wait(&rows))
			error = store_put(
				studio->folder, name, write_rows, &rows, problem);
	}
	for (rows.ready = 0; rows.ready < ready_count && error == 0; rows.ready++) {
		if (!any_wait(&rows))
			continue;
		error = draw(studio, &rows, problem);
		drawn++;
	}
	return error < 0 ? error : drawn;
}

int waitcost_run_plot(const struct waitcost_run *run, struct problem *problem)
{
	struct studio studio = {.run = run, .folder = -1};

	snprintf(studio.path, sizeof(studio.path), "%s/plots", run->options.out);
	if (mkdirat(run->folder, "plots", 0777) == 0 || errno == EEXIST)
		studio.folder =
			openat(run->folder, "plots", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (studio.folder < 0)
		return problem_set(problem, -errno, "cannot make %.300s: %s", studio.path,
			strerror(errno));
	int result = copy_scripts(&studio, problem);

	if (result == 0)
		result = make_all(&studio, problem);
	close(studio.folder);
	return result;
}
