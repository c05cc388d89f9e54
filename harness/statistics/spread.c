/* spread.c - one thing measured once in each block, and what the values come to. */
#include "harness/statistics/spread.h"

#include "harness/statistics/statistics.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

int samples_make(struct samples *samples, size_t blocks)
{
	samples->blocks = blocks;
	samples->values = malloc(blocks * sizeof(*samples->values));
	if (!samples->values)
		return -ENOMEM;
	for (size_t i = 0; i < blocks; i++)
		samples->values[i] = NAN;
	return 0;
}

void samples_free(struct samples *samples)
{
	free(samples->values);
	*samples = (struct samples){0};
}

struct spread spread_of(const struct samples *samples)
{
	double values[STATISTICS_VALUES_MAX];
	size_t count = 0;

	for (size_t i = 0; i < samples->blocks && count < STATISTICS_VALUES_MAX; i++)
		if (!isnan(samples->values[i]))
			values[count++] = samples->values[i];
	if (count == 0)
		return (struct spread){0};
	statistics_sort(values, count);
	struct interval interval = {0};
	bool known = statistics_median_interval(values, count, &interval);

	return (struct spread){
		.count = count,
		.median = statistics_quantile_sorted(values, count, 0.5),
		.min = values[0],
		.max = values[count - 1],
		.interval_known = known,
		.low = interval.low,
		.high = interval.high,
	};
}
