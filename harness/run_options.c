/* run_options.c - the command line of `muxbench run`. */
#include "harness/run_options.h"

#include "common/clock.h"
#include "common/parse.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define IDLE_CONNECTIONS_MAX   1000000
#define ACTIVE_CONNECTIONS_MAX 100000
#define MESSAGE_BYTES_MAX      (16 << 20)
#define MESSAGE_BYTES_DEFAULT  64
#define BLOCKS_MAX             1000
#define WINDOW_NS_MIN          (10 * NS_PER_MS)
#define WINDOW_NS_MAX          (3600 * NS_PER_S)
#define SEED_MAX               ((1ULL << 53) - 1) /* every JSON reader keeps it exact */
#define OUT_FORMAT             "results/run-%Y%m%d-%H%M%S"

enum {
	OPTION_HELP = 'h',
	OPTION_QUIET = 'q',
	OPTION_OUT = 'o',
	OPTION_PROFILE = 256, /* from here on: long names only */
	OPTION_BACKENDS,
	OPTION_IDLE,
	OPTION_ACTIVE,
	OPTION_MESSAGE_BYTES,
	OPTION_BLOCKS,
	OPTION_DURATION,
	OPTION_WARMUP,
	OPTION_PLACEMENT,
	OPTION_REQUIRE,
	OPTION_SEED,
	OPTION_NO_PLOTS,
};

static const char short_options[] = ":hqo:";

static const struct option long_options[] = {
	{"profile", required_argument, NULL, OPTION_PROFILE},
	{"backends", required_argument, NULL, OPTION_BACKENDS},
	{"idle", required_argument, NULL, OPTION_IDLE},
	{"active", required_argument, NULL, OPTION_ACTIVE},
	{"message-bytes", required_argument, NULL, OPTION_MESSAGE_BYTES},
	{"blocks", required_argument, NULL, OPTION_BLOCKS},
	{"duration", required_argument, NULL, OPTION_DURATION},
	{"warmup", required_argument, NULL, OPTION_WARMUP},
	{"placement", required_argument, NULL, OPTION_PLACEMENT},
	{"require", required_argument, NULL, OPTION_REQUIRE},
	{"seed", required_argument, NULL, OPTION_SEED},
	{"out", required_argument, NULL, OPTION_OUT},
	{"no-plots", no_argument, NULL, OPTION_NO_PLOTS},
	{"quiet", no_argument, NULL, OPTION_QUIET},
	{"help", no_argument, NULL, OPTION_HELP},
	{NULL, 0, NULL, 0},
};

void run_options_help(FILE *out)
{
	fputs("Usage: muxbench run [options]\n"
	      "\n"
	      "Measures what an echo costs each backend while more and more connections\n"
	      "sit idle beside it: a table on stdout, result.json and pictures in a "
	      "folder.\n"
	      "\n"
	      "What to run (the profile gives whatever is left out):\n"
	      "  --profile NAME       see below\n"
	      "  --backends A,B,...   default: all that muxbench-server --list names; a\n"
	      "                       name with a '/' or ending in .so is a plug-in's "
	      "path\n"
	      "  --require A,B,...    do not run at all if one of these cannot (exit "
	      "5)\n"
	      "  --idle N,N,...       idle connections\n"
	      "  --active N,N,...     connections that send, each when its echo is back\n"
	      "  --message-bytes B    size of a message (default 64)\n"
	      "  --blocks R           how often each combination is run, in random "
	      "order\n"
	      "  --duration S         of the window that CPU and latency come from\n"
	      "  --warmup S           before it, not counted; 0: none\n"
	      "  --placement P        same-core (default), cross-core, or none (no "
	      "pinning)\n"
	      "  --seed N             of the order and the messages (default: the "
	      "clock)\n"
	      "\n"
	      "What becomes of it:\n"
	      "  -o, --out DIR        default: results/run-DATE-TIME\n"
	      "  --no-plots           do not start gnuplot\n"
	      "  -q, --quiet          no progress on stderr, only problems\n"
	      "  -h, --help\n"
	      "\n"
	      "Profiles:\n",
		out);
	profile_list(out);
	fputs("\n"
	      "Ctrl-C ends the run in order: what was measured is written and shown.\n"
	      "Exit status: 0 done, 1 a trial failed or a file could not be written,\n"
	      "2 wrong command line, 3 more than a tenth of the trials invalid, 5 "
	      "cannot\n"
	      "run here, 130 interrupted.\n"
	      "\n"
	      "Examples:\n"
	      "  muxbench run\n"
	      "  muxbench run --backends poll,epoll-lt --idle 0,1000,10000 --blocks 5\n"
	      "  muxbench run --backends epoll-lt,./mine.so --require epoll-lt\n"
	      "  muxbench run --active 1,100 --duration 2 --out results/hundred\n",
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

static int take_list(const char *option, const char *text, uint64_t min, uint64_t max,
	uint64_t *values, size_t capacity, size_t *count, struct problem *problem)
{
	int error =
		parse_u64_list(option, text, min, max, values, capacity, count, problem);

	return error < 0 ? error : sort_list(option, values, *count, problem);
}

static int take_names(const char *option, const char *text, const char **names,
	size_t *count, char **copy, struct problem *problem)
{
	free(*copy);
	*copy = NULL;
	return parse_name_list(option, text, names, BACKENDS_MAX, count, copy, problem);
}

static int take_profile(
	struct run_options *options, const char *name, struct problem *problem)
{
	options->profile = profile_find(name);
	return options->profile
		       ? 0
		       : problem_set(problem, -EINVAL,
				 "there is no profile '%.40s' (see --help)", name);
}

static int take_out(
	struct run_options *options, const char *path, struct problem *problem)
{
	if (*path == '\0' || strlen(path) >= sizeof(options->out))
		return problem_set(problem, -EINVAL, "--out takes the path of a folder");
	strcpy(options->out, path);
	return 0;
}

static int take_option(struct run_options *options, int option, const char *text,
	struct problem *problem)
{
	switch (option) {
	case OPTION_PROFILE:
		return take_profile(options, text, problem);
	case OPTION_BACKENDS:
		return take_names("--backends", text, options->backends,
			&options->backend_count, &options->backends_text, problem);
	case OPTION_REQUIRE:
		return take_names("--require", text, options->required,
			&options->required_count, &options->required_text, problem);
	case OPTION_IDLE:
		return take_list("--idle", text, 0, IDLE_CONNECTIONS_MAX, options->idle,
			RUN_IDLE_MAX, &options->idle_count, problem);
	case OPTION_ACTIVE:
		return take_list("--active", text, 1, ACTIVE_CONNECTIONS_MAX,
			options->active, RUN_ACTIVE_MAX, &options->active_count, problem);
	case OPTION_MESSAGE_BYTES:
		return parse_bytes("--message-bytes", text, 1, MESSAGE_BYTES_MAX,
			&options->message_bytes, problem);
	case OPTION_BLOCKS:
		return parse_u64(
			"--blocks", text, 1, BLOCKS_MAX, &options->blocks, problem);
	case OPTION_DURATION:
		return parse_duration_ns("--duration", text, WINDOW_NS_MIN, WINDOW_NS_MAX,
			&options->timed_ns, problem);
	case OPTION_WARMUP:
		return parse_duration_ns(
			"--warmup", text, 0, WINDOW_NS_MAX, &options->warmup_ns, problem);
	case OPTION_PLACEMENT:
		return placement_parse(text, &options->placement, problem);
	case OPTION_SEED:
		return parse_u64("--seed", text, 0, SEED_MAX, &options->seed, problem);
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

/* What an option was not given for; no option can set these values. */
static void mark_unset(struct run_options *options)
{
	*options = (struct run_options){
		.profile = profile_default(),
		.placement = PLACEMENT_SAME_CORE,
		.message_bytes = MESSAGE_BYTES_DEFAULT,
		.warmup_ns = UINT64_MAX,
		.seed = UINT64_MAX,
	};
}

static void fill_unset(struct run_options *options)
{
	const struct profile *profile = options->profile;
	struct timespec now;
	struct tm local;

	if (options->idle_count == 0) {
		memcpy(options->idle, profile->idle, sizeof(profile->idle));
		options->idle_count = profile->idle_count;
	}
	if (options->active_count == 0) {
		memcpy(options->active, profile->active, sizeof(profile->active));
		options->active_count = profile->active_count;
	}
	if (options->blocks == 0)
		options->blocks = profile->blocks;
	if (options->timed_ns == 0)
		options->timed_ns = profile->timed_ns;
	if (options->warmup_ns == UINT64_MAX)
		options->warmup_ns = profile->warmup_ns;
	options->counted_ns = profile->counted_ns;

	clock_gettime(CLOCK_REALTIME, &now);
	if (options->seed == UINT64_MAX)
		options->seed = timespec_to_ns(&now) / NS_PER_US;
	if (*options->out == '\0')
		strftime(options->out, sizeof(options->out), OUT_FORMAT,
			localtime_r(&now.tv_sec, &local));
}

int run_options_parse(
	struct run_options *options, int argc, char *argv[], struct problem *problem)
{
	int option, error = 0;

	mark_unset(options);
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
	return 0;
}

void run_options_free(struct run_options *options)
{
	free(options->backends_text);
	free(options->required_text);
}
