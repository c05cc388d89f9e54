/*
 * numbers.h - numbers as a report shows them, in UTF-8: "6.33 µs", "6.30–6.41 µs",
 * with a space before the unit that no line is broken at (U+00A0).
 *
 * What has no value comes as an en dash, never as nan or inf. All write into text of
 * REPORT_NUMBER_BYTES.
 */
#ifndef HARNESS_REPORT_NUMBERS_H
#define HARNESS_REPORT_NUMBERS_H

#include "harness/statistics/spread.h"

enum { REPORT_NUMBER_BYTES = 64 };

struct report_number {
	char text[REPORT_NUMBER_BYTES];
};

struct report_number report_ns(double ns);
struct report_number report_ns_range(double low_ns, double high_ns);
struct report_number report_count(double count);
/* Of requests a second and the like: three digits or whole ones. */
struct report_number report_rate(double rate);
/* "1.06×" */
struct report_number report_ratio(double ratio);
struct report_number report_ratio_range(double low, double high);
/* An exact count for each request: "3.000". */
struct report_number report_calls(double calls);
/* A share of 1: "12 %". */
struct report_number report_percent(double share);
struct report_number report_bytes(double bytes);

/* 1 / (1 - p) as a percentile: 100 is "99 %", 1000 "99.9 %". */
struct report_number report_percentile(double inverse);

/*
 * The ends of what a median may have been: its 95 % interval, or, where there are too few
 * blocks for one, the smallest and the largest.
 */
double report_low(const struct spread *spread);
double report_high(const struct spread *spread);

#endif
