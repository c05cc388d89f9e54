/* spread.h - one thing measured once in each block, and what the values come to. */
#ifndef HARNESS_STATISTICS_SPREAD_H
#define HARNESS_STATISTICS_SPREAD_H

#include <stdbool.h>
#include <stddef.h>

struct samples {
	double *values; /* by block; NAN: missing. Owned */
	size_t blocks;
};

struct spread {
	size_t count; /* 0: not measured, the rest means nothing */
	double median;
	double min;
	double max;
	bool interval_known; /* six values or more: an interval of 95 % for the median */
	double low;
	double high;
};

/* All missing. 0 or -ENOMEM; samples_free() may follow in either case. */
int samples_make(struct samples *samples, size_t blocks);
void samples_free(struct samples *samples);

struct spread spread_of(const struct samples *samples);

#endif
