/* chart.c - a picture of a report as numbers. */
#include "harness/report/chart.h"

#include <math.h>

struct chart *figure_panel(struct figure *figure)
{
	struct chart *chart = &figure->panels[figure->panel_count++];

	*chart = (struct chart){.memory = figure->memory};
	return chart;
}

void figure_key(struct figure *figure, const char *name, size_t style, unsigned look,
	const char *note)
{
	struct chart_key *keys = report_grow(
		figure->memory, figure->keys, figure->key_count, sizeof(*keys));

	if (!keys)
		return;
	figure->keys = keys;
	keys[figure->key_count++] = (struct chart_key){
		.name = name, .style = style, .look = look, .note = note};
}

struct chart_series *chart_add_series(
	struct chart *chart, const char *name, size_t style, unsigned look)
{
	struct chart_series *series = report_grow(
		chart->memory, chart->series, chart->series_count, sizeof(*series));

	if (!series)
		return NULL;
	chart->series = series;
	series += chart->series_count++;
	*series = (struct chart_series){.name = name, .style = style, .look = look};
	return series;
}

void chart_add_point(
	struct chart *chart, struct chart_series *series, struct chart_point point)
{
	if (!series || !isfinite(point.x) || !isfinite(point.y))
		return;
	struct chart_point *points = report_grow(
		chart->memory, series->points, series->count, sizeof(*points));

	if (!points)
		return;
	if (!isfinite(point.low) || !isfinite(point.high))
		point.low = point.high = NAN;
	series->points = points;
	points[series->count++] = point;
}

void chart_add_guide(
	struct chart *chart, enum chart_guide_kind kind, double at, const char *label)
{
	struct chart_guide *guides = report_grow(
		chart->memory, chart->guides, chart->guide_count, sizeof(*guides));

	if (!guides || !isfinite(at))
		return;
	chart->guides = guides;
	guides[chart->guide_count++] =
		(struct chart_guide){.kind = kind, .at = at, .label = label};
}

size_t chart_add_category(struct chart *chart, const char *name, const char *note)
{
	size_t count = chart->category_count;
	const char **names =
		report_grow(chart->memory, chart->categories, count, sizeof(*names));
	const char **notes =
		report_grow(chart->memory, chart->category_notes, count, sizeof(*notes));

	if (!names || !notes)
		return 0;
	chart->categories = names;
	chart->category_notes = notes;
	names[count] = name;
	notes[count] = note;
	return chart->category_count++;
}

bool chart_is_empty(const struct chart *chart)
{
	for (size_t s = 0; s < chart->series_count; s++)
		if (chart->series[s].count > 0)
			return false;
	return true;
}

static void widen(struct chart_axis *axis, double value)
{
	if (!isfinite(value) || (axis->kind == CHART_LOG && value <= 0))
		return;
	bool empty = axis->low == 0 && axis->high == 0;

	axis->low = empty ? value : fmin(axis->low, value);
	axis->high = empty ? value : fmax(axis->high, value);
}

void chart_share_y(struct chart *a, struct chart *b)
{
	struct chart *both[] = {a, b};
	struct chart_axis axis = a->y;

	for (size_t i = 0; i < 2; i++)
		for (size_t s = 0; s < both[i]->series_count; s++)
			for (size_t p = 0; p < both[i]->series[s].count; p++) {
				const struct chart_point *point =
					&both[i]->series[s].points[p];

				widen(&axis, point->y);
				widen(&axis, point->low);
				widen(&axis, point->high);
			}
	a->y.low = b->y.low = axis.low;
	a->y.high = b->y.high = axis.high;
}
