/* options.c - the command line of `muxbench waitcost`. */
#include "harness/waitcost/options.h"

#include "common/clock.h"
#include "common/parse.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#define DESCRIPTORS_MAX 1000000
#define READY_MAX       512 /* what one wait of the server takes */
#define BLOCKS_MAX      COMPLEXITY_BLOCKS_MAX
#define BLOCKS_DEFAULT  COMPLEXITY_BLOCKS_PUBLISHABLE
#define SEED_MAX        ((1ULL << 53) - 1) /* every JSON reader keeps it exact */

/* Eight points and two decades for either number of ready ones. */
static const uint64_t descriptors_default[] = {
	10, 30, 100, 200, 500, 1000, 2000, 5000, 10000, 19000};
static const uint64_t ready_default[] = {1, 100};

enum {
	DEFAULTS = sizeof(descriptors_default) / sizeof(*descriptors_default),
	DESCRIPTORS_BESIDE = 32, /* that a server has open besides */
};

enum {
	OPTION_HELP = 'h',
	OPTION_QUIET = 'q',
	OPTION_OUT = 'o',
	OPTION_BACKENDS = 256, /* from here on: long names only */
	OPTION_DESCRIPTORS,
	OPTION_READY,
	OPTION_BLOCKS,
	OPTION_PLACEMENT,
	OPTION_SEED,
	OPTION_FORMAT,
	OPTION_NO_PLOTS,
};

static const char short_options[] = ":hqo:";

static const struct option long_options[] = {
	{"backends", required_argument, NULL, OPTION_BACKENDS},
	{"descriptors", required_argument, NULL, OPTION_DESCRIPTORS},
	{"ready", required_argument, NULL, OPTION_READY},
	{"blocks", required_argument, NULL, OPTION_BLOCKS},
	{"placement", required_argument, NULL, OPTION_PLACEMENT},
	{"seed", required_argument, NULL, OPTION_SEED},
	{"format", required_argument, NULL, OPTION_FORMAT},
	{"out", required_argument, NULL, OPTION_OUT},
	{"no-plots", no_argument, NULL, OPTION_NO_PLOTS},
	{"quiet", no_argument, NULL, OPTION_QUIET},
	{"help", no_argument, NULL, OPTION_HELP},
	{NULL, 0, NULL, 0},
};

void waitcost_options_help(FILE *out)
{
	fputs("Usage: muxbench waitcost [options]\n"
	      "\n"
	      "What ONE wait costs, without a network: N descriptors are registered with "
	      "a\n"
	      "backend inside a server, some of them are ready, and the wait is timed; "
	      "so are\n"
	      "registering, modifying and removing one. A verdict says how the wait "
	      "grows.\n"
	      "\n"
	      "  --backends A,B,...     default: those of muxbench-server --list that "
	      "are no\n"
	      "                         variants; all: the variants too; a\n"
	      "                         name with a '/' or ending in .so is a plug-in's "
	      "path\n"
	      "  --descriptors N,N,...  how many are registered (default 10 to 10000, "
	      "and\n"
	      "                         19000 where the limit allows)\n"
	      "  --ready K,K,...        how many of them are ready, 1 to 512 (default "
	      "1,100)\n"
	      "  --blocks R             how often each combination is run, in random "
	      "order\n"
	      "                         (default 10)\n"
	      "  --placement P          same-core (default) keeps the server on one "
	      "core, and\n"
	      "                         so does cross-core: there is no client; none: "
	      "free\n"
	      "  --seed N               of the order (default: the clock)\n"
	      "  --format F             text (default) or json, on stdout\n"
	      "  -o, --out DIR          also write waitcost.json and pictures there\n"
	      "  --no-plots             do not start gnuplot\n"
	      "  -q, --quiet            no progress on stderr, only problems\n"
	      "  -h, --help\n"
	      "\n"
	      "Ctrl-C ends the run in order: what was measured is shown.\n"
	      "Exit status: 0 done, 1 a trial failed or a file could not be written,\n"
	      "2 wrong command line, 3 more than a tenth of the trials invalid, 5 "
	      "nothing\n"
	      "could be measured here, 130 interrupted.\n"
	      "\n"
	      "Examples:\n"
	      "  muxbench waitcost\n"
	      "  muxbench waitcost --backends poll,epoll-lt --descriptors 10,100,1000 "
	      "--ready 1\n"
	      "  muxbench waitcost --backends epoll-lt,./mine.so --out results/wait\n",
		out);
}

/* Lists are shown in rising order, and nothing is run twice for a slip of the hand. */
static int sort_list(
	const char *option, uint64_t *values, size_t count, struct problem *problem)
{
	for (size_t i = 1; i < count; i++) {
		uint64_t value = values[i];
		size_t j = i;

		for (; j > 0 && values[j - 1] > value; j--)
			values[j] = values[j - 1];
		if (j > 0 && values[j - 1] == value)
			return problem_set(problem, -EINVAL, "%s names %" PRIu64 " twice",
				option, value);
		values[j] = value;
	}
	return 0;
}

static int take_list(const char *option, const char *text, uint64_t max, uint64_t *values,
	size_t capacity, size_t *count, struct problem *problem)
{
	int error =
		parse_u64_list(option, text, 1, max, values, capacity, count, problem);

	return error < 0 ? error : sort_list(option, values, *count, problem);
}

static int take_format(
	struct waitcost_options *options, const char *text, struct problem *problem)
{
	options->json = strcmp(text, "json") == 0;
	if (options->json || strcmp(text, "text") == 0)
		return 0;
	return problem_set(
		problem, -EINVAL, "--format takes text or json, not '%.40s'", text);
}

static int take_out(
	struct waitcost_options *options, const char *path, struct problem *problem)
{
	if (*path == '\0' || strlen(path) >= sizeof(options->out))
		return problem_set(problem, -EINVAL, "--out takes the path of a folder");
	strcpy(options->out, path);
	return 0;
}

static int take_option(struct waitcost_options *options, int option, const char *text,
	struct problem *problem)
{
	switch (option) {
	case OPTION_BACKENDS:
		free(options->backends_text);
		options->backends_text = NULL;
		return parse_name_list("--backends", text, options->backends,
			BACKENDS_MAX, &options->backend_count, &options->backends_text,
			problem);
	case OPTION_DESCRIPTORS:
		return take_list("--descriptors", text, DESCRIPTORS_MAX,
			options->descriptors, WAITCOST_DESCRIPTOR_LIST_MAX,
			&options->descriptor_count, problem);
	case OPTION_READY:
		return take_list("--ready", text, READY_MAX, options->ready,
			WAITCOST_READY_LIST_MAX, &options->ready_count, problem);
	case OPTION_BLOCKS:
		return parse_u64(
			"--blocks", text, 1, BLOCKS_MAX, &options->blocks, problem);
	case OPTION_PLACEMENT:
		return placement_parse(text, &options->placement, problem);
	case OPTION_SEED:
		return parse_u64("--seed", text, 0, SEED_MAX, &options->seed, problem);
	case OPTION_FORMAT:
		return take_format(options, text, problem);
	case OPTION_OUT:
		return take_out(options, text, problem);
	case OPTION_NO_PLOTS:
		options->no_plots = true;
		return 0;
	case OPTION_QUIET:
		options->quiet = true;
		return 0;
	default:
		options->help = true;
		return 0;
	}
}

/* As many of the default numbers as the limit on descriptors leaves room for. */
static void fill_descriptors(struct waitcost_options *options)
{
	struct rlimit nofile = {0};

	getrlimit(RLIMIT_NOFILE, &nofile);
	for (size_t i = 0; i < DEFAULTS; i++)
		if (i == 0 ||
			descriptors_default[i] + DESCRIPTORS_BESIDE <= nofile.rlim_max)
			options->descriptors[options->descriptor_count++] =
				descriptors_default[i];
}

static uint64_t descriptors_most(const struct waitcost_options *options)
{
	return options->descriptors[options->descriptor_count - 1];
}

static void fill_ready(struct waitcost_options *options)
{
	size_t defaults = sizeof(ready_default) / sizeof(*ready_default);

	for (size_t i = 0; i < defaults; i++)
		if (ready_default[i] <= descriptors_most(options))
			options->ready[options->ready_count++] = ready_default[i];
}

static void fill_unset(struct waitcost_options *options)
{
	struct timespec now;

	if (options->descriptor_count == 0)
		fill_descriptors(options);
	if (options->ready_count == 0)
		fill_ready(options);
	if (options->blocks == 0)
		options->blocks = BLOCKS_DEFAULT;
	clock_gettime(CLOCK_REALTIME, &now);
	if (options->seed == UINT64_MAX)
		options->seed = timespec_to_ns(&now) / NS_PER_US;
}

int waitcost_options_parse(
	struct waitcost_options *options, int argc, char *argv[], struct problem *problem)
{
	int option, error = 0;

	*options = (struct waitcost_options){
		.placement = PLACEMENT_SAME_CORE,
		.seed = UINT64_MAX,
	};
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
	if (optind < argc)
		return problem_set(problem, -EINVAL,
			"unexpected '%.80s' after the options (see --help)",
			argv[optind]);
	fill_unset(options);
	if (options->ready[options->ready_count - 1] > descriptors_most(options))
		return problem_set(problem, -EINVAL,
			"--ready %" PRIu64 " is more than the most --descriptors, "
			"%" PRIu64,
			options->ready[options->ready_count - 1],
			descriptors_most(options));
	return 0;
}

void waitcost_options_free(struct waitcost_options *options)
{
	free(options->backends_text);
}
