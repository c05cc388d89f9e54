/* statistics.c - what a handful of repeated measurements allow one to say. */
#include "harness/statistics/statistics.h"

#include <math.h>
#include <string.h>

/* ---- location and spread -------------------------------------------------------- */

/*
 * Shell's sort with the gaps of Ciura (2001). A bootstrap takes thousands of medians of
 * ten values, and there qsort(3) would spend its time in calling a comparison.
 */
void statistics_sort(double *values, size_t count)
{
	static const size_t gaps[] = {701, 301, 132, 57, 23, 10, 4, 1};

	for (size_t g = 0; g < sizeof(gaps) / sizeof(*gaps); g++)
		for (size_t i = gaps[g]; i < count; i++) {
			double value = values[i];
			size_t place = i;

			for (; place >= gaps[g] && values[place - gaps[g]] > value;
				place -= gaps[g])
				values[place] = values[place - gaps[g]];
			values[place] = value;
		}
}

double statistics_quantile_sorted(const double *sorted, size_t count, double p)
{
	if (count == 0)
		return NAN;
	double place = (double)(count - 1) * p;
	size_t below = (size_t)place;
	size_t above = below + 1 < count ? below + 1 : below;

	return sorted[below] + (place - (double)below) * (sorted[above] - sorted[below]);
}

double statistics_quantile(const double *values, size_t count, double p)
{
	double copy[STATISTICS_VALUES_MAX];

	if (count == 0 || count > STATISTICS_VALUES_MAX)
		return NAN;
	memcpy(copy, values, count * sizeof(*copy));
	statistics_sort(copy, count);
	return statistics_quantile_sorted(copy, count, p);
}

double statistics_median(const double *values, size_t count)
{
	return statistics_quantile(values, count, 0.5);
}

double statistics_mean(const double *values, size_t count)
{
	double sum = 0;

	for (size_t i = 0; i < count; i++)
		sum += values[i];
	return count > 0 ? sum / (double)count : NAN;
}

double statistics_sd(const double *values, size_t count)
{
	double mean = statistics_mean(values, count);
	double squares = 0;

	for (size_t i = 0; i < count; i++)
		squares += (values[i] - mean) * (values[i] - mean);
	return count > 1 ? sqrt(squares / (double)(count - 1)) : NAN;
}

bool statistics_percentile_holds(uint64_t count, double p, uint64_t tail_min)
{
	/* The 1e-6 keeps 1,000 values enough for ten beyond .99, which is no double. */
	return (double)count * (1 - p) + 1e-6 >= (double)tail_min;
}

/* ---- Student's t ---------------------------------------------------------------- */

enum { T_EXACT_DF_MAX = 1000 };

/*
 * The probability that |T| < t, where t = sqrt(df) * tan(angle). Odd df:
 *     2/pi * (angle + sin * (cos + 2/3 cos^3 + (2*4)/(3*5) cos^5 + ... to cos^(df-2)))
 * even df:
 *     sin * (1 + 1/2 cos^2 + (1*3)/(2*4) cos^4 + ... to cos^(df-2))
 */
static double t_within(double angle, size_t df)
{
	bool odd = df % 2 == 1;
	double cosine = cos(angle);
	double term = odd ? cosine : 1;
	double series = 0;

	for (size_t power = odd; power + 2 <= df; power += 2) {
		series += term;
		term *= cosine * cosine * (double)(power + 1) / (double)(power + 2);
	}
	series *= sin(angle);
	return odd ? (angle + series) * 2 / M_PI : series;
}

static double t975_by_bisection(size_t df)
{
	double low = 0, high = M_PI / 2;

	for (int i = 0; i < 60; i++) {
		double middle = (low + high) / 2;

		if (t_within(middle, df) < 0.95)
			low = middle;
		else
			high = middle;
	}
	return sqrt((double)df) * tan(low);
}

static double t975_by_expansion(size_t df)
{
	const double z = 1.959963984540054; /* the normal quantile .975 */
	const double z3 = z * z * z, z5 = z3 * z * z;
	double n = (double)df;

	return z + (z3 + z) / (4 * n) + (5 * z5 + 16 * z3 + 3 * z) / (96 * n * n);
}

double statistics_t975(size_t df)
{
	if (df == 0)
		return INFINITY;
	return df <= T_EXACT_DF_MAX ? t975_by_bisection(df) : t975_by_expansion(df);
}

/* ---- intervals ------------------------------------------------------------------ */

struct interval statistics_mean_interval(const double *values, size_t count)
{
	double mean = statistics_mean(values, count);

	if (count == 0)
		return (struct interval){NAN, NAN, NAN};
	if (count == 1)
		return (struct interval){mean, -INFINITY, INFINITY};
	double half = statistics_t975(count - 1) * statistics_sd(values, count) /
		      sqrt((double)count);

	return (struct interval){mean, mean - half, mean + half};
}

/* The greatest k with P(Binomial(count, 1/2) < k) <= .025; 0 when there is none. */
static size_t median_rank(size_t count)
{
	double log_term = -(double)count * M_LN2; /* of P(0); 2^-count would underflow */
	double below = 0;
	size_t k = 0;

	for (; k < count; k++) {
		below += exp(log_term);
		if (below > 0.025)
			break;
		log_term += log((double)(count - k) / (double)(k + 1));
	}
	return k;
}

bool statistics_median_interval(
	const double *values, size_t count, struct interval *interval)
{
	double copy[STATISTICS_VALUES_MAX];
	size_t k = median_rank(count);

	if (k == 0 || count > STATISTICS_VALUES_MAX)
		return false;
	memcpy(copy, values, count * sizeof(*copy));
	statistics_sort(copy, count);
	*interval = (struct interval){
		.estimate = statistics_quantile_sorted(copy, count, 0.5),
		.low = copy[k - 1],
		.high = copy[count - k],
	};
	return true;
}

/* ---- bootstrap ------------------------------------------------------------------ */

void statistics_resample(struct random *random, size_t blocks, size_t *chosen)
{
	for (size_t i = 0; i < blocks; i++)
		chosen[i] = (size_t)random_below(random, blocks);
}

struct interval statistics_percentile_interval(
	double estimate, double *resampled, size_t count)
{
	statistics_sort(resampled, count);
	return (struct interval){
		.estimate = estimate,
		.low = statistics_quantile_sorted(resampled, count, 0.025),
		.high = statistics_quantile_sorted(resampled, count, 0.975),
	};
}

/* ---- fitting -------------------------------------------------------------------- */

double statistics_slope(const double *x, const double *y, size_t count)
{
	double mean_x = statistics_mean(x, count), mean_y = statistics_mean(y, count);
	double xx = 0, xy = 0;

	for (size_t i = 0; i < count; i++) {
		xx += (x[i] - mean_x) * (x[i] - mean_x);
		xy += (x[i] - mean_x) * (y[i] - mean_y);
	}
	return xy / xx;
}

enum { UNKNOWNS_MAX = STATISTICS_TERMS_MAX + 1 };

/* The normal equations of weighted least squares; the last column is the right side. */
struct equations {
	size_t unknowns;
	double rows[UNKNOWNS_MAX][UNKNOWNS_MAX + 1];
};

/* Adds one observation: weight times the products of (1, x1, x2, .., y). */
static void equations_add(
	struct equations *equations, const double *x, double y, double weight)
{
	size_t n = equations->unknowns;

	for (size_t row = 0; row < n; row++) {
		for (size_t column = 0; column < n; column++)
			equations->rows[row][column] += weight * x[row] * x[column];
		equations->rows[row][n] += weight * x[row] * y;
	}
}

/*
 * Gauss-Jordan without exchanging rows: the matrix is positive definite, so every pivot
 * is positive; one that cancels to nothing beside its diagonal means it is singular.
 */
static bool equations_solve(struct equations *equations, double *solution)
{
	size_t n = equations->unknowns;

	for (size_t pivot = 0; pivot < n; pivot++) {
		double *row = equations->rows[pivot];
		double diagonal = row[pivot];

		if (!(diagonal > 0))
			return false;
		for (size_t column = 0; column <= n; column++)
			row[column] /= diagonal;
		for (size_t other = 0; other < n; other++) {
			double *target = equations->rows[other];
			double factor = target[pivot];

			if (other == pivot)
				continue;
			if (other > pivot && target[other] - factor * row[other] <=
						     1e-12 * target[other])
				return false;
			for (size_t column = 0; column <= n; column++)
				target[column] -= factor * row[column];
		}
	}
	for (size_t i = 0; i < n; i++)
		solution[i] = equations->rows[i][n];
	return true;
}

double statistics_fitted(
	const struct fit *fit, const double *const *columns, size_t terms, size_t i)
{
	double fitted = fit->constant;

	for (size_t j = 0; j < terms; j++)
		fitted += fit->slopes[j] * columns[j][i];
	return fitted;
}

/* What a residual is relative to: the fitted value, while that is not absurdly low. */
static double denominator(double fitted, double y)
{
	return fitted > y / 10 ? fitted : y / 10;
}

/* One weighted solution; weights from the fit before, or from y itself at first. */
static bool fit_round(struct fit *fit, bool first, const double *const *columns,
	size_t terms, const double *y, size_t count)
{
	struct equations equations = {.unknowns = terms + 1};
	double solution[UNKNOWNS_MAX];

	for (size_t i = 0; i < count; i++) {
		double fitted = first ? y[i] : statistics_fitted(fit, columns, terms, i);
		double scale = denominator(fitted, y[i]);
		double x[UNKNOWNS_MAX] = {1};

		for (size_t j = 0; j < terms; j++)
			x[j + 1] = columns[j][i];
		equations_add(&equations, x, y[i], 1 / (scale * scale));
	}
	if (!equations_solve(&equations, solution))
		return false;
	fit->constant = solution[0];
	memcpy(fit->slopes, solution + 1, terms * sizeof(*solution));
	return true;
}

bool statistics_fit_relative(struct fit *fit, const double *const *columns, size_t terms,
	const double *y, size_t count)
{
	struct fit next = {0};

	for (int round = 0; round < STATISTICS_FIT_ROUNDS; round++)
		if (!fit_round(&next, round == 0, columns, terms, y, count))
			return false;
	for (size_t i = 0; i < count; i++) {
		double fitted = statistics_fitted(&next, columns, terms, i);
		double relative = (y[i] - fitted) / denominator(fitted, y[i]);

		next.squares += relative * relative;
	}
	*fit = next;
	return true;
}
