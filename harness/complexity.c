/* complexity.c - does the cost of a request grow with the number of connections? */
#include "harness/complexity.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* ---- the rule ------------------------------------------------------------------- */

#define LINEAR_SHARE_MIN 0.75
#define LINEAR_P_MIN     0.90
#define FLAT_TAIL_MAX    0.25
#define FLAT_GROWTH_MAX  1.5
#define GROWS_TAIL_MIN   0.0
#define GROWS_GROWTH_MIN 1.1

/* A knot that steepens less is a matter of taste. */
#define KNOT_RATIO_MIN 1.25

/* More are not worth proposing: larger numbers of connections decide sooner. */
enum { BLOCKS_WORTH_ASKING = 100 };

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

struct form {
	const char *name;
	double parameters; /* that were free, for the penalty */
};

static const struct form forms[] = {
	[COMPLEXITY_FORM_NONE] = {"none", 0},
	[COMPLEXITY_FORM_CONSTANT] = {"a", 1},
	[COMPLEXITY_FORM_LOG] = {"a + b*log N", 2},
	[COMPLEXITY_FORM_SQRT] = {"a + b*sqrt N", 2},
	[COMPLEXITY_FORM_LINE] = {"a + b*N", 2},
	[COMPLEXITY_FORM_KNOT] = {"a + b*N with a knot", 4}, /* slope and place too */
	[COMPLEXITY_FORM_SQUARE] = {"a + b*N^2", 2},
};

enum { FORMS = sizeof(forms) / sizeof(*forms) };

/* What b is multiplied with. */
static double form_term(enum complexity_form form, double connections)
{
	switch (form) {
	case COMPLEXITY_FORM_NONE:
	case COMPLEXITY_FORM_CONSTANT:
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

const char *complexity_verdict_name(enum complexity_verdict verdict)
{
	return verdict_names[verdict];
}

const char *complexity_form_name(enum complexity_form form)
{
	return forms[form].name;
}

/* ---- the data without what is missing ------------------------------------------- */

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

static bool input_is_valid(const struct complexity_input *input)
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

static void sweep_make(struct sweep *sweep, const struct complexity_input *input)
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

static double sweep_max(const struct sweep *sweep)
{
	return sweep->connections[sweep->points - 1];
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

/* ---- the curve of a resample, and which form fits it ---------------------------- */

struct curve {
	double ns[COMPLEXITY_POINTS_MAX]; /* geometric means */
	double scatter;                   /* what no form explains, in squares of ln y */
};

static void curve_make(
	struct curve *curve, const struct sweep *sweep, const size_t *chosen)
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

struct knot {
	bool found;
	struct fit fit; /* slopes: below, and how much more above */
	size_t place;   /* index of the point */
};

/* The best convex knot: with two points or more on each side, the one at it below. */
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

	return n * log((curve->scatter + missed) / n) + forms[form].parameters * log(n);
}

static enum complexity_form best_form(
	const struct sweep *sweep, const struct curve *curve)
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

/* Whether one of the forms that grow at least linearly beats those that grow slower. */
static bool is_at_least_linear(const struct sweep *sweep, const struct curve *curve)
{
	double slower = fmin(form_score(COMPLEXITY_FORM_LOG, sweep, curve),
		form_score(COMPLEXITY_FORM_SQRT, sweep, curve));

	return form_score(COMPLEXITY_FORM_LINE, sweep, curve) < slower ||
	       form_score(COMPLEXITY_FORM_SQUARE, sweep, curve) < slower ||
	       form_score(COMPLEXITY_FORM_KNOT, sweep, curve) < slower;
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
		linear += is_at_least_linear(sweep, &curve);
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
	result->form = best_form(sweep, &curve);
	if (result->form != COMPLEXITY_FORM_KNOT &&
		result->form != COMPLEXITY_FORM_SQUARE)
		return;
	struct knot knot = fit_knot(sweep, curve.ns);

	if (!knot.found)
		return;
	result->knot_connections = sweep->connections[knot.place];
	result->knot_ns_below = knot.fit.slopes[0];
	result->knot_ns_above = knot.fit.slopes[0] + knot.fit.slopes[1];
}

/* ---- the sentence --------------------------------------------------------------- */

static void __attribute__((format(printf, 2, 3)))
say(struct complexity *result, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(result->sentence, sizeof(result->sentence), format, arguments);
	va_end(arguments);
}

struct number {
	char text[32];
};

/* 19000 as "19,000", 3.14 as "3.1", 0.314 as "0.31". Not below 0. */
static struct number number(double value)
{
	struct number out;
	size_t used = 0;

	if (value < 10 && value != round(value)) {
		int digits = value < 1 ? 2 : 1;

		snprintf(out.text, sizeof(out.text), "%.*f", digits, value);
		return out;
	}
	char digits[20];
	int length = snprintf(digits, sizeof(digits), "%.0f", fmin(value, 1e18));

	for (int i = 0; i < length; i++) {
		if (i > 0 && (length - i) % 3 == 0)
			out.text[used++] = ',';
		out.text[used++] = digits[i];
	}
	out.text[used] = '\0';
	return out;
}

static void say_linear(struct complexity *result)
{
	bool nearest_square = result->form == COMPLEXITY_FORM_SQUARE;
	const char *order = nearest_square ? "O(n) or worse, nearest to N^2" : "O(n)";

	if (isnan(result->knot_connections))
		say(result, "%s: %s ns per idle connection from %s to %s", order,
			number(result->ns_per_connection.estimate).text,
			number(result->connections_min).text,
			number(result->connections_max).text);
	else
		say(result, "%s: %s ns per idle connection to %s, %s from there to %s",
			order, number(result->knot_ns_below).text,
			number(result->knot_connections).text,
			number(result->knot_ns_above).text,
			number(result->connections_max).text);
}

/*
 * How many times as many blocks bring the bound of an interval within the limit of the
 * rule: its half width shrinks with their square root. room is how far the estimate is
 * inside the limit; where it is outside, no number of blocks is expected to help.
 */
static double times_blocks(double room, double half_width)
{
	return room > 0 ? half_width * half_width / (room * room) : INFINITY;
}

/*
 * How many blocks would probably make it flat or growing, in fives; 0: blocks are not
 * what is lacking. What may be linear grows, too, and that shows first.
 */
static size_t blocks_to_decide(const struct complexity *result)
{
	struct interval e = result->tail, g = result->growth;
	double flat = fmax(times_blocks(FLAT_TAIL_MAX - e.estimate, e.high - e.estimate),
		times_blocks(FLAT_GROWTH_MAX - g.estimate, g.high - g.estimate));
	double grows = fmax(times_blocks(e.estimate - GROWS_TAIL_MIN, e.estimate - e.low),
		times_blocks(g.estimate - GROWS_GROWTH_MIN, g.estimate - g.low));
	double blocks = floor(fmin(flat, grows) * (double)result->blocks / 5) * 5 + 5;

	if (blocks > BLOCKS_WORTH_ASKING)
		return 0;
	return (size_t)fmax(blocks, COMPLEXITY_BLOCKS_PUBLISHABLE);
}

static void say_blocks_too_few(struct complexity *result, size_t needed)
{
	say(result, "inconclusive: %zu block%s too few, run --blocks %zu", result->blocks,
		result->blocks == 1 ? " is" : "s are", needed);
}

static void say_inconclusive(struct complexity *result)
{
	size_t needed = blocks_to_decide(result);

	if (needed > 0)
		say_blocks_too_few(result, needed);
	else
		say(result,
			"inconclusive: growth %.1fx, but a slope of %.2f at the end "
			"(0 is flat, 1 linear); measure beyond %s connections",
			result->growth.estimate, result->tail.estimate,
			number(result->connections_max).text);
}

static void say_verdict(struct complexity *result)
{
	struct number from = number(result->connections_min);
	struct number to = number(result->connections_max);

	switch (result->verdict) {
	case COMPLEXITY_LINEAR:
		say_linear(result);
		break;
	case COMPLEXITY_FLAT:
		say(result,
			"O(1): flat from %s to %s connections "
			"(growth %.2fx; cannot exclude O(log n))",
			from.text, to.text, result->growth.estimate);
		break;
	case COMPLEXITY_GROWS:
		say(result,
			"grows: %.1fx from %s to %s connections, nearest to %s; "
			"not shown to be O(n)",
			result->growth.estimate, from.text, to.text,
			complexity_form_name(result->form));
		break;
	case COMPLEXITY_INCONCLUSIVE:
		say_inconclusive(result);
		break;
	}
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
		say(result,
			"inconclusive: %zu numbers of connections, the last %.0f times "
			"the first, are too few: give --idle %d, the last 100 times the "
			"first",
			sweep->points, pow(10, decades), COMPLEXITY_POINTS_PUBLISHABLE);
		return false;
	}
	if (sweep->blocks < COMPLEXITY_BLOCKS_MIN) {
		say_blocks_too_few(result, COMPLEXITY_BLOCKS_PUBLISHABLE);
		return false;
	}
	return true;
}

int complexity_judge(const struct complexity_input *input, struct complexity *result)
{
	struct sweep sweep;

	*result = unjudged;
	if (!input_is_valid(input)) {
		say(result,
			"inconclusive: a verdict takes up to %d rising numbers of "
			"connections above 0 and up to %d blocks",
			COMPLEXITY_POINTS_MAX, COMPLEXITY_BLOCKS_MAX);
		return -EINVAL;
	}
	sweep_make(&sweep, input);
	if (!is_enough(&sweep, result))
		return 0;
	judge_blocks(&sweep, result);
	judge_whole(&sweep, result);
	judge_resamples(&sweep, result);
	result->verdict = apply_rule(result);
	say_verdict(result);
	return 0;
}
