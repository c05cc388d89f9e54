/* scale.c - from the numbers of a chart to places along an axis, and its ticks. */
#include "harness/report/scale.h"

#include "harness/report/numbers.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* Room around the data, as a share of the span. */
#define MARGIN 0.05

/*
 * What an axis spans at the least: in decades, or in its unit. Small differences are not
 * blown up to a picture, but for ratios, which are about them.
 */
static double least_span(const struct chart_axis *axis, double high)
{
	if (axis->kind == CHART_LOG)
		return axis->unit == CHART_RATIO ? 0.02 : 0.35;
	if (axis->unit == CHART_PERCENT)
		return 10;
	return fmax(fabs(high) * 0.01, axis->unit == CHART_NUMBER ? 2 : 0);
}

struct range {
	double low, high;
};

static void widen(struct range *range, bool log, double value)
{
	if (!isfinite(value) || (log && value <= 0))
		return;
	if (log)
		value = log10(value);
	range->low = fmin(range->low, value);
	range->high = fmax(range->high, value);
}

/* Nothing at all, or a single value, still gets an axis with some length. */
static struct scale finish(
	struct range range, const struct chart_axis *axis, double from, double to)
{
	bool log = axis->kind == CHART_LOG;

	if (!isfinite(range.low))
		range = (struct range){0, 1};
	if (axis->from_zero && !log)
		range.low = fmin(range.low, 0);
	double span = range.high - range.low;
	double least = fmax(least_span(axis, range.high), 1e-9);
	double margin = fmax(span * MARGIN, (least - span) / 2);

	return (struct scale){
		.log = log,
		.low = range.low -
		       (axis->from_zero && !log && range.low == 0 ? 0 : margin) -
		       (axis->from_zero && log ? margin : 0),
		.high = range.high + margin,
		.from = from,
		.to = to,
	};
}

static struct range axis_range(const struct chart_axis *axis)
{
	bool log = axis->kind == CHART_LOG;
	struct range range = {INFINITY, -INFINITY};

	if (axis->low != 0 || axis->high != 0) {
		widen(&range, log, axis->low);
		widen(&range, log, axis->high);
	}
	return range;
}

struct scale scale_x(const struct chart *chart, double from, double to)
{
	struct range range = axis_range(&chart->x);
	bool log = chart->x.kind == CHART_LOG;
	bool across = chart->y.kind == CHART_CATEGORIES;

	for (size_t s = 0; s < chart->series_count; s++)
		for (size_t p = 0; p < chart->series[s].count; p++) {
			const struct chart_point *point = &chart->series[s].points[p];

			widen(&range, log, point->x);
			widen(&range, log, across ? point->low : NAN);
			widen(&range, log, across ? point->high : NAN);
		}
	for (size_t g = 0; g < chart->guide_count && across; g++)
		if (chart->guides[g].kind == CHART_VERTICAL)
			widen(&range, log, chart->guides[g].at);
	return finish(range, &chart->x, from, to);
}

struct scale scale_y(const struct chart *chart, double from, double to)
{
	struct range range = axis_range(&chart->y);
	bool log = chart->y.kind == CHART_LOG;

	if (chart->y.kind == CHART_CATEGORIES)
		return (struct scale){.low = -0.5,
			.high = (double)chart->category_count - 0.5,
			.from = from,
			.to = to};
	for (size_t s = 0; s < chart->series_count; s++)
		for (size_t p = 0; p < chart->series[s].count; p++) {
			const struct chart_point *point = &chart->series[s].points[p];

			widen(&range, log, point->y);
			widen(&range, log, point->low);
			widen(&range, log, point->high);
		}
	return finish(range, &chart->y, from, to);
}

double scale_at(const struct scale *scale, double value)
{
	if (scale->log)
		value = value > 0 ? log10(value) : NAN;
	return scale->from + (value - scale->low) / (scale->high - scale->low) *
				     (scale->to - scale->from);
}

double scale_clamped(const struct scale *scale, double value)
{
	double at = scale_at(scale, value);
	double least = fmin(scale->from, scale->to);

	return fmin(
		fmax(isnan(at) ? scale->from : at, least), fmax(scale->from, scale->to));
}

double scale_value(const struct scale *scale, double at)
{
	double value = scale->low + (at - scale->from) / (scale->to - scale->from) *
					    (scale->high - scale->low);

	return scale->log ? pow(10, value) : value;
}

bool scale_holds(const struct scale *scale, double value)
{
	double at = scale_at(scale, value);

	return at >= fmin(scale->from, scale->to) - 0.01 &&
	       at <= fmax(scale->from, scale->to) + 0.01;
}

/* ---- ticks ---- */

static void tick_text(enum chart_unit unit, double value, char *text)
{
	struct report_number number;
	size_t unit_at = 0;
	static const char *const units[] = {"ns", "µs", "ms", "s"};

	switch (unit) {
	case CHART_NS:
		while (unit_at < 3 && fabs(value) >= 1000 * (1 - 1e-9)) {
			value /= 1000;
			unit_at++;
		}
		snprintf(text, SCALE_TICK_BYTES, "%.6g %s", value, units[unit_at]);
		return;
	case CHART_RATIO:
		snprintf(text, SCALE_TICK_BYTES, "%.6g×", value);
		return;
	case CHART_PERCENT:
		snprintf(text, SCALE_TICK_BYTES, "%s%.6g %%", value > 0 ? "+" : "",
			fabs(value) < 1e-9 ? 0 : value);
		return;
	case CHART_PERCENTILE:
		number = report_percentile(value);
		break;
	case CHART_NUMBER:
	default:
		if (value >= 1000)
			number = report_count(value);
		else
			snprintf(number.text, sizeof(number.text), "%.6g",
				fabs(value) < 1e-9 ? 0 : value);
		break;
	}
	snprintf(text, SCALE_TICK_BYTES, "%.23s", number.text);
}

static void add_tick(const struct scale *scale, enum chart_unit unit, double value,
	bool named, struct scale_tick *ticks, size_t *count)
{
	if (*count == SCALE_TICKS_MAX || !scale_holds(scale, value))
		return;
	ticks[*count].value = value;
	ticks[*count].text[0] = '\0';
	if (named)
		tick_text(unit, value, ticks[*count].text);
	(*count)++;
}

/* 1, 2 or 5 times a power of ten, not below step. */
static double round_step(double step)
{
	double power = pow(10, floor(log10(step)));
	double digit = step / power;

	return power * (digit <= 1.0001 ? 1 : digit <= 2 ? 2 : digit <= 5 ? 5 : 10);
}

static size_t even_ticks(const struct scale *scale, enum chart_unit unit, double apart,
	struct scale_tick *ticks)
{
	double low = scale_value(scale, scale->from);
	double high = scale_value(scale, scale->to);
	double room = fabs(scale->to - scale->from) / apart;
	double step = round_step((high - low) / fmax(room, 1));
	size_t count = 0;

	for (double i = ceil(low / step); i * step <= high && count < SCALE_TICKS_MAX;
		i++)
		add_tick(scale, unit, i * step, true, ticks, &count);
	return count;
}

/* Every power of ten; its 2 and 5 where there is room; the others without a name. */
static size_t decade_ticks(const struct scale *scale, enum chart_unit unit, double apart,
	struct scale_tick *ticks)
{
	double decade = fabs(scale->to - scale->from) / (scale->high - scale->low);
	bool crowded = decade<apart, roomy = decade * 0.3> apart;
	size_t count = 0;

	for (int e = (int)floor(scale->low); e <= (int)ceil(scale->high); e++)
		for (int m = 1; m <= 9; m++) {
			bool named = m == 1 ? !crowded || e % 2 == 0
					    : roomy && (m == 2 || m == 5);

			if (m == 1 || !crowded)
				add_tick(scale, unit, m * pow(10, e), named, ticks,
					&count);
		}
	return count;
}

static size_t percentile_ticks(
	const struct scale *scale, double apart, struct scale_tick *ticks)
{
	double decade = fabs(scale->to - scale->from) / (scale->high - scale->low);
	size_t count = 0;

	add_tick(scale, CHART_PERCENTILE, 1, true, ticks, &count);
	add_tick(scale, CHART_PERCENTILE, 2, decade * 0.3 > apart * 0.8, ticks, &count);
	for (int e = 1; e < 9; e++)
		add_tick(scale, CHART_PERCENTILE, pow(10, e),
			decade > apart || e % 2 == 1, ticks, &count);
	return count;
}

size_t scale_ticks(const struct scale *scale, enum chart_unit unit, double apart,
	struct scale_tick *ticks)
{
	if (unit == CHART_PERCENTILE)
		return percentile_ticks(scale, apart, ticks);
	if (scale->log && scale->high - scale->low > 1)
		return decade_ticks(scale, unit, apart, ticks);
	return even_ticks(scale, unit, apart, ticks);
}
