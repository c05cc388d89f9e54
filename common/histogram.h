/*
 * histogram.h - latency counts in log-linear buckets, the bucket rule of HdrHistogram
 * with three significant digits from 1 ns to 60 s: values below 2048 have a bucket each,
 * from there every doubling is cut into 1024, so a bucket is never wider than 0.1 % of
 * what it holds. Exact count, minimum, maximum and sum stand beside the buckets.
 */
#ifndef COMMON_HISTOGRAM_H
#define COMMON_HISTOGRAM_H

#include <stddef.h>
#include <stdint.h>

#define HISTOGRAM_HIGHEST_NS 60000000000ULL /* larger ones saturate: counted at 60 s */
#define HISTOGRAM_BUCKETS    27648          /* 2048 + 25 doublings of 1024 */

struct histogram {
	uint64_t count;     /* values recorded */
	uint64_t min_ns;    /* UINT64_MAX while count is 0 */
	uint64_t max_ns;    /* before saturation */
	uint64_t sum_ns;    /* before saturation */
	uint64_t saturated; /* how many were above HISTOGRAM_HIGHEST_NS */
	uint64_t buckets[HISTOGRAM_BUCKETS];
};

void histogram_reset(struct histogram *h);

/* O(1), no allocation, no system call: it runs inside measured windows. */
void histogram_record(struct histogram *h, uint64_t value_ns);

/* Adds all of from to into. Exact: merging loses nothing. */
void histogram_merge(struct histogram *into, const struct histogram *from);

/*
 * The value at or below which a share p of all values lies (0 < p <= 1), at the upper
 * edge of its bucket and never above the maximum. 0 when nothing was recorded.
 */
uint64_t histogram_percentile_ns(const struct histogram *h, double p);

/* The bucket of a value, and the inclusive bounds of a bucket. */
size_t histogram_bucket(uint64_t value_ns);
void histogram_bounds(size_t bucket, uint64_t *low_ns, uint64_t *high_ns);

#endif
