/*
 * ratios.h - how many times what another backend costs, with an interval.
 *
 * The two are compared block by block, for what disturbs a block disturbs all its cells:
 * d = ln(a / b) in each block, the mean of d and its t interval, both raised to e. That
 * is the geometric mean of the ratios; 1 inside the interval means that no difference was
 * shown. (measured in pairs: Box, Hunter and Hunter, Statistics for Experimenters, 2nd
 * edition, section 3.2)
 */
#ifndef HARNESS_REPORT_RATIOS_H
#define HARNESS_REPORT_RATIOS_H

#include "harness/report/data.h"
#include "harness/statistics/statistics.h"

enum { RATIO_BLOCKS_MIN = 3 };

struct report_ratio {
	size_t backend;
	size_t x; /* the furthest place both were measured at, up to the far one */
	size_t blocks;
	struct interval ratio;
};

/* What the others are compared with: epoll-lt, else another epoll, else the first. */
size_t ratio_reference(const struct report *report);

/* False: fewer than RATIO_BLOCKS_MIN blocks have both. */
bool ratio_make(const struct report *report, size_t group, size_t backend,
	struct report_ratio *ratio);

#endif
