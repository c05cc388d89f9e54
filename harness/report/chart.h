/*
 * chart.h - a picture of a report as numbers: what is drawn, not how.
 *
 * The same chart is drawn wide, narrow for a phone (svg.h), and with letters for a
 * terminal (ascii.h). It is drawn here and not by gnuplot, as the files under
 * plots/ are, because a page must be readable at 360 pixels, in the dark and in print,
 * answer to the pointer without ids or scripts that collide with its neighbours, and come
 * out on a machine without gnuplot; and because nothing that stands in a result of a
 * stranger can then reach a command of gnuplot.
 */
#ifndef HARNESS_REPORT_CHART_H
#define HARNESS_REPORT_CHART_H

#include "harness/report/memory.h"

#include <stdbool.h>
#include <stddef.h>

enum chart_scale_kind { CHART_LINEAR, CHART_LOG, CHART_CATEGORIES };

/* What the numbers along an axis are. */
enum chart_unit {
	CHART_NUMBER,
	CHART_NS,
	CHART_RATIO,
	CHART_PERCENT,    /* of a whole: 5 is "5 %" */
	CHART_PERCENTILE, /* 1 / (1 - p): 100 is "99 %" */
};

struct chart_axis {
	const char *title;
	enum chart_scale_kind kind;
	enum chart_unit unit;
	double low, high; /* what it must hold; both 0: only the data */
	bool from_zero;   /* linear: begins at 0; log: with some room below */
};

struct chart_point {
	double x, y;
	double low, high; /* whisker, ribbon, or the ends of a bar; NAN: none */
	bool marked;      /* a sign stands on it, and the pointer finds it */
	const char *tip;  /* what is said then; NULL: nothing */
};

enum chart_look {
	CHART_LINE = 1,
	CHART_RIBBON = 2, /* from low to high along the line */
	CHART_BARS = 4,   /* of categories: from low to high */
	CHART_HOLLOW = 8, /* signs with nothing inside, line dashed */
	CHART_SMALL = 16, /* signs for many points */
};

struct chart_series {
	const char *name;
	size_t style;  /* colour and sign, see style.h */
	unsigned look; /* of enum chart_look */
	struct chart_point *points;
	size_t count;
};

/* Grey, for orientation. */
enum chart_guide_kind { CHART_HORIZONTAL, CHART_VERTICAL, CHART_PROPORTIONAL };

struct chart_guide {
	enum chart_guide_kind kind;
	double at; /* y, x, or y / x */
	const char *label;
};

struct chart {
	struct report_memory *memory;
	const char *title; /* where a figure has two; else NULL */
	struct chart_axis x, y;
	/*
	 * Where y is CHART_CATEGORIES: their names from top to bottom, a point's y is the
	 * index, and whiskers lie along x. What stands at the right end of each row.
	 */
	const char **categories;
	const char **category_notes;
	size_t category_count;
	struct chart_series *series; /* drawn in this order */
	size_t series_count;
	struct chart_guide *guides;
	size_t guide_count;
};

/* A line of the key. */
struct chart_key {
	const char *name;
	size_t style;
	unsigned look;
	const char *note; /* smaller, under it; NULL: none */
};

enum { FIGURE_PANELS_MAX = 2 };

struct figure {
	struct report_memory *memory;
	const char *id; /* letters, digits and '-': an anchor */
	const char *title;
	const char *about;                      /* how to read it, under the picture */
	bool essential;                         /* shown in a terminal, too */
	struct chart panels[FIGURE_PANELS_MAX]; /* side by side where there is room */
	size_t panel_count;
	struct chart_key *keys;
	size_t key_count;
};

/* A further, empty panel. */
struct chart *figure_panel(struct figure *figure);
void figure_key(struct figure *figure, const char *name, size_t style, unsigned look,
	const char *note);

/*
 * A further series, empty; NULL when there is no memory. To be filled before the next is
 * added, for that may move it.
 */
struct chart_series *chart_add_series(
	struct chart *chart, const char *name, size_t style, unsigned look);
/* A further point; one that is not finite is left out. */
void chart_add_point(
	struct chart *chart, struct chart_series *series, struct chart_point point);
void chart_add_guide(
	struct chart *chart, enum chart_guide_kind kind, double at, const char *label);
/* The index of a further category. */
size_t chart_add_category(struct chart *chart, const char *name, const char *note);

bool chart_is_empty(const struct chart *chart);

/* Gives two panels one y axis. */
void chart_share_y(struct chart *a, struct chart *b);

#endif
