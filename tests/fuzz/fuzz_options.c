/*
 * fuzz_options.c - the command lines of muxbench-server and of each command of muxbench:
 * the input is cut at newlines; the first piece names whose line it is.
 */
#include "tests/fuzz/fuzz.h"

#include "harness/command.h"
#include "harness/counts/options.h"
#include "harness/export/options.h"
#include "harness/run/options.h"
#include "harness/waitcost/options.h"
#include "server/options.h"

#include "common/net.h"

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

enum { ARGUMENTS_MAX = 64 };

typedef int parse_function(int argc, char *argv[], struct problem *problem);

static int parse_run(int argc, char *argv[], struct problem *problem)
{
	struct run_options options;
	int error = run_options_parse(&options, argc, argv, problem);

	for (int axis = 0; axis < PLAN_AXES && error == 0 && !options.help; axis++) {
		const struct run_list *list = &options.lists[axis];

		fuzz_check(list->count >= 1 && list->count <= RUN_LIST_MAX,
			"a list of a wrong length");
		for (size_t i = 1; i < list->count; i++)
			fuzz_check(list->values[i - 1] < list->values[i],
				"a list that does not rise");
	}
	run_options_free(&options);
	return error;
}

static int parse_counts(int argc, char *argv[], struct problem *problem)
{
	struct counts_options options;
	int error = counts_options_parse(&options, argc, argv, problem);

	counts_options_free(&options);
	return error;
}

static int parse_waitcost(int argc, char *argv[], struct problem *problem)
{
	struct waitcost_options options;
	int error = waitcost_options_parse(&options, argc, argv, problem);

	waitcost_options_free(&options);
	return error;
}

static int parse_export(int argc, char *argv[], struct problem *problem)
{
	struct export_options options;
	int error = export_options_parse(&options, argc, argv, problem);

	fuzz_check(error < 0 || options.help || (options.path && options.format),
		"an export of nothing");
	export_options_free(&options);
	return error;
}

/* Its options have no function of their own; there is no result where it could look. */
static int parse_report(int argc, char *argv[], struct problem *problem)
{
	return command_report(argc, argv, problem) == 0 ? 0 : -EINVAL;
}

static int parse_server(int argc, char *argv[], struct problem *problem)
{
	struct server_options options;
	struct net_address address;
	int error = server_options_parse(&options, argc, argv, problem);

	return error < 0 ? error
			 : net_address_parse(
				   &address, options.listen, options.port, problem);
}

static const struct {
	const char *name;
	parse_function *parse;
} programs[] = {
	{"run", parse_run},
	{"counts", parse_counts},
	{"waitcost", parse_waitcost},
	{"export", parse_export},
	{"report", parse_report},
	{"muxbench-server", parse_server},
};

void fuzz_set_up(void)
{
	fuzz_enter_empty_folder();
	fuzz_silence_stdout();
}

void fuzz_one(const uint8_t *data, size_t size)
{
	char *text = fuzz_string(data, size), *argv[ARGUMENTS_MAX + 1] = {0};
	struct problem problem = {""};
	int argc = 0;

	for (char *rest = text; rest && argc < ARGUMENTS_MAX; argc++)
		argv[argc] = strsep(&rest, "\n");
	optind = 0; /* getopt(3): from the start again */
	for (size_t i = 0; i < sizeof(programs) / sizeof(*programs); i++)
		if (strcmp(argv[0], programs[i].name) == 0)
			fuzz_check_problem(
				programs[i].parse(argc, argv, &problem), &problem);
	free(text);
}
