/* fuzz_load_options.c - the command line of muxbench-load: the input is cut at newlines.
 */
#include "tests/fuzz/fuzz.h"

#include "loadgen/options.h"

#include "common/clock.h"
#include "loadgen/engine.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

enum { ARGUMENTS_MAX = 64 };

/* What is not asked for twice later on. */
static void check_accepted(const struct options *options)
{
	uint64_t over = options->connections_active +
			(options->spread ? options->connections_idle : 0);

	fuzz_check(options->connections_active >= 1 && options->message_bytes >= 1,
		"a load of nothing");
	fuzz_check(options->pipeline * over <= ENGINE_IN_FLIGHT_MAX,
		"more in flight than there can be");
	fuzz_check(
		options->control || (options->duration_ns > 0) != (options->requests > 0),
		"an end by time and by requests, or by neither");
	fuzz_check(options->rate == 0 || options->requests == 0,
		"a rate with an end by number");
}

void fuzz_one(const uint8_t *data, size_t size)
{
	char *text = fuzz_string(data, size), program[] = "muxbench-load";
	char *argv[ARGUMENTS_MAX + 2] = {program};
	struct problem problem = {""};
	struct options options;
	int argc = 1;

	for (char *rest = text; rest && argc <= ARGUMENTS_MAX; argc++)
		argv[argc] = strsep(&rest, "\n");
	optind = 0; /* getopt(3): from the start again */
	int error = options_parse(argc, argv, &options, &problem);

	fuzz_check_problem(error, &problem);
	if (error == 0 && !options.help && !options.version)
		check_accepted(&options);
	free(text);
}
