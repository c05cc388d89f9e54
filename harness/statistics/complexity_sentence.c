/* complexity_sentence.c - the verdict as a sentence. */
#include "harness/statistics/complexity_sentence.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>

/* More are not worth proposing: larger numbers of connections decide sooner. */
enum { BLOCKS_WORTH_ASKING = 100 };

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

void sentence_blocks_too_few(struct complexity *result, size_t needed)
{
	say(result, "inconclusive: %zu block%s too few, run --blocks %zu", result->blocks,
		result->blocks == 1 ? " is" : "s are", needed);
}

static void say_inconclusive(struct complexity *result)
{
	size_t needed = blocks_to_decide(result);

	if (needed > 0)
		sentence_blocks_too_few(result, needed);
	else
		say(result,
			"inconclusive: growth %.1fx, but a slope of %.2f at the end "
			"(0 is flat, 1 linear); measure beyond %s connections",
			result->growth.estimate, result->tail.estimate,
			number(result->connections_max).text);
}

void sentence_verdict(struct complexity *result)
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

void sentence_invalid(struct complexity *result)
{
	say(result,
		"inconclusive: a verdict takes up to %d rising numbers of connections "
		"above 0 "
		"and up to %d blocks",
		COMPLEXITY_POINTS_MAX, COMPLEXITY_BLOCKS_MAX);
}

void sentence_points_too_few(struct complexity *result, double decades)
{
	say(result,
		"inconclusive: %zu numbers of connections, the last %.0f times the "
		"first, are "
		"too few: give --idle %d numbers, the last 100 times the first",
		result->points, pow(10, decades), COMPLEXITY_POINTS_PUBLISHABLE);
}
