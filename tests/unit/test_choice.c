/*
 * test_choice.c - backends with options, as people type them: what is taken, under which
 * name, and what is refused, for it has no effect, no sense, or would lose bytes.
 */
#include "backends/choice.h"
#include "backends/registry.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { TEXT_BYTES = 6000 };

/* Every backend without options is itself, under its own name. */
static void test_bare_names(void **state)
{
	(void)state;
	for (size_t i = 0; registry_backends[i]; i++) {
		const struct backend *wanted = registry_backends[i];
		struct choice choice;

		assert_int_equal(choice_find(wanted->name, &choice, NULL), 0);
		assert_string_equal(choice.backend.name, wanted->name);
		assert_ptr_equal(choice.backend.name, choice.name);
		assert_ptr_equal(choice.backend.run, wanted->run);
		assert_ptr_equal(choice.backend.poller, wanted->poller);
		assert_int_equal(choice.backend.flags, wanted->flags);
		assert_int_equal(choice.drain, DRAIN_DEFAULT);
		assert_int_equal(choice.budget_bytes, 0);
		assert_int_equal(choice.batch_max, 0);
	}
}

static void test_taken(void **state)
{
	static const struct {
		const char *text;
		enum drain drain;
		size_t budget_bytes;
		int batch_max;
	} rows[] = {
		{"epoll-et:drain=short-read", DRAIN_SHORT_READ, 0, 0},
		{"epoll-et:drain=eagain", DRAIN_EAGAIN, 0, 0},
		{"epoll-et:budget=1", DRAIN_DEFAULT, 1, 0},
		{"epoll-et:batch=1", DRAIN_DEFAULT, 0, 1},
		{"epoll-lt:drain=once:batch=4096", DRAIN_ONCE, 0, 4096},
		{"epoll-lt:batch=7:budget=1073741824:drain=eagain", DRAIN_EAGAIN, 1 << 30,
			7},
		{"poll:drain=short-read:budget=99", DRAIN_SHORT_READ, 99, 0},
		{"select-wide:drain=eagain", DRAIN_EAGAIN, 0, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct choice choice;
		struct problem problem = {0};

		if (choice_find(rows[i].text, &choice, &problem) != 0)
			fail_msg("'%s': %s", rows[i].text, problem.text);
		assert_string_equal(choice.backend.name, rows[i].text);
		assert_int_equal(choice.drain, rows[i].drain);
		assert_int_equal(choice.budget_bytes, rows[i].budget_bytes);
		assert_int_equal(choice.batch_max, rows[i].batch_max);
		assert_ptr_equal(choice.backend.run, readiness_run);
	}
}

/* A variant is another poller, with the flags of the one whose place it takes. */
static void test_variant(void **state)
{
	static const char *const names[] = {"epoll-lt", "epoll-et"};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		char text[80];
		struct choice plain, other;

		snprintf(text, sizeof(text), "%s:batch=3:wait=epoll_pwait2", names[i]);
		assert_int_equal(choice_find(names[i], &plain, NULL), 0);
		assert_int_equal(choice_find(text, &other, NULL), 0);
		assert_string_equal(other.backend.name, text);
		assert_int_equal(other.batch_max, 3);
		assert_int_equal(other.backend.flags, plain.backend.flags);
		assert_non_null(other.backend.probe);
		assert_ptr_not_equal(
			other.backend.poller->wait, plain.backend.poller->wait);
		assert_ptr_equal(
			other.backend.poller->watch, plain.backend.poller->watch);
		assert_ptr_equal(other.backend.poller->open, plain.backend.poller->open);
	}
}

static void test_refused(void **state)
{
	static const struct {
		const char *text;
		int error;
		const char *told;
	} rows[] = {
		{"", -ENOENT, "no backend"},
		{":batch=1", -ENOENT, "no backend"},
		{"epoll:batch=1", -ENOENT, "'epoll'"},
		{"epoll-lt:", -EINVAL, "no option ''"},
		{"epoll-lt:batch=1:", -EINVAL, "no option ''"},
		{"epoll-lt:batch", -EINVAL, "no option 'batch'"},
		{"epoll-lt:Batch=1", -EINVAL, "no option"},
		{"epoll-lt: batch=1", -EINVAL, "no option"},
		{"epoll-lt:batch=", -EINVAL, "batch takes"},
		{"epoll-lt:batch=0", -EINVAL, "from 1 to 4096"},
		{"epoll-lt:batch=4097", -EINVAL, "from 1 to 4096"},
		{"epoll-lt:batch=-1", -EINVAL, "batch takes"},
		{"epoll-lt:batch=1e3", -EINVAL, "batch takes"},
		{"epoll-lt:batch=1:batch=1", -EINVAL, "'batch' is given twice"},
		{"epoll-et:budget=0", -EINVAL, "budget takes"},
		{"epoll-et:budget=1073741825", -EINVAL, "budget takes"},
		{"epoll-et:budget=99999999999999999999", -EINVAL, "budget takes"},
		{"epoll-et:budget=5:budget=6", -EINVAL, "'budget' is given twice"},
		{"epoll-et:drain=", -EINVAL, "drain takes"},
		{"epoll-et:drain=EAGAIN", -EINVAL, "drain takes"},
		{"epoll-et:drain=default", -EINVAL, "drain takes"},
		{"epoll-et:drain=eagain:drain=eagain", -EINVAL, "given twice"},
		{"epoll-et:wait=epoll_wait", -EINVAL, "no option"},
		{"epoll-et:wait=epoll_pwait2:wait=epoll_pwait2", -EINVAL,
			"has it already"},
		{"poll:wait=epoll_pwait2", -EINVAL, "poll has no option"},
		/* it would be told no more of what is left */
		{"epoll-et:drain=once", -EINVAL, "an edge is not told twice"},
		/* a name that says more than it does */
		{"epoll-lt:budget=5", -EINVAL, "before any budget"},
		{"epoll-lt:drain=once:budget=5", -EINVAL, "before any budget"},
		{"io_uring:batch=5", -EINVAL, "a loop of its own"},
		{"io_uring:drain=eagain", -EINVAL, "a loop of its own"},
		{"io_uring:x", -EINVAL, "no option 'x'"},
		/* options come behind the last slash, so this is one path */
		{"./epoll-lt:batch=1/x.so", -ENOENT, "batch=1/x.so"},
		{"./absent.so:batch=1", -ENOENT, "'./absent.so'"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct choice choice;
		struct problem problem = {0};
		int error = choice_find(rows[i].text, &choice, &problem);

		if (error != rows[i].error || !strstr(problem.text, rows[i].told))
			fail_msg("'%s': %d, '%s'", rows[i].text, error, problem.text);
	}
}

/*
 * A poller that does not tell what stands behind the bytes, such as io_uring-poll: with
 * a short read it would wait for ever for a FIN that it has been told of.
 */
static void test_short_read_needs_more(void **state)
{
	struct choice choice;
	struct problem problem = {0};

	(void)state;
	assert_int_equal(choice_find("io_uring-poll", &choice, NULL), 0);
	if (!choice.backend.poller)
		skip(); /* built without liburing */
	assert_int_equal(choice_find("io_uring-poll:drain=short-read", &choice, &problem),
		-EINVAL);
	assert_non_null(strstr(problem.text, "stands behind the bytes"));
	assert_int_equal(choice_find("io_uring-poll:budget=4096", &choice, NULL), 0);
}

/* However long: one line, and nothing beyond the end of anything. */
static void test_long_ones(void **state)
{
	static const char *const beginnings[] = {
		"", "./", "epoll-lt:", "epoll-lt:batch=", "epoll-et:drain="};
	char *text = malloc(TEXT_BYTES);

	(void)state;
	for (size_t i = 0; i < sizeof(beginnings) / sizeof(*beginnings); i++)
		for (size_t length = 50; length < TEXT_BYTES; length += 983) {
			struct choice choice;
			struct problem problem = {0};
			size_t begins = strlen(beginnings[i]);

			memset(text, '0', TEXT_BYTES);
			memcpy(text, beginnings[i], begins);
			text[length] = '\0';
			assert_true(choice_find(text, &choice, &problem) < 0);
			assert_true(problem.text[0] != '\0');
		}
	/* each option is short enough, and all of them are not */
	snprintf(text, TEXT_BYTES, "epoll-et:batch=%055d:budget=%055d", 1, 1);
	struct choice choice;
	struct problem problem = {0};

	assert_int_equal(choice_find(text, &choice, &problem), -EINVAL);
	assert_non_null(strstr(problem.text, "at most 127 letters"));
	free(text);
}

/* The options of a plug-in follow its path; one with a loop of its own takes none. */
static void test_plugin(void **state)
{
	const char *build = getenv("BUILD");
	struct problem problem = {0};
	struct choice choice;
	char path[4000], text[4096];

	(void)state;
	snprintf(path, sizeof(path), "%s/tests/fixtures/plugin_minimal.so",
		build ? build : "build");
	assert_int_equal(choice_find(path, &choice, NULL), 0);
	assert_string_equal(choice.backend.name, "minimal");
	snprintf(text, sizeof(text), "%s:batch=9", path);
	assert_int_equal(choice_name_length(text), strlen(path));
	assert_int_equal(choice_find(text, &choice, &problem), -EINVAL);
	assert_non_null(strstr(problem.text, "minimal takes no 'batch'"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bare_names),
		cmocka_unit_test(test_taken),
		cmocka_unit_test(test_variant),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_short_read_needs_more),
		cmocka_unit_test(test_long_ones),
		cmocka_unit_test(test_plugin),
	};

	return cmocka_run_group_tests_name("choice", tests, NULL, NULL);
}
