/* test_usage.c - how CPU time is split, also where a server reports what cannot be. */
#include "common/usage.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void test_the_ticks_split_the_exact_time(void **state)
{
	struct usage difference = {
		.cpu_ns = 1000,
		.user_ticks_ns = 30,
		.sys_ticks_ns = 10,
	};
	uint64_t user_ns, sys_ns;

	(void)state;
	assert_true(usage_split(&difference, &user_ns, &sys_ns));
	assert_int_equal(user_ns, 750);
	assert_int_equal(sys_ns, 250);
}

static void test_without_a_tick_there_is_no_split(void **state)
{
	struct usage difference = {.cpu_ns = 1000};
	uint64_t user_ns, sys_ns;

	(void)state;
	assert_false(usage_split(&difference, &user_ns, &sys_ns));
}

static void test_the_parts_are_never_more_than_the_whole(void **state)
{
	const uint64_t values[] = {
		0, 1, 1ull << 53, 1ull << 63, UINT64_MAX - 1, UINT64_MAX};
	const size_t count = sizeof(values) / sizeof(*values);

	(void)state;
	for (size_t i = 0; i < count * count * count; i++) {
		struct usage difference = {
			.cpu_ns = values[i % count],
			.user_ticks_ns = values[i / count % count],
			.sys_ticks_ns = values[i / count / count],
		};
		uint64_t user_ns, sys_ns;

		if (!usage_split(&difference, &user_ns, &sys_ns))
			continue;
		assert_true(user_ns <= difference.cpu_ns);
		assert_int_equal(user_ns + sys_ns, difference.cpu_ns);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_ticks_split_the_exact_time),
		cmocka_unit_test(test_without_a_tick_there_is_no_split),
		cmocka_unit_test(test_the_parts_are_never_more_than_the_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
