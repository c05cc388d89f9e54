/* options.c - the command line of `muxbench counts`. */
#include "harness/counts/options.h"

#include "common/parse.h"

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#define IDLE_CONNECTIONS_MAX  1000000
#define MESSAGE_BYTES_MAX     (16 << 20)
#define MESSAGE_BYTES_DEFAULT 64
#define REQUESTS_MAX          100000
#define REQUESTS_DEFAULT      100
#define BATCH_MAX             100000
#define BATCH_DEFAULT         16

enum {
	OPTION_HELP = 'h',
	OPTION_OUT = 'o',
	OPTION_BACKENDS = 256, /* from here on: long names only */
	OPTION_EXEC,
	OPTION_IDLE,
	OPTION_MESSAGE_BYTES,
	OPTION_REQUESTS,
	OPTION_BATCH,
	OPTION_METHOD,
	OPTION_FORMAT,
};

static const char short_options[] = ":ho:";

static const struct option long_options[] = {
	{"backends", required_argument, NULL, OPTION_BACKENDS},
	{"exec", required_argument, NULL, OPTION_EXEC},
	{"idle", required_argument, NULL, OPTION_IDLE},
	{"message-bytes", required_argument, NULL, OPTION_MESSAGE_BYTES},
	{"requests", required_argument, NULL, OPTION_REQUESTS},
	{"batch", required_argument, NULL, OPTION_BATCH},
	{"method", required_argument, NULL, OPTION_METHOD},
	{"format", required_argument, NULL, OPTION_FORMAT},
	{"out", required_argument, NULL, OPTION_OUT},
	{"help", no_argument, NULL, OPTION_HELP},
	{NULL, 0, NULL, 0},
};

void counts_options_help(FILE *out)
{
	fputs("Usage: muxbench counts [options]\n"
	      "\n"
	      "Counts the system calls of each backend exactly, by name, in the kernel,\n"
	      "and holds them against the server's own account. Two passes, each with a\n"
	      "fresh server: one connection in lockstep, whose every request is sent "
	      "when\n"
	      "the server sleeps; and a batch, one request on each of several\n"
	      "connections, queued while the server is stopped.\n"
	      "\n"
	      "  --backends A,B,...   default: those of muxbench-server --list that are "
	      "no\n"
	      "                       variants; all: the variants too; a\n"
	      "                       name with a '/' or ending in .so is a plug-in's "
	      "path;\n"
	      "                       options follow it: epoll-et:drain=short-read (see\n"
	      "                       muxbench-server --help)\n"
	      "  --exec NAME='COMMAND {port}'\n"
	      "                       someone else's server too, if it has one thread;\n"
	      "                       repeatable\n"
	      "  --idle N             idle connections beside (default 0)\n"
	      "  --message-bytes B    size of a message (default 64); above 32 KiB an\n"
	      "                       echo comes in pieces, and counts vary\n"
	      "  --requests K         of the lockstep pass (default 100)\n"
	      "  --batch K            requests of the batch (default 16)\n"
	      "  --method WHICH       perf, ptrace, or auto (default): perf where it is\n"
	      "                       allowed, else ptrace\n"
	      "  --format WHICH       text (default) or json\n"
	      "  -o, --out FILE       default: stdout\n"
	      "  -h, --help\n"
	      "\n"
	      "Exit status: 0 counted; 1 kernel and server disagree, a program failed, "
	      "or\n"
	      "FILE cannot be written; 2 wrong command line; 5 the kernel can count\n"
	      "nothing here; 130 interrupted.\n"
	      "\n"
	      "Examples:\n"
	      "  muxbench counts\n"
	      "  muxbench counts --backends poll,epoll-et --idle 1000\n"
	      "  muxbench counts --backends ./mine.so --format json --out counts.json\n",
		out);
}

static int take_backends(
	struct counts_options *options, const char *text, struct problem *problem)
{
	free(options->backends_text);
	options->backends_text = NULL;
	return parse_name_list("--backends", text, options->backends, BACKENDS_MAX,
		&options->backend_count, &options->backends_text, problem);
}

static int take_format(
	struct counts_options *options, const char *text, struct problem *problem)
{
	options->json = strcmp(text, "json") == 0;
	if (options->json || strcmp(text, "text") == 0)
		return 0;
	return problem_set(
		problem, -EINVAL, "--format takes text or json, not '%.40s'", text);
}

static int take_out(
	struct counts_options *options, const char *path, struct problem *problem)
{
	options->out = path;
	return *path ? 0
		     : problem_set(problem, -EINVAL, "--out takes the path of a file");
}

static int take_option(struct counts_options *options, int option, const char *text,
	struct problem *problem)
{
	switch (option) {
	case OPTION_BACKENDS:
		return take_backends(options, text, problem);
	case OPTION_EXEC:
		return foreign_add(&options->foreign, FOREIGN_EXEC, text, problem);
	case OPTION_IDLE:
		return parse_u64("--idle", text, 0, IDLE_CONNECTIONS_MAX,
			&options->connections_idle, problem);
	case OPTION_MESSAGE_BYTES:
		return parse_bytes("--message-bytes", text, 1, MESSAGE_BYTES_MAX,
			&options->message_bytes, problem);
	case OPTION_REQUESTS:
		return parse_u64(
			"--requests", text, 1, REQUESTS_MAX, &options->requests, problem);
	case OPTION_BATCH:
		return parse_u64("--batch", text, 1, BATCH_MAX, &options->batch, problem);
	case OPTION_METHOD:
		return counts_method_parse(text, &options->method, problem);
	case OPTION_FORMAT:
		return take_format(options, text, problem);
	case OPTION_OUT:
		return take_out(options, text, problem);
	default:
		options->help = true;
		return 0;
	}
}

int counts_options_parse(
	struct counts_options *options, int argc, char *argv[], struct problem *problem)
{
	int option, error = 0;

	*options = (struct counts_options){
		.message_bytes = MESSAGE_BYTES_DEFAULT,
		.requests = REQUESTS_DEFAULT,
		.batch = BATCH_DEFAULT,
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
	return 0;
}

void counts_options_free(struct counts_options *options)
{
	free(options->backends_text);
	foreign_free(&options->foreign);
}
