/*
 * test_parse.c - what people type. One table a kind of value: the text, and either the
 * value or that it is refused; a refusal leaves the value alone and names option and
 * text.
 */
#include "common/parse.h"

#include <errno.h>
#include <getopt.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { UNTOUCHED = 424242 };

struct row {
	const char *text;
	uint64_t min, max;
	bool valid;
	uint64_t value;
};

typedef int parse_function(const char *option, const char *text, uint64_t min,
	uint64_t max, uint64_t *value, struct problem *problem);

static void parse_rows(const struct row *rows, size_t count, parse_function *parse)
{
	for (size_t i = 0; i < count; i++) {
		const struct row *row = &rows[i];
		struct problem problem = {0};
		uint64_t value = UNTOUCHED;
		int error =
			parse("--count", row->text, row->min, row->max, &value, &problem);

		if (row->valid && (error != 0 || value != row->value))
			fail_msg("'%s': error %d, value %ju", row->text, error,
				(uintmax_t)value);
		if (!row->valid && (error != -EINVAL || value != UNTOUCHED))
			fail_msg("'%s' was taken as %ju", row->text, (uintmax_t)value);
		if (!row->valid && (!strstr(problem.text, "--count") ||
					   !strstr(problem.text, row->text) ||
					   strchr(problem.text, '\n')))
			fail_msg("'%s' is refused with '%s'", row->text, problem.text);
	}
}

/* strtoull(3) would take "-1", " 1", "+1" and stop silently at "10x". */
static void test_u64(void **state)
{
	static const struct row rows[] = {
		{"0", 0, UINT64_MAX, true, 0},
		{"7", 7, 7, true, 7},
		{"007", 0, 10, true, 7},
		{"18446744073709551615", 0, UINT64_MAX, true, UINT64_MAX},
		{"18446744073709551616", 0, UINT64_MAX, false, 0},
		{"99999999999999999999999", 0, UINT64_MAX, false, 0},
		{"", 0, UINT64_MAX, false, 0},
		{"-1", 0, UINT64_MAX, false, 0},
		{"+1", 0, UINT64_MAX, false, 0},
		{" 1", 0, UINT64_MAX, false, 0},
		{"1 ", 0, UINT64_MAX, false, 0},
		{"10x", 0, UINT64_MAX, false, 0},
		{"0x10", 0, UINT64_MAX, false, 0},
		{"1e18", 0, UINT64_MAX, false, 0},
		{"1.0", 0, UINT64_MAX, false, 0},
		{"1,0", 0, UINT64_MAX, false, 0},
		{"nan", 0, UINT64_MAX, false, 0},
		{"\xc2\xb9", 0, UINT64_MAX, false, 0}, /* a superscript one */
		{"4", 5, 9, false, 0},
		{"5", 5, 9, true, 5},
		{"9", 5, 9, true, 9},
		{"10", 5, 9, false, 0},
	};

	(void)state;
	parse_rows(rows, sizeof(rows) / sizeof(*rows), parse_u64);
}

static int parse_int_as_u64(const char *option, const char *text, uint64_t min,
	uint64_t max, uint64_t *value, struct problem *problem)
{
	int number;
	int error = parse_int(option, text, (int)min, (int)max, &number, problem);

	if (error == 0)
		*value = (uint64_t)number;
	return error;
}

static void test_int(void **state)
{
	static const struct row rows[] = {
		{"0", 0, 65535, true, 0},
		{"65535", 0, 65535, true, 65535},
		{"65536", 0, 65535, false, 0},
		{"-1", 0, 65535, false, 0},
		{"", 0, 65535, false, 0},
		{"2147483647", 0, INT32_MAX, true, INT32_MAX},
		{"2147483648", 0, INT32_MAX, false, 0},
		{"4294967296", 0, INT32_MAX, false, 0}, /* 0 if cut to 32 bits */
		{"4294967297", 0, INT32_MAX, false, 0},
	};

	(void)state;
	parse_rows(rows, sizeof(rows) / sizeof(*rows), parse_int_as_u64);
}

static void test_duration(void **state)
{
	static const uint64_t hour = 3600000000000;
	static const struct row rows[] = {
		{"0.5", 0, hour, true, 500000000}, {"2", 0, hour, true, 2000000000},
		{"2s", 0, hour, true, 2000000000}, {"0.25s", 0, hour, true, 250000000},
		{"300ms", 0, hour, true, 300000000}, {"1.5ms", 0, hour, true, 1500000},
		{"50us", 0, hour, true, 50000}, {"0", 0, hour, true, 0},
		{"0.000000001", 0, hour, true, 1}, {"3600", 0, hour, true, hour},
		{"3600.000000001", 0, hour, false, 0}, {"0.1", 200000000, hour, false, 0},
		{"0.2", 200000000, hour, true, 200000000}, {"", 0, hour, false, 0},
		{"s", 0, hour, false, 0}, {"ms", 0, hour, false, 0},
		{".5", 0, hour, false, 0}, {"1.", 0, hour, false, 0},
		{"1.s", 0, hour, false, 0}, {"1.2.3", 0, hour, false, 0},
		{"-1", 0, hour, false, 0}, {"+1", 0, hour, false, 0},
		{" 1", 0, hour, false, 0}, {"1 s", 0, hour, false, 0},
		{"1m", 0, hour, false, 0}, {"1S", 0, hour, false, 0},
		{"1e3", 0, hour, false, 0},
		{"0.0000000001", 0, hour, false, 0}, /* more digits than ns has */
		{"1e18", 0, UINT64_MAX, false, 0},
		{"18446744073709551615", 0, UINT64_MAX, false, 0}, /* no ns fit */
		{"18446744073709551616", 0, UINT64_MAX, false, 0},
		{"18446744074", 0, UINT64_MAX, false, 0}, /* past 2^64 ns */
	};

	(void)state;
	parse_rows(rows, sizeof(rows) / sizeof(*rows), parse_duration_ns);
}

static void test_bytes(void **state)
{
	static const uint64_t most = 1048576;
	static const struct row rows[] = {
		{"64", 1, most, true, 64},
		{"16KiB", 1, most, true, 16384},
		{"1MiB", 1, most, true, 1048576},
		{"1", 1, most, true, 1},
		{"0", 1, most, false, 0},
		{"1048577", 1, most, false, 0},
		{"1025KiB", 1, most, false, 0},
		{"2MiB", 1, most, false, 0},
		{"16KB", 1, most, false, 0},
		{"16kib", 1, most, false, 0},
		{"16K", 1, most, false, 0},
		{"16 KiB", 1, most, false, 0},
		{"1.5KiB", 1, most, false, 0},
		{"KiB", 1, most, false, 0},
		{"", 1, most, false, 0},
		{"-1", 1, most, false, 0},
		/* 2^54 KiB is 2^64 bytes: 0 if the product wraps */
		{"18014398509481984KiB", 0, UINT64_MAX, false, 0},
		{"18446744073709551615", 0, UINT64_MAX, true, UINT64_MAX},
		{"18446744073709551616", 0, UINT64_MAX, false, 0},
	};

	(void)state;
	parse_rows(rows, sizeof(rows) / sizeof(*rows), parse_bytes);
}

enum { LIST_CAPACITY = 4 };

static void test_u64_list(void **state)
{
	static const struct {
		const char *text;
		size_t count; /* 0: refused */
		uint64_t values[LIST_CAPACITY];
	} rows[] = {
		{"0", 1, {0}},
		{"0,100,1000", 3, {0, 100, 1000}},
		{"5,5", 2, {5, 5}},
		{"1,2,3,4", 4, {1, 2, 3, 4}},
		{"1,2,3,4,5", 0, {0}}, /* more than fit */
		{"", 0, {0}},
		{",", 0, {0}},
		{"1,", 0, {0}},
		{",1", 0, {0}},
		{"1,,2", 0, {0}},
		{"1, 2", 0, {0}},
		{"1;2", 0, {0}},
		{"1,-2", 0, {0}},
		{"1,1001", 0, {0}}, /* one out of bounds spoils it all */
		{"1,x", 0, {0}},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		uint64_t values[LIST_CAPACITY] = {0};
		size_t count = 0;
		struct problem problem = {0};
		int error = parse_u64_list("--idle", rows[i].text, 0, 1000, values,
			LIST_CAPACITY, &count, &problem);

		if (error != (rows[i].count ? 0 : -EINVAL) || count != rows[i].count)
			fail_msg("'%s': error %d, count %zu", rows[i].text, error, count);
		if (error == 0)
			assert_memory_equal(
				values, rows[i].values, count * sizeof(*values));
		else
			assert_non_null(strstr(problem.text, "--idle"));
	}
}

static void test_name_list(void **state)
{
	static const struct {
		const char *text;
		size_t count; /* 0: refused */
		const char *names[LIST_CAPACITY];
	} rows[] = {
		{"poll", 1, {"poll"}}, {"poll,epoll-lt", 2, {"poll", "epoll-lt"}},
		{"./a.so,poll", 2, {"./a.so", "poll"}},
		{"a,b,c,d", 4, {"a", "b", "c", "d"}}, {"a,b,c,d,e", 0, {NULL}},
		{"", 0, {NULL}}, {",", 0, {NULL}}, {"poll,", 0, {NULL}},
		{",poll", 0, {NULL}}, {"poll,,select", 0, {NULL}},
		{"poll,select,poll", 0, {NULL}}, /* twice: which of the two results? */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const char *names[LIST_CAPACITY];
		size_t count = 0;
		char *copy = NULL;
		struct problem problem = {0};
		int error = parse_name_list("--backends", rows[i].text, names,
			LIST_CAPACITY, &count, &copy, &problem);

		if (error != (rows[i].count ? 0 : -EINVAL) || count != rows[i].count)
			fail_msg("'%s': error %d, count %zu", rows[i].text, error, count);
		for (size_t n = 0; n < count; n++)
			assert_string_equal(names[n], rows[i].names[n]);
		if (error != 0)
			assert_non_null(strstr(problem.text, "--backends"));
		free(copy);
	}
}

/* What getopt_long(3) leaves behind is told as the person typed it. */
static void test_option_unknown(void **state)
{
	static const struct {
		const char *typed;
		const char *told;
	} rows[] = {
		{"--bakcend", "unknown option '--bakcend'"},
		{"-x", "unknown option '-x'"},
		{"--port", "option '--port' needs a value"},
		{"--list=yes", "unknown option '--list=yes'"},
	};
	static const struct option options[] = {
		{"port", required_argument, NULL, 256},
		{"list", no_argument, NULL, 257},
		{NULL, 0, NULL, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		char program[] = "program", typed[32];
		char *argv[] = {program, typed, NULL};
		struct problem problem = {0};

		strcpy(typed, rows[i].typed);
		opterr = 0;
		optind = 0; /* glibc: start afresh */
		int option = getopt_long(2, argv, ":h", options, NULL);

		assert_int_equal(parse_option_unknown(argv, option, &problem), -EINVAL);
		if (!strstr(problem.text, rows[i].told))
			fail_msg("'%s' is told as '%s'", rows[i].typed, problem.text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_u64),
		cmocka_unit_test(test_int),
		cmocka_unit_test(test_duration),
		cmocka_unit_test(test_bytes),
		cmocka_unit_test(test_u64_list),
		cmocka_unit_test(test_name_list),
		cmocka_unit_test(test_option_unknown),
	};

	return cmocka_run_group_tests_name("parse", tests, NULL, NULL);
}
