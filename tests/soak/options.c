/* options.c - the command line of the soak. */
#include "tests/soak/options.h"

#include "common/clock.h"
#include "common/parse.h"

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

enum {
	OPT_BACKENDS = 'b',
	OPT_MINUTES = 'm',
	OPT_SECONDS = 's',
	OPT_HELP = 'h',
	OPT_EXEC = 256,
	OPT_OUT,
	OPT_SEED,
	OPT_CLIENTS,
	OPT_THREADS,
	OPT_PATIENCE,
	OPT_PROGRESS,
	OPT_MEMORY_GROWTH,
};

static const struct option long_options[] = {
	{"backends", required_argument, NULL, OPT_BACKENDS},
	{"exec", required_argument, NULL, OPT_EXEC},
	{"minutes", required_argument, NULL, OPT_MINUTES},
	{"seconds", required_argument, NULL, OPT_SECONDS},
	{"out", required_argument, NULL, OPT_OUT},
	{"seed", required_argument, NULL, OPT_SEED},
	{"clients", required_argument, NULL, OPT_CLIENTS},
	{"threads", required_argument, NULL, OPT_THREADS},
	{"patience", required_argument, NULL, OPT_PATIENCE},
	{"progress", required_argument, NULL, OPT_PROGRESS},
	{"memory-growth", required_argument, NULL, OPT_MEMORY_GROWTH},
	{"help", no_argument, NULL, OPT_HELP},
	{NULL, 0, NULL, 0},
};

#define DURATION_MIN_NS (NS_PER_S / 2)
#define MINUTES_MAX     10080
#define MEMORY_MAX      ((uint64_t)16 << 30)

const char *soak_options_help(void)
{
	return "Usage: soak [--backends NAMES | --exec 'CMD {port}'] [options]\n"
	       "\n"
	       "Clients of every kind at once against an echo server, for long: each "
	       "byte "
	       "that\n"
	       "comes back is verified, each that is owed must come, and the server is "
	       "watched.\n"
	       "\n"
	       "  -b, --backends NAMES  of muxbench-server, or paths of plug-ins, with "
	       "commas\n"
	       "                        between (default: all that this machine can "
	       "run)\n"
	       "  --exec 'CMD {port}'   an echo server of another make: words, no shell; "
	       "{port} is\n"
	       "                        the port that it must listen on at 127.0.0.1\n"
	       "  -m, --minutes N       for each backend (default 10)\n"
	       "  -s, --seconds S       the same in seconds\n"
	       "  --out FOLDER          of the records (default results/soak-DATE)\n"
	       "  --seed N              decides what each client does and sends (default "
	       "1)\n"
	       "  --clients N           at once, 32 to 900 (default 256)\n"
	       "  --threads N           that the clients are spread over (default 1)\n"
	       "  --patience T          a client that is owed bytes and hears nothing so "
	       "long is\n"
	       "                        lost (default 10s)\n"
	       "  --progress T          between two lines of progress (default 5s)\n"
	       "  --memory-growth BYTES less growth than that is no leak (default 1MiB); "
	       "none:\n"
	       "                        not judged, as for sanitizer builds\n"
	       "  --help\n"
	       "\n"
	       "Exit status: 0 nothing lost, wrong or leaked, and every kind of client "
	       "occurred;\n"
	       "1 not so; 2 wrong command line; 5 this machine cannot run the backend.\n"
	       "\n"
	       "Examples:\n"
	       "  soak --minutes 10 --backends poll,io_uring,./mine.so\n"
	       "  soak --seconds 20 --exec 'socat TCP-LISTEN:{port},fork,reuseaddr "
	       "PIPE'\n";
}

static int parse_minutes(
	const char *text, struct soak_options *options, struct problem *problem)
{
	uint64_t minutes = 0;
	int error = parse_u64("--minutes", text, 1, MINUTES_MAX, &minutes, problem);

	options->duration_ns = minutes * 60 * NS_PER_S;
	return error;
}

static int take_option(int option, const char *text, char *argv[],
	struct soak_options *options, struct problem *problem)
{
	switch (option) {
	case OPT_BACKENDS:
		free(options->backends_copy);
		options->backends_copy = NULL;
		return parse_name_list("--backends", text, options->backends,
			OPTIONS_BACKENDS_MAX, &options->backend_count,
			&options->backends_copy, problem);
	case OPT_EXEC:
		options->exec = text;
		return 0;
	case OPT_MINUTES:
		return parse_minutes(text, options, problem);
	case OPT_SECONDS:
		return parse_duration_ns("--seconds", text, DURATION_MIN_NS,
			MINUTES_MAX * 60 * NS_PER_S, &options->duration_ns, problem);
	case OPT_OUT:
		options->out = text;
		return 0;
	case OPT_SEED:
		return parse_u64("--seed", text, 0, UINT64_MAX, &options->seed, problem);
	case OPT_CLIENTS:
		return parse_int("--clients", text, 32, 900, &options->clients, problem);
	case OPT_THREADS:
		return parse_int("--threads", text, 1, 16, &options->threads, problem);
	case OPT_PATIENCE:
		return parse_duration_ns("--patience", text, 100 * NS_PER_MS,
			600 * NS_PER_S, &options->patience_ns, problem);
	case OPT_PROGRESS:
		return parse_duration_ns("--progress", text, 100 * NS_PER_MS,
			3600 * NS_PER_S, &options->progress_ns, problem);
	case OPT_MEMORY_GROWTH:
		if (strcmp(text, "none") == 0) {
			options->memory_growth_bytes = UINT64_MAX;
			return 0;
		}
		return parse_bytes("--memory-growth", text, 1, MEMORY_MAX,
			&options->memory_growth_bytes, problem);
	case OPT_HELP:
		options->help = true;
		return 0;
	default:
		return parse_option_unknown(argv, option, problem);
	}
}

int soak_options_parse(
	struct soak_options *options, int argc, char *argv[], struct problem *problem)
{
	*options = (struct soak_options){
		.duration_ns = 600 * NS_PER_S,
		.patience_ns = 10 * NS_PER_S,
		.progress_ns = 5 * NS_PER_S,
		.seed = 1,
		.memory_growth_bytes = (uint64_t)1 << 20,
		.clients = 256,
		.threads = 1,
	};
	opterr = 0;
	for (int option; (option = getopt_long(
				  argc, argv, ":b:m:s:h", long_options, NULL)) != -1;) {
		int error = take_option(option, optarg, argv, options, problem);

		if (error < 0)
			return error;
	}
	if (optind < argc)
		return problem_set(problem, -EINVAL,
			"unexpected argument '%.80s' (see --help)", argv[optind]);
	if (options->exec && options->backend_count)
		return problem_set(problem, -EINVAL,
			"--exec and --backends both say what to soak: give one of them");
	if (options->clients / options->threads < 32)
		return problem_set(problem, -EINVAL,
			"--clients %d on --threads %d: each thread needs at least 32",
			options->clients, options->threads);
	return 0;
}

void soak_options_free(struct soak_options *options)
{
	free(options->backends_copy);
}
