/* complexity_forms.c - a sweep without its holes, and which form of growth fits it. */
#include "harness/statistics/complexity_forms.h"

#include <math.h>

/* A knot that steepens less is a matter of taste. */
#define KNOT_RATIO_MIN 1.25

/* ---- the forms ------------------------------------------------------------------ */

struct form {
	const char *name;
	double parameters; /* that were free, for the penalty */
};

static const struct form forms[FORMS] = {
	[COMPLEXITY_FORM_NONE] = {"none", 0},
	[COMPLEXITY_FORM_CONSTANT] = {"a", 1},
	[COMPLEXITY_FORM_LOG] = {"a + b*log N", 2},
	[COMPLEXITY_FORM_SQRT] = {"a + b*sqrt N", 2},
	[COMPLEXITY_FORM_STEP] = {"a step", 3}, /* its place too */
	[COMPLEXITY_FORM_LINE] = {"a + b*N", 2},
	[COMPLEXITY_FORM_KNOT] = {"a + b*N with a knot", 4}, /* slope and place too */
	[COMPLEXITY_FORM_SQUARE] = {"a + b*N^2", 2},
};

/* What b is multiplied with. */
static double form_term(enum complexity_form form, double connections)
{
	switch (form) {
	case COMPLEXITY_FORM_NONE:
	case COMPLEXITY_FORM_CONSTANT:
	case COMPLEXITY_FORM_STEP: /* one column a place: fit_step() */
		break;
	case COMPLEXITY_FORM_LOG:
		return log(connections);
	case COMPLEXITY_FORM_SQRT:
		return sqrt(connections);
	case COMPLEXITY_FORM_LINE:
	case COMPLEXITY_FORM_KNOT:
		return connections;
	case COMPLEXITY_FORM_SQUARE:
		return connections * connections;
	}
	return 0;
}

const char *complexity_form_name(enum complexity_form form)
{
	return forms[form].name;
}

/* ---- the data without what is missing ------------------------------------------- */

bool sweep_input_is_valid(const struct complexity_input *input)
{
	if (input->points > COMPLEXITY_POINTS_MAX ||
		input->blocks > COMPLEXITY_BLOCKS_MAX)
		return false;
	for (size_t i = 0; i < input->points; i++) {
		double before = i > 0 ? input->connections[i - 1] : 0;

		if (!isfinite(input->connections[i]) || !(input->connections[i] > before))
			return false;
	}
	return true;
}

static bool is_measured(const struct complexity_input *input, size_t block, size_t point)
{
	double ns = input->cpu_ns[block * input->points + point];

	return isfinite(ns) && ns > 0;
}

static size_t count_measured(const struct complexity_input *input, size_t point)
{
	size_t count = 0;

	for (size_t block = 0; block < input->blocks; block++)
		count += is_measured(input, block, point);
	return count;
}

/*
 * The points to keep, and how many: those with at least half as many values as the point
 * that has most (not half of the blocks: a run cut short has empty ones).
 */
static size_t keep_points(const struct complexity_input *input, size_t *kept)
{
	size_t count = 0, most = 0;

	for (size_t point = 0; point < input->points; point++) {
		size_t measured = count_measured(input, point);

		most = measured > most ? measured : most;
	}
	for (size_t point = 0; point < input->points; point++) {
		size_t measured = count_measured(input, point);

		if (measured > 0 && 2 * measured >= most)
			kept[count++] = point;
	}
	return count;
}

/* Appends the block, unless one of the kept points is missing in it. */
static void add_block(struct sweep *sweep, const struct complexity_input *input,
	size_t block, const size_t *kept)
{
	for (size_t i = 0; i < sweep->points; i++) {
		double ns = input->cpu_ns[block * input->points + kept[i]];

		if (!is_measured(input, block, kept[i]))
			return;
		sweep->ns[sweep->blocks][i] = ns;
		sweep->logs[sweep->blocks][i] = log(ns);
	}
	sweep->blocks++;
}

static void fill_columns(struct sweep *sweep)
{
	for (size_t i = 0; i < sweep->points; i++) {
		double n = sweep->connections[i];

		for (int form = 0; form < FORMS; form++)
			sweep->columns[form][i] =
				form_term((enum complexity_form)form, n);
		for (size_t knot = 0; knot < sweep->points; knot++)
			sweep->beyond[knot][i] = fmax(n - sweep->connections[knot], 0);
	}
}

void sweep_make(struct sweep *sweep, const struct complexity_input *input)
{
	size_t kept[COMPLEXITY_POINTS_MAX];

	sweep->points = keep_points(input, kept);
	sweep->blocks = 0;
	for (size_t i = 0; i < sweep->points; i++)
		sweep->connections[i] = input->connections[kept[i]];
	for (size_t block = 0; block < input->blocks; block++)
		add_block(sweep, input, block, kept);
	fill_columns(sweep);
}

double sweep_max(const struct sweep *sweep)
{
	return sweep->connections[sweep->points - 1];
}

/* ---- the curve of some blocks, and which form fits it --------------------------- */

void curve_make(struct curve *curve, const struct sweep *sweep, const size_t *chosen)
{
	double means[COMPLEXITY_POINTS_MAX] = {0};
	double blocks = (double)sweep->blocks, points = (double)sweep->points;

	for (size_t b = 0; b < sweep->blocks; b++)
		for (size_t i = 0; i < sweep->points; i++)
			means[i] += sweep->logs[chosen[b]][i] / blocks;
	for (size_t i = 0; i < sweep->points; i++)
		curve->ns[i] = exp(means[i]);
	curve->scatter = 0;
	for (size_t b = 0; b < sweep->blocks; b++) {
		double sum = 0, squares = 0;

		for (size_t i = 0; i < sweep->points; i++) {
			double deviation = sweep->logs[chosen[b]][i] - means[i];

			sum += deviation;
			squares += deviation * deviation;
		}
		curve->scatter += squares - sum * sum / points; /* less the block's own */
	}
}

static struct knot fit_knot(const struct sweep *sweep, const double *ns)
{
	struct knot best = {0};

	for (size_t place = 1; place + 2 < sweep->points; place++) {
		const double *columns[] = {
			sweep->columns[COMPLEXITY_FORM_KNOT], sweep->beyond[place]};
		struct fit fit;

		if (!statistics_fit_relative(&fit, columns, 2, ns, sweep->points) ||
			!(fit.slopes[0] > 0) ||
			fit.slopes[1] < (KNOT_RATIO_MIN - 1) * fit.slopes[0])
			continue;
		if (!best.found || fit.squares < best.fit.squares)
			best = (struct knot){.found = true, .fit = fit, .place = place};
	}
	return best;
}

/* Squared relative residuals of the best step up: a + b*[N > c], c one of the N. */
static double step_squares(const struct sweep *sweep, const double *ns)
{
	double best = INFINITY;

	for (size_t place = 0; place + 1 < sweep->points; place++) {
		double behind[COMPLEXITY_POINTS_MAX];
		const double *columns[] = {behind};
		struct fit fit;

		for (size_t i = 0; i < sweep->points; i++)
			behind[i] = i > place;
		if (statistics_fit_relative(&fit, columns, 1, ns, sweep->points) &&
			fit.slopes[0] > 0)
			best = fmin(best, fit.squares);
	}
	return best;
}

/* Squared relative residuals of the curve from the form; INFINITY: does not apply. */
static double form_squares(
	enum complexity_form form, const struct sweep *sweep, const double *ns)
{
	const double *columns[] = {sweep->columns[form]};
	size_t terms = form == COMPLEXITY_FORM_CONSTANT ? 0 : 1;
	struct fit fit;

	if (form == COMPLEXITY_FORM_KNOT) {
		struct knot knot = fit_knot(sweep, ns);

		return knot.found ? knot.fit.squares : INFINITY;
	}
	if (form == COMPLEXITY_FORM_STEP)
		return step_squares(sweep, ns);
	if (!statistics_fit_relative(&fit, columns, terms, ns, sweep->points))
		return INFINITY;
	return fit.squares;
}

/* Lower is better: see the header. */
static double form_score(
	enum complexity_form form, const struct sweep *sweep, const struct curve *curve)
{
	double n = (double)(sweep->blocks * sweep->points);
	double missed = (double)sweep->blocks * form_squares(form, sweep, curve->ns);

	/* Blocks that agree to the last digit leave nothing, or less by rounding. */
	double unexplained = fmax(curve->scatter + missed, 1e-12);

	return n * log(unexplained / n) + forms[form].parameters * log(n);
}

enum complexity_form curve_best_form(const struct sweep *sweep, const struct curve *curve)
{
	enum complexity_form best = COMPLEXITY_FORM_NONE;
	double best_score = INFINITY;

	for (int form = COMPLEXITY_FORM_CONSTANT; form < FORMS; form++) {
		double score = form_score((enum complexity_form)form, sweep, curve);

		if (score < best_score) {
			best_score = score;
			best = (enum complexity_form)form;
		}
	}
	return best;
}

struct knot curve_knot(const struct sweep *sweep, const struct curve *curve)
{
	return fit_knot(sweep, curve->ns);
}

bool curve_is_at_least_linear(const struct sweep *sweep, const struct curve *curve)
{
	double slower = fmin(form_score(COMPLEXITY_FORM_LOG, sweep, curve),
		form_score(COMPLEXITY_FORM_SQRT, sweep, curve));

	slower = fmin(slower, form_score(COMPLEXITY_FORM_STEP, sweep, curve));

	return form_score(COMPLEXITY_FORM_LINE, sweep, curve) < slower ||
	       form_score(COMPLEXITY_FORM_SQUARE, sweep, curve) < slower ||
	       form_score(COMPLEXITY_FORM_KNOT, sweep, curve) < slower;
}
