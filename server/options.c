/* options.c - the command line of muxbench-server. */
#include "server/options.h"

#include "common/cpu.h"
#include "common/parse.h"

#include <errno.h>
#include <getopt.h>

void server_options_help(FILE *out)
{
	fputs("Usage: muxbench-server --backend NAME [options]\n"
	      "       muxbench-server --list [--json]\n"
	      "\n"
	      "An echo server that waits for its connections with the backend of your "
	      "choice.\n"
	      "\n"
	      "  --backend NAME   select, poll, epoll-lt, ... (see --list), or the path "
	      "of a\n"
	      "                   plug-in: ./mine.so\n"
	      "  --listen ADDR    numeric address to listen on (default 127.0.0.1)\n"
	      "  --port P         port; 0, the default, takes any free one and prints "
	      "it\n"
	      "  --cpu N          keep the worker thread on core N\n"
	      "  --control        speak JSON lines on stdin and stdout, as the harness "
	      "does;\n"
	      "                   end of file on stdin ends the server\n"
	      "  --list           name every backend and whether this machine can run "
	      "it\n"
	      "  --json           with --list: one JSON object a line\n"
	      "  --help, --version\n"
	      "\n"
	      "It serves until SIGINT or SIGTERM. Exit status: 0 ended as asked, 1 "
	      "failed,\n"
	      "2 wrong command line, 5 this machine cannot run the backend.\n"
	      "\n"
	      "Examples:\n"
	      "  muxbench-server --backend epoll-lt --port 7777\n"
	      "  muxbench-server --backend build/select_wide.so\n"
	      "  muxbench-server --list\n",
		out);
}

enum {
	OPT_BACKEND = 256,
	OPT_LISTEN,
	OPT_PORT,
	OPT_CPU,
	OPT_CONTROL,
	OPT_LIST,
	OPT_JSON
};

static const struct option long_options[] = {
	{"backend", required_argument, NULL, OPT_BACKEND},
	{"listen", required_argument, NULL, OPT_LISTEN},
	{"port", required_argument, NULL, OPT_PORT},
	{"cpu", required_argument, NULL, OPT_CPU},
	{"control", no_argument, NULL, OPT_CONTROL},
	{"list", no_argument, NULL, OPT_LIST},
	{"json", no_argument, NULL, OPT_JSON},
	{"help", no_argument, NULL, 'h'},
	{"version", no_argument, NULL, 'V'},
	{NULL, 0, NULL, 0},
};

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
	return 0;
}
