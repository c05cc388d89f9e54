/* options.c - the command line of `muxbench limit`. */
#include "harness/limit/options.h"

#include "common/clock.h"
#include "common/cpu.h"
#include "common/parse.h"
#include "harness/statistics/statistics.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define ACTIVE_CONNECTIONS_MAX 100000
#define IDLE_CONNECTIONS_MAX   1000000
#define BLOCKS_MAX             STATISTICS_VALUES_MAX
#define BLOCKS_DEFAULT         10
#define ROUNDS_MAX             1000000000
#define DURATION_NS_MIN        (10 * NS_PER_MS)
#define DURATION_NS_MAX        (3600 * NS_PER_S)
#define DURATION_NS_DEFAULT    (500 * NS_PER_MS)
#define SEED_MAX               ((1ULL << 53) - 1) /* every JSON reader keeps it exact */

static const uint64_t active_default[] = {1, 100};

enum { ACTIVE_DEFAULTS = sizeof(active_default) / sizeof(*active_default) };

enum {
	OPTION_HELP = 'h',
	OPTION_QUIET = 'q',
	OPTION_OUT = 'o',
	OPTION_BACKENDS = 256, /* from here on: long names only */
	OPTION_ACTIVE,
	OPTION_IDLE,
	OPTION_MESSAGE_BYTES,
	OPTION_ENGINE,
	OPTION_BLOCKS,
	OPTION_RUNS, /* another name for it */
	OPTION_DURATION,
	OPTION_SEED,
	OPTION_FORMAT,
	OPTION_POINT,
	OPTION_ROUNDS,
	OPTION_CPU,
};

static const char short_options[] = ":hqo:";

static const struct option long_options[] = {
	{"backends", required_argument, NULL, OPTION_BACKENDS},
	{"active", required_argument, NULL, OPTION_ACTIVE},
	{"idle", required_argument, NULL, OPTION_IDLE},
	{"message-bytes", required_argument, NULL, OPTION_MESSAGE_BYTES},
	{"engine", required_argument, NULL, OPTION_ENGINE},
	{"blocks", required_argument, NULL, OPTION_BLOCKS},
	{"runs", required_argument, NULL, OPTION_RUNS},
	{"duration", required_argument, NULL, OPTION_DURATION},
	{"seed", required_argument, NULL, OPTION_SEED},
	{"format", required_argument, NULL, OPTION_FORMAT},
	{"out", required_argument, NULL, OPTION_OUT},
	{"quiet", no_argument, NULL, OPTION_QUIET},
	{"point", required_argument, NULL, OPTION_POINT},
	{"rounds", required_argument, NULL, OPTION_ROUNDS},
	{"cpu", required_argument, NULL, OPTION_CPU},
	{"help", no_argument, NULL, OPTION_HELP},
	{NULL, 0, NULL, 0},
};

void limit_options_help(FILE *out)
{
	fputs("Usage: muxbench limit [options]\n"
	      "       muxbench limit --point WAY [options]\n"
	      "\n"
	      "How fast an echo can be on this machine, and how near each backend "
	      "comes.\n"
	      "One thread owns both ends of its TCP connections and plays client and "
	      "server\n"
	      "itself, so nobody waits for anybody and nothing is multiplexed: that is "
	      "the\n"
	      "limit, in three ways. In the same blocks each backend runs with the load\n"
	      "generator, both on that one core. Its share is the rate of its echoes "
	      "over\n"
	      "the rate of the fastest way, in the same block.\n"
	      "\n"
	      "  --backends A,B,...     default: those of muxbench-server --list that "
	      "are no\n"
	      "                         variants; all: the variants too; a\n"
	      "                         name with a '/' or ending in .so is a plug-in's "
	      "path\n"
	      "  --active N,N,...       connections, each with one request in flight\n"
	      "                         (default 1,100)\n"
	      "  --idle N               idle connections beside, of the backends "
	      "(default 0)\n"
	      "  --message-bytes B      size of a message, at most 32KiB (default 64)\n"
	      "  --engine E             epoll (default) or io_uring: how the load "
	      "generator\n"
	      "                         waits and moves bytes\n"
	      "  --blocks R, --runs R   how often all of it is measured, in random "
	      "order\n"
	      "                         (default 10)\n"
	      "  --duration T           of a window (default 0.5 s)\n"
	      "  --seed N               of the order (default: the clock)\n"
	      "  --format F             text (default) or json\n"
	      "  -o, --out FILE         default: stdout\n"
	      "  -q, --quiet            no progress on stderr, only problems\n"
	      "  -h, --help\n"
	      "\n"
	      "One point in this very process, for strace or perf: prints one JSON "
	      "object.\n"
	      "  --point WAY            blocking, batched or ring; takes --active with "
	      "one\n"
	      "                         number, --message-bytes and --duration, and\n"
	      "  --rounds K             exactly K round trips on each connection "
	      "instead\n"
	      "  --cpu C                stay on that cpu\n"
	      "\n"
	      "Ctrl-C ends it in order: what was measured is shown.\n"
	      "Exit status: 0 done, 1 a trial failed or FILE cannot be written, 2 wrong\n"
	      "command line, 3 more than a tenth of the trials invalid, 5 nothing could "
	      "be\n"
	      "measured here, 77 no room for so many connections (--point), 130 "
	      "interrupted.\n"
	      "\n"
	      "Examples:\n"
	      "  muxbench limit\n"
	      "  muxbench limit --backends epoll-lt,io_uring --active 100 --engine "
	      "io_uring\n"
	      "  muxbench limit --blocks 20 --format json --out limit.json\n"
	      "  strace -c muxbench limit --point blocking --rounds 1000\n",
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

static int take_active(
	struct limit_options *options, const char *text, struct problem *problem)
{
	int error = parse_u64_list("--active", text, 1, ACTIVE_CONNECTIONS_MAX,
		options->active, LIMIT_ACTIVE_LIST_MAX, &options->active_count, problem);

	return error < 0 ? error
			 : sort_list("--active", options->active, options->active_count,
				   problem);
}

static int take_backends(
	struct limit_options *options, const char *text, struct problem *problem)
{
	free(options->backends_text);
	options->backends_text = NULL;
	return parse_name_list("--backends", text, options->backends, BACKENDS_MAX,
		&options->backend_count, &options->backends_text, problem);
}

static int take_format(
	struct limit_options *options, const char *text, struct problem *problem)
{
	options->json = strcmp(text, "json") == 0;
	if (options->json || strcmp(text, "text") == 0)
		return 0;
	return problem_set(
		problem, -EINVAL, "--format takes text or json, not '%.40s'", text);
}

static int take_out(
	struct limit_options *options, const char *path, struct problem *problem)
{
	options->out = path;
	return *path ? 0
		     : problem_set(problem, -EINVAL, "--out takes the path of a file");
}

static int take_point(
	struct limit_options *options, const char *name, struct problem *problem)
{
	options->is_point = true;
	options->point.way = limit_way_find(name);
	return options->point.way
		       ? 0
		       : problem_set(problem, -EINVAL,
				 "--point takes blocking, batched or ring, not '%.40s'",
				 name);
}

static int take_option(struct limit_options *options, int option, const char *text,
	struct problem *problem)
{
	switch (option) {
	case OPTION_BACKENDS:
		return take_backends(options, text, problem);
	case OPTION_ACTIVE:
		return take_active(options, text, problem);
	case OPTION_IDLE:
		return parse_u64("--idle", text, 0, IDLE_CONNECTIONS_MAX,
			&options->connections_idle, problem);
	case OPTION_MESSAGE_BYTES:
		return parse_bytes("--message-bytes", text, 1, LIMIT_MESSAGE_BYTES_MAX,
			&options->message_bytes, problem);
	case OPTION_ENGINE:
		return engine_parse(text, &options->engine, problem);
	case OPTION_BLOCKS:
		return parse_u64(
			"--blocks", text, 1, BLOCKS_MAX, &options->blocks, problem);
	case OPTION_RUNS:
		return parse_u64(
			"--runs", text, 1, BLOCKS_MAX, &options->blocks, problem);
	case OPTION_DURATION:
		return parse_duration_ns("--duration", text, DURATION_NS_MIN,
			DURATION_NS_MAX, &options->duration_ns, problem);
	case OPTION_SEED:
		return parse_u64("--seed", text, 0, SEED_MAX, &options->seed, problem);
	case OPTION_FORMAT:
		return take_format(options, text, problem);
	case OPTION_OUT:
		return take_out(options, text, problem);
	case OPTION_QUIET:
		options->quiet = true;
		return 0;
	case OPTION_POINT:
		return take_point(options, text, problem);
	case OPTION_ROUNDS:
		return parse_u64(
			"--rounds", text, 1, ROUNDS_MAX, &options->point.rounds, problem);
	case OPTION_CPU:
		return parse_int(
			"--cpu", text, 0, CPUS_MAX - 1, &options->point.cpu, problem);
	default:
		options->help = true;
		return 0;
	}
}

/* What an option was not given for; no option can set these values. */
static void mark_unset(struct limit_options *options)
{
	*options = (struct limit_options){
		.connections_idle = UINT64_MAX,
		.message_bytes = 64,
		.seed = UINT64_MAX,
		.point = {.cpu = -1},
	};
}

/* What does not go together; before anything is filled in. */
static int check_together(const struct limit_options *options, struct problem *problem)
{
	bool of_point = options->point.rounds > 0 || options->point.cpu >= 0;
	bool of_all = options->backend_count > 0 || options->blocks > 0 ||
		      options->connections_idle != UINT64_MAX ||
		      options->engine != ENGINE_EPOLL || options->seed != UINT64_MAX ||
		      options->json || options->out;

	if (of_point && !options->is_point)
		return problem_set(
			problem, -EINVAL, "--rounds and --cpu need --point WAY");
	if (options->is_point && of_all)
		return problem_set(problem, -EINVAL,
			"--point goes without --backends, --idle, --engine, --blocks, "
			"--seed, --format and --out");
	if (options->is_point && options->active_count > 1)
		return problem_set(
			problem, -EINVAL, "--point takes one number for --active");
	if (options->point.rounds > 0 && options->duration_ns > 0)
		return problem_set(problem, -EINVAL, "--rounds goes without --duration");
	return 0;
}

/* One thread holds all that is in flight. */
static int check_flight(const struct limit_options *options, struct problem *problem)
{
	uint64_t most = options->active[options->active_count - 1];

	if (most * options->message_bytes <= LIMIT_FLIGHT_BYTES_MAX)
		return 0;
	return problem_set(problem, -EINVAL,
		"--active %" PRIu64 " with --message-bytes %" PRIu64
		" would have more than 64 MiB in flight: lower one of them",
		most, options->message_bytes);
}

static void fill_unset(struct limit_options *options)
{
	struct timespec now;

	if (options->active_count == 0) {
		options->active_count = options->is_point ? 1 : ACTIVE_DEFAULTS;
		memcpy(options->active, active_default, sizeof(active_default));
	}
	if (options->connections_idle == UINT64_MAX)
		options->connections_idle = 0;
	if (options->blocks == 0)
		options->blocks = BLOCKS_DEFAULT;
	if (options->duration_ns == 0)
		options->duration_ns = DURATION_NS_DEFAULT;
	clock_gettime(CLOCK_REALTIME, &now);
	if (options->seed == UINT64_MAX)
		options->seed = timespec_to_ns(&now) / NS_PER_US;
	options->point.connections = (size_t)options->active[0];
	options->point.message_bytes = (size_t)options->message_bytes;
	options->point.duration_ns = options->duration_ns;
}

int limit_options_parse(
	struct limit_options *options, int argc, char *argv[], struct problem *problem)
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
	error = check_together(options, problem);
	if (error < 0)
		return error;
	fill_unset(options);
	return check_flight(options, problem);
}

void limit_options_free(struct limit_options *options)
{
	free(options->backends_text);
}
