/* histogram.c - log-linear buckets: see the header for the rule. */
#include "common/histogram.h"

#include <math.h>
#include <string.h>

enum {
	LINEAR = 2048, /* values below have a bucket each */
	HALF = 1024,   /* buckets a doubling from there on */
	LINEAR_BITS = 11,
};

void histogram_reset(struct histogram *h)
{
	memset(h, 0, sizeof(*h));
	h->min_ns = UINT64_MAX;
}

size_t histogram_bucket(uint64_t value_ns)
{
	if (value_ns < LINEAR)
		return (size_t)value_ns;
	/* Keep the 11 leading bits; the top one is always set, so 1024 values remain. */
	unsigned shift = 64 - LINEAR_BITS - (unsigned)__builtin_clzll(value_ns);

	return (size_t)HALF * shift + (size_t)(value_ns >> shift);
}

void histogram_bounds(size_t bucket, uint64_t *low_ns, uint64_t *high_ns)
{
	if (bucket < LINEAR) {
		*low_ns = *high_ns = bucket;
		return;
	}
	unsigned shift = (unsigned)(bucket / HALF - 1);
	uint64_t leading = bucket - (size_t)HALF * shift;

	*low_ns = leading << shift;
	*high_ns = ((leading + 1) << shift) - 1;
}

void histogram_record(struct histogram *h, uint64_t value_ns)
{
	h->count++;
	h->sum_ns += value_ns;
	if (value_ns < h->min_ns)
		h->min_ns = value_ns;
	if (value_ns > h->max_ns)
		h->max_ns = value_ns;
	if (value_ns > HISTOGRAM_HIGHEST_NS) {
		h->saturated++;
		value_ns = HISTOGRAM_HIGHEST_NS;
	}
	h->buckets[histogram_bucket(value_ns)]++;
}

void histogram_merge(struct histogram *into, const struct histogram *from)
{
	into->count += from->count;
	into->sum_ns += from->sum_ns;
	into->saturated += from->saturated;
	if (from->min_ns < into->min_ns)
		into->min_ns = from->min_ns;
	if (from->max_ns > into->max_ns)
		into->max_ns = from->max_ns;
	for (size_t i = 0; i < HISTOGRAM_BUCKETS; i++)
		into->buckets[i] += from->buckets[i];
}

uint64_t histogram_percentile_ns(const struct histogram *h, double p)
{
	if (h->count == 0)
		return 0;
	/* The 1e-9 keeps 0.99 * 100 at the 99th value, not the 100th. */
	double wanted = ceil(p * (double)h->count - 1e-9);
	uint64_t rank = wanted < 1 ? 1 : (uint64_t)wanted;
	uint64_t seen = 0;

	for (size_t i = 0; i < HISTOGRAM_BUCKETS; i++) {
		seen += h->buckets[i];
		if (seen >= rank) {
			uint64_t low, high;

			histogram_bounds(i, &low, &high);
			return high < h->max_ns ? high : h->max_ns;
		}
	}
	return h->max_ns;
}
