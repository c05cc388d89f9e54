/*
 * statistics.h - what a handful of repeated measurements allow one to say.
 *
 * Every function is pure: it reads the caller's array, leaves it alone (sorting a copy)
 * unless its comment says "in place", and keeps nothing. Intervals are two-sided, 95 %.
 * Values are finite; what is missing the caller has left out.
 *
 * One value here is one block of a run (see plan.h). Values from inside one trial
 * do not belong here: they resemble each other more than trials do, so an interval
 * from them is too narrow.
 */
#ifndef HARNESS_STATISTICS_STATISTICS_H
#define HARNESS_STATISTICS_STATISTICS_H

#include "common/random.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	STATISTICS_VALUES_MAX = 1024,   /* an array to sort a copy of: on the stack */
	STATISTICS_TERMS_MAX = 2,       /* columns of a fit beside its constant */
	STATISTICS_FIT_ROUNDS = 3,      /* of reweighting */
	STATISTICS_RESAMPLES = 999,     /* of a bootstrap: 25 beyond each end */
	STATISTICS_TAIL_SHOWN_MIN = 10, /* values beyond a percentile worth printing */
	STATISTICS_TAIL_GATED_MIN = 100 /* and beyond one that may fail a build */
};

/* Any seed would do; a fixed one gives the same data the same verdict every time. */
#define STATISTICS_SEED 20240229u

struct interval {
	double estimate;
	double low;
	double high;
};

/* ---- location and spread -------------------------------------------------------- */

/* In place, rising. */
void statistics_sort(double *values, size_t count);

/*
 * The quantile p (0 to 1) of values in rising order: linear between the two nearest, rank
 * 1 + (count - 1) * p. Hyndman and Fan, "Sample quantiles in statistical packages",
 * The American Statistician 50 (1996), definition 7. NAN without values.
 */
double statistics_quantile_sorted(const double *sorted, size_t count, double p);

/* The same of values in any order. NAN without values or with more than _VALUES_MAX. */
double statistics_quantile(const double *values, size_t count, double p);

/* The middle value, or the mean of the middle two: the quantile 1/2. */
double statistics_median(const double *values, size_t count);

/* Sum over count. NAN without values. */
double statistics_mean(const double *values, size_t count);

/* Square root of sum (value - mean)^2 / (count - 1). NAN for fewer than two values. */
double statistics_sd(const double *values, size_t count);

/*
 * Whether the percentile p (0 to 1) of that many values is more than chance: at least
 * tail_min of them lie beyond it, count * (1 - p) >= tail_min.
 */
bool statistics_percentile_holds(uint64_t count, double p, uint64_t tail_min);

/* ---- intervals ------------------------------------------------------------------ */

/*
 * The .975 quantile of Student's t with df degrees of freedom: 12.706 for 1, 2.262 for 9,
 * towards 1.960. To about 1e-8: up to 1,000 by bisecting the exact distribution function
 * (Abramowitz and Stegun, Handbook of Mathematical Functions, 26.7.3 and 26.7.4), beyond
 * by its expansion about the normal quantile (26.7.5). INFINITY for 0.
 */
double statistics_t975(size_t df);

/*
 * The mean and mean -+ t(.975, count - 1) * sd / sqrt(count). With one value nothing is
 * known about the spread: -INFINITY to INFINITY. Without values all NAN.
 */
struct interval statistics_mean_interval(const double *values, size_t count);

/*
 * The median and an interval for it that needs no normal distribution: the kth smallest
 * to the kth largest value, k the greatest with P(Binomial(count, 1/2) < k) <= .025.
 * False for fewer than 6 values (5 reach 93.75 % at best) and for more than _VALUES_MAX.
 * Conover, Practical Nonparametric Statistics, 3rd edition, section 3.2.
 */
bool statistics_median_interval(
	const double *values, size_t count, struct interval *interval);

/* ---- bootstrap ------------------------------------------------------------------ */

/*
 * Draws as many of the blocks 0 .. blocks-1 as there are, with replacement, into
 * chosen[]. Whole blocks are drawn because what disturbs a block disturbs all its cells:
 * that stays together. Start with struct random random = {STATISTICS_SEED}. Efron and
 * Tibshirani, An Introduction to the Bootstrap (1993), chapters 6 and 8.
 */
void statistics_resample(struct random *random, size_t blocks, size_t *chosen);

/*
 * Percentile interval (the same book, chapter 13): the .025 and .975 quantiles of what
 * the resamples gave, beside the estimate from the data as they are. Sorts in place.
 */
struct interval statistics_percentile_interval(
	double estimate, double *resampled, size_t count);

/* ---- fitting -------------------------------------------------------------------- */

/* Slope of the ordinary least-squares line: sum (x - mx)(y - my) / sum (x - mx)^2. */
double statistics_slope(const double *x, const double *y, size_t count);

struct fit {
	double constant;
	double slopes[STATISTICS_TERMS_MAX];
	double squares; /* sum ((y - fitted) / fitted)^2 */
};

/*
 * Fits y[i] = constant + sum over j of slopes[j] * columns[j][i] so that the RELATIVE
 * residuals (y - fitted) / fitted have the least squares: CPU times scatter in
 * proportion to their size, and plain least squares would hear only the largest.
 *
 * Each round solves a least squares weighted with 1 / fitted^2 of the round before; the
 * first weights are 1 / y^2. The weights stand still while a round is solved, because a
 * minimum over both would buy small residuals with a large denominator. (McCullagh and
 * Nelder, Generalized Linear Models, 2nd edition, section 8.3: constant coefficient of
 * variation.) Where fitted falls below y / 10, y / 10 stands for it as a denominator.
 *
 * All y > 0. False, with fit untouched, when the columns do not determine it.
 */
bool statistics_fit_relative(struct fit *fit, const double *const *columns, size_t terms,
	const double *y, size_t count);

/* What the fit says at that index of the same columns. */
double statistics_fitted(
	const struct fit *fit, const double *const *columns, size_t terms, size_t i);

#endif
