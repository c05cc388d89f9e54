/*
 * test_registry.c - backends by name, and plug-ins that are none: each refusal says what
 * is wrong with which file, and nothing of a stranger's struct is looked at before its
 * ABI number. The plug-ins are built from tests/fixtures/ into $BUILD/tests/fixtures/.
 */
#include "backends/registry.h"

#include <ctype.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static void test_every_builtin_is_found_and_whole(void **state)
{
	(void)state;
	for (size_t i = 0; registry_backends[i]; i++) {
		const struct backend *backend = registry_backends[i], *found = NULL;
		struct problem problem = {0};

		assert_int_equal(registry_find(backend->name, &found, &problem), 0);
		assert_ptr_equal(found, backend); /* two of one name: one is hidden */
		assert_int_equal(backend->abi, BACKEND_ABI);
		assert_in_range(strlen(backend->name), 1, 31);
		for (const char *p = backend->name; *p; p++)
			assert_true(islower(*p) || isdigit(*p) || strchr("_-", *p));
		assert_true(strlen(backend->summary) > 0);
		assert_null(strchr(backend->summary, '\n'));
		assert_non_null(backend->run);
		assert_true((backend->run == readiness_run) == (backend->poller != NULL));
	}
}

/* Supported, or a reason in one line: never a bare no. */
static void test_probe_gives_a_reason(void **state)
{
	(void)state;
	for (size_t i = 0; registry_backends[i]; i++) {
		struct problem why;
		int error = registry_probe(registry_backends[i], &why);

		assert_true(error <= 0);
		assert_true((error == 0) == (why.text[0] == '\0'));
		assert_null(strchr(why.text, '\n'));
	}
}

static void test_unknown_names(void **state)
{
	static const char *const names[] = {"", "epoll", "Poll", "poll ", "poll\n",
		"selec", "selectx", "io-uring", "../poll.so", ".so", "--list"};

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		const struct backend *found = NULL;
		struct problem problem = {0};
		int error = registry_find(names[i], &found, &problem);

		if (error != -ENOENT || found || problem.text[0] == '\0')
			fail_msg("'%s': %d, '%s'", names[i], error, problem.text);
	}
}

static const char *fixtures_path(char path[4096], const char *file)
{
	const char *build = getenv("BUILD");

	snprintf(path, 4096, "%s/tests/fixtures/%s", build ? build : "build", file);
	return path;
}

static void test_plugin_files(void **state)
{
	static const struct {
		const char *file;
		int error;
		const char *told;
	} rows[] = {
		{"plugin_minimal.so", 0, ""},
		{"plugin_missing.so", -ENOENT, "No such file"},
		{"plugin_no_symbol.so", -EINVAL, "exports no symbol muxbench_backend"},
		{"plugin_wrong_abi.so", -EINVAL, "built for ABI 4711"},
		{"plugin_no_run.so", -EINVAL, "lacks"},
		{"plugin_bad_name.so", -EINVAL, "has a name"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const struct backend *found = NULL;
		struct problem problem = {0};
		char path[4096];
		int error = registry_find(
			fixtures_path(path, rows[i].file), &found, &problem);

		if (error != rows[i].error || !strstr(problem.text, rows[i].told))
			fail_msg("%s: %d, '%s'", path, error, problem.text);
		if (error < 0)
			assert_non_null(strstr(problem.text, rows[i].file));
		assert_true((found != NULL) == (error == 0));
	}
}

static void test_plugin_is_taken_as_it_is(void **state)
{
	const struct backend *found = NULL, *again = NULL;
	char path[4096];

	(void)state;
	fixtures_path(path, "plugin_minimal.so");
	assert_int_equal(registry_find(path, &found, NULL), 0);
	assert_string_equal(found->name, "minimal");
	assert_int_equal(found->run(NULL, found), -ENOSYS);
	assert_int_equal(registry_find(path, &again, NULL), 0);
	assert_ptr_equal(found, again);
}

/* dlopen(3) would search a bare name in the library path: it is meant as a file here. */
static void test_plugin_of_the_current_folder(void **state)
{
	const struct backend *found = NULL;
	char before[4096], path[4096];

	(void)state;
	fixtures_path(path, "");
	assert_non_null(getcwd(before, sizeof(before)));
	assert_int_equal(chdir(path), 0);
	int error = registry_find("plugin_minimal.so", &found, NULL);

	assert_int_equal(chdir(before), 0);
	assert_int_equal(error, 0);
	assert_string_equal(found->name, "minimal");
}

static void test_file_that_is_no_shared_object(void **state)
{
	char path[] = "/tmp/test_registry_XXXXXX.so";
	int fd = mkstemps(path, 3);
	const struct backend *found = NULL;
	struct problem problem = {0};

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(write(fd, "#!/bin/sh\n", 10), 10);
	close(fd);
	int error = registry_find(path, &found, &problem);

	unlink(path);
	assert_int_equal(error, -EINVAL);
	assert_null(found);
	assert_non_null(strstr(problem.text, "cannot load plug-in"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_builtin_is_found_and_whole),
		cmocka_unit_test(test_probe_gives_a_reason),
		cmocka_unit_test(test_unknown_names),
		cmocka_unit_test(test_plugin_files),
		cmocka_unit_test(test_plugin_is_taken_as_it_is),
		cmocka_unit_test(test_plugin_of_the_current_folder),
		cmocka_unit_test(test_file_that_is_no_shared_object),
	};

	return cmocka_run_group_tests_name("registry", tests, NULL, NULL);
}
