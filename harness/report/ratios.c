/* ratios.c - how many times what another backend costs, with an interval. */
#include "harness/report/ratios.h"

#include <math.h>
#include <string.h>

size_t ratio_reference(const struct report *report)
{
	const struct plan_axes *axes = &report->replay.plan.axes;
	size_t reference = 0;
	bool epoll = false;

	for (size_t b = 0; b < axes->backend_count; b++) {
		if (strcmp(axes->backends[b], "epoll-lt") == 0)
			return b;
		if (!epoll && strncmp(axes->backends[b], "epoll", 5) == 0) {
			epoll = true;
			reference = b;
		}
	}
	return reference;
}

/* The logarithms of the ratios, of the blocks that have both; how many. */
static size_t differences(const struct summary_cell *cell,
	const struct summary_cell *reference, double *values)
{
	const struct samples *above = summary_cost(cell);
	const struct samples *below = summary_cost(reference);
	size_t count = 0;

	for (size_t b = 0; b < above->blocks && count < STATISTICS_VALUES_MAX; b++)
		if (above->values[b] > 0 && below->values[b] > 0)
			values[count++] = log(above->values[b] / below->values[b]);
	return count;
}

bool ratio_make(const struct report *report, size_t group, size_t backend,
	struct report_ratio *ratio)
{
	double values[STATISTICS_VALUES_MAX];
	size_t reference = ratio_reference(report), far;

	if (!report_far_x(report, group, &far))
		return false;
	for (size_t x = far + 1; x-- > 0;) {
		size_t count = differences(report_cell(report, backend, group, x),
			report_cell(report, reference, group, x), values);

		if (count < RATIO_BLOCKS_MIN)
			continue;
		struct interval mean = statistics_mean_interval(values, count);

		*ratio = (struct report_ratio){backend, x, count,
			{exp(mean.estimate), exp(mean.low), exp(mean.high)}};
		return true;
	}
	return false;
}
