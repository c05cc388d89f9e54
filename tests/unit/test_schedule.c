/*
 * test_schedule.c - the times of an open loop: on time to the nanosecond, exponential
 * where they should be, and the same again from the same seed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/clock.h"
#include "loadgen/schedule.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>

enum { DRAWS = 200000 };

static const uint64_t rates[] = {1, 3, 7, 1000, 999983, SCHEDULE_RATE_MAX};

enum { RATES = sizeof(rates) / sizeof(*rates) };

/* Request k is due at k / rate, cut to whole ns: no error adds up. */
static void test_constant_is_exact(void **state)
{
	const uint64_t start_ns = 123456789;
	struct schedule schedule;

	(void)state;
	for (size_t i = 0; i < RATES; i++) {
		schedule_start(&schedule, rates[i], ARRIVAL_CONSTANT, 1, start_ns);
		for (uint64_t k = 0; k < DRAWS; k++) {
			assert_int_equal(schedule.index, k);
			assert_int_equal(
				schedule.intended_ns, start_ns + k * NS_PER_S / rates[i]);
			schedule_next(&schedule);
		}
	}
}

/* A day at the highest rate: k * 10^9 alone would leave 64 bits. */
static void test_constant_after_a_day(void **state)
{
	struct schedule schedule;

	(void)state;
	schedule_start(&schedule, SCHEDULE_RATE_MAX, ARRIVAL_CONSTANT, 1, 0);
	schedule.index = 86400ULL * SCHEDULE_RATE_MAX - 1;
	schedule_next(&schedule);
	assert_int_equal(schedule.intended_ns, 86400 * NS_PER_S);
}

/* A window of a second holds as many requests as the rate says. */
static void test_skip_counts_what_is_due(void **state)
{
	struct schedule schedule;

	(void)state;
	for (size_t i = 0; i < RATES; i++) {
		schedule_start(&schedule, rates[i], ARRIVAL_CONSTANT, 1, 5);
		assert_int_equal(schedule_skip_until(&schedule, 5 + NS_PER_S), rates[i]);
		assert_int_equal(schedule.index, rates[i]);
		assert_true(schedule.intended_ns >= 5 + NS_PER_S);
		assert_int_equal(schedule_skip_until(&schedule, 5 + NS_PER_S), 0);
	}
}

/*
 * The gaps have mean 1 / rate, and the shape: a share e^-x of them is longer than x
 * means. Each share is known to four of its standard deviations.
 */
static void test_poisson_gaps_are_exponential(void **state)
{
	static const double means[] = {0.1, 0.5, 1, 2, 3, 5};
	enum { POINTS = sizeof(means) / sizeof(*means) };
	const uint64_t rate = 1000;
	const double mean_ns = 1e9 / (double)rate;
	uint64_t longer[POINTS] = {0};
	struct schedule schedule;
	uint64_t before_ns = 0;

	(void)state;
	schedule_start(&schedule, rate, ARRIVAL_POISSON, 42, 0);
	for (int k = 0; k < DRAWS; k++) {
		double gap_ns = (double)(schedule.intended_ns - before_ns);

		assert_true(schedule.intended_ns >= before_ns);
		for (size_t i = 0; i < POINTS; i++)
			longer[i] += gap_ns > means[i] * mean_ns;
		before_ns = schedule.intended_ns;
		schedule_next(&schedule);
	}
	/* The sum of n gaps has the standard deviation sqrt(n). */
	double total = (double)before_ns / mean_ns;

	assert_true(fabs(total - DRAWS) < 4 * sqrt(DRAWS));
	for (size_t i = 0; i < POINTS; i++) {
		double share = exp(-means[i]);
		double deviation = sqrt(share * (1 - share) / DRAWS);

		if (fabs((double)longer[i] / DRAWS - share) > 4 * deviation)
			fail_msg("%.4f of the gaps are longer than %.1f means, not %.4f",
				(double)longer[i] / DRAWS, means[i], share);
	}
}

/* One gap says nothing about the next. */
static void test_poisson_gaps_are_independent(void **state)
{
	struct schedule schedule;
	uint64_t before_ns = 0;
	double last = 1, sum = 0;

	(void)state;
	schedule_start(&schedule, 1000, ARRIVAL_POISSON, 7, 0);
	for (int k = 0; k < DRAWS; k++) {
		double gap = (double)(schedule.intended_ns - before_ns) / 1e6;

		sum += (gap - 1) * (last - 1);
		last = gap;
		before_ns = schedule.intended_ns;
		schedule_next(&schedule);
	}
	assert_true(fabs(sum / DRAWS) < 4 / sqrt(DRAWS));
}

/* Do two schedules agree in all of many times? */
static bool agree(uint64_t rate, enum arrival arrival, uint64_t seed, uint64_t other_seed)
{
	const uint64_t later_ns = 987654321;
	struct schedule one, other;

	schedule_start(&one, rate, arrival, seed, 0);
	schedule_start(&other, rate, arrival, other_seed, later_ns);
	for (int k = 0; k < 1000; k++) {
		if (one.intended_ns + later_ns != other.intended_ns)
			return false;
		schedule_next(&one);
		schedule_next(&other);
	}
	return true;
}

static void test_seed_decides(void **state)
{
	(void)state;
	assert_true(agree(5000, ARRIVAL_POISSON, 0, 0));
	assert_true(agree(5000, ARRIVAL_POISSON, 9, 9));
	assert_false(agree(5000, ARRIVAL_POISSON, 9, 10));
	assert_true(agree(5000, ARRIVAL_CONSTANT, 9, 10));
}

static void test_arrival_names(void **state)
{
	enum arrival arrival = ARRIVAL_CONSTANT;
	struct problem problem = {""};

	(void)state;
	assert_int_equal(
		schedule_arrival_parse("--arrival", "poisson", &arrival, NULL), 0);
	assert_int_equal(arrival, ARRIVAL_POISSON);
	assert_int_equal(
		schedule_arrival_parse("--arrival", "constant", &arrival, NULL), 0);
	assert_int_equal(arrival, ARRIVAL_CONSTANT);
	assert_int_equal(
		schedule_arrival_parse("--arrival", "", &arrival, &problem), -EINVAL);
	assert_non_null(strstr(problem.text, "--arrival"));
}

static void test_limits(void **state)
{
	(void)state;
	assert_int_equal(schedule_check(1, 86400 * NS_PER_S, NULL), 0);
	assert_int_equal(schedule_check(1000000, 99 * NS_PER_S, NULL), 0);
	assert_int_equal(schedule_check(1000000, 101 * NS_PER_S, NULL), -EINVAL);
	assert_int_equal(schedule_check(0, NS_PER_S, NULL), -EINVAL);
	assert_int_equal(schedule_check(SCHEDULE_RATE_MAX, NS_PER_S, NULL), 0);
	assert_int_equal(schedule_check(SCHEDULE_RATE_MAX + 1, NS_PER_S, NULL), -EINVAL);
	assert_int_equal(schedule_check(UINT64_MAX, UINT64_MAX, NULL), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_constant_is_exact),
		cmocka_unit_test(test_constant_after_a_day),
		cmocka_unit_test(test_skip_counts_what_is_due),
		cmocka_unit_test(test_poisson_gaps_are_exponential),
		cmocka_unit_test(test_poisson_gaps_are_independent),
		cmocka_unit_test(test_seed_decides),
		cmocka_unit_test(test_arrival_names),
		cmocka_unit_test(test_limits),
	};

	return cmocka_run_group_tests_name("schedule", tests, NULL, NULL);
}
