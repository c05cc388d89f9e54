/*
 * test_complexity.c - is the verdict right, and how often is it wrong?
 *
 * First curves without noise, where every verdict is known and the limits of the rule can
 * be stood on from both sides. Then the simulation: thousands of runs whose truth is
 * known, with the noise that real runs have; its rates are printed as TAP diagnostics and
 * are what "an interval", "p" and the thresholds are worth. The seeds are fixed.
 */
#include "harness/statistics/complexity.h"

#include "common/clock.h"

#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { POINTS = 8, BLOCKS = 10 };

static const double connections[POINTS] = {10, 30, 100, 300, 1000, 3000, 10000, 19000};

/* ---- curves --------------------------------------------------------------------- */

/* What a request costs at N. size and place mean what the curve says they mean. */
struct truth {
	double (*ns)(const struct truth *truth, double n);
	double size;
	double place;
};

static double constant(const struct truth *truth, double n)
{
	(void)truth, (void)n;
	return 2600;
}

/* From 1 to size times. */
static double line(const struct truth *truth, double n)
{
	return 2600 * (1 + (truth->size - 1) * n / 19000);
}

/* The same, with twice the slope beyond place. */
static double knotted(const struct truth *truth, double n)
{
	double whole = 19000 + (19000 - truth->place);

	return 2600 * (1 + (truth->size - 1) * (n + fmax(n - truth->place, 0)) / whole);
}

/* size times as much beyond place: what leaving a cache looks like. */
static double step(const struct truth *truth, double n)
{
	return n > truth->place ? 2600 * truth->size : 2600;
}

/* From 1 at the first N to size times. */
static double logarithm(const struct truth *truth, double n)
{
	return 2600 * (1 + (truth->size - 1) * log(n / 10) / log(1900));
}

static double square_root(const struct truth *truth, double n)
{
	return 2600 * (1 + (truth->size - 1) * sqrt(n / 19000));
}

/* A wide step, as epoll shows when the active descriptor is drawn from all of them. */
static double spread_set(const struct truth *truth, double n)
{
	return 2600 * (1 + (truth->size - 1) / (1 + pow(truth->place / n, 1.5)));
}

static double squared(const struct truth *truth, double n)
{
	return 3000 + truth->size * n * n;
}

/* 48 ns a connection up to 1,000, 180 for each beyond. */
static double two_slopes(const struct truth *truth, double n)
{
	(void)truth;
	return 3000 + 48 * n + 132 * fmax(n - 1000, 0);
}

/* 1 up to 3,000, from there N to the power size. */
static double late_power(const struct truth *truth, double n)
{
	return 2600 * pow(fmax(n, 3000) / 3000, truth->size);
}

/* 1.6 times as much beyond 200, and late_power on top. */
static double late_step(const struct truth *truth, double n)
{
	return late_power(truth, n) * (n > 200 ? 1.6 : 1);
}

/* ---- without noise -------------------------------------------------------------- */

struct table {
	double ns[BLOCKS * POINTS];
};

static struct table exact(const struct truth *truth)
{
	struct table table;

	for (size_t i = 0; i < BLOCKS * POINTS; i++)
		table.ns[i] = truth->ns(truth, connections[i % POINTS]);
	return table;
}

static struct complexity judge(const struct table *table, size_t blocks)
{
	struct complexity_input input = {connections, POINTS, table->ns, blocks};
	struct complexity result;

	assert_int_equal(complexity_judge(&input, &result), 0);
	return result;
}

static void test_known_curves(void **state)
{
	static const struct {
		struct truth truth;
		enum complexity_verdict verdict;
		enum complexity_form form;
		const char *sentence;
	} rows[] = {
		{{constant, 0, 0}, COMPLEXITY_FLAT, COMPLEXITY_FORM_CONSTANT,
			"O(1): flat from 10 to 19,000 connections (growth 1.00x; cannot "
			"exclude O(log n))"},
		{{line, 353.5, 0}, COMPLEXITY_LINEAR, COMPLEXITY_FORM_LINE,
			"O(n): 48 ns per idle connection from 10 to 19,000"},
		{{line, 11, 0}, COMPLEXITY_LINEAR, COMPLEXITY_FORM_LINE,
			"O(n): 1.4 ns per idle connection from 10 to 19,000"},
		{{two_slopes, 0, 0}, COMPLEXITY_LINEAR, COMPLEXITY_FORM_KNOT,
			"O(n): 48 ns per idle connection to 1,000, 180 from there to "
			"19,000"},
		{{squared, 0.05, 0}, COMPLEXITY_LINEAR, COMPLEXITY_FORM_SQUARE,
			"O(n) or worse, nearest to N^2: 31 ns per idle connection to "
			"1,000, 595 from there to 19,000"},
		{{logarithm, 2, 0}, COMPLEXITY_GROWS, COMPLEXITY_FORM_LOG,
			"grows: 1.8x from 10 to 19,000 connections, nearest to "
			"a + b*log N; not shown to be O(n)"},
		{{square_root, 41, 0}, COMPLEXITY_GROWS, COMPLEXITY_FORM_SQRT,
			"grows: 15.8x from 10 to 19,000 connections, nearest to "
			"a + b*sqrt N; not shown to be O(n)"},
		{{step, 1.3, 200}, COMPLEXITY_FLAT, COMPLEXITY_FORM_STEP,
			"O(1): flat from 10 to 19,000 connections (growth 1.30x; cannot "
			"exclude O(log n))"},
		{{step, 1.6, 200}, COMPLEXITY_INCONCLUSIVE, COMPLEXITY_FORM_STEP,
			"inconclusive: growth 1.6x, but a slope of 0.00 at the end (0 is "
			"flat, 1 linear); measure beyond 19,000 connections"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct table table = exact(&rows[i].truth);
		struct complexity result = judge(&table, BLOCKS);

		if (result.verdict != rows[i].verdict || result.form != rows[i].form)
			fail_msg("row %zu: %s, %s", i,
				complexity_verdict_name(result.verdict),
				complexity_form_name(result.form));
		assert_string_equal(result.sentence, rows[i].sentence);
		assert_true(result.publishable);
	}
}

/* Each limit of the rule from both sides: without noise estimates are bounds. */
static void test_limits(void **state)
{
	static const struct {
		struct truth truth;
		enum complexity_verdict verdict;
	} rows[] = {
		{{line, 4.1, 0}, COMPLEXITY_LINEAR},          /* s .756 */
		{{line, 3.9, 0}, COMPLEXITY_GROWS},           /* s .744 */
		{{step, 1.49, 200}, COMPLEXITY_FLAT},         /* G 1.49 */
		{{step, 1.51, 200}, COMPLEXITY_INCONCLUSIVE}, /* G 1.51, E 0 */
		{{late_power, 0.24, 0}, COMPLEXITY_FLAT},     /* E .24, G 1.45 */
		{{late_power, 0.26, 0}, COMPLEXITY_GROWS},    /* E .26, G 1.49 */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct table table = exact(&rows[i].truth);
		struct complexity result = judge(&table, BLOCKS);

		if (result.verdict != rows[i].verdict)
			fail_msg("row %zu: %s", i, result.sentence);
	}
}

/* Blocks of two truths in turn. */
static struct table in_turn(const struct truth *even, const struct truth *odd)
{
	struct table table = exact(even), other = exact(odd);

	for (size_t block = 1; block < BLOCKS; block += 2)
		memcpy(&table.ns[block * POINTS], &other.ns[block * POINTS],
			POINTS * sizeof(*table.ns));
	return table;
}

/* Where estimates would do, their intervals do not. */
static void test_the_bounds_decide(void **state)
{
	static const struct {
		struct truth even, odd;
		enum complexity_verdict verdict;
	} rows[] = {
		/* s .77, from .67 on */
		{{line, 10, 0}, {line, 2.8, 0}, COMPLEXITY_GROWS},
		/* G 1.3 to 2.2; E .03, from -.1 on */
		{{late_step, 0.2, 0}, {late_step, -0.15, 0}, COMPLEXITY_INCONCLUSIVE},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct table table = in_turn(&rows[i].even, &rows[i].odd);
		struct complexity result = judge(&table, BLOCKS);

		if (result.verdict != rows[i].verdict)
			fail_msg("row %zu: %s", i, result.sentence);
		assert_true(i > 0 ||
			    (result.share.estimate > 0.75 && result.share.low < 0.75));
		assert_true(i == 0 || (result.tail.estimate > 0 && result.tail.low < 0 &&
					      result.growth.low > 1.1));
	}
}

/* A block in which all costs twice as much says nothing against a form. */
static void test_a_factor_of_the_block_is_no_noise(void **state)
{
	static const struct truth truth = {knotted, 11, 2000};
	struct table table = exact(&truth);

	(void)state;
	for (size_t i = 0; i < BLOCKS * POINTS; i++)
		table.ns[i] *= 0.5 + (double)(i / POINTS) / 5;
	struct complexity result = judge(&table, BLOCKS);

	assert_int_equal(result.verdict, COMPLEXITY_LINEAR);
	assert_int_equal(result.form, COMPLEXITY_FORM_KNOT);
}

/* Steep at the end, yet the far end costs no more than the near one: a dip, not growth.
 */
static void test_a_dip_is_not_growth(void **state)
{
	static const double dip[POINTS] = {
		1400, 1400, 1000, 1000, 1000, 1000, 1350, 1700};
	struct table table;

	(void)state;
	for (size_t i = 0; i < BLOCKS * POINTS; i++)
		table.ns[i] = dip[i % POINTS];
	struct complexity result = judge(&table, BLOCKS);

	assert_true(result.tail.low > 0.25);
	assert_int_equal(result.verdict, COMPLEXITY_INCONCLUSIVE);
}

/* Through the last two points any slope fits: that is no knot. */
static void test_a_single_point_makes_no_knot(void **state)
{
	static const struct truth truth = {line, 11, 0};
	struct table table = exact(&truth);

	(void)state;
	for (size_t block = 0; block < BLOCKS; block++)
		table.ns[block * POINTS + POINTS - 1] *= 3;
	assert_false(judge(&table, BLOCKS).knot_connections > 3000);
}

/* Every figure of a line that is exactly known. */
static void test_figures(void **state)
{
	static const struct truth truth = {line, 11, 0};
	struct table table = exact(&truth);
	struct complexity result = judge(&table, BLOCKS);

	(void)state;
	assert_true(fabs(result.ns_per_connection.estimate - 26000.0 / 19000) < 1e-6);
	assert_true(fabs(result.intercept_ns.estimate - 2600) < 1e-3);
	assert_true(fabs(result.share.estimate - 10.0 / 11) < 1e-6);
	assert_true(
		fabs(result.tail.estimate - 0.7795) < 0.001); /* 3 points from 1,900 */
	assert_true(fabs(result.growth.estimate - 8.542) < 0.001);
	assert_true(result.p_linear == 1);
	assert_true(isnan(result.knot_connections) && isnan(result.knot_ns_above));
	assert_int_equal(result.points, POINTS);
	assert_int_equal(result.blocks, BLOCKS);
}

/* ---- what is missing ------------------------------------------------------------ */

static void test_a_block_with_a_hole_is_left_out(void **state)
{
	static const double holes[] = {NAN, INFINITY, 0, -5};
	static const struct truth truth = {two_slopes, 0, 0};

	(void)state;
	for (size_t i = 0; i < sizeof(holes) / sizeof(*holes); i++) {
		struct table table = exact(&truth);

		table.ns[3 * POINTS + 2] = holes[i];
		for (size_t point = 3; point < POINTS; point++)
			table.ns[3 * POINTS + point] = 1; /* so it must not count */
		struct complexity result = judge(&table, BLOCKS);

		assert_int_equal(result.blocks, BLOCKS - 1);
		assert_int_equal(result.points, POINTS);
		assert_false(result.publishable);
		assert_string_equal(result.sentence,
			"O(n): 48 ns per idle connection to 1,000, 180 from there to "
			"19,000");
	}
}

/* select holds no more than 1,024 descriptors: its larger cells are missing in all. */
static void test_a_point_that_all_lack_is_left_out(void **state)
{
	static const struct truth truth = {line, 353.5, 0};
	struct table table = exact(&truth);

	(void)state;
	for (size_t i = 0; i < BLOCKS * POINTS; i++)
		if (connections[i % POINTS] > 1000)
			table.ns[i] = NAN;
	struct complexity result = judge(&table, BLOCKS);

	assert_int_equal(result.blocks, BLOCKS);
	assert_int_equal(result.points, 5);
	assert_false(result.publishable);
	assert_string_equal(
		result.sentence, "O(n): 48 ns per idle connection from 10 to 1,000");
}

static void test_a_point_that_most_lack_is_left_out(void **state)
{
	static const struct truth truth = {constant, 0, 0};

	(void)state;
	for (size_t lacking = 5; lacking <= 6; lacking++) {
		struct table table = exact(&truth);

		for (size_t block = 0; block < lacking; block++)
			table.ns[block * POINTS + 4] = NAN;
		struct complexity result = judge(&table, BLOCKS);

		assert_int_equal(result.points, lacking == 5 ? POINTS : POINTS - 1);
		assert_int_equal(result.blocks, lacking == 5 ? 5 : BLOCKS);
	}
}

/* A run that was cut short: blocks that never were take no points with them. */
static void test_empty_blocks_are_left_out(void **state)
{
	static const struct truth truth = {constant, 0, 0};
	struct table table = exact(&truth);

	(void)state;
	for (size_t i = 4 * POINTS; i < BLOCKS * POINTS; i++)
		table.ns[i] = NAN;
	struct complexity result = judge(&table, BLOCKS);

	assert_int_equal(result.blocks, 4);
	assert_int_equal(result.points, POINTS);
	assert_int_equal(result.verdict, COMPLEXITY_FLAT);
}

static void test_too_little_is_inconclusive(void **state)
{
	static const struct truth truth = {constant, 0, 0};
	static const struct {
		size_t first, points, blocks;
		const char *sentence;
	} rows[] = {
		{0, 8, 0,
			"inconclusive: 0 numbers of connections, the last 1 times the "
			"first, are too few: give --idle 8 numbers, the last 100 times "
			"the "
			"first"},
		{0, 0, 3,
			"inconclusive: 0 numbers of connections, the last 1 times the "
			"first, are too few: give --idle 8 numbers, the last 100 times "
			"the "
			"first"},
		{0, 8, 1, "inconclusive: 1 block is too few, run --blocks 10"},
		{0, 8, 2, "inconclusive: 2 blocks are too few, run --blocks 10"},
		{0, 3, 10,
			"inconclusive: 3 numbers of connections, the last 10 times the "
			"first, are too few: give --idle 8 numbers, the last 100 times "
			"the "
			"first"},
		{4, 4, 10,
			"inconclusive: 4 numbers of connections, the last 19 times the "
			"first, are too few: give --idle 8 numbers, the last 100 times "
			"the "
			"first"},
	};
	struct table table = exact(&truth);

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct complexity_input input = {connections + rows[i].first,
			rows[i].points, table.ns, rows[i].blocks};
		struct complexity result;

		assert_int_equal(complexity_judge(&input, &result), 0);
		assert_int_equal(result.verdict, COMPLEXITY_INCONCLUSIVE);
		assert_int_equal(result.form, COMPLEXITY_FORM_NONE);
		assert_true(isnan(result.share.low) && isnan(result.p_linear));
		assert_false(result.publishable);
		assert_string_equal(result.sentence, rows[i].sentence);
	}
}

/* 4 points over 1.5 decades in 3 blocks are enough to say, not enough to publish. */
static void test_just_enough(void **state)
{
	static const struct truth truth = {constant, 0, 0};
	struct table table = exact(&truth);
	struct complexity_input input = {connections + 3, 4, table.ns, 3};
	struct complexity result;

	(void)state;
	assert_int_equal(complexity_judge(&input, &result), 0);
	assert_int_equal(result.verdict, COMPLEXITY_FLAT);
	assert_false(result.publishable);
	assert_true(judge(&table, 10).publishable);
	assert_false(judge(&table, 9).publishable);
	input = (struct complexity_input){connections, 7, table.ns, 10};
	assert_int_equal(complexity_judge(&input, &result), 0);
	assert_false(result.publishable);
}

static void test_refused(void **state)
{
	static const double falling[] = {10, 100, 100, 1000}, zero[] = {0, 1, 10, 100};
	static const double endless[] = {1, 10, 100, INFINITY};
	static double many[COMPLEXITY_POINTS_MAX + 1];
	static const struct complexity_input rows[] = {
		{falling, 4, many, 3},
		{zero, 4, many, 3},
		{endless, 4, many, 3},
		{many, COMPLEXITY_POINTS_MAX + 1, many, 3},
		{connections, POINTS, many, COMPLEXITY_BLOCKS_MAX + 1},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct complexity result;

		assert_int_equal(complexity_judge(&rows[i], &result), -EINVAL);
		assert_int_equal(result.verdict, COMPLEXITY_INCONCLUSIVE);
		assert_string_equal(result.sentence,
			"inconclusive: a verdict takes up to 32 rising numbers of "
			"connections above 0 and up to 256 blocks");
	}
}

/* ---- with noise ----------------------------------------------------------------- */

static double uniform(struct random *random)
{
	return ((double)(random_next(random) >> 11) + 0.5) / 0x1p53;
}

/* Box and Muller. */
static double normal(struct random *random)
{
	return sqrt(-2 * log(uniform(random))) * cos(2 * M_PI * uniform(random));
}

/*
 * A run: every trial is off by a lognormal factor of its own, and all trials of a block
 * by one of 4 % more that they share.
 */
static struct table noisy(const struct truth *truth, double noise, struct random *random)
{
	struct table table = exact(truth);

	for (size_t block = 0; block < BLOCKS; block++) {
		double shared = exp(0.04 * normal(random));

		for (size_t i = 0; i < POINTS; i++)
			table.ns[block * POINTS + i] *=
				shared * exp(noise * normal(random));
	}
	return table;
}

static void test_the_same_data_get_the_same_verdict(void **state)
{
	static const struct truth truth = {logarithm, 2, 0};
	struct random random = {1};
	struct table table = noisy(&truth, 0.2, &random);
	struct complexity first = judge(&table, BLOCKS), second = judge(&table, BLOCKS);

	(void)state;
	assert_true(first.growth.low == second.growth.low);
	assert_true(first.growth.high == second.growth.high);
	assert_true(first.p_linear == second.p_linear);
	assert_true(first.growth.low < first.growth.estimate &&
		    first.growth.estimate < first.growth.high);
	assert_string_equal(first.sentence, second.sentence);
}

/* What noise leaves open more blocks can settle, and the sentence says how many. */
static void test_noise_asks_for_blocks(void **state)
{
	static const struct truth truth = {constant, 0, 0};
	static const struct {
		double factor; /* on the last point, in every other block */
		size_t blocks;
		const char *sentence;
	} rows[] = {
		{1.5, 4, "inconclusive: 4 blocks are too few, run --blocks 10"},
		{2.0, 10, "inconclusive: 10 blocks are too few, run --blocks 25"},
	};

	(void)state;
	for (size_t row = 0; row < sizeof(rows) / sizeof(*rows); row++) {
		struct table table = exact(&truth);

		for (size_t block = 1; block < BLOCKS; block += 2)
			table.ns[block * POINTS + POINTS - 1] *= rows[row].factor;
		assert_string_equal(
			judge(&table, rows[row].blocks).sentence, rows[row].sentence);
	}
}

/* Level at the end and 1.45 times up: some 365 blocks would show that it is below 1.5. */
static void test_too_many_blocks_are_not_proposed(void **state)
{
	static const struct truth even = {step, 1.15, 200}, odd = {step, 1.75, 200};
	struct table table = in_turn(&even, &odd);

	(void)state;
	assert_string_equal(judge(&table, BLOCKS).sentence,
		"inconclusive: growth 1.4x, but a slope of 0.00 at the end (0 is flat, "
		"1 linear); measure beyond 19,000 connections");
}

/* ---- the simulation ------------------------------------------------------------- */

/* The noise must not come from the same numbers as the resamples: another seed. */
enum { RUNS = 300, RUNS_REPORTED = 100, SIMULATION_SEED = 7 };

static const double noises[] = {0.05, 0.10, 0.20};

enum { NOISES = sizeof(noises) / sizeof(*noises) };

struct tally {
	size_t runs;
	size_t verdicts[COMPLEXITY_LINEAR + 1];
	size_t knots;       /* results that name one */
	size_t significant; /* what the textbook would have called O(n): see below */
	size_t r_squared;
};

/*
 * The textbook: one ordinary least-squares line through all values. Its slope is
 * significant, or it explains more than half of the variance: "O(n)".
 */
static void add_textbook(struct tally *tally, const struct table *table)
{
	enum { COUNT = BLOCKS * POINTS };
	double x[COUNT], residuals[COUNT];

	for (size_t i = 0; i < COUNT; i++)
		x[i] = connections[i % POINTS];
	double slope = statistics_slope(x, table->ns, COUNT);

	for (size_t i = 0; i < COUNT; i++)
		residuals[i] = table->ns[i] - slope * x[i];
	double unexplained =
		statistics_sd(residuals, COUNT) / statistics_sd(table->ns, COUNT);
	double error = statistics_sd(residuals, COUNT) / statistics_sd(x, COUNT) /
		       sqrt(COUNT - 2);

	tally->significant += slope / error > statistics_t975(COUNT - 2);
	tally->r_squared += 1 - unexplained * unexplained > 0.5;
}

static void add_run(struct tally *tally, const struct table *table)
{
	struct complexity result = judge(table, BLOCKS);

	tally->runs++;
	tally->verdicts[result.verdict]++;
	tally->knots += isnan(result.knot_connections) ? 0 : 1;
	add_textbook(tally, table);
}

static double percent(size_t count, const struct tally *tally)
{
	return 100.0 * (double)count / (double)tally->runs;
}

static void report(const char *name, double noise, const struct tally *tally)
{
	const size_t *verdicts = tally->verdicts;

	printf("# %-24s %2.0f %%: flat %5.1f, linear %5.1f, grows %5.1f, inconclusive "
	       "%5.1f %% of %zu\n",
		name, 100 * noise, percent(verdicts[COMPLEXITY_FLAT], tally),
		percent(verdicts[COMPLEXITY_LINEAR], tally),
		percent(verdicts[COMPLEXITY_GROWS], tally),
		percent(verdicts[COMPLEXITY_INCONCLUSIVE], tally), tally->runs);
	fflush(stdout);
}

/* Runs of one truth; where it has no place, that is drawn anew for every run. */
static struct tally simulate(
	const char *name, struct truth truth, double noise, size_t runs)
{
	struct random random = {SIMULATION_SEED};
	struct tally tally = {0};
	bool anywhere = truth.place == 0;

	for (size_t run = 0; run < runs; run++) {
		if (anywhere)
			truth.place = 10 * pow(1900, uniform(&random));
		struct table table = noisy(&truth, noise, &random);

		add_run(&tally, &table);
	}
	report(name, noise, &tally);
	return tally;
}

static void assert_at_least(
	const struct tally *tally, enum complexity_verdict verdict, double share)
{
	if ((double)tally->verdicts[verdict] < share * (double)tally->runs)
		fail_msg("%s in only %zu of %zu runs", complexity_verdict_name(verdict),
			tally->verdicts[verdict], tally->runs);
}

static void test_constant_is_flat(void **state)
{
	(void)state;
	for (size_t i = 0; i < NOISES; i++) {
		struct tally tally = simulate(
			"constant", (struct truth){constant, 0, 0}, noises[i], RUNS);

		assert_at_least(&tally, COMPLEXITY_FLAT, 0.99);
		assert_int_equal(tally.verdicts[COMPLEXITY_LINEAR], 0);
	}
}

static void test_line_is_linear(void **state)
{
	(void)state;
	for (size_t i = 0; i < NOISES; i++) {
		struct tally tally = simulate(
			"line to 11x", (struct truth){line, 11, 0}, noises[i], RUNS);

		assert_at_least(&tally, COMPLEXITY_LINEAR, 0.99);
		assert_true(tally.knots <= tally.runs / 20);
	}
}

static void test_knotted_line_is_linear(void **state)
{
	(void)state;
	for (size_t i = 0; i < NOISES; i++) {
		struct tally tally = simulate("knot at 2,000, to 11x",
			(struct truth){knotted, 11, 2000}, noises[i], RUNS);

		assert_at_least(&tally, COMPLEXITY_LINEAR, 0.99);
		assert_true(tally.knots >= tally.runs / 2);
	}
}

/* The reason for all of this: where a line and its significance see O(n) in a cache. */
static void test_cache_step_is_never_linear(void **state)
{
	(void)state;
	for (size_t i = 0; i < NOISES; i++) {
		struct tally tally = simulate("cache step of 1.3x",
			(struct truth){step, 1.3, 0}, noises[i], RUNS);

		printf("#     ordinary least squares: slope significant in %.1f %%, "
		       "r^2 > .5 in %.1f %%\n",
			percent(tally.significant, &tally),
			percent(tally.r_squared, &tally));
		assert_int_equal(tally.verdicts[COMPLEXITY_LINEAR], 0);
		assert_true(tally.significant >= tally.runs / 2);
	}
}

/* Measured of poll: 48-98 ns a connection at 1,000, 120, 180-265, 500-660 at 19,000. */
static double polled(const struct truth *truth, double n)
{
	const double at[] = {1000, 2500, 10000, 19000};
	const double ns[] = {48 + 50 * truth->size, 120, 180 + 85 * truth->size,
		500 + 160 * truth->size};
	double each = ns[0];

	for (size_t i = 1; i < 4; i++)
		if (n > at[i - 1])
			each = ns[i - 1] *
			       pow(ns[i] / ns[i - 1],
				       log(n / at[i - 1]) / log(at[i] / at[i - 1]));
	return 3000 + each * n;
}

static void test_poll_is_linear_with_a_knot(void **state)
{
	(void)state;
	for (size_t i = 0; i < NOISES; i++) {
		struct truth truth = {polled, 0.5, 1};
		struct tally tally = simulate("poll", truth, noises[i], RUNS_REPORTED);

		assert_at_least(&tally, COMPLEXITY_LINEAR, 0.99);
		assert_true(tally.knots >= tally.runs * 95 / 100);
	}
	for (int size = 0; size <= 1; size++) {
		struct truth truth = {polled, size, 1};
		struct random random = {SIMULATION_SEED};
		struct table table = noisy(&truth, 0.05, &random);
		struct complexity result = judge(&table, BLOCKS);

		printf("#     %s\n", result.sentence);
		assert_non_null(strstr(result.sentence, " from there to 19,000"));
		assert_true(result.knot_ns_below > 40 && result.knot_ns_below < 130);
		assert_true(result.knot_ns_above > 250 && result.knot_ns_above < 900);
	}
}

/* Neither flat nor linear: "grows", or "inconclusive" where noise hides it. */
static void test_between_flat_and_linear(void **state)
{
	static const struct {
		const char *name;
		struct truth truth;
	} rows[] = {
		{"log N to 2x", {logarithm, 2, 1}},
		{"sqrt N to 3x", {square_root, 3, 1}},
		{"sqrt N to 41x", {square_root, 41, 1}},
		{"spread set to 1.7x", {spread_set, 1.7, 2000}},
	};

	(void)state;
	for (size_t row = 0; row < sizeof(rows) / sizeof(*rows); row++)
		for (size_t i = 0; i < NOISES; i++) {
			struct tally tally = simulate(rows[row].name, rows[row].truth,
				noises[i], RUNS_REPORTED);

			assert_true(tally.verdicts[COMPLEXITY_LINEAR] <= tally.runs / 50);
			assert_true(tally.verdicts[COMPLEXITY_FLAT] <= tally.runs / 50);
		}
}

/*
 * A large step within the last tenth of the range beats log N and sqrt N as a late, steep
 * knot would: a quarter of those of ten times were called linear before a step was among
 * the forms that compete.
 */
static void test_large_steps_are_never_linear(void **state)
{
	(void)state;
	for (size_t size = 3; size <= 10; size += 7) {
		struct tally tally = simulate(
			size == 3 ? "cache step of 3x" : "cache step of 10x",
			(struct truth){step, (double)size, 0}, 0.10, RUNS_REPORTED);

		assert_int_equal(tally.verdicts[COMPLEXITY_LINEAR], 0);
	}
}

/* Nothing is asserted about time: the machine may be busy. */
static void test_a_verdict_of_the_largest_size(void **state)
{
	static double large[COMPLEXITY_POINTS_MAX];
	static double ns[COMPLEXITY_BLOCKS_MAX * COMPLEXITY_POINTS_MAX];
	struct complexity_input input = {
		large, COMPLEXITY_POINTS_MAX, ns, COMPLEXITY_BLOCKS_MAX};
	struct random random = {SIMULATION_SEED};
	struct complexity result;

	(void)state;
	for (size_t i = 0; i < COMPLEXITY_POINTS_MAX; i++)
		large[i] = pow(1.4, (double)i);
	for (size_t i = 0; i < sizeof(ns) / sizeof(*ns); i++)
		ns[i] = 1000 * exp(0.1 * normal(&random));
	uint64_t start_ns = clock_now_ns();

	assert_int_equal(complexity_judge(&input, &result), 0);
	printf("# %zu blocks of %zu points took %.1f ms\n", input.blocks, input.points,
		(double)(clock_now_ns() - start_ns) / NS_PER_MS);
	assert_int_equal(result.verdict, COMPLEXITY_FLAT);

	static const struct truth truth = {constant, 0, 0};
	struct table table = noisy(&truth, 0.1, &random);

	start_ns = clock_now_ns();
	judge(&table, BLOCKS);
	printf("# %d blocks of %d points took %.1f ms\n", BLOCKS, POINTS,
		(double)(clock_now_ns() - start_ns) / NS_PER_MS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_known_curves),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_the_bounds_decide),
		cmocka_unit_test(test_a_factor_of_the_block_is_no_noise),
		cmocka_unit_test(test_a_dip_is_not_growth),
		cmocka_unit_test(test_a_single_point_makes_no_knot),
		cmocka_unit_test(test_figures),
		cmocka_unit_test(test_a_block_with_a_hole_is_left_out),
		cmocka_unit_test(test_a_point_that_all_lack_is_left_out),
		cmocka_unit_test(test_a_point_that_most_lack_is_left_out),
		cmocka_unit_test(test_empty_blocks_are_left_out),
		cmocka_unit_test(test_too_little_is_inconclusive),
		cmocka_unit_test(test_just_enough),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_the_same_data_get_the_same_verdict),
		cmocka_unit_test(test_noise_asks_for_blocks),
		cmocka_unit_test(test_too_many_blocks_are_not_proposed),
		cmocka_unit_test(test_constant_is_flat),
		cmocka_unit_test(test_line_is_linear),
		cmocka_unit_test(test_knotted_line_is_linear),
		cmocka_unit_test(test_cache_step_is_never_linear),
		cmocka_unit_test(test_poll_is_linear_with_a_knot),
		cmocka_unit_test(test_between_flat_and_linear),
		cmocka_unit_test(test_large_steps_are_never_linear),
		cmocka_unit_test(test_a_verdict_of_the_largest_size),
	};

	return cmocka_run_group_tests_name("complexity", tests, NULL, NULL);
}
