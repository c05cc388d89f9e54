/* plots.c - the pictures of a run. */
#include "harness/plots.h"

#include "common/clock.h"
#include "harness/child.h"
#include "harness/plot_data.h"
#include "harness/text.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define DRAW_WAIT_NS (60 * NS_PER_S)

enum { NAME_BYTES = 160 };

/* Where the scripts lie, seen from the programs: in the source tree, and installed. */
static const char *const script_folders[] = {"../plots", "../share/muxbench/plots"};

/* What more than one script loads. */
static const char style[] = "style.gp";

/* What a name is followed by: "-against-idle", the x axis, or nothing. */
struct data_file {
	const char *name; /* without .csv */
	store_writer *write;
	bool (*any)(const struct plot_data *data);
	bool first_group_only; /* else one a group */
	bool against_x;
};

static const struct data_file costs = {
	.name = "cost",
	.any = plot_data_any_costs,
	.write = plot_data_write_costs,
	.against_x = true,
};

static const struct data_file calls = {
	.name = "calls-per-request",
	.any = plot_data_any_calls,
	.write = plot_data_write_calls,
	.first_group_only = true,
};

struct picture {
	const char *script; /* without .gp */
	const char *name;   /* of the images */
	const struct data_file *data;
	bool (*any)(const struct plot_data *data);
	bool against_x;
};

static const struct picture pictures[] = {
	{"cost-against-idle", "cost", &costs, plot_data_any_costs, true},
	{"latency-against-idle", "latency", &costs, plot_data_any_latency, true},
	{"latency-against-throughput", "latency-against-throughput", &costs,
		plot_data_any_tail, false},
	{"calls-per-request", "calls-per-request", &calls, plot_data_any_calls, false},
};

enum { PICTURES = sizeof(pictures) / sizeof(*pictures) };

/* How pictures speak of the x axis. */
struct x_words {
	const char *against; /* in file names */
	const char *column;  /* of the data */
	const char *words;   /* under the axis */
};

static const struct x_words x_words[PLAN_AXES] = {
	[PLAN_IDLE] = {"-against-idle", "connections_total", "open connections"},
	[PLAN_ACTIVE] = {"-against-active", "connections_active", "active connections"},
	[PLAN_MESSAGE_BYTES] = {"-against-message-bytes", "message_bytes",
		"bytes a message"},
	[PLAN_PIPELINE] = {"-against-pipeline", "pipeline",
		"requests in flight a connection"},
	[PLAN_RATE] = {"-against-rate", "rate", "requests a second offered"},
};

/* The folder pictures are made in. */
struct studio {
	const struct plots *plots;
	char path[PATH_MAX];
	int folder;  /* owned */
	int scripts; /* descriptor of the folder the scripts come from; owned */
};

static int open_scripts(const struct plots *plots, struct problem *problem)
{
	char path[PATH_MAX];

	for (size_t i = 0; i < sizeof(script_folders) / sizeof(*script_folders); i++) {
		snprintf(path, sizeof(path), "%s/%s/%s", plots->program_directory,
			script_folders[i], style);
		if (access(path, R_OK) != 0)
			continue;
		*strrchr(path, '/') = '\0';
		int folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

		if (folder >= 0)
			return folder;
	}
	return problem_set(problem, -ESRCH,
		"no plots: found no gnuplot scripts in %.300s/%s or %s",
		plots->program_directory, script_folders[0], script_folders[1]);
}

static int copy_out(FILE *out, const void *what)
{
	const int *from = what;
	char chunk[16 * 1024];
	ssize_t n;

	while ((n = read(*from, chunk, sizeof(chunk))) > 0)
		fwrite(chunk, 1, (size_t)n, out);
	return n < 0 ? -errno : 0;
}

static int copy_script(
	const struct studio *studio, const char *name, struct problem *problem)
{
	int from = openat(studio->scripts, name, O_RDONLY | O_CLOEXEC);

	if (from < 0)
		return problem_set(problem, -errno, "no plots: cannot read %s: %s", name,
			strerror(errno));
	int error = store_put(studio->folder, name, copy_out, &from, problem);

	close(from);
	return error;
}

static int copy_scripts(const struct studio *studio, struct problem *problem)
{
	int error = copy_script(studio, style, problem);

	for (size_t i = 0; i < PICTURES && error == 0; i++) {
		char name[NAME_BYTES];

		snprintf(name, sizeof(name), "%s.gp", pictures[i].script);
		error = copy_script(studio, name, problem);
	}
	return error;
}

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

/* The last line that a program wrote on its stderr. */
static const char *last_said(struct child *child)
{
	while (child->said_bytes > 0 && child->said[child->said_bytes - 1] == '\n')
		child->said[--child->said_bytes] = '\0';
	char *line = strrchr(child->said, '\n');

	text_one_line(child->said);
	return line ? line + 1 : child->said;
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
			"be made later with: cd %.200s && gnuplot %s "
			"(apt-get install gnuplot-nox)",
			studio->plots->store->path, studio->path, argv[3]);
	if (error < 0)
		return problem_set(
			problem, error, "cannot start gnuplot: %s", strerror(-error));
	error = child_wait(
		&child, studio->plots->cancel_fd, clock_now_ns() + DRAW_WAIT_NS);
	child_end(&child, 0);
	if (error == -ECANCELED)
		return error;
	if (error < 0)
		return problem_set(
			problem, error, "gnuplot %s: %s", argv[3], strerror(-error));
	if (child_succeeded(&child))
		return 0;
	child_describe_end(&child, end, sizeof(end));
	return problem_set(
		problem, -EIO, "gnuplot %s: %s: %.200s", argv[3], end, last_said(&child));
}

/*
 * The line under the title. Nothing but words of this program and numbers: it becomes
 * part of a gnuplot command, where a quote from outside could begin another.
 */
static void note(const struct plot_data *data, const struct plots *plots, char *text,
	size_t text_size)
{
	const struct workload *workload = plots->workload;
	char numbers[160];

	plan_group_text(data->plan, data->group, numbers, sizeof(numbers));
	snprintf(text, text_size, "%s, %s%s%s", numbers,
		placement_words(plots->placement),
		workload->active_set == ACTIVE_SET_SPREAD
			? ", spread over all connections"
			: "",
		workload->kind == WORKLOAD_CHURN ? ", each connection closed after use"
						 : "");
}

static const char *against(const struct plot_data *data, bool against_x)
{
	return against_x ? x_words[data->plan->x].against : "";
}

static int draw(const struct studio *studio, const struct picture *picture,
	const struct plot_data *data, struct problem *problem)
{
	const struct x_words *x = &x_words[data->plan->x];
	char suffix[80], out[NAME_BYTES], script[NAME_BYTES];
	char words[256], assignments[1024];
	const char *argv[] = {"gnuplot", "-e", assignments, script, NULL};

	plan_group_suffix(data->plan, data->group, suffix, sizeof(suffix));
	snprintf(out, sizeof(out), "%s%s%s", picture->name,
		against(data, picture->against_x), suffix);
	snprintf(script, sizeof(script), "%s.gp", picture->script);
	note(data, studio->plots, words, sizeof(words));
	snprintf(assignments, sizeof(assignments),
		"data='%s%s%s.csv'; out='%s'; title_note='%s'; unit='%s'; x_column='%s'; "
		"x_words='%s'",
		picture->data->name, against(data, picture->data->against_x), suffix, out,
		words, workload_unit(studio->plots->workload), x->column, x->words);

	int error = run_gnuplot(studio, argv, problem);
	if (error == 0)
		error = check_image(studio, out, "svg", problem);
	if (error == 0)
		error = check_image(studio, out, "png", problem);
	return error;
}

static int put_data(const struct studio *studio, const struct data_file *file,
	const struct plot_data *data, struct problem *problem)
{
	char suffix[80], name[NAME_BYTES];

	plan_group_suffix(data->plan, data->group, suffix, sizeof(suffix));
	snprintf(name, sizeof(name), "%s%s%s.csv", file->name,
		against(data, file->against_x), suffix);
	return store_put(studio->folder, name, file->write, data, problem);
}

static bool wanted(const struct data_file *file, const struct plot_data *data)
{
	return file->any(data) && (data->group == 0 || !file->first_group_only);
}

static struct plot_data data_of(const struct plots *plots)
{
	return (struct plot_data){
		.plan = plots->plan,
		.summary = plots->summary,
		.verdicts = plots->verdicts,
	};
}

/* All data first: it is there even if gnuplot is not. */
static int put_all_data(const struct studio *studio, struct problem *problem)
{
	static const struct data_file *const files[] = {&costs, &calls};
	struct plot_data data = data_of(studio->plots);
	int error = 0;

	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++)
		for (data.group = 0; data.group < data.plan->group_count; data.group++)
			if (error == 0 && wanted(files[i], &data))
				error = put_data(studio, files[i], &data, problem);
	return error;
}

/* How many pictures were drawn, or -errno. */
static int draw_all(const struct studio *studio, struct problem *problem)
{
	struct plot_data data = data_of(studio->plots);
	int drawn = 0;

	for (size_t i = 0; i < PICTURES; i++)
		for (data.group = 0; data.group < data.plan->group_count; data.group++) {
			if (!wanted(pictures[i].data, &data) || !pictures[i].any(&data))
				continue;
			int error = draw(studio, &pictures[i], &data, problem);

			if (error < 0)
				return error;
			drawn++;
		}
	return drawn;
}

int plots_make(const struct plots *plots, struct problem *problem)
{
	struct studio studio = {.plots = plots, .folder = -1};
	int result;

	snprintf(studio.path, sizeof(studio.path), "%s/plots", plots->store->path);
	studio.scripts = open_scripts(plots, problem);
	if (studio.scripts < 0)
		return studio.scripts;
	if (mkdirat(plots->store->folder, "plots", 0777) == 0 || errno == EEXIST)
		studio.folder = openat(plots->store->folder, "plots",
			O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (studio.folder < 0)
		result = problem_set(problem, -errno, "cannot make %.300s: %s",
			studio.path, strerror(errno));
	else
		result = copy_scripts(&studio, problem);
	if (result == 0)
		result = put_all_data(&studio, problem);
	if (result == 0)
		result = draw_all(&studio, problem);
	if (studio.folder >= 0)
		close(studio.folder);
	close(studio.scripts);
	return result;
}
