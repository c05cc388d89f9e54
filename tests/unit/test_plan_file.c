/*
 * test_plan_file.c - a plan file says what options would, strictly: what is not exactly
 * right is refused with a line that names it; and the plan a run leaves makes it again.
 */
#include "harness/run/plan_file.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[] = "/tmp/test-plan-XXXXXX";
static char path[sizeof(folder) + sizeof(PLAN_FILE_NAME) + 1];

static int make_folder(void **state)
{
	(void)state;
	if (!mkdtemp(folder))
		return -1;
	snprintf(path, sizeof(path), "%s/%s", folder, PLAN_FILE_NAME);
	return 0;
}

static int remove_folder(void **state)
{
	(void)state;
	unlink(path);
	return rmdir(folder);
}

static void write_plan(const char *text)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

/* run --plan PATH, with one more option if that is not NULL. */
static int parse(struct run_options *options, char *more, struct problem *problem)
{
	char *argv[] = {"run", "--plan", path, more, NULL};

	return run_options_parse(options, more ? 4 : 3, argv, problem);
}

struct refusal {
	const char *text;
	const char *words; /* that the problem must say */
};

static void test_what_is_refused(void **state)
{
	static const struct refusal refusals[] = {
		{"", "not JSON"},
		{"[]", "no JSON object"},
		{"{\"idle\":[1],\"idle\":[2]}", "duplicate"},
		{"{\"idel\":[1]}", "idel"},
		{"{\"plan\":\"x\"}", "plan"},
		{"{\"resume\":\"x\"}", "resume"},
		{"{\"idle\":\"1\"}", "'idle' must be"},
		{"{\"idle\":1.5}", "'idle' must be"},
		{"{\"idle\":[[1]]}", "'idle' must be"},
		{"{\"idle\":[1,\"2\"]}", "'idle' must be"},
		{"{\"idle\":[]}", "idle"},
		{"{\"idle\":[-1]}", "idle"},
		{"{\"idle\":[1,1]}", "twice"},
		{"{\"idle\":[99999999]}", "idle"},
		{"{\"idle\":null}", "'idle' must be"},
		{"{\"blocks\":[3]}", "'blocks' must be"},
		{"{\"blocks\":0}", "blocks"},
		{"{\"blocks\":true}", "'blocks' must be"},
		{"{\"duration\":true}", "'duration' must be"},
		{"{\"duration\":\"0.3 s\"}", "duration"},
		{"{\"duration\":-1}", "duration"},
		{"{\"placement\":1}", "'placement' must be"},
		{"{\"placement\":\"moon\"}", "moon"},
		{"{\"no-plots\":1}", "'no-plots' must be"},
		{"{\"backends\":[\"poll,epoll-lt\"]}", "'backends' must be"},
		{"{\"message-bytes\":[\"1GiB\"]}", "message-bytes"},
		{"{\"seed\":9223372036854775808}", "not JSON"},
		{"{\"rate\":100,\"pipeline\":4}", "--pipeline"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(refusals) / sizeof(*refusals); i++) {
		struct run_options options;
		struct problem problem = {""};

		write_plan(refusals[i].text);
		int error = parse(&options, NULL, &problem);

		if (error != -EINVAL || !strstr(problem.text, refusals[i].words) ||
			strchr(problem.text, '\n'))
			fail_msg("%s gave %d and '%s'", refusals[i].text, error,
				problem.text);
		run_options_free(&options);
	}
}

static void test_what_is_taken(void **state)
{
	struct run_options options;

	(void)state;
	write_plan("{\"profile\":\"ci\",\"backends\":[\"poll\",\"epoll-lt\"],"
		   "\"idle\":[100,10],\"active\":5,\"message-bytes\":[64,\"16KiB\"],"
		   "\"duration\":0.25,\"warmup\":\"30ms\",\"seed\":7,\"no-plots\":true,"
		   "\"quiet\":false,\"rate-sweep\":[1000,2000],\"arrival\":\"poisson\"}");
	assert_int_equal(parse(&options, "--seed=8", NULL), 0);
	assert_string_equal(options.profile->name, "ci");
	assert_int_equal(options.backend_count, 2);
	assert_string_equal(options.backends[1], "epoll-lt");
	assert_int_equal(options.lists[PLAN_IDLE].count, 2);
	assert_int_equal(options.lists[PLAN_IDLE].values[0], 10); /* sorted */
	assert_int_equal(options.lists[PLAN_ACTIVE].values[0], 5);
	assert_int_equal(options.lists[PLAN_MESSAGE_BYTES].values[1], 16384);
	assert_int_equal(options.lists[PLAN_PIPELINE].values[0], 1);
	assert_int_equal(options.lists[PLAN_RATE].count, 2);
	assert_int_equal(options.workload.arrival, ARRIVAL_POISSON);
	assert_int_equal(options.timed_ns, 250000000);
	assert_int_equal(options.warmup_ns, 30000000);
	assert_int_equal(options.blocks, options.profile->blocks);
	assert_int_equal(options.seed, 8); /* the command line goes before */
	assert_true(options.no_plots);
	assert_false(options.quiet);
	run_options_free(&options);
}

static void write_json(json_t *plan)
{
	char *text = json_dumps(plan, 0);

	write_plan(text);
	free(text);
}

/* Written by a run, read again, written again: the same. And resumed only as it is. */
static void test_a_run_s_plan_makes_it_again(void **state)
{
	struct run_options options, again;
	struct problem problem = {""};

	(void)state;
	write_plan("{\"backends\":[\"poll\"],\"idle\":[1,3],\"message-bytes\":[1,1000],"
		   "\"duration\":0.123456789,\"rate\":500,\"sched\":\"fifo\","
		   "\"workload\":\"echo\",\"active-set\":\"spread\"}");
	assert_int_equal(parse(&options, NULL, NULL), 0);
	json_t *plan = plan_file_json(&options);

	write_json(plan);
	assert_int_equal(parse(&again, NULL, &problem), 0);
	json_t *second = plan_file_json(&again);

	assert_true(json_equal(plan, second));
	assert_int_equal(plan_file_compare(&again, folder, &problem), 0);
	again.timed_ns++;
	assert_int_equal(plan_file_compare(&again, folder, &problem), -EINVAL);
	assert_non_null(strstr(problem.text, "--duration"));
	json_decref(plan);
	json_decref(second);
	run_options_free(&options);
	run_options_free(&again);
}

static void test_files_that_are_none(void **state)
{
	struct run_options options;
	struct problem problem = {""};

	(void)state;
	unlink(path);
	assert_int_equal(mkfifo(path, 0600), 0); /* must not hang */
	assert_int_equal(parse(&options, NULL, &problem), -EINVAL);
	assert_non_null(strstr(problem.text, "regular"));
	run_options_free(&options);
	unlink(path);
	assert_int_equal(parse(&options, NULL, &problem), -EINVAL);
	run_options_free(&options);

	FILE *file = fopen(path, "w");

	for (int i = 0; i < 70 * 1024; i++)
		fputc(' ', file);
	fclose(file);
	assert_int_equal(parse(&options, NULL, &problem), -EINVAL);
	assert_non_null(strstr(problem.text, "larger"));
	run_options_free(&options);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_refused),
		cmocka_unit_test(test_what_is_taken),
		cmocka_unit_test(test_a_run_s_plan_makes_it_again),
		cmocka_unit_test(test_files_that_are_none),
	};

	return cmocka_run_group_tests_name(
		"plan_file", tests, make_folder, remove_folder);
}
