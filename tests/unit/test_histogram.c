/*
 * test_histogram.c - the bucket rule of HdrHistogram, percentiles by rank, and merging.
 */
#include "common/histogram.h"

#include "common/random.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* 216 KiB each: too much for the stack of a small thread. Two will do for every test. */
struct pair {
	struct histogram a, b;
};

static int pair_open(void **state)
{
	struct pair *pair = malloc(sizeof(*pair));

	if (!pair)
		return -1;
	histogram_reset(&pair->a);
	histogram_reset(&pair->b);
	*state = pair;
	return 0;
}

static int pair_close(void **state)
{
	free(*state);
	return 0;
}

/* The corners of the rule, worked out by hand. */
static void test_bucket_of_value(void **state)
{
	static const struct {
		uint64_t value_ns, low_ns, high_ns;
		size_t bucket;
	} rows[] = {
		{0, 0, 0, 0},
		{1, 1, 1, 1},
		{2047, 2047, 2047, 2047},
		{2048, 2048, 2049, 2048}, /* from here two values share a bucket */
		{2049, 2048, 2049, 2048},
		{2050, 2050, 2051, 2049},
		{4095, 4094, 4095, 3071},
		{4096, 4096, 4099, 3072}, /* from here four */
		{1000000, 999936, 1000447, 11169},
		{60000000000, 59995324416, 60028878847, 27388},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		uint64_t low, high;

		assert_int_equal(histogram_bucket(rows[i].value_ns), rows[i].bucket);
		histogram_bounds(rows[i].bucket, &low, &high);
		assert_int_equal(low, rows[i].low_ns);
		assert_int_equal(high, rows[i].high_ns);
	}
}

/* All buckets: no gap, no overlap, both edges fall into it, none wider than 0.1 %. */
static void test_bounds_invert_bucket(void **state)
{
	uint64_t expected_low = 0;

	(void)state;
	for (size_t bucket = 0; bucket < HISTOGRAM_BUCKETS; bucket++) {
		uint64_t low, high;

		histogram_bounds(bucket, &low, &high);
		if (low != expected_low || high < low ||
			histogram_bucket(low) != bucket ||
			histogram_bucket(high) != bucket)
			fail_msg("bucket %zu: [%ju, %ju]", bucket, (uintmax_t)low,
				(uintmax_t)high);
		if (high > low && (high - low + 1) * 1000 > low)
			fail_msg("bucket %zu is wider than 0.1 %%", bucket);
		expected_low = high + 1;
	}
	assert_true(histogram_bucket(HISTOGRAM_HIGHEST_NS) < HISTOGRAM_BUCKETS);
}

static void test_exact_members(void **state)
{
	struct pair *pair = *state;
	struct histogram *h = &pair->a;

	assert_int_equal(h->count, 0);
	assert_int_equal(h->min_ns, UINT64_MAX);
	assert_int_equal(histogram_percentile_ns(h, 0.5), 0);

	histogram_record(h, 1234567);
	histogram_record(h, 89);
	histogram_record(h, 500000001);
	assert_int_equal(h->count, 3);
	assert_int_equal(h->min_ns, 89);
	assert_int_equal(h->max_ns, 500000001);
	assert_int_equal(h->sum_ns, 1234567 + 89 + 500000001);
	assert_int_equal(h->saturated, 0);
}

/* Values 1..count, each in a bucket of its own: the percentile is its rank. */
static void test_percentile_ranks(void **state)
{
	static const struct {
		uint64_t count;
		double p;
		uint64_t rank;
	} rows[] = {
		{1, 0.001, 1},
		{1, 0.5, 1},
		{1, 1, 1},
		{2, 0.5, 1}, /* a half of two values lies at or below the first */
		{2, 0.51, 2},
		{2, 1, 2},
		{3, 0.5, 2},
		{10, 0.9, 9},
		{10, 0.99, 10},
		{100, 0.07, 7}, /* 0.07 * 100 is 7.000000000000001 in binary */
		{100, 0.99, 99},
		{100, 0.991, 100},
		{1000, 0.999, 999},
		{1000, 0.9991, 1000},
		{1000, 1, 1000},
		{2000, 0.0001, 1},
	};
	struct pair *pair = *state;
	struct histogram *h = &pair->a;

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		histogram_reset(h);
		for (uint64_t value = 1; value <= rows[i].count; value++)
			histogram_record(h, value);
		uint64_t got = histogram_percentile_ns(h, rows[i].p);

		if (got != rows[i].rank)
			fail_msg("p %g of %ju: %ju, not %ju", rows[i].p,
				(uintmax_t)rows[i].count, (uintmax_t)got,
				(uintmax_t)rows[i].rank);
	}
}

/* Shared buckets answer with their upper edge, yet never above the maximum. */
static void test_percentile_edges(void **state)
{
	struct pair *pair = *state;
	struct histogram *h = &pair->a;

	histogram_record(h, 1000000);
	histogram_record(h, 2000000000);
	assert_int_equal(histogram_percentile_ns(h, 0.5), 1000447);
	assert_int_equal(histogram_percentile_ns(h, 1), 2000000000);
}

static void test_merge_equals_recording_together(void **state)
{
	struct pair *pair = *state;
	struct histogram *together = malloc(sizeof(*together));
	struct random random = {.state = 7};

	assert_non_null(together);
	histogram_reset(together);
	for (int i = 0; i < 20000; i++) {
		/* all magnitudes, also above 60 s */
		uint64_t value = random_next(&random) >> (26 + random_below(&random, 38));

		histogram_record(i % 3 ? &pair->a : &pair->b, value);
		histogram_record(together, value);
	}
	histogram_merge(&pair->a, &pair->b);
	int difference = memcmp(&pair->a, together, sizeof(*together));

	free(together);
	assert_int_equal(difference, 0);
}

/* An empty one changes nothing, and into an empty one everything goes. */
static void test_merge_with_empty(void **state)
{
	struct pair *pair = *state;

	histogram_record(&pair->a, 77);
	histogram_merge(&pair->a, &pair->b);
	assert_int_equal(pair->a.count, 1);
	assert_int_equal(pair->a.min_ns, 77);
	assert_int_equal(pair->a.max_ns, 77);
	histogram_merge(&pair->b, &pair->a);
	assert_memory_equal(&pair->a, &pair->b, sizeof(pair->a));
}

/* Above 60 s: counted at 60 s and told apart; minimum, maximum and sum stay exact. */
static void test_saturation(void **state)
{
	struct pair *pair = *state;
	struct histogram *h = &pair->a;
	size_t highest = histogram_bucket(HISTOGRAM_HIGHEST_NS);

	histogram_record(h, HISTOGRAM_HIGHEST_NS);
	assert_int_equal(h->saturated, 0);
	histogram_record(h, HISTOGRAM_HIGHEST_NS + 1);
	histogram_record(h, 3 * HISTOGRAM_HIGHEST_NS);
	histogram_record(h, UINT64_MAX / 2);
	assert_int_equal(h->saturated, 3);
	assert_int_equal(h->count, 4);
	assert_int_equal(h->buckets[highest], 4);
	assert_int_equal(h->max_ns, UINT64_MAX / 2);
	assert_int_equal(h->min_ns, HISTOGRAM_HIGHEST_NS);

	uint64_t low, high;
	histogram_bounds(highest, &low, &high);
	assert_int_equal(histogram_percentile_ns(h, 1), high);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bucket_of_value),
		cmocka_unit_test(test_bounds_invert_bucket),
		cmocka_unit_test_setup_teardown(
			test_exact_members, pair_open, pair_close),
		cmocka_unit_test_setup_teardown(
			test_percentile_ranks, pair_open, pair_close),
		cmocka_unit_test_setup_teardown(
			test_percentile_edges, pair_open, pair_close),
		cmocka_unit_test_setup_teardown(
			test_merge_equals_recording_together, pair_open, pair_close),
		cmocka_unit_test_setup_teardown(
			test_merge_with_empty, pair_open, pair_close),
		cmocka_unit_test_setup_teardown(test_saturation, pair_open, pair_close),
	};

	return cmocka_run_group_tests_name("histogram", tests, NULL, NULL);
}
