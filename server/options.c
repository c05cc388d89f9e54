/* options.c - the command line of muxbench-server. */
#include "server/options.h"

#include "common/clock.h"
#include "common/cpu.h"
#include "common/parse.h"
#include "server/waitcost.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>

void server_options_help(FILE *out)
{
	fputs("Usage: muxbench-server --backend NAME[:OPTION=VALUE...] [options]\n"
	      "       muxbench-server --list [--json] [--backend NAME]\n"
	      "       muxbench-server --waitcost --backend NAME [--descriptors N] "
	      "[--ready K]\n"
	      "                       [--batches B] [--batch-time T] [--cpu N]\n"
	      "\n"
	      "An echo server that waits for its connections with the backend of your "
	      "choice.\n"
	      "\n"
	      "  --backend NAME   select, poll, epoll-lt, ... (see --list), or the path "
	      "of a\n"
	      "                   plug-in: ./mine.so; options of the backend follow it\n"
	      "  --listen ADDR    numeric address to listen on (default 127.0.0.1)\n"
	      "  --port P         port; 0, the default, takes any free one and prints "
	      "it\n"
	      "  --cpu N          keep the worker thread on core N\n"
	      "  --control        speak JSON lines on stdin and stdout, as the harness "
	      "does;\n"
	      "                   end of file on stdin ends the server\n"
	      "  --list           name every backend, or that of --backend, and whether "
	      "this\n"
	      "                   machine can run it\n"
	      "  --json           with --list: one JSON object a line\n"
	      "  --waitcost       serve nobody: time the waits of a backend and its "
	      "changes of\n"
	      "                   interest, print one JSON object, and end\n"
	      "  --descriptors N  with --waitcost: eventfds to register (default 1000)\n"
	      "  --ready K        of them readable, 1 to 512 (default 1)\n"
	      "  --batches B      batches to time (default 9)\n"
	      "  --batch-time T   the least that a batch lasts (default 500us)\n"
	      "  --help, --version\n"
	      "\n"
	      "Options of a backend; it serves under its name with them:\n"
	      "  :drain=WHEN      go on with a ready descriptor: once (one echo; the "
	      "default but\n"
	      "                   for edges), short-read, eagain (the default for "
	      "edges)\n"
	      "  :budget=BYTES    read and written before others get their turn (default "
	      "131072)\n"
	      "  :batch=N         events to take from one wait, 1 to 4096 (default 512)\n"
	      "  :wait=epoll_pwait2\n"
	      "                   epoll: wait by this call instead of epoll_wait\n"
	      "select, poll, epoll and plug-ins of their kind take the first three.\n"
	      "\n"
	      "It serves until SIGINT or SIGTERM. Exit status: 0 ended as asked, 1 "
	      "failed,\n"
	      "2 wrong command line, 5 this machine cannot run the backend, 77 "
	      "--waitcost: no\n"
	      "room for so many descriptors.\n"
	      "\n"
	      "Examples:\n"
	      "  muxbench-server --backend epoll-lt --port 7777\n"
	      "  muxbench-server --backend epoll-et:drain=short-read:batch=64\n"
	      "  muxbench-server --backend build/select_wide.so\n"
	      "  muxbench-server --list\n"
	      "  muxbench-server --waitcost --backend poll --descriptors 10000\n",
		out);
}

enum {
	OPT_BACKEND = 256,
	OPT_LISTEN,
	OPT_PORT,
	OPT_CPU,
	OPT_CONTROL,
	OPT_LIST,
	OPT_JSON,
	OPT_WAITCOST,
	OPT_DESCRIPTORS,
	OPT_READY,
	OPT_BATCHES,
	OPT_BATCH_TIME,
};

#define BATCH_NS_MIN (1 * NS_PER_US)
#define BATCH_NS_MAX (10 * NS_PER_S)

static const struct option long_options[] = {
	{"backend", required_argument, NULL, OPT_BACKEND},
	{"listen", required_argument, NULL, OPT_LISTEN},
	{"port", required_argument, NULL, OPT_PORT},
	{"cpu", required_argument, NULL, OPT_CPU},
	{"control", no_argument, NULL, OPT_CONTROL},
	{"list", no_argument, NULL, OPT_LIST},
	{"json", no_argument, NULL, OPT_JSON},
	{"waitcost", no_argument, NULL, OPT_WAITCOST},
	{"descriptors", required_argument, NULL, OPT_DESCRIPTORS},
	{"ready", required_argument, NULL, OPT_READY},
	{"batches", required_argument, NULL, OPT_BATCHES},
	{"batch-time", required_argument, NULL, OPT_BATCH_TIME},
	{"help", no_argument, NULL, 'h'},
	{"version", no_argument, NULL, 'V'},
	{NULL, 0, NULL, 0},
};

/* One that only --waitcost has a use for. */
static int take_waitcost_option(
	struct server_options *options, int option, struct problem *problem)
{
	switch (option) {
	case OPT_DESCRIPTORS:
		return parse_u64("--descriptors", optarg, 1, WAITCOST_DESCRIPTORS_MAX,
			&options->descriptors, problem);
	case OPT_READY:
		return parse_u64("--ready", optarg, 1, WAITCOST_READY_MAX,
			&options->ready, problem);
	case OPT_BATCHES:
		return parse_u64("--batches", optarg, 1, WAITCOST_BATCHES_MAX,
			&options->batches, problem);
	default:
		return parse_duration_ns("--batch-time", optarg, BATCH_NS_MIN,
			BATCH_NS_MAX, &options->batch_ns, problem);
	}
}

static int take_option(
	struct server_options *options, int option, char *argv[], struct problem *problem)
{
	switch (option) {
	case OPT_BACKEND:
		options->backend = optarg;
		return 0;
	case OPT_LISTEN:
		options->listen = optarg;
		return 0;
	case OPT_PORT:
		return parse_int("--port", optarg, 0, 65535, &options->port, problem);
	case OPT_CPU:
		return parse_int(
			"--cpu", optarg, 0, CPUS_MAX - 1, &options->cpu, problem);
	case OPT_CONTROL:
		options->control = true;
		return 0;
	case OPT_LIST:
		options->list = true;
		return 0;
	case OPT_JSON:
		options->json = true;
		return 0;
	case OPT_WAITCOST:
		options->waitcost = true;
		return 0;
	case OPT_DESCRIPTORS:
	case OPT_READY:
	case OPT_BATCHES:
	case OPT_BATCH_TIME:
		return take_waitcost_option(options, option, problem);
	case 'h':
		options->help = true;
		return 0;
	case 'V':
		options->version = true;
		return 0;
	default:
		return parse_option_unknown(argv, option, problem);
	}
}

/* Defaults, and what does not go together. */
static int finish_waitcost(struct server_options *options, struct problem *problem)
{
	bool given = options->descriptors || options->ready || options->batches ||
		     options->batch_ns;

	if (!options->waitcost && !given)
		return 0;
	if (!options->waitcost)
		return problem_set(problem, -EINVAL,
			"--descriptors, --ready, --batches and --batch-time need "
			"--waitcost");
	if (options->control)
		return problem_set(problem, -EINVAL,
			"--waitcost serves nobody: leave out --control");
	if (!options->descriptors)
		options->descriptors = 1000;
	if (!options->ready)
		options->ready = 1;
	if (!options->batches)
		options->batches = 9;
	if (!options->batch_ns)
		options->batch_ns = 500 * NS_PER_US;
	if (options->ready > options->descriptors)
		return problem_set(problem, -EINVAL,
			"--ready %" PRIu64 " of --descriptors %" PRIu64
			": more than there are",
			options->ready, options->descriptors);
	return 0;
}

int server_options_parse(
	struct server_options *options, int argc, char *argv[], struct problem *problem)
{
	*options = (struct server_options){.listen = "127.0.0.1", .cpu = -1};
	opterr = 0;
	for (int option;
		(option = getopt_long(argc, argv, ":h", long_options, NULL)) != -1;) {
		int error = take_option(options, option, argv, problem);

		if (error < 0)
			return error;
	}
	if (optind < argc)
		return problem_set(problem, -EINVAL,
			"unexpected argument '%.80s' (see --help)", argv[optind]);
	if (options->help || options->version || options->list)
		return 0;
	if (!options->backend)
		return problem_set(problem, -EINVAL,
			"which backend? give --backend NAME; --list names them all");
	return finish_waitcost(options, problem);
}
