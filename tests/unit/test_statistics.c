/*
 * test_statistics.c - every formula against values worked out by hand or printed in
 * tables, and every interval against how often it must cover what it claims to.
 */
#include "harness/statistics/statistics.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void assert_near(double got, double wanted, double tolerance)
{
	if (!(fabs(got - wanted) <= tolerance))
		fail_msg("%.12g is not %.12g", got, wanted);
}

/* ---- location and spread -------------------------------------------------------- */

static void test_median(void **state)
{
	const double values[] = {9, 1, 5, 3};

	(void)state;
	assert_near(statistics_median(values, 1), 9, 0);
	assert_near(statistics_median(values, 2), 5, 0);
	assert_near(statistics_median(values, 3), 5, 0);
	assert_near(statistics_median(values, 4), 4, 0);
	assert_near(values[0], 9, 0); /* a copy was sorted */
}

static void test_nothing_to_say(void **state)
{
	static double many[STATISTICS_VALUES_MAX + 1];

	(void)state;
	assert_true(isnan(statistics_median(many, 0)));
	assert_true(isnan(statistics_median(many, STATISTICS_VALUES_MAX + 1)));
	assert_near(statistics_median(many, STATISTICS_VALUES_MAX), 0, 0);
	assert_true(isnan(statistics_quantile_sorted(many, 0, 0.5)));
	assert_true(isnan(statistics_mean(many, 0)));
	assert_true(isnan(statistics_sd(many, 1)));
}

/* As R's quantile(c(10, 1, 3, 2, 4), p) has it. */
static void test_quantile(void **state)
{
	static const double values[] = {10, 1, 3, 2, 4};
	static const struct {
		double p, quantile;
	} rows[] = {{0, 1}, {0.1, 1.4}, {0.25, 2}, {0.5, 3}, {0.9, 7.6}, {1, 10}};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		assert_near(statistics_quantile(values, 5, rows[i].p), rows[i].quantile,
			1e-12);
}

static void test_mean_and_sd(void **state)
{
	static const double values[] = {2, 4, 4, 4, 5, 5, 7, 9};

	(void)state;
	assert_near(statistics_mean(values, 8), 5, 1e-12);
	assert_near(statistics_sd(values, 8), sqrt(32.0 / 7), 1e-12);
}

static void test_percentile_holds(void **state)
{
	static const struct {
		uint64_t count;
		double p;
		uint64_t tail_min;
		bool holds;
	} rows[] = {
		{1000, 0.99, STATISTICS_TAIL_SHOWN_MIN, true},
		{999, 0.99, STATISTICS_TAIL_SHOWN_MIN, false},
		{10000, 0.999, STATISTICS_TAIL_SHOWN_MIN, true},
		{9999, 0.999, STATISTICS_TAIL_SHOWN_MIN, false},
		{10000, 0.99, STATISTICS_TAIL_GATED_MIN, true},
		{9999, 0.99, STATISTICS_TAIL_GATED_MIN, false},
		{0, 0.5, STATISTICS_TAIL_SHOWN_MIN, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		if (statistics_percentile_holds(
			    rows[i].count, rows[i].p, rows[i].tail_min) != rows[i].holds)
			fail_msg("row %zu", i);
}

/* ---- intervals ------------------------------------------------------------------ */

static void test_t_of_the_tables(void **state)
{
	static const struct {
		size_t df;
		double t;
	} rows[] = {
		{1, 12.706204736},
		{2, 4.302652730},
		{3, 3.182446305},
		{4, 2.776445105},
		{5, 2.570581836},
		{9, 2.262157163},
		{10, 2.228138852},
		{19, 2.093024054},
		{30, 2.042272456},
		{120, 1.979930405},
		{1000, 1.962339081},
		{1000000000, 1.959963987},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		assert_near(statistics_t975(rows[i].df), rows[i].t, 1e-8);
	assert_true(isinf(statistics_t975(0)));
}

static void test_t_falls_with_df(void **state)
{
	(void)state;
	for (size_t df = 1; df < 1100; df++) /* the two methods meet at 1,000 */
		assert_true(statistics_t975(df + 1) < statistics_t975(df));
	assert_near(statistics_t975(1000) - statistics_t975(1001),
		statistics_t975(1001) - statistics_t975(1002), 1e-8);
}

static void test_mean_interval(void **state)
{
	static const double values[] = {1, 2, 3};
	struct interval three = statistics_mean_interval(values, 3);
	struct interval one = statistics_mean_interval(values, 1);
	struct interval none = statistics_mean_interval(values, 0);

	(void)state;
	assert_near(three.estimate, 2, 1e-12);
	assert_near(three.low, 2 - 4.302652730 / sqrt(3), 1e-8);
	assert_near(three.high, 2 + 4.302652730 / sqrt(3), 1e-8);
	assert_near(one.estimate, 1, 0);
	assert_true(isinf(one.low) && one.low < 0 && isinf(one.high) && one.high > 0);
	assert_true(isnan(none.estimate) && isnan(none.low) && isnan(none.high));
}

/* The ranks that tables of the sign test give, as values 1 .. count. */
static void test_median_interval(void **state)
{
	static const struct {
		size_t count;
		double low, high;
	} rows[] = {{6, 1, 6}, {8, 1, 8}, {9, 2, 8}, {10, 2, 9}, {15, 4, 12}, {20, 6, 15},
		{100, 40, 61}, {1000, 469, 532}};
	double values[STATISTICS_VALUES_MAX];
	struct interval interval = {7, 7, 7};

	(void)state;
	for (size_t i = 0; i < STATISTICS_VALUES_MAX; i++)
		values[i] = (double)(i + 1);
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		assert_true(statistics_median_interval(values, rows[i].count, &interval));
		if (interval.low != rows[i].low || interval.high != rows[i].high)
			fail_msg("%zu values: %g to %g", rows[i].count, interval.low,
				interval.high);
		assert_near(interval.estimate, (double)(rows[i].count + 1) / 2, 0);
	}
	for (size_t count = 0; count < 6; count++)
		assert_false(statistics_median_interval(values, count, &interval));
	assert_false(
		statistics_median_interval(values, STATISTICS_VALUES_MAX + 1, &interval));
}

static double uniform(struct random *random)
{
	return ((double)(random_next(random) >> 11) + 0.5) / 0x1p53;
}

/* Box and Muller. */
static double normal(struct random *random)
{
	return sqrt(-2 * log(uniform(random))) * cos(2 * M_PI * uniform(random));
}

/* 95 of 100 intervals from 5 normal values must hold the truth; the mean -+ 1.96 standard
 * errors would hold it 88 times. */
static void test_mean_interval_covers(void **state)
{
	struct random random = {STATISTICS_SEED};
	int covered = 0;

	(void)state;
	for (int run = 0; run < 4000; run++) {
		double values[5];

		for (size_t i = 0; i < 5; i++)
			values[i] = 100 + 10 * normal(&random);
		struct interval interval = statistics_mean_interval(values, 5);

		covered += interval.low <= 100 && 100 <= interval.high;
	}
	assert_in_range(covered, 3740, 3860);
}

/* ---- bootstrap ------------------------------------------------------------------ */

static void test_resample(void **state)
{
	enum { BLOCKS = 10 };
	struct random random = {STATISTICS_SEED};
	size_t seen[BLOCKS] = {0}, distinct = 0;

	(void)state;
	for (int run = 0; run < 1000; run++) {
		size_t chosen[BLOCKS];
		bool drawn[BLOCKS] = {false};

		statistics_resample(&random, BLOCKS, chosen);
		for (size_t i = 0; i < BLOCKS; i++) {
			assert_in_range(chosen[i], 0, BLOCKS - 1);
			seen[chosen[i]]++;
			distinct += !drawn[chosen[i]];
			drawn[chosen[i]] = true;
		}
	}
	/* each block as often as another; with replacement, 1 - .9^10 of them a time */
	for (size_t i = 0; i < BLOCKS; i++)
		assert_in_range(seen[i], 900, 1100);
	assert_in_range(distinct, 6400, 6630);
}

static void test_resample_repeats(void **state)
{
	struct random first = {STATISTICS_SEED}, second = {STATISTICS_SEED};
	size_t chosen[2][20];

	(void)state;
	statistics_resample(&first, 20, chosen[0]);
	statistics_resample(&second, 20, chosen[1]);
	assert_memory_equal(chosen[0], chosen[1], sizeof(chosen[0]));
	statistics_resample(&second, 20, chosen[1]);
	assert_memory_not_equal(chosen[0], chosen[1], sizeof(chosen[0]));
}

/* 25 of 999 lie beyond each end, in whichever order they come. */
static void test_percentile_interval(void **state)
{
	double resampled[STATISTICS_RESAMPLES];

	(void)state;
	for (size_t i = 0; i < STATISTICS_RESAMPLES; i++)
		resampled[i] = (double)(i * 500 % STATISTICS_RESAMPLES + 1);
	struct interval interval =
		statistics_percentile_interval(77, resampled, STATISTICS_RESAMPLES);

	assert_near(interval.estimate, 77, 0);
	assert_near(interval.low, 25.95, 1e-9);
	assert_near(interval.high, 974.05, 1e-9);
}

/* ---- fitting -------------------------------------------------------------------- */

enum { POINTS = 8 };

static const double connections[POINTS] = {10, 30, 100, 300, 1000, 3000, 10000, 19000};

static void test_slope(void **state)
{
	static const double x[] = {1, 2, 3, 4}, y[] = {6, 5, 7, 10};

	(void)state;
	assert_near(statistics_slope(x, y, 4), 1.4, 1e-12);
}

static void test_fit_finds_what_was_put_in(void **state)
{
	double beyond[POINTS], y[POINTS];
	const double *columns[] = {connections, beyond};
	struct fit fit;

	(void)state;
	for (size_t i = 0; i < POINTS; i++) {
		beyond[i] = fmax(connections[i] - 1000, 0);
		y[i] = 3000 + 48 * connections[i] + 132 * beyond[i];
	}
	assert_true(statistics_fit_relative(&fit, columns, 2, y, POINTS));
	assert_near(fit.constant, 3000, 1e-4);
	assert_near(fit.slopes[0], 48, 1e-6);
	assert_near(fit.slopes[1], 132, 1e-6);
	assert_near(fit.squares, 0, 1e-12);
	assert_near(statistics_fitted(&fit, columns, 2, POINTS - 1), y[POINTS - 1], 1e-4);
}

/* With nothing but a constant the weights end equal: the mean. */
static void test_fit_of_a_constant(void **state)
{
	static const double y[] = {100, 110, 120};
	struct fit fit;

	(void)state;
	assert_true(statistics_fit_relative(&fit, NULL, 0, y, 3));
	assert_near(fit.constant, 110, 1e-9);
	assert_near(fit.squares, 2 * (10.0 / 110) * (10.0 / 110), 1e-9);
}

/* 20 % too much at 19,000 is 2 million ns: it must not drown the 3,000 at the other end.
 */
static void test_fit_hears_the_small_values(void **state)
{
	const double *columns[] = {connections};
	double y[POINTS];
	struct fit fit;

	(void)state;
	for (size_t i = 0; i < POINTS; i++)
		y[i] = 3000 + 500 * connections[i];
	y[POINTS - 1] *= 1.2;
	assert_true(statistics_fit_relative(&fit, columns, 1, y, POINTS));
	assert_near(fit.constant, 3000, 300); /* ordinary least squares: -115,000 */
	assert_near(fit.slopes[0], 530, 30);
}

static void test_fit_refuses_what_is_undetermined(void **state)
{
	double third[POINTS];
	const double *twice[] = {connections, third};
	struct fit fit = {.constant = 77};

	(void)state;
	for (size_t i = 0; i < POINTS; i++)
		third[i] = connections[i] / 3;
	assert_false(statistics_fit_relative(&fit, twice, 2, connections, POINTS));
	assert_false(statistics_fit_relative(&fit, twice, 1, connections, 1));
	assert_false(statistics_fit_relative(&fit, twice, 1, connections, 0));
	assert_near(fit.constant, 77, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_median),
		cmocka_unit_test(test_nothing_to_say),
		cmocka_unit_test(test_quantile),
		cmocka_unit_test(test_mean_and_sd),
		cmocka_unit_test(test_percentile_holds),
		cmocka_unit_test(test_t_of_the_tables),
		cmocka_unit_test(test_t_falls_with_df),
		cmocka_unit_test(test_mean_interval),
		cmocka_unit_test(test_median_interval),
		cmocka_unit_test(test_mean_interval_covers),
		cmocka_unit_test(test_resample),
		cmocka_unit_test(test_resample_repeats),
		cmocka_unit_test(test_percentile_interval),
		cmocka_unit_test(test_slope),
		cmocka_unit_test(test_fit_finds_what_was_put_in),
		cmocka_unit_test(test_fit_of_a_constant),
		cmocka_unit_test(test_fit_hears_the_small_values),
		cmocka_unit_test(test_fit_refuses_what_is_undetermined),
	};

	return cmocka_run_group_tests_name("statistics", tests, NULL, NULL);
}
