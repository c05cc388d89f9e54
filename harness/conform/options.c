/* options.c - the command line of `muxbench conform`. */
#include "harness/conform/options.h"

#include "common/clock.h"
#include "common/parse.h"
#include "harness/process/words.h"

#include <errno.h>
#include <fnmatch.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#define TIMEOUT_DEFAULT_NS   (10 * NS_PER_S)
#define TIMEOUT_MIN_NS       (100 * NS_PER_MS)
#define TIMEOUT_MAX_NS       (600 * NS_PER_S)
#define SEED_MAX             UINT32_MAX
#define IDLE_DEFAULT         500
#define IDLE_MAX             100000
#define MEMORY_DEFAULT_BYTES (256 << 10)
#define MEMORY_MAX_BYTES     (1ULL << 40)
#define PID_MAX              (1 << 22) /* proc_sys_kernel(5), pid_max */

enum {
	OPTION_HELP = 'h',
	OPTION_SPAWN = 256, /* from here on: long names only */
	OPTION_PID,
	OPTION_TCP,
	OPTION_LIST,
	OPTION_ONLY,
	OPTION_JSON,
	OPTION_TIMEOUT,
	OPTION_SEED,
	OPTION_IDLE,
	OPTION_MEMORY_MAX,
};

static const char short_options[] = ":h";

static const struct option long_options[] = {
	{"spawn", required_argument, NULL, OPTION_SPAWN},
	{"pid", required_argument, NULL, OPTION_PID},
	{"tcp", no_argument, NULL, OPTION_TCP},
	{"list", no_argument, NULL, OPTION_LIST},
	{"only", required_argument, NULL, OPTION_ONLY},
	{"json", no_argument, NULL, OPTION_JSON},
	{"timeout", required_argument, NULL, OPTION_TIMEOUT},
	{"seed", required_argument, NULL, OPTION_SEED},
	{"idle", required_argument, NULL, OPTION_IDLE},
	{"memory-max", required_argument, NULL, OPTION_MEMORY_MAX},
	{"help", no_argument, NULL, OPTION_HELP},
	{NULL, 0, NULL, 0},
};

void conform_options_help(FILE *out)
{
	fputs("Usage: muxbench conform HOST:PORT [options]\n"
	      "       muxbench conform --spawn 'CMD {port}' [options]\n"
	      "       muxbench conform --list\n"
	      "\n"
	      "Does it echo? Runs the cases that an echo server must pass against any\n"
	      "server, byte for byte, one line a case.\n"
	      "\n"
	      "  --spawn CMD        start the server: words and quotes as in a shell, "
	      "but\n"
	      "                     none is started; {port} becomes a free port\n"
	      "  --pid PID          the process behind HOST:PORT, for the cases that "
	      "look\n"
	      "                     into it (and stop it for a moment)\n"
	      "  --tcp              only the cases that need nothing but a connection\n"
	      "  --list             name all cases and what they ask for\n"
	      "  --only A,B,...     only these; patterns such as 'half-*' are welcome\n"
	      "  --json             one JSON object at the end instead of lines\n"
	      "  --timeout T        the longest wait for any one thing (default 10s); a\n"
	      "                     case may take 12 times as long\n"
	      "  --seed N           of the bytes that are sent (default 1)\n"
	      "  --idle N           connections of many-idle-beside-active (default "
	      "500,\n"
	      "                     or as many as the limits allow)\n"
	      "  --memory-max SIZE  for stalled-readers-memory (default 256KiB)\n"
	      "  -h, --help\n"
	      "\n"
	      "Exit status: 0 all passed or were skipped; 1 some failed; 2 wrong "
	      "command\n"
	      "line; 5 no server answers, or the command cannot be started; 130\n"
	      "interrupted.\n"
	      "\n"
	      "Examples:\n"
	      "  muxbench conform 127.0.0.1:7777\n"
	      "  muxbench conform 127.0.0.1:7777 --pid 4242 --only '*cpu,*leak'\n"
	      "  muxbench conform --spawn 'muxbench-server --backend poll --port "
	      "{port}'\n"
	      "  muxbench conform --spawn 'socat TCP-LISTEN:{port},fork EXEC:cat'\n",
		out);
}

static bool select_cases(struct conform_options *options, const char *pattern)
{
	bool any = false;

	for (size_t i = 0; case_at(i); i++)
		if (fnmatch(pattern, case_at(i)->name, 0) == 0)
			options->selected[i] = any = true;
	return any;
}

static int take_only(
	struct conform_options *options, const char *text, struct problem *problem)
{
	const char *patterns[CASES_MAX];
	size_t count;
	char *copy = NULL;
	int error = parse_name_list(
		"--only", text, patterns, CASES_MAX, &count, &copy, problem);

	memset(options->selected, 0, sizeof(options->selected));
	for (size_t i = 0; error == 0 && i < count; i++)
		if (!select_cases(options, patterns[i]))
			error = problem_set(problem, -EINVAL,
				"--only: no case is called '%.80s' (see --list)",
				patterns[i]);
	free(copy);
	return error;
}

static int take_spawn(
	struct conform_options *options, const char *text, struct problem *problem)
{
	words_free(options->words);
	options->spawn = text;
	int error = words_split("--spawn", text, &options->words, problem);

	if (error == -ENOMEM)
		return problem_set(problem, error, "out of memory");
	if (error == 0 && !words_have_port(options->words))
		return problem_set(problem, -EINVAL,
			"--spawn: the command needs a {port} to listen on");
	return error;
}

static int take_pid(
	struct conform_options *options, const char *text, struct problem *problem)
{
	int pid;
	int error = parse_int("--pid", text, 1, PID_MAX, &pid, problem);

	if (error == 0)
		options->pid = pid;
	return error;
}

static int take_option(struct conform_options *options, int option, const char *text,
	struct problem *problem)
{
	switch (option) {
	case OPTION_SPAWN:
		return take_spawn(options, text, problem);
	case OPTION_PID:
		return take_pid(options, text, problem);
	case OPTION_TCP:
		options->tcp = true;
		return 0;
	case OPTION_LIST:
		options->list = true;
		return 0;
	case OPTION_ONLY:
		return take_only(options, text, problem);
	case OPTION_JSON:
		options->json = true;
		return 0;
	case OPTION_TIMEOUT:
		return parse_duration_ns("--timeout", text, TIMEOUT_MIN_NS,
			TIMEOUT_MAX_NS, &options->timeout_ns, problem);
	case OPTION_SEED:
		return parse_u64("--seed", text, 0, SEED_MAX, &options->seed, problem);
	case OPTION_IDLE:
		return parse_u64(
			"--idle", text, 1, IDLE_MAX, &options->connections_idle, problem);
	case OPTION_MEMORY_MAX:
		return parse_bytes("--memory-max", text, 1, MEMORY_MAX_BYTES,
			&options->memory_max_bytes, problem);
	default:
		options->help = true;
		return 0;
	}
}

/* What stands alone, and what goes with what. */
static int take_target(
	struct conform_options *options, int argc, char *argv[], struct problem *problem)
{
	if (optind + 1 < argc)
		return problem_set(problem, -EINVAL,
			"unexpected '%.80s' after '%.80s' (see --help)", argv[optind + 1],
			argv[optind]);
	if (optind < argc && options->words)
		return problem_set(problem, -EINVAL,
			"either HOST:PORT or --spawn, not both: '%.80s'", argv[optind]);
	if (options->words && options->pid)
		return problem_set(problem, -EINVAL,
			"--pid goes with HOST:PORT; with --spawn the process is known");
	if (optind < argc)
		return endpoint_split(
			argv[optind], options->host, &options->port, problem);
	if (options->words || options->list)
		return 0;
	return problem_set(problem, -EINVAL,
		"HOST:PORT or --spawn 'CMD {port}' is missing (see --help)");
}

int conform_options_parse(
	struct conform_options *options, int argc, char *argv[], struct problem *problem)
{
	int option, error = 0;

	*options = (struct conform_options){
		.timeout_ns = TIMEOUT_DEFAULT_NS,
		.seed = 1,
		.connections_idle = IDLE_DEFAULT,
		.memory_max_bytes = MEMORY_DEFAULT_BYTES,
	};
	select_cases(options, "*");
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
	return take_target(options, argc, argv, problem);
}

void conform_options_free(struct conform_options *options)
{
	words_free(options->words);
}
