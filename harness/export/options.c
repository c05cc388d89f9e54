/* options.c - the command line of `muxbench export`. */
#include "harness/export/options.h"

#include "common/parse.h"

#include <errno.h>
#include <getopt.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum {
	OPTION_HELP = 'h',
	OPTION_FORMAT = 'f',
	OPTION_OUT = 'o',
	OPTION_METRIC = 256, /* from here on: long names only */
	OPTION_BACKENDS,
	OPTION_IDLE,
	OPTION_ACTIVE,
};

static const char short_options[] = ":hf:o:";

static const struct option long_options[] = {
	{"format", required_argument, NULL, OPTION_FORMAT},
	{"out", required_argument, NULL, OPTION_OUT},
	{"metric", required_argument, NULL, OPTION_METRIC},
	{"backends", required_argument, NULL, OPTION_BACKENDS},
	{"idle", required_argument, NULL, OPTION_IDLE},
	{"active", required_argument, NULL, OPTION_ACTIVE},
	{"help", no_argument, NULL, OPTION_HELP},
	{NULL, 0, NULL, 0},
};

void export_options_help(FILE *out)
{
	fputs("Usage: muxbench export DIR --format FORMAT [options]\n"
	      "\n"
	      "Writes a finished run in a format that another tool reads. DIR is the\n"
	      "folder of the run, or its result.json. Only trials that are ok enter a\n"
	      "figure; csv alone has all, with their status.\n"
	      "\n"
	      "  -f, --format FORMAT  one of those below\n"
	      "  -o, --out FILE       instead of stdout; for hgrm a folder, which gets "
	      "a\n"
	      "                       file for each cell\n"
	      "  --metric M,M,...     which figures: cpu, connection-cpu, wall, p50, "
	      "p99,\n"
	      "                       rate, syscalls, calls\n"
	      "  --backends A,B,...   only these\n"
	      "  --idle N,N,...       only these numbers of idle connections\n"
	      "  --active N,N,...     only these numbers of active connections\n"
	      "  -h, --help\n"
	      "\n"
	      "Formats:\n",
		out);
	export_format_list(out);
	fputs("\n"
	      "gbench-json and hyperfine-json have room for one metric: of gbench-json "
	      "it\n"
	      "is real_time (wall by default; cpu_time is always the server's CPU), of\n"
	      "hyperfine-json all of it (cpu by default).\n"
	      "\n"
	      "Exit status: 0 done, 1 a file could not be written, 2 wrong command line\n"
	      "or not a result, 3 no trial is ok.\n"
	      "\n"
	      "Examples:\n"
	      "  muxbench export results/head --format csv --out head.csv\n"
	      "  muxbench export results/head --format gobench >head.txt && benchstat "
	      "head.txt\n"
	      "  muxbench export results/head --format gab-json --metric cpu,syscalls\n"
	      "  muxbench export results/head --format hgrm --backends poll --idle "
	      "1000\n",
		out);
}

static int take_backends(
	struct export_options *options, const char *text, struct problem *problem)
{
	free(options->backends_text);
	options->backends_text = NULL;
	return parse_name_list("--backends", text, options->choice.backends,
		EXPORT_CHOSEN_MAX, &options->choice.backend_count,
		&options->backends_text, problem);
}

static int take_format(
	struct export_options *options, const char *name, struct problem *problem)
{
	options->format = export_format_find(name);
	return options->format ? 0
			       : problem_set(problem, -EINVAL,
					 "there is no format '%.40s' (see --help)", name);
}

static int take_option(struct export_options *options, int option, const char *text,
	struct problem *problem)
{
	struct export_choice *choice = &options->choice;

	switch (option) {
	case OPTION_FORMAT:
		return take_format(options, text, problem);
	case OPTION_OUT:
		options->out = text;
		return *text ? 0
			     : problem_set(problem, -EINVAL,
				       "--out takes the path of a file");
	case OPTION_METRIC:
		return export_metrics_parse(text, &options->metrics, problem);
	case OPTION_BACKENDS:
		return take_backends(options, text, problem);
	case OPTION_IDLE:
		return parse_u64_list("--idle", text, 0, INT64_MAX, choice->idle,
			EXPORT_CHOSEN_MAX, &choice->idle_count, problem);
	case OPTION_ACTIVE:
		return parse_u64_list("--active", text, 0, INT64_MAX, choice->active,
			EXPORT_CHOSEN_MAX, &choice->active_count, problem);
	default:
		options->help = true;
		return 0;
	}
}

/* What the format can show, of what was asked for. */
static int check_metrics(struct export_options *options, struct problem *problem)
{
	const struct export_format *format = options->format;
	unsigned metrics = options->metrics, more_is_better = 0;

	if (metrics == 0) {
		options->metrics = format->metrics;
		return 0;
	}
	if (format->metrics_allowed == 0)
		return problem_set(
			problem, -EINVAL, "--metric does not go with %s", format->name);
	for (int m = 0; m < EXPORT_METRIC_COUNT; m++)
		if (export_metric_info((enum export_metric)m)->more_is_better)
			more_is_better |= EXPORT_BIT(m);
	if (metrics & ~format->metrics_allowed)
		return problem_set(problem, -EINVAL,
			"%s takes times only: cpu, connection-cpu, wall, p50 or p99",
			format->name);
	if (format->one_metric && (metrics & (metrics - 1)))
		return problem_set(
			problem, -EINVAL, "%s has room for one --metric", format->name);
	if (format->one_direction && (metrics & more_is_better) &&
		(metrics & ~more_is_better))
		return problem_set(problem, -EINVAL,
			"rate is better when larger, the others when smaller: a file of "
			"%s can hold one kind only",
			format->name);
	return 0;
}

static int take_path(struct export_options *options, int count, char *const paths[],
	struct problem *problem)
{
	if (count == 0 || *paths[0] == '\0')
		return problem_set(problem, -EINVAL,
			"the folder of a run is missing: muxbench export DIR --format "
			"FORMAT");
	if (count > 1)
		return problem_set(problem, -EINVAL,
			"one run at a time, so '%.80s' is too much (see --help)",
			paths[1]);
	options->path = paths[0];
	if (!options->format)
		return problem_set(problem, -EINVAL,
			"--format is missing: csv, json, gobench, ... (see --help)");
	return 0;
}

int export_options_parse(
	struct export_options *options, int argc, char *argv[], struct problem *problem)
{
	int option, error = 0;

	*options = (struct export_options){0};
	opterr = 0;
	while (error == 0 && !options->help &&
		(option = getopt_long(argc, argv, short_options, long_options, NULL)) !=
			-1) {
		if (option == '?' || option == ':')
			return parse_option_unknown(argv, option, problem);
		error = take_option(options, option, optarg, problem);
	}
	if (error < 0 || options->help)
		return error;
	error = take_path(options, argc - optind, argv + optind, problem);
	return error < 0 ? error : check_metrics(options, problem);
}

void export_options_free(struct export_options *options)
{
	free(options->backends_text);
}
