/* test_report.c - the parts of a report that compute: escaping, numbers, axes. */
#include "harness/html.h"
#include "harness/report/chart.h"
#include "harness/report/memory.h"
#include "harness/report/numbers.h"
#include "harness/report/scale.h"
#include "harness/report/table.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Before a unit, where no line is to be broken. */
#define NB "\u00a0"

static void test_escapes(void **state)
{
	static const struct {
		const char *text, *html;
	} cases[] = {
		{"plain µs", "plain µs"}, {"<script>", "&lt;script&gt;"},
		{"a&b \"c\" 'd'", "a&amp;b &quot;c&quot; &#39;d&#39;"},
		{"one\ttwo\nthree\x01", "one two three "},
		{"\xc2\x85", " "},                        /* a C1 control */
		{"\xff\x80", "\xef\xbf\xbd\xef\xbf\xbd"}, /* no UTF-8 */
		{"\xc0\xbc", "\xef\xbf\xbd\xef\xbf\xbd"}, /* an overlong '<' */
		{"\xe2\x80\xae"
		 "exe",
			"\xef\xbf\xbd"
			"exe"}, /* right to left */
		{"\xf0\x9f\x90\x8c", "\xf0\x9f\x90\x8c"},
		{"\xe2\x82", "\xef\xbf\xbd\xef\xbf\xbd"}, /* cut off */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		char *html = NULL;
		size_t length;
		FILE *out = open_memstream(&html, &length);

		html_text(out, cases[i].text);
		fclose(out);
		assert_string_equal(html, cases[i].html);
		free(html);
	}
}

static void test_writes_numbers(void **state)
{
	(void)state;
	assert_string_equal(report_ns(0).text, "0.0" NB "ns");
	assert_string_equal(report_ns(3.21).text, "3.2" NB "ns");
	assert_string_equal(report_ns(853).text, "853" NB "ns");
	assert_string_equal(report_ns(6331).text, "6.33" NB "µs");
	assert_string_equal(report_ns(999600).text, "1.00" NB "ms");
	assert_string_equal(report_ns(2.5e12).text, "2500" NB "s");
	assert_string_equal(report_ns_range(6300, 6410).text, "6.30–6.41" NB "µs");
	assert_string_equal(
		report_ns_range(967e3, 1.05e6).text, "967" NB "µs – 1.05" NB "ms");
	assert_string_equal(report_count(10000).text, "10,000");
	assert_string_equal(report_rate(3.14159).text, "3.14");
	assert_string_equal(report_rate(75498.9).text, "75,499");
	assert_string_equal(report_ratio(1.0034).text, "1.003×");
	assert_string_equal(report_ratio(152.4).text, "152×");
	assert_string_equal(report_ratio_range(0.995, 12.34).text, "0.995–12.3");
	assert_string_equal(report_calls(3).text, "3.000");
	assert_string_equal(report_bytes(12).text, "12" NB "B");
	assert_string_equal(report_bytes(100030).text, "98" NB "KiB");
}

/* What was not measured never comes out as a number. */
static void test_writes_nothing_for_nothing(void **state)
{
	static const double nothing[] = {NAN, INFINITY, -INFINITY};

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		assert_string_equal(report_ns(nothing[i]).text, "–");
		assert_string_equal(report_ns_range(1, nothing[i]).text, "–");
		assert_string_equal(report_ns_range(nothing[i], 1).text, "–");
		assert_string_equal(report_count(nothing[i]).text, "–");
		assert_string_equal(report_rate(nothing[i]).text, "–");
		assert_string_equal(report_ratio(nothing[i]).text, "–");
		assert_string_equal(report_ratio_range(nothing[i], 1).text, "–");
		assert_string_equal(report_calls(nothing[i]).text, "–");
		assert_string_equal(report_percent(nothing[i]).text, "–");
		assert_string_equal(report_bytes(nothing[i]).text, "–");
		assert_string_equal(report_percentile(nothing[i]).text, "–");
	}
	assert_string_equal(report_ns(1e300).text, "–");
}

static void test_names_percentiles(void **state)
{
	(void)state;
	assert_string_equal(report_percentile(1).text, "0" NB "%");
	assert_string_equal(report_percentile(2).text, "50" NB "%");
	assert_string_equal(report_percentile(10).text, "90" NB "%");
	assert_string_equal(report_percentile(20).text, "95" NB "%");
	assert_string_equal(report_percentile(100).text, "99" NB "%");
	assert_string_equal(report_percentile(200).text, "99.5" NB "%");
	assert_string_equal(report_percentile(1000).text, "99.9" NB "%");
	assert_string_equal(report_percentile(1e6).text, "99.9999" NB "%");
}

static struct chart line(struct report_memory *memory, const double *y, size_t count)
{
	struct chart chart = {.memory = memory,
		.x = {.kind = CHART_LOG},
		.y = {.kind = CHART_LOG, .unit = CHART_NS}};
	struct chart_series *series = chart_add_series(&chart, "a", 0, CHART_LINE);

	for (size_t i = 0; i < count; i++)
		chart_add_point(&chart, series,
			(struct chart_point){.x = pow(10, (double)i),
				.y = y[i],
				.low = NAN,
				.high = NAN});
	return chart;
}

static void test_scales_hold_the_data(void **state)
{
	static const double y[] = {5000, 7000, 60000, 1e6};
	struct report_memory memory = {0};
	struct chart chart = line(&memory, y, 4);
	struct scale x = scale_x(&chart, 100, 700), up = scale_y(&chart, 400, 20);

	(void)state;
	assert_true(scale_at(&x, 1) > 100 && scale_at(&x, 1) < 200);
	assert_true(scale_at(&x, 1000) > 600 && scale_at(&x, 1000) < 700);
	assert_true(scale_at(&up, 5000) < 400 && scale_at(&up, 1e6) > 20);
	assert_true(fabs(scale_value(&x, scale_at(&x, 42)) - 42) < 1e-9);
	assert_true(isnan(scale_at(&x, 0)));
	assert_false(scale_holds(&x, 0));
	assert_true(scale_clamped(&x, 1e9) == 700);
	report_memory_free(&memory);
}

/* A gap, and data that no axis has room for, must not become coordinates. */
static void test_what_is_not_finite_is_no_point(void **state)
{
	static const double y[] = {NAN, INFINITY, 0.5};
	struct report_memory memory = {0};
	struct chart chart = line(&memory, y, 3), empty = line(&memory, y, 2);

	(void)state;
	assert_int_equal(chart.series[0].count, 1);
	assert_true(chart_is_empty(&empty));
	struct scale scale = scale_y(&empty, 0, 100);

	assert_true(
		isfinite(scale.low) && isfinite(scale.high) && scale.low < scale.high);
	report_memory_free(&memory);
}

static void test_ticks_are_round(void **state)
{
	static const double y[] = {5000, 1e6};
	struct report_memory memory = {0};
	struct chart chart = line(&memory, y, 2);
	struct scale up = scale_y(&chart, 400, 0);
	struct scale_tick ticks[SCALE_TICKS_MAX];
	size_t count = scale_ticks(&up, CHART_NS, 20, ticks), named = 0;

	(void)state;
	for (size_t i = 0; i < count; i++) {
		assert_true(scale_holds(&up, ticks[i].value));
		named += *ticks[i].text != '\0';
		if (fabs(ticks[i].value - 1e4) < 1)
			assert_string_equal(ticks[i].text, "10 µs");
		if (fabs(ticks[i].value - 2e5) < 1)
			assert_string_equal(ticks[i].text, "200 µs");
	}
	assert_in_range(named, 4, 9);
	report_memory_free(&memory);
}

/* A single value gets an axis around it, wide enough not to make noise look large. */
static void test_one_value_has_an_axis(void **state)
{
	static const double y[] = {6690};
	struct report_memory memory = {0};
	struct chart chart = line(&memory, y, 1);
	struct scale up = scale_y(&chart, 400, 0);

	(void)state;
	assert_true(scale_value(&up, 0) / scale_value(&up, 400) > 2);
	report_memory_free(&memory);
}

static void test_tables_and_lists_grow(void **state)
{
	struct report_memory memory = {0};
	struct report_table table = {.memory = &memory};

	(void)state;
	assert_true(report_table_column(&table, false, "name"));
	assert_true(report_table_column(&table, true, "number"));
	for (int i = 0; i < 1000; i++) {
		report_table_put(&table, "row %d", i);
		report_table_put(&table, "%d", i * i);
		report_table_note(&table, "note %d", i);
	}
	assert_int_equal(report_table_rows(&table), 1000);
	for (size_t i = 0; i < 1000; i++) {
		char text[32];

		snprintf(text, sizeof(text), "%zu", i * i);
		assert_string_equal(report_table_at(&table, i, 1)->text, text);
		snprintf(text, sizeof(text), "note %zu", i);
		assert_string_equal(report_table_at(&table, i, 1)->note, text);
	}
	assert_string_equal(report_table_at(&table, 1000, 1)->text, "");
	for (size_t c = 2; c < REPORT_COLUMNS_MAX; c++)
		assert_true(report_table_column(&table, true, "more"));
	assert_false(report_table_column(&table, true, "one too many"));
	assert_false(memory.failed);
	report_memory_free(&memory);
}

/* More than there is: "" and a mark, no crash. */
static void test_memory_that_ends(void **state)
{
	struct report_memory memory = {0};

	(void)state;
	assert_null(report_take(&memory, SIZE_MAX / 2));
	assert_true(memory.failed);
	assert_string_equal(report_text(&memory, "%s", "still works"), "still works");
	report_memory_free(&memory);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_escapes),
		cmocka_unit_test(test_writes_numbers),
		cmocka_unit_test(test_writes_nothing_for_nothing),
		cmocka_unit_test(test_names_percentiles),
		cmocka_unit_test(test_scales_hold_the_data),
		cmocka_unit_test(test_what_is_not_finite_is_no_point),
		cmocka_unit_test(test_ticks_are_round),
		cmocka_unit_test(test_one_value_has_an_axis),
		cmocka_unit_test(test_tables_and_lists_grow),
		cmocka_unit_test(test_memory_that_ends),
	};

	return cmocka_run_group_tests_name("report", tests, NULL, NULL);
}
