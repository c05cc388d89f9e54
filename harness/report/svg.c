/* svg.c - a chart as SVG inside a page. */
#include "harness/report/svg.h"

#include "harness/html.h"
#include "harness/report/scale.h"
#include "harness/report/style.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

const struct svg_size svg_wide = {"wide", 760, 400, 13};
const struct svg_size svg_full = {"wide", 1000, 400, 13.5};
const struct svg_size svg_half = {"wide", 540, 350, 13};
const struct svg_size svg_narrow = {"narrow", 380, 320, 12.5};

enum { ROW_HEIGHT = 32, COINCIDE_PX = 9 };

/* A chart on its way to paper. */
struct drawing {
	FILE *out;
	const struct chart *chart;
	const struct svg_size *size;
	double height;
	double left, right, top, bottom; /* of the frame */
	struct scale x, y;
};

/* ---- measures ---- */

/* About how wide a text is; nothing hangs on it but margins. */
static double text_width(const struct svg_size *size, const char *text)
{
	size_t characters = 0;

	for (; *text; text++)
		characters += (*text & 0xc0) != 0x80;
	return (double)characters * size->font * 0.57;
}

static double widest(const struct svg_size *size, const char *const *texts, size_t count)
{
	double width = 0;

	for (size_t i = 0; i < count; i++)
		if (texts[i])
			width = fmax(width, text_width(size, texts[i]));
	return width;
}

static bool is_rows(const struct chart *chart)
{
	return chart->y.kind == CHART_CATEGORIES;
}

static void set_frame(struct drawing *drawing)
{
	const struct chart *chart = drawing->chart;
	const struct svg_size *size = drawing->size;
	double font = size->font;

	drawing->height = size->height;
	drawing->top = is_rows(chart) ? 6 : 12 + 1.6 * font;
	drawing->left = 8 + 5.2 * font;
	drawing->right = size->width - 1.8 * font; /* half of the last tick's name */
	if (is_rows(chart)) {
		drawing->left =
			14 + fmin(size->width * 0.4, widest(size, chart->categories,
							     chart->category_count));
		drawing->right = size->width - 14 -
				 fmax(14, 1.15 * widest(size, chart->category_notes,
							 chart->category_count));
		drawing->height = drawing->top + 3.9 * font +
				  ROW_HEIGHT * (double)chart->category_count;
	}
	drawing->bottom = drawing->height - 3.9 * font;
	drawing->x = scale_x(chart, drawing->left, drawing->right);
	drawing->y = is_rows(chart) ? scale_y(chart, drawing->top, drawing->bottom)
				    : scale_y(chart, drawing->bottom, drawing->top);
}

static double px_x(const struct drawing *drawing, double value)
{
	return scale_clamped(&drawing->x, value);
}

static double px_y(const struct drawing *drawing, double value)
{
	return scale_clamped(&drawing->y, value);
}

static bool drawable(const struct drawing *drawing, const struct chart_point *point)
{
	return scale_holds(&drawing->x, point->x) && scale_holds(&drawing->y, point->y);
}

/* ---- axes ---- */

static void put_text(const struct drawing *drawing, const char *class, double x, double y,
	const char *anchor, const char *text)
{
	fprintf(drawing->out, "<text class=\"%s\" x=\"%.1f\" y=\"%.1f\" ", class, x, y);
	fprintf(drawing->out, "text-anchor=\"%s\">", anchor);
	html_text(drawing->out, text);
	fputs("</text>\n", drawing->out);
}

static void put_x_axis(const struct drawing *drawing)
{
	struct scale_tick ticks[SCALE_TICKS_MAX];
	double font = drawing->size->font;
	size_t count =
		scale_ticks(&drawing->x, drawing->chart->x.unit, 4.2 * font, ticks);

	for (size_t i = 0; i < count; i++) {
		double x = scale_at(&drawing->x, ticks[i].value);
		bool named = *ticks[i].text;

		fprintf(drawing->out, "<path class=\"%s\" d=\"M%.1f %.1fV%.1f\"/>\n",
			named ? "grid" : "tick", x, drawing->bottom + (named ? 0 : 4),
			named ? drawing->top : drawing->bottom);
		if (named)
			put_text(drawing, "name", x, drawing->bottom + 1.35 * font,
				"middle", ticks[i].text);
	}
	put_text(drawing, "title", (drawing->left + drawing->right) / 2,
		drawing->bottom + 3.0 * font, "middle", drawing->chart->x.title);
}

static void put_y_axis(const struct drawing *drawing)
{
	struct scale_tick ticks[SCALE_TICKS_MAX];
	double font = drawing->size->font;
	size_t count =
		scale_ticks(&drawing->y, drawing->chart->y.unit, 2.2 * font, ticks);

	for (size_t i = 0; i < count; i++) {
		double y = scale_at(&drawing->y, ticks[i].value);
		bool named = *ticks[i].text;

		fprintf(drawing->out, "<path class=\"%s\" d=\"M%.1f %.1fH%.1f\"/>\n",
			named ? "grid" : "tick", drawing->left - (named ? 0 : 4), y,
			named ? drawing->right : drawing->left);
		if (named)
			put_text(drawing, "name", drawing->left - 7, y + 0.35 * font,
				"end", ticks[i].text);
	}
	put_text(drawing, "title", 4, font + 1, "start", drawing->chart->y.title);
}

static void put_rows(const struct drawing *drawing)
{
	const struct chart *chart = drawing->chart;
	double font = drawing->size->font;

	for (size_t i = 0; i < chart->category_count; i++) {
		double y = px_y(drawing, (double)i) + 0.35 * font;

		put_text(drawing, "name", drawing->left - 8, y, "end",
			chart->categories[i]);
		if (chart->category_notes[i])
			put_text(drawing, "note", drawing->right + 8, y, "start",
				chart->category_notes[i]);
	}
}

/* ---- guides ---- */

/* The line y = at * x within the frame; false when no part of it is there. */
static bool clip_proportional(
	const struct drawing *drawing, double at, double *x_low, double *x_high)
{
	double y_low = scale_value(&drawing->y, drawing->y.from);
	double y_high = scale_value(&drawing->y, drawing->y.to);

	*x_low = fmax(scale_value(&drawing->x, drawing->x.from), y_low / at);
	*x_high = fmin(scale_value(&drawing->x, drawing->x.to), y_high / at);
	return at > 0 && *x_low < *x_high;
}

static void put_proportional(
	const struct drawing *drawing, const struct chart_guide *guide)
{
	double low, high;

	if (!clip_proportional(drawing, guide->at, &low, &high))
		return;
	double x1 = px_x(drawing, low), y1 = px_y(drawing, guide->at * low);
	double x2 = px_x(drawing, high), y2 = px_y(drawing, guide->at * high);

	fprintf(drawing->out, "<path class=\"guide\" d=\"M%.1f %.1fL%.1f %.1f\"/>\n", x1,
		y1, x2, y2);
	/* Left of it: costs are flat where it begins, and climb on its right. */
	put_text(drawing, "guide-name", x1 + (x2 - x1) * 0.6 - 8,
		y1 + (y2 - y1) * 0.6 - 2, "end", guide->label);
}

static void put_guide(const struct drawing *drawing, const struct chart_guide *guide)
{
	double font = drawing->size->font;

	if (guide->kind == CHART_PROPORTIONAL) {
		put_proportional(drawing, guide);
	} else if (guide->kind == CHART_HORIZONTAL &&
		   scale_holds(&drawing->y, guide->at)) {
		double y = px_y(drawing, guide->at);

		fprintf(drawing->out, "<path class=\"guide\" d=\"M%.1f %.1fH%.1f\"/>\n",
			drawing->left, y, drawing->right);
		put_text(drawing, "guide-name", drawing->right - 4, y + 1.6 * font, "end",
			guide->label);
	} else if (guide->kind == CHART_VERTICAL && scale_holds(&drawing->x, guide->at)) {
		double x = px_x(drawing, guide->at);

		fprintf(drawing->out, "<path class=\"guide\" d=\"M%.1f %.1fV%.1f\"/>\n",
			x, drawing->top, drawing->bottom);
		if (*guide->label)
			put_text(drawing, "guide-name", x + 3, drawing->top + font,
				"start", guide->label);
	}
}

/* ---- series ---- */

static const struct chart_point *point_at(const struct chart_series *series, double x)
{
	for (size_t i = 0; i < series->count; i++)
		if (fabs(series->points[i].x - x) <= 1e-9 * fabs(x))
			return &series->points[i];
	return NULL;
}

/* On average less than a mark apart where both have a point. */
static bool coincide(const struct drawing *drawing, const struct chart_series *a,
	const struct chart_series *b)
{
	double apart = 0;
	size_t met = 0;

	for (size_t i = 0; i < a->count; i++) {
		const struct chart_point *other = point_at(b, a->points[i].x);

		if (!other)
			continue;
		apart += fabs(px_y(drawing, a->points[i].y) - px_y(drawing, other->y));
		met++;
	}
	return met > 0 && apart < COINCIDE_PX * (double)met;
}

/* How many lines before (-1) or behind (1) it in the order lie on it. */
static int hiding(const struct drawing *drawing, size_t s, int direction)
{
	const struct chart_series *list = drawing->chart->series;
	int lines = 0;

	for (size_t i = 0; i < drawing->chart->series_count; i++)
		if ((direction < 0 ? i < s : i > s) && (list[i].look & CHART_LINE) &&
			list[i].look == list[s].look && list[s].count <= 64)
			lines += coincide(drawing, &list[s], &list[i]);
	return lines;
}

/* A line that others will be drawn over is wider, one over others is dashed. */
static void put_line(const struct drawing *drawing, const struct chart_series *series,
	int under, int over)
{
	static const char *const dashes[] = {"", "7 4", "2.5 3", "7 3 2 3"};
	const char *dash =
		series->look & CHART_HOLLOW ? "4 3" : dashes[over < 4 ? over : 3];
	char move = 'M';

	fprintf(drawing->out, "<path class=\"line\" stroke-width=\"%.1f\"",
		2.0 + 2.2 * (under < 3 ? under : 3));
	if (*dash)
		fprintf(drawing->out, " stroke-dasharray=\"%s\"", dash);
	fputs(" d=\"", drawing->out);
	for (size_t i = 0; i < series->count; i++) {
		if (!drawable(drawing, &series->points[i]))
			continue;
		fprintf(drawing->out, "%c%.1f %.1f", move,
			px_x(drawing, series->points[i].x),
			px_y(drawing, series->points[i].y));
		move = 'L';
	}
	fputs("\"/>\n", drawing->out);
}

static void put_ribbon(const struct drawing *drawing, const struct chart_series *series)
{
	char move = 'M';

	fputs("<path class=\"ribbon\" d=\"", drawing->out);
	for (size_t i = 0; i < 2 * series->count; i++) {
		bool back = i >= series->count;
		size_t p = back ? 2 * series->count - 1 - i : i;
		const struct chart_point *point = &series->points[p];

		if (isnan(point->low) || !drawable(drawing, point))
			continue;
		fprintf(drawing->out, "%c%.1f %.1f", move, px_x(drawing, point->x),
			px_y(drawing, back ? point->low : point->high));
		move = 'L';
	}
	fputs(move == 'M' ? "M0 0\"/>\n" : "z\"/>\n", drawing->out);
}

static void put_whisker(const struct drawing *drawing, const struct chart_point *point)
{
	bool across = is_rows(drawing->chart);
	double x = px_x(drawing, point->x), y = px_y(drawing, point->y);
	double low = across ? px_x(drawing, point->low) : px_y(drawing, point->low);
	double high = across ? px_x(drawing, point->high) : px_y(drawing, point->high);

	if (fabs(high - low) < 2)
		return;
	if (across)
		fprintf(drawing->out,
			"<path class=\"whisker\" d=\"M%.1f %.1fH%.1fM%.1f %.1fv9"
			"M%.1f %.1fv9\"/>",
			low, y, high, low, y - 4.5, high, y - 4.5);
	else
		fprintf(drawing->out,
			"<path class=\"whisker\" d=\"M%.1f %.1fV%.1fM%.1f %.1fh9"
			"M%.1f %.1fh9\"/>",
			x, low, high, x - 4.5, low, x - 4.5, high);
}

static void put_tip(const struct drawing *drawing, const struct chart_point *point)
{
	if (!point->tip)
		return;
	fputs("<title>", drawing->out);
	html_lines(drawing->out, point->tip);
	fputs("</title>", drawing->out);
}

static void put_mark(const struct drawing *drawing, const struct chart_series *series,
	const struct chart_point *point, int under)
{
	double x = px_x(drawing, point->x), y = px_y(drawing, point->y);
	double scale = (series->look & CHART_SMALL ? 0.55 : 1) *
		       (1 + 0.28 * (under < 3 ? under : 3));

	fprintf(drawing->out, "<g class=\"p\" data-x=\"%.1f\" data-y=\"%.1f\">", x, y);
	if (!isnan(point->low) && !(series->look & CHART_RIBBON))
		put_whisker(drawing, point);
	fprintf(drawing->out,
		"<path class=\"%s\" transform=\"translate(%.1f %.1f)scale(%.2f)\" "
		"d=\"%s\"/>",
		series->look & CHART_HOLLOW ? "sign hollow" : "sign", x, y, scale,
		report_style_sign(series->style));
	put_tip(drawing, point);
	fputs("</g>\n", drawing->out);
}

static void put_bar(const struct drawing *drawing, const struct chart_series *series,
	const struct chart_point *point)
{
	double x1 = px_x(drawing, point->low), x2 = px_x(drawing, point->high);
	double y = px_y(drawing, point->y), half = ROW_HEIGHT * 0.36;

	fprintf(drawing->out,
		"<g class=\"p\" data-x=\"%.1f\" data-y=\"%.1f\"><rect class=\"bar\" "
		"x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\"/>",
		(x1 + x2) / 2, y, x1, y - half, fmax(x2 - x1, 0.5), 2 * half);
	if (text_width(drawing->size, series->name) + 6 < x2 - x1)
		put_text(drawing, "inside", (x1 + x2) / 2, y + 0.35 * drawing->size->font,
			"middle", series->name);
	put_tip(drawing, point);
	fputs("</g>\n", drawing->out);
}

static void put_series(const struct drawing *drawing, size_t s)
{
	const struct chart_series *series = &drawing->chart->series[s];
	bool nested = !(series->look & CHART_RIBBON);
	int under = nested ? hiding(drawing, s, 1) : 0;
	int over = nested ? hiding(drawing, s, -1) : 0;

	fprintf(drawing->out, "<g class=\"c%zu\" data-s=\"%zu\">\n",
		series->style % STYLE_COLOURS, series->style);
	if (series->look & CHART_RIBBON)
		put_ribbon(drawing, series);
	if (series->look & CHART_LINE)
		put_line(drawing, series, under, over);
	for (size_t i = 0; i < series->count; i++) {
		const struct chart_point *point = &series->points[i];

		if (series->look & CHART_BARS)
			put_bar(drawing, series, point);
		else if (point->marked && drawable(drawing, point))
			put_mark(drawing, series, point, under);
	}
	fputs("</g>\n", drawing->out);
}

void report_svg(FILE *out, const struct chart *chart, const struct svg_size *size,
	const char *label)
{
	struct drawing drawing = {.out = out, .chart = chart, .size = size};

	set_frame(&drawing);
	fprintf(out,
		"<svg class=\"chart %s\" viewBox=\"0 0 %.0f %.0f\" role=\"img\" "
		"font-size=\"%.1f\" aria-label=\"",
		size->name, size->width, drawing.height, size->font);
	html_text(out, label);
	fputs("\">\n", out);
	put_x_axis(&drawing);
	if (is_rows(chart))
		put_rows(&drawing);
	else
		put_y_axis(&drawing);
	fprintf(out, "<path class=\"axis\" d=\"M%.1f %.1fV%.1fH%.1f\"/>\n", drawing.left,
		drawing.top, drawing.bottom, drawing.right);
	for (size_t g = 0; g < chart->guide_count; g++)
		put_guide(&drawing, &chart->guides[g]);
	for (size_t s = 0; s < chart->series_count; s++)
		put_series(&drawing, s);
	fputs("</svg>\n", out);
}

void report_svg_sample(FILE *out, size_t style, unsigned look)
{
	fprintf(out,
		"<svg class=\"sample c%zu\" viewBox=\"0 0 34 16\" aria-hidden=\"true\">",
		style % STYLE_COLOURS);
	if (look & CHART_BARS) {
		fputs("<rect class=\"bar\" x=\"10\" y=\"2\" width=\"14\" height=\"12\"/>",
			out);
	} else {
		if (look & CHART_LINE)
			fputs("<path class=\"line\" stroke-width=\"2.4\" d=\"M1 8h32\"/>",
				out);
		fprintf(out,
			"<path class=\"sign\" transform=\"translate(17 8)\" d=\"%s\"/>",
			report_style_sign(style));
	}
	fputs("</svg>", out);
}
