/*
 * complexity_forms.h - a sweep without its holes, and which form of growth fits it best.
 *
 * Internal to the verdict: complexity.h has the rule and says how forms are compared.
 */
#ifndef HARNESS_STATISTICS_COMPLEXITY_FORMS_H
#define HARNESS_STATISTICS_COMPLEXITY_FORMS_H

#include "harness/statistics/complexity.h"

enum { FORMS = COMPLEXITY_FORM_SQUARE + 1 };

struct sweep {
	size_t points;
	size_t blocks;
	double connections[COMPLEXITY_POINTS_MAX];
	double ns[COMPLEXITY_BLOCKS_MAX][COMPLEXITY_POINTS_MAX];
	double logs[COMPLEXITY_BLOCKS_MAX][COMPLEXITY_POINTS_MAX]; /* of ns */
	/* form_term() of each N, and for each knot the connections beyond it */
	double columns[FORMS][COMPLEXITY_POINTS_MAX];
	double beyond[COMPLEXITY_POINTS_MAX][COMPLEXITY_POINTS_MAX];
};

struct curve {
	double ns[COMPLEXITY_POINTS_MAX]; /* geometric means */
	double scatter;                   /* what no form explains, in squares of ln y */
};

struct knot {
	bool found;
	struct fit fit; /* slopes: below, and how much more above */
	size_t place;   /* index of the point */
};

/* False: N is not above 0 and rising, or there is more than fits. */
bool sweep_input_is_valid(const struct complexity_input *input);

/* Leaves out what is missing: see complexity_judge(). */
void sweep_make(struct sweep *sweep, const struct complexity_input *input);

/* The largest N. There must be a point. */
double sweep_max(const struct sweep *sweep);

/* The curve of the chosen blocks (indices, sweep->blocks of them, repeats allowed). */
void curve_make(struct curve *curve, const struct sweep *sweep, const size_t *chosen);

/* The best convex knot: with two points or more on each side, the one at it below. */
struct knot curve_knot(const struct sweep *sweep, const struct curve *curve);

/* The form with the best score. */
enum complexity_form curve_best_form(
	const struct sweep *sweep, const struct curve *curve);

/*
 * Whether one of the forms that grow at least linearly beats all that grow slower: the
 * logarithm, the root, and a single step.
 */
bool curve_is_at_least_linear(const struct sweep *sweep, const struct curve *curve);

#endif
