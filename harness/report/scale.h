/* scale.h - from the numbers of a chart to places along an axis, and its ticks. */
#ifndef HARNESS_REPORT_SCALE_H
#define HARNESS_REPORT_SCALE_H

#include "harness/report/chart.h"

enum { SCALE_TICKS_MAX = 128, SCALE_TICK_BYTES = 24 };

struct scale {
	bool log;
	double low, high; /* the ends, as logarithms if it is one */
	double from, to;  /* where they lie: pixels or columns */
};

struct scale_tick {
	double value;
	char text[SCALE_TICK_BYTES]; /* "": a small one without a name */
};

/* What the axis must span for all the chart holds; from and to are as given. */
struct scale scale_x(const struct chart *chart, double from, double to);
struct scale scale_y(const struct chart *chart, double from, double to);

/* NAN for what has no place: 0 on a logarithmic one. */
double scale_at(const struct scale *scale, double value);
double scale_clamped(const struct scale *scale, double value);
/* The value at a place. */
double scale_value(const struct scale *scale, double at);
bool scale_holds(const struct scale *scale, double value);

/*
 * Into ticks[SCALE_TICKS_MAX]; how many. apart is the room a name needs along the axis,
 * in the unit of from and to.
 */
size_t scale_ticks(const struct scale *scale, enum chart_unit unit, double apart,
	struct scale_tick *ticks);

#endif
