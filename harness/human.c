/* human.c - numbers as people read them. */
#include "harness/human.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

/* As many decimals as make three digits of a value below 1000. */
static int decimals(double value)
{
	if (value < 9.995)
		return 2;
	return value < 99.95 ? 1 : 0;
}

void human_ns(double ns, char *text, size_t text_size)
{
	static const char *const units[] = {"ns", "us", "ms", "s"};
	size_t unit = 0;

	for (; ns >= 999.5 && unit < 3; unit++)
		ns /= 1000;
	snprintf(text, text_size, "%.*f %s", unit == 0 ? 0 : decimals(ns), ns,
		units[unit]);
}

void human_count(uint64_t count, char *text, size_t text_size)
{
	char digits[HUMAN_BYTES];
	int length = snprintf(digits, sizeof(digits), "%" PRIu64, count);
	size_t used = 0;

	for (int i = 0; i < length && used + 2 < text_size; i++) {
		if (i > 0 && (length - i) % 3 == 0)
			text[used++] = ',';
		text[used++] = digits[i];
	}
	text[used] = '\0';
}

void human_ratio(double ratio, char *text, size_t text_size)
{
	if (ratio < 999.5)
		snprintf(text, text_size, "%.*f", decimals(ratio), ratio);
	else
		human_count((uint64_t)llround(ratio), text, text_size);
}
