/* plots.c - the pictures of a run. */
#include "harness/run/plots.h"

#include "harness/gnuplot.h"
#include "harness/run/plot_data.h"

#include <stdio.h>

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

/* What is drawn, and where. */
struct studio {
	const struct plots *plots;
	struct gnuplot gnuplot;
};

static int copy_scripts(const struct studio *studio, struct problem *problem)
{
	int error = gnuplot_copy_script(&studio->gnuplot, style, problem);

	for (size_t i = 0; i < PICTURES && error == 0; i++) {
		char name[GNUPLOT_NAME_MAX];

		snprintf(name, sizeof(name), "%s.gp", pictures[i].script);
		error = gnuplot_copy_script(&studio->gnuplot, name, problem);
	}
	return error;
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
	char suffix[80], out[GNUPLOT_NAME_MAX], script[GNUPLOT_NAME_MAX];
	char words[256], assignments[1024];

	plan_group_suffix(data->plan, data->group, suffix, sizeof(suffix));
	snprintf(out, sizeof(out), "%s%s%s", picture->name,
		against(data, picture->against_x), suffix);
	snprintf(script, sizeof(script), "%s.gp", picture->script);
	note(data, studio->plots, words, sizeof(words));
	snprintf(assignments, sizeof(assignments),
		"data='%s%s%s.csv'; title_note='%s'; unit='%s'; x_column='%s'; "
		"x_words='%s'",
		picture->data->name, against(data, picture->data->against_x), suffix,
		words, workload_unit(studio->plots->workload), x->column, x->words);

	return gnuplot_draw(&studio->gnuplot, script, assignments, out, problem);
}

static int put_data(const struct studio *studio, const struct data_file *file,
	const struct plot_data *data, struct problem *problem)
{
	char suffix[80], name[GNUPLOT_NAME_MAX];

	plan_group_suffix(data->plan, data->group, suffix, sizeof(suffix));
	snprintf(name, sizeof(name), "%s%s%s.csv", file->name,
		against(data, file->against_x), suffix);
	return store_put(studio->gnuplot.folder, name, file->write, data, problem);
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
	struct studio studio = {.plots = plots};
	int result = gnuplot_open(&studio.gnuplot, plots->store->path,
		plots->store->folder, plots->program_directory, problem);

	if (result < 0)
		return result;
	studio.gnuplot.cancel_fd = plots->cancel_fd;
	result = copy_scripts(&studio, problem);
	if (result == 0)
		result = put_all_data(&studio, problem);
	if (result == 0)
		result = draw_all(&studio, problem);
	gnuplot_close(&studio.gnuplot);
	return result;
}
