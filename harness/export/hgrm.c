/*
 * hgrm.c - the latencies of one cell as HdrHistogram's percentile text (.hgrm), in
 * microseconds: what its plotter, hdr-plot and wrk2's readers take.
 *
 * The lines are those of outputPercentileDistribution() with five steps for each halving
 * of the distance to 100 %: value, share at or below it, how many values that are,
 * 1/(1-share). Mean and maximum at the end are exact, not of buckets.
 */
#include "harness/export/format.h"

#include "common/clock.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

enum {
	STEPS_A_HALVING = 5,
	BUCKETS = 26, /* the first 2048 values, and 25 doublings */
	SUB_BUCKETS = 2048,
};

/* The level that follows: steps get half as wide with each halving of what is left. */
static double next_level(double percent)
{
	double halvings = floor(log2(100 / (100 - percent))) + 1;

	return percent + 100 / (STEPS_A_HALVING * exp2(halvings));
}

static double value_us(const struct histogram *histogram, size_t bucket)
{
	uint64_t low_ns, high_ns;

	histogram_bounds(bucket, &low_ns, &high_ns);
	if (high_ns > histogram->max_ns)
		high_ns = histogram->max_ns;
	return (double)high_ns / NS_PER_US;
}

static void put_levels(FILE *out, const struct histogram *histogram)
{
	double percent = 0, us = 0;
	uint64_t total = 0;

	for (size_t i = 0; i < HISTOGRAM_BUCKETS && total < histogram->count; i++) {
		if (histogram->buckets[i] == 0)
			continue;
		total += histogram->buckets[i];
		us = value_us(histogram, i);
		double reached = 100 * (double)total / (double)histogram->count;

		for (; percent <= reached && percent < 100;
			percent = next_level(percent)) {
			double share = percent / 100;

			fprintf(out, "%12.3f %2.12f %10" PRIu64 " %14.2f\n", us, share,
				total, 1 / (1 - share));
			if (total == histogram->count)
				break;
		}
	}
	fprintf(out, "%12.3f %2.12f %10" PRIu64 "\n", us, 1.0, total);
}

static double deviation_us(const struct histogram *histogram, double mean_ns)
{
	double squares = 0;

	for (size_t i = 0; i < HISTOGRAM_BUCKETS; i++) {
		uint64_t low_ns, high_ns;

		histogram_bounds(i, &low_ns, &high_ns);
		double middle_ns = ((double)low_ns + (double)high_ns) / 2;

		squares += (middle_ns - mean_ns) * (middle_ns - mean_ns) *
			   (double)histogram->buckets[i];
	}
	return sqrt(squares / (double)histogram->count) / NS_PER_US;
}

int export_hgrm_write(FILE *out, const void *what)
{
	const struct export_view *view = what;
	struct histogram *histogram = malloc(sizeof(*histogram));

	if (!histogram)
		return -ENOMEM;
	export_cell_latency(view->cell, histogram);
	double mean_ns = (double)histogram->sum_ns / (double)histogram->count;

	fprintf(out, "%12s %14s %10s %14s\n\n", "Value", "Percentile", "TotalCount",
		"1/(1-Percentile)");
	put_levels(out, histogram);
	fprintf(out, "#[Mean    = %12.3f, StdDeviation   = %12.3f]\n",
		mean_ns / NS_PER_US, deviation_us(histogram, mean_ns));
	fprintf(out, "#[Max     = %12.3f, Total count    = %12" PRIu64 "]\n",
		(double)histogram->max_ns / NS_PER_US, histogram->count);
	fprintf(out, "#[Buckets = %12d, SubBuckets     = %12d]\n", BUCKETS, SUB_BUCKETS);
	free(histogram);
	return 0;
}
