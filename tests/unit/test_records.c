/*
 * test_records.c - the JSON shapes: what is written reads back the same, and a file made
 * by a stranger (another type, another bucket rule, sums that do not add up) is refused.
 */
#include "common/records.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static json_t *from_text(const char *text)
{
	json_t *object = json_loads(text, JSON_REJECT_DUPLICATES, NULL);

	if (!object)
		fail_msg("the test's own JSON is broken: %s", text);
	return object;
}

/* jansson's json_integer_value("12") is 0: a wrong type must not pass as a number. */
static void test_getters_want_their_type(void **state)
{
	static const char *const values[] = {"12", "-1", "1.0", "\"12\"", "true", "null",
		"[12]", "{\"n\":12}", "9223372036854775807"};
	enum { U64 = 1, STRING = 2, BOOL = 4, OBJECT = 8 };
	static const unsigned accepted_by[] = {
		U64, 0, 0, STRING, BOOL, 0, 0, OBJECT, U64};

	(void)state;
	for (size_t i = 0; i < sizeof(values) / sizeof(*values); i++) {
		char text[80];
		struct problem problems[4] = {0};
		uint64_t number = 0;
		const char *string;
		bool truth;
		json_t *member;

		snprintf(text, sizeof(text), "{\"key\":%s}", values[i]);
		json_t *object = from_text(text);
		const int errors[4] = {
			record_get_u64(object, "key", &number, &problems[0]),
			record_get_string(object, "key", &string, &problems[1]),
			record_get_bool(object, "key", &truth, &problems[2]),
			record_get_object(object, "key", &member, &problems[3]),
		};

		for (unsigned type = 0; type < 4; type++) {
			bool accepted = accepted_by[i] & 1U << type;

			if (errors[type] != (accepted ? 0 : -EBADMSG))
				fail_msg("getter %u of %s: %d", type, values[i],
					errors[type]);
			if (!accepted)
				assert_non_null(strstr(problems[type].text, "'key'"));
		}
		json_decref(object);
	}
}

static void test_getters_without_the_key(void **state)
{
	json_t *empty = json_object();
	uint64_t number;
	const char *string;
	bool truth;
	json_t *member;

	(void)state;
	assert_int_equal(record_get_u64(empty, "key", &number, NULL), -EBADMSG);
	assert_int_equal(record_get_string(empty, "key", &string, NULL), -EBADMSG);
	assert_int_equal(record_get_bool(empty, "key", &truth, NULL), -EBADMSG);
	assert_int_equal(record_get_object(empty, "key", &member, NULL), -EBADMSG);
	json_decref(empty);
}

static void test_u64(void **state)
{
	static const struct {
		uint64_t value;
		const char *text;
	} rows[] = {
		{0, "0"},
		{1, "1"},
		{INT64_MAX, "9223372036854775807"},
		{(uint64_t)INT64_MAX + 1, "null"}, /* not known, never negative */
		{UINT64_MAX, "null"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		json_t *value = record_u64(rows[i].value);
		char *text = json_dumps(value, JSON_ENCODE_ANY);

		assert_string_equal(text, rows[i].text);
		free(text);
		json_decref(value);
	}
}

/* Writes a histogram, reads it back, compares every member. */
static void round_trip(const struct histogram *before)
{
	struct histogram *after = malloc(sizeof(*after));
	json_t *object = record_from_histogram(before);
	struct problem problem = {0};

	assert_non_null(after);
	int error = record_to_histogram(object, after, &problem);
	int different = memcmp(before, after, sizeof(*before));

	json_decref(object);
	free(after);
	if (error < 0 || different)
		fail_msg("error %d, different %d: %s", error, different, problem.text);
}

static void test_histogram_round_trip(void **state)
{
	struct histogram *h = malloc(sizeof(*h));

	(void)state;
	assert_non_null(h);
	histogram_reset(h);
	round_trip(h); /* empty: min_ns and max_ns are null */
	histogram_record(h, 0);
	round_trip(h);
	for (uint64_t value = 1; value < HISTOGRAM_HIGHEST_NS * 4; value += value / 7 + 1)
		histogram_record(h, value);
	assert_true(h->saturated > 0);
	round_trip(h);
	free(h);
}

/* The smallest honest histogram, and what must not be taken for one. */
static void test_foreign_histograms(void **state)
{
	static const struct {
		const char *what;
		const char *text;
		int error;
	} rows[] = {
		{"an honest one",
			"{\"count\":2,\"min_ns\":5,\"max_ns\":4096,\"sum_ns\":4101,"
			"\"saturated\":0,\"buckets\":[[5,5,1],[4096,4099,1]]}",
			0},
		{"an honest empty one",
			"{\"count\":0,\"min_ns\":null,\"max_ns\":null,\"sum_ns\":0,"
			"\"saturated\":0,\"buckets\":[]}",
			0},
		{"no buckets",
			"{\"count\":0,\"min_ns\":null,\"max_ns\":null,\"sum_ns\":0,"
			"\"saturated\":0}",
			-EBADMSG},
		{"buckets of another shape",
			"{\"count\":1,\"min_ns\":5,\"max_ns\":5,\"sum_ns\":5,"
			"\"saturated\":0,\"buckets\":{\"5\":1}}",
			-EBADMSG},
		{"a bucket without a count",
			"{\"count\":1,\"min_ns\":5,\"max_ns\":5,\"sum_ns\":5,"
			"\"saturated\":0,\"buckets\":[[5,5]]}",
			-EBADMSG},
		{"a bucket that is a number",
			"{\"count\":1,\"min_ns\":5,\"max_ns\":5,\"sum_ns\":5,"
			"\"saturated\":0,\"buckets\":[5]}",
			-EBADMSG},
		{"a count that is a string",
			"{\"count\":\"1\",\"min_ns\":5,\"max_ns\":5,\"sum_ns\":5,"
			"\"saturated\":0,\"buckets\":[[5,5,1]]}",
			-EBADMSG},
		{"a bucket count below zero",
			"{\"count\":1,\"min_ns\":5,\"max_ns\":5,\"sum_ns\":5,"
			"\"saturated\":0,\"buckets\":[[5,5,2],[6,6,-1]]}",
			-EBADMSG},
		{"bounds of two significant digits",
			"{\"count\":1,\"min_ns\":4096,\"max_ns\":4096,\"sum_ns\":4096,"
			"\"saturated\":0,\"buckets\":[[4096,4127,1]]}",
			-EBADMSG},
		{"a bucket that begins in the middle of ours",
			"{\"count\":1,\"min_ns\":4097,\"max_ns\":4097,\"sum_ns\":4097,"
			"\"saturated\":0,\"buckets\":[[4097,4099,1]]}",
			-EBADMSG},
		{"a bucket past the last one",
			"{\"count\":1,\"min_ns\":5,\"max_ns\":5,\"sum_ns\":5,"
			"\"saturated\":0,\"buckets\":[[9223372036854775807,"
			"9223372036854775807,1]]}",
			-EBADMSG},
		{"a count that the buckets do not add up to",
			"{\"count\":3,\"min_ns\":5,\"max_ns\":6,\"sum_ns\":11,"
			"\"saturated\":0,\"buckets\":[[5,5,1],[6,6,1]]}",
			-EBADMSG},
		{"a bucket twice",
			"{\"count\":2,\"min_ns\":5,\"max_ns\":5,\"sum_ns\":10,"
			"\"saturated\":0,\"buckets\":[[5,5,1],[5,5,1]]}",
			-EBADMSG},
		{"buckets that fall",
			"{\"count\":2,\"min_ns\":5,\"max_ns\":6,\"sum_ns\":11,"
			"\"saturated\":0,\"buckets\":[[6,6,1],[5,5,1]]}",
			-EBADMSG},
		{"buckets whose sum goes around 2^64",
			"{\"count\":1,\"min_ns\":5,\"max_ns\":7,\"sum_ns\":11,"
			"\"saturated\":0,\"buckets\":[[5,5,9223372036854775807],"
			"[6,6,9223372036854775807],[7,7,3]]}",
			-EBADMSG},
		{"a minimum above the maximum",
			"{\"count\":1,\"min_ns\":6,\"max_ns\":5,\"sum_ns\":5,"
			"\"saturated\":0,\"buckets\":[[5,5,1]]}",
			-EBADMSG},
		{"more saturated than there are",
			"{\"count\":1,\"min_ns\":5,\"max_ns\":5,\"sum_ns\":5,"
			"\"saturated\":2,\"buckets\":[[5,5,1]]}",
			-EBADMSG},
		{"buckets under a count of 0",
			"{\"count\":0,\"min_ns\":null,\"max_ns\":null,\"sum_ns\":0,"
			"\"saturated\":0,\"buckets\":[[5,5,1]]}",
			-EBADMSG},
		{"no minimum",
			"{\"count\":1,\"min_ns\":null,\"max_ns\":5,\"sum_ns\":5,"
			"\"saturated\":0,\"buckets\":[[5,5,1]]}",
			-EBADMSG},
	};
	struct histogram *h = malloc(sizeof(*h));

	(void)state;
	assert_non_null(h);
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		json_t *object = from_text(rows[i].text);
		struct problem problem = {0};
		int error = record_to_histogram(object, h, &problem);

		json_decref(object);
		if (error != rows[i].error || (error < 0 && problem.text[0] == '\0'))
			fail_msg("%s: %d, '%s'", rows[i].what, error, problem.text);
	}
	free(h);
}

static void test_usage_round_trip(void **state)
{
	const struct usage before = {.cpu_ns = 1,
		.user_ticks_ns = 2,
		.sys_ticks_ns = 3,
		.ctx_switches_voluntary = 4,
		.ctx_switches_involuntary = 5,
		.run_delay_ns = 6,
		.rss_max_bytes = 7};
	struct usage after = {0};
	json_t *object = record_from_usage(&before);

	(void)state;
	assert_int_equal(json_object_size(object), sizeof(before) / sizeof(uint64_t));
	assert_int_equal(json_integer_value(json_object_get(object, "run_delay_ns")), 6);
	assert_int_equal(record_to_usage(object, &after, NULL), 0);
	assert_memory_equal(&before, &after, sizeof(before));

	/* One member missing, or of another type, spoils it. */
	json_object_set_new(object, "run_delay_ns", json_real(6.0));
	assert_int_equal(record_to_usage(object, &after, NULL), -EBADMSG);
	json_object_del(object, "run_delay_ns");
	assert_int_equal(record_to_usage(object, &after, NULL), -EBADMSG);
	json_decref(object);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_getters_want_their_type),
		cmocka_unit_test(test_getters_without_the_key),
		cmocka_unit_test(test_u64),
		cmocka_unit_test(test_histogram_round_trip),
		cmocka_unit_test(test_foreign_histograms),
		cmocka_unit_test(test_usage_round_trip),
	};

	return cmocka_run_group_tests_name("records", tests, NULL, NULL);
}
