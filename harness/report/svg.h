/*
 * svg.h - a chart as SVG inside a page.
 *
 * It has no id and no script of its own, so that any number of them live on one page;
 * colours come from the page's style sheet by class (c0, c1 ...), signs are shapes as
 * well as colours. A marked point is <g class="p"> with its text as a <title>, which a
 * browser shows by itself, and the script of the page faster and on touch as well.
 */
#ifndef HARNESS_REPORT_SVG_H
#define HARNESS_REPORT_SVG_H

#include "harness/report/chart.h"

#include <stdio.h>

struct svg_size {
	const char *name; /* a class: which one the style sheet shows */
	double width, height;
	double font;
};

/* Beside a key; over the whole page; two side by side; on a phone. */
extern const struct svg_size svg_wide, svg_full, svg_half, svg_narrow;

void report_svg(FILE *out, const struct chart *chart, const struct svg_size *size,
	const char *label);

/* The sample of a key: a piece of the line with its sign. */
void report_svg_sample(FILE *out, size_t style, unsigned look);

#endif
