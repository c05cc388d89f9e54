/*
 * test_json_shape.c - what is refused before it is parsed, and that nothing which
 * muxbench writes is: also when it comes a byte at a time.
 */
#include "common/json_shape.h"

#include "common/histogram.h"
#include "common/records.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* The verdict on head, piece so many times, and tail; in steps of so many bytes. */
static int verdict(const char *head, const char *piece, size_t times, const char *tail,
	size_t step, struct problem *problem)
{
	struct json_shape shape = {.string_max = 1000};
	size_t length = strlen(head) + strlen(piece) * times + strlen(tail);
	char *text = malloc(length + 1), *end = text;
	int error = 0;

	assert_non_null(text);
	end = stpcpy(end, head);
	for (size_t i = 0; i < times; i++)
		end = stpcpy(end, piece);
	strcpy(end, tail);
	for (size_t at = 0; at < length && error == 0; at += step)
		error = json_shape_take(&shape, text + at,
			length - at < step ? length - at : step, problem);
	if (error == 0)
		assert_int_equal(shape.bytes, length);
	free(text);
	return error;
}

static void test_what_is_refused(void **state)
{
	static const struct {
		const char *head, *piece;
		size_t most; /* so many pieces pass, one more does not */
		const char *reason;
	} cases[] = {
		{"", "{\"a\":", JSON_SHAPE_DEPTH_MAX, "depth"},
		{"", "[", 2, "lists within lists within lists"},
		{"[", "0,", JSON_SHAPE_SCALARS_MAX - 1, "plain values"},
		{"[", "null,", JSON_SHAPE_SCALARS_MAX - 1, "plain values"},
		{"[[", "0,", JSON_SHAPE_INNER_LIST_MAX - 1, "within a list"},
		{"[{},", "1234567890,", JSON_SHAPE_LIST_MAX - 2, "too long a list"},
		{"{", "\"abcdefghij\":0,", JSON_SHAPE_MEMBERS_MAX - 1, "members"},
		{"\"", "x", 1000, "string"},
		{"\"", "\\\"", 500, "string"},
	};
	static const size_t steps[] = {1, 3, 4096, 1 << 20};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		for (size_t s = 0; s < sizeof(steps) / sizeof(*steps); s++) {
			struct problem problem = {""};

			assert_int_equal(verdict(cases[i].head, cases[i].piece,
						 cases[i].most, "", steps[s], &problem),
				0);
			assert_string_equal(problem.text, "");
			assert_int_equal(
				verdict(cases[i].head, cases[i].piece, cases[i].most + 1,
					"", steps[s], &problem),
				-EBADMSG);
			assert_non_null(strstr(problem.text, cases[i].reason));
		}
}

/* In a string brackets and commas are letters; behind an escape a quote is one. */
static void test_strings_hide_structure(void **state)
{
	(void)state;
	assert_int_equal(verdict("[\"", "[{,:", 200, "\"]", 7, NULL), 0);
	assert_int_equal(verdict("[\"\\\\\",\"", "[", 100, "\"]", 1, NULL), 0);
	assert_int_equal(verdict("[\"\\\"", "[", 100, "\"]", 1, NULL), 0);
	assert_int_equal(verdict("[\"\\\\\"", "[", 100, "", 1, NULL), -EBADMSG);
}

/* Small values without end: the text is short, and what it would take is not. */
static void test_memory_is_in_proportion(void **state)
{
	struct problem problem = {""};

	(void)state;
	assert_int_equal(
		verdict("{\"a\":[", "{},", 90000, "0]}", 65536, &problem), -EBADMSG);
	assert_non_null(strstr(problem.text, "far more values than text"));
	assert_int_equal(verdict("{\"a\":[", "{\"abcdefghijklmnopqrstuvwxyz\":\"\"},",
				 90000, "0]}", 65536, NULL),
		0);
}

static void test_memory_has_a_limit(void **state)
{
	static const char text[] = "{\"a\":[[1,2,3],[4,5,6],[7,8,9]]}";
	struct json_shape tight = {.memory_max = 1000}, wide = {.memory_max = 10000};
	struct problem problem = {""};

	(void)state;
	assert_int_equal(json_shape_take(&tight, text, strlen(text), &problem), -EBADMSG);
	assert_non_null(strstr(problem.text, "would take more than"));
	assert_int_equal(json_shape_take(&wide, text, strlen(text), NULL), 0);
}

/* The densest that is written: a histogram with a value in every bucket. */
static void test_a_full_histogram_passes(void **state)
{
	struct histogram *histogram = malloc(sizeof(*histogram));
	struct json_shape shape = {.memory_max = 32 << 20};

	(void)state;
	assert_non_null(histogram);
	histogram_reset(histogram);
	for (size_t i = 0; i < HISTOGRAM_BUCKETS; i++) {
		uint64_t low, high;

		histogram_bounds(i, &low, &high);
		if (low <= HISTOGRAM_HIGHEST_NS)
			histogram_record(histogram, low);
	}
	json_t *json = record_from_histogram(histogram);
	char *text = json_dumps(json, JSON_COMPACT);

	assert_non_null(text);
	assert_true(strlen(text) > 500000);
	assert_int_equal(json_shape_take(&shape, text, strlen(text), NULL), 0);
	assert_true(shape.memory > 4 << 20);
	free(text);
	json_decref(json);
	free(histogram);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_refused),
		cmocka_unit_test(test_strings_hide_structure),
		cmocka_unit_test(test_memory_is_in_proportion),
		cmocka_unit_test(test_memory_has_a_limit),
		cmocka_unit_test(test_a_full_histogram_passes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
