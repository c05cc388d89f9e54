/*
 * complexity.h - does the cost of a request grow with the number of connections?
 *
 * The data: server CPU ns a request, in R blocks, at k rising numbers of connections N.
 * "Is it O(n)?" asked of a straight line and r^2 (or of "is the slope significant?") gets
 * a wrong yes from any cache step. So four questions are asked, each with an interval
 * over the blocks, and a verdict needs all its answers:
 *
 *   share  s   Which part of the cost at the largest N is b*N? In each block
 *              a + b*N is fitted with relative residuals: s = b*Nmax / (a + b*Nmax).
 *              The mean over the blocks and its t interval.
 *   tail   E   How steep is the end? The slope of ln y on ln N over N >= Nmax/10,
 *              over two points at least: 0 is flat, 1 is proportional to N.
 *              The mean over the blocks and its t interval.
 *   growth G   What does the far end cost against the near one? The medians of the
 *              last two points over those of the first two. Block bootstrap.
 *   form   p   In which share of those resamples does a + b*N, a + b*N with one knot
 *              (steeper behind it) or a + b*N^2 fit better than a + b*log N,
 *              a + b*sqrt N and a single step (a + b*[N > c]) all do?
 *
 *   linear  s_low >= .75 and p >= .90          flat  E_high <= .25 and G_high <= 1.5
 *   grows   E_low > 0 and G_low > 1.1          else inconclusive, and what to do
 *
 * "Linear" means at least linear: the form says if it bends upwards. "Flat" means bounded
 * growth over the tested range; logarithmic growth cannot be excluded by any range.
 * tests/unit/test_complexity.c simulates how often each verdict is wrong. Without the
 * step among the forms, one of five times or more between Nmax/10 and Nmax passed for
 * "linear".
 *
 * How forms are compared: the curve of a resample is the geometric mean over its blocks
 * at each N. With S = what no form could explain (the scatter of ln y about the curve, a
 * factor common to a block taken out) + R * the squared relative residuals of the
 * curve from the form, the smallest n * ln(S / n) + parameters * ln(n) wins, n = R * k.
 * That is the BIC (Schwarz, "Estimating the dimension of a model", Annals of Statistics
 * 6, 1978); a knot has four parameters, a step three, the constant one, the others two.
 */
#ifndef HARNESS_STATISTICS_COMPLEXITY_H
#define HARNESS_STATISTICS_COMPLEXITY_H

#include "harness/statistics/statistics.h"

#include <stdbool.h>
#include <stddef.h>

enum {
	COMPLEXITY_POINTS_MAX = 32,
	COMPLEXITY_BLOCKS_MAX = 256,
	/* below these there is no verdict at all ... */
	COMPLEXITY_POINTS_MIN = 4,
	COMPLEXITY_BLOCKS_MIN = 3,
	/* ... and below these none to publish */
	COMPLEXITY_POINTS_PUBLISHABLE = 8,
	COMPLEXITY_BLOCKS_PUBLISHABLE = 10,
};

/* Nmax / Nmin, as powers of ten. */
#define COMPLEXITY_DECADES_MIN         1.5
#define COMPLEXITY_DECADES_PUBLISHABLE 2.0

/* One backend, placement and number of active connections. The caller owns the arrays. */
struct complexity_input {
	const double *connections; /* N of each point, idle and active: > 0, rising */
	size_t points;
	const double *cpu_ns; /* block by block, its points in order; NAN: missing */
	size_t blocks;
};

enum complexity_verdict {
	COMPLEXITY_INCONCLUSIVE,
	COMPLEXITY_FLAT,
	COMPLEXITY_GROWS,
	COMPLEXITY_LINEAR,
};

enum complexity_form {
	COMPLEXITY_FORM_NONE, /* too few data */
	COMPLEXITY_FORM_CONSTANT,
	COMPLEXITY_FORM_LOG,
	COMPLEXITY_FORM_SQRT,
	COMPLEXITY_FORM_STEP,
	COMPLEXITY_FORM_LINE,
	COMPLEXITY_FORM_KNOT,
	COMPLEXITY_FORM_SQUARE,
};

/* Figures that were not reached are NAN: with too few data all of them are. */
struct complexity {
	enum complexity_verdict verdict;
	bool publishable; /* enough points, decades and blocks, whatever the verdict */

	/* what was left after dropping what is missing */
	size_t points;
	size_t blocks;
	double connections_min;
	double connections_max;

	struct interval ns_per_connection; /* b; of the straight line, even if it bends */
	struct interval intercept_ns;      /* a */
	struct interval share;             /* s; noise takes it a little out of 0 to 1 */
	struct interval tail;              /* E */
	struct interval growth;            /* G */
	double p_linear;

	enum complexity_form form; /* the best of all for the data as they are */
	/*
	 * The best knot, where form is KNOT or SQUARE and there is one (else NAN): one of
	 * the N measured, two or more points on each side.
	 */
	double knot_connections;
	double knot_ns_below; /* a connection */
	double knot_ns_above; /* at least 1.25 times below */

	char sentence[200]; /* to be quoted: one line, with thousands separators */
};

/*
 * Judges one curve. Pure and repeatable: the bootstrap has a fixed seed.
 *
 * A value that is NAN (or not finite, or not above 0) is missing. A point with
 * less than half the values of the point that has most is dropped (select beyond
 * FD_SETSIZE); then each block that still has a hole. What remains is judged: points,
 * blocks and connections_max say what that was.
 *
 * 0, or -EINVAL when N is not above 0 and rising or a limit is exceeded: then the result
 * is inconclusive, and its sentence says why.
 */
int complexity_judge(const struct complexity_input *input, struct complexity *result);

/* "linear", "flat", "grows", "inconclusive" */
const char *complexity_verdict_name(enum complexity_verdict verdict);

/* "a + b*N" and so on; "none" */
const char *complexity_form_name(enum complexity_form form);

#endif
