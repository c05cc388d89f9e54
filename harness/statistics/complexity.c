/* complexity.c - does the cost of a request grow with the number of connections? */
#include "harness/statistics/complexity.h"

#include "harness/statistics/complexity_forms.h"
#include "harness/statistics/complexity_sentence.h"

#include <errno.h>
#include <math.h>

/* ---- the rule ------------------------------------------------------------------- */

static enum complexity_verdict apply_rule(const struct complexity *result)
{
	if (result->share.low >= LINEAR_SHARE_MIN && result->p_linear >= LINEAR_P_MIN)
		return COMPLEXITY_LINEAR;
	if (result->tail.high <= FLAT_TAIL_MAX && result->growth.high <= FLAT_GROWTH_MAX)
		return COMPLEXITY_FLAT;
	if (result->tail.low > GROWS_TAIL_MIN && result->growth.low > GROWS_GROWTH_MIN)
		return COMPLEXITY_GROWS;
	return COMPLEXITY_INCONCLUSIVE;
}

static const char *const verdict_names[] = {
	[COMPLEXITY_INCONCLUSIVE] = "inconclusive",
	[COMPLEXITY_FLAT] = "flat",
	[COMPLEXITY_GROWS] = "grows",
	[COMPLEXITY_LINEAR] = "linear",
};

const char *complexity_verdict_name(enum complexity_verdict verdict)
{
	return verdict_names[verdict];
}

/* ---- share, tail: block by block ------------------------------------------------ */

/* Slope of ln y on ln N over N >= Nmax/10, over the last two points at least. */
static double tail_slope(const struct sweep *sweep, size_t block)
{
	size_t first = sweep->points - 2;

	/* the 1e-9 keeps 1,000 within a tenth of 10,000 whatever the rounding */
	while (first > 0 &&
		sweep->connections[first - 1] >= sweep_max(sweep) / 10 * (1 - 1e-9))
		first--;
	return statistics_slope(sweep->columns[COMPLEXITY_FORM_LOG] + first,
		sweep->logs[block] + first, sweep->points - first);
}

static void judge_blocks(const struct sweep *sweep, struct complexity *result)
{
	double constants[COMPLEXITY_BLOCKS_MAX], slopes[COMPLEXITY_BLOCKS_MAX];
	double shares[COMPLEXITY_BLOCKS_MAX], tails[COMPLEXITY_BLOCKS_MAX];
	const double *line[] = {sweep->columns[COMPLEXITY_FORM_LINE]};
	size_t last = sweep->points - 1;

	for (size_t block = 0; block < sweep->blocks; block++) {
		struct fit fit = {0};

		statistics_fit_relative(&fit, line, 1, sweep->ns[block], sweep->points);
		double end = fmax(statistics_fitted(&fit, line, 1, last),
			sweep->ns[block][last] / 10);

		constants[block] = fit.constant;
		slopes[block] = fit.slopes[0];
		shares[block] = fit.slopes[0] * sweep_max(sweep) / end;
		tails[block] = tail_slope(sweep, block);
	}
	result->intercept_ns = statistics_mean_interval(constants, sweep->blocks);
	result->ns_per_connection = statistics_mean_interval(slopes, sweep->blocks);
	result->share = statistics_mean_interval(shares, sweep->blocks);
	result->tail = statistics_mean_interval(tails, sweep->blocks);
}

/* ---- growth and form: over resamples of the blocks ------------------------------ */

static double median_at(const struct sweep *sweep, const size_t *chosen, size_t point)
{
	double values[COMPLEXITY_BLOCKS_MAX];

	for (size_t b = 0; b < sweep->blocks; b++)
		values[b] = sweep->ns[chosen[b]][point];
	return statistics_median(values, sweep->blocks);
}

static double growth_of(const struct sweep *sweep, const size_t *chosen)
{
	size_t last = sweep->points - 1;

	return (median_at(sweep, chosen, last - 1) + median_at(sweep, chosen, last)) /
	       (median_at(sweep, chosen, 0) + median_at(sweep, chosen, 1));
}

static void judge_resamples(const struct sweep *sweep, struct complexity *result)
{
	struct random random = {STATISTICS_SEED};
	double growths[STATISTICS_RESAMPLES];
	size_t linear = 0;

	for (size_t i = 0; i < STATISTICS_RESAMPLES; i++) {
		size_t chosen[COMPLEXITY_BLOCKS_MAX];
		struct curve curve;

		statistics_resample(&random, sweep->blocks, chosen);
		curve_make(&curve, sweep, chosen);
		growths[i] = growth_of(sweep, chosen);
		linear += curve_is_at_least_linear(sweep, &curve);
	}
	result->growth = statistics_percentile_interval(
		result->growth.estimate, growths, STATISTICS_RESAMPLES);
	result->p_linear = (double)linear / STATISTICS_RESAMPLES;
}

/* All blocks as they are: the growth, the best form, and where it bends. */
static void judge_whole(const struct sweep *sweep, struct complexity *result)
{
	size_t all[COMPLEXITY_BLOCKS_MAX];
	struct curve curve;

	for (size_t b = 0; b < sweep->blocks; b++)
		all[b] = b;
	curve_make(&curve, sweep, all);
	result->growth.estimate = growth_of(sweep, all);
	result->form = curve_best_form(sweep, &curve);
	if (result->form != COMPLEXITY_FORM_KNOT &&
		result->form != COMPLEXITY_FORM_SQUARE)
		return;
	struct knot knot = curve_knot(sweep, &curve);

	if (!knot.found)
		return;
	result->knot_connections = sweep->connections[knot.place];
	result->knot_ns_below = knot.fit.slopes[0];
	result->knot_ns_above = knot.fit.slopes[0] + knot.fit.slopes[1];
}

/* ---- the judgement -------------------------------------------------------------- */

static const struct complexity unjudged = {
	.connections_min = NAN,
	.connections_max = NAN,
	.ns_per_connection = {NAN, NAN, NAN},
	.intercept_ns = {NAN, NAN, NAN},
	.share = {NAN, NAN, NAN},
	.tail = {NAN, NAN, NAN},
	.growth = {NAN, NAN, NAN},
	.p_linear = NAN,
	.knot_connections = NAN,
	.knot_ns_below = NAN,
	.knot_ns_above = NAN,
};

/* False, with a sentence about what is missing, when there is too little to judge. */
static bool is_enough(const struct sweep *sweep, struct complexity *result)
{
	double decades = 0;

	result->points = sweep->points;
	result->blocks = sweep->blocks;
	if (sweep->points > 0) {
		result->connections_min = sweep->connections[0];
		result->connections_max = sweep_max(sweep);
		decades = log10(result->connections_max / result->connections_min);
	}
	result->publishable = sweep->points >= COMPLEXITY_POINTS_PUBLISHABLE &&
			      sweep->blocks >= COMPLEXITY_BLOCKS_PUBLISHABLE &&
			      decades >= COMPLEXITY_DECADES_PUBLISHABLE;
	if (sweep->points < COMPLEXITY_POINTS_MIN || decades < COMPLEXITY_DECADES_MIN) {
		sentence_points_too_few(result, decades);
		return false;
	}
	if (sweep->blocks < COMPLEXITY_BLOCKS_MIN) {
		sentence_blocks_too_few(result, COMPLEXITY_BLOCKS_PUBLISHABLE);
		return false;
	}
	return true;
}

int complexity_judge(const struct complexity_input *input, struct complexity *result)
{
	struct sweep sweep;

	*result = unjudged;
	if (!sweep_input_is_valid(input)) {
		sentence_invalid(result);
		return -EINVAL;
	}
	sweep_make(&sweep, input);
	if (!is_enough(&sweep, result))
		return 0;
	judge_blocks(&sweep, result);
	judge_whole(&sweep, result);
	judge_resamples(&sweep, result);
	result->verdict = apply_rule(result);
	sentence_verdict(result);
	return 0;
}
