/* fuzz_plan_file.c - `run --plan FILE`; the plan that a run would leave is read back. */
#include "tests/fuzz/fuzz.h"

#include "harness/run/options.h"
#include "harness/run/plan_file.h"

#include <getopt.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

static int parse(struct run_options *options, const char *path, struct problem *problem)
{
	char command[] = "run", plan[] = "--plan", file[64];
	char *argv[] = {command, plan, file, NULL};

	snprintf(file, sizeof(file), "%s", path);
	optind = 0;
	return run_options_parse(options, 3, argv, problem);
}

/* What was accepted, written and read again, is the same plan. */
static void check_again(const struct run_options *options)
{
	struct run_options again;
	struct problem problem = {""};
	json_t *plan = plan_file_json(options);
	char *text = plan ? json_dumps(plan, 0) : NULL;

	fuzz_check(text != NULL, "a plan that cannot be written");
	const char *path = fuzz_file((const uint8_t *)text, strlen(text));
	bool accepted = parse(&again, path, &problem) == 0;

	if (!accepted)
		fprintf(stderr, "%s\n%s\n", text, problem.text);
	fuzz_check(accepted, "a plan that was written is refused");
	json_t *second = plan_file_json(&again);

	fuzz_check(json_equal(plan, second), "a plan changed by writing it");
	json_decref(second);
	json_decref(plan);
	free(text);
	run_options_free(&again);
}

void fuzz_one(const uint8_t *data, size_t size)
{
	struct run_options options;
	struct problem problem = {""};
	int error = parse(&options, fuzz_file(data, size), &problem);

	fuzz_check_problem(error, &problem);
	if (error == 0 && options.backend_count > 0)
		check_again(&options);
	run_options_free(&options);
}
