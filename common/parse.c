/* parse.c - what people type, checked. */
#include "common/parse.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* Digits at *text into *value; *text moves behind them. False: none, or past 64 bits. */
static bool take_digits(const char **text, uint64_t *value)
{
	const char *p = *text;
	uint64_t sum = 0;

	for (; *p >= '0' && *p <= '9'; p++) {
		uint64_t digit = (uint64_t)(*p - '0');

		if (sum > (UINT64_MAX - digit) / 10)
			return false;
		sum = sum * 10 + digit;
	}
	if (p == *text)
		return false;
	*text = p;
	*value = sum;
	return true;
}

int parse_u64(const char *option, const char *text, uint64_t min, uint64_t max,
	uint64_t *value, struct problem *problem)
{
	const char *end = text;
	uint64_t number;

	if (!take_digits(&end, &number) || *end != '\0' || number < min || number > max)
		return problem_set(problem, -EINVAL,
			"%s takes a whole number from %" PRIu64 " to %" PRIu64
			", not '%.40s'",
			option, min, max, text);
	*value = number;
	return 0;
}

int parse_int(const char *option, const char *text, int min, int max, int *value,
	struct problem *problem)
{
	uint64_t number = 0;
	int error =
		parse_u64(option, text, (uint64_t)min, (uint64_t)max, &number, problem);

	if (error < 0)
		return error;
	*value = (int)number;
	return 0;
}

struct unit {
	const char *suffix;
	uint64_t factor;
};

static uint64_t unit_factor(const struct unit *units, size_t count, const char *suffix)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(units[i].suffix, suffix) == 0)
			return units[i].factor;
	return 0;
}

int parse_duration_ns(const char *option, const char *text, uint64_t min_ns,
	uint64_t max_ns, uint64_t *value_ns, struct problem *problem)
{
	static const struct unit units[] = {{"", 1000000000}, {"s", 1000000000},
		{"ms", 1000000}, {"us", 1000}, {"ns", 1}};
	const char *p = text;
	uint64_t whole = 0, fraction = 0, scale = 1;
	bool valid = take_digits(&p, &whole);

	if (valid && *p == '.') {
		const char *digits = ++p;

		valid = take_digits(&p, &fraction) && p - digits <= 9;
		for (ptrdiff_t i = 0; valid && i < p - digits; i++)
			scale *= 10;
	}
	uint64_t factor =
		valid ? unit_factor(units, sizeof(units) / sizeof(*units), p) : 0;

	if (factor && whole <= UINT64_MAX / factor / 2) {
		/* fraction < scale <= 1e9 and factor <= 1e9: the product fits. */
		uint64_t ns = whole * factor + fraction * factor / scale;

		if (ns >= min_ns && ns <= max_ns) {
			*value_ns = ns;
			return 0;
		}
	}
	return problem_set(problem, -EINVAL,
		"%s takes seconds, or a number with s, ms or us, from %gs to %gs, not "
		"'%.40s'",
		option, (double)min_ns / 1e9, (double)max_ns / 1e9, text);
}

int parse_bytes(const char *option, const char *text, uint64_t min, uint64_t max,
	uint64_t *bytes, struct problem *problem)
{
	static const struct unit units[] = {{"", 1}, {"KiB", 1024}, {"MiB", 1024 * 1024}};
	const char *p = text;
	uint64_t number = 0;

	if (take_digits(&p, &number)) {
		uint64_t factor = unit_factor(units, sizeof(units) / sizeof(*units), p);

		if (factor && number <= max / factor && number * factor >= min) {
			*bytes = number * factor;
			return 0;
		}
	}
	return problem_set(problem, -EINVAL,
		"%s takes bytes, or a number with KiB or MiB, from %" PRIu64
		" to %" PRIu64 ", not '%.40s'",
		option, min, max, text);
}

int parse_u64_list(const char *option, const char *text, uint64_t min, uint64_t max,
	uint64_t *values, size_t capacity, size_t *count, struct problem *problem)
{
	const char *p = text;
	size_t n = 0;

	for (;;) {
		uint64_t number = 0;

		if (!take_digits(&p, &number) || (*p != ',' && *p != '\0') ||
			number < min || number > max)
			return problem_set(problem, -EINVAL,
				"%s takes whole numbers from %" PRIu64 " to %" PRIu64
				" with commas between, not '%.40s'",
				option, min, max, text);
		if (n == capacity)
			return problem_set(problem, -EINVAL,
				"%s takes at most %zu numbers", option, capacity);
		values[n++] = number;
		if (*p == '\0')
			break;
		p++;
	}
	*count = n;
	return 0;
}

/* Cuts list at its commas; the names stay in it. */
static int split_names(const char *option, char *list, const char **names,
	size_t capacity, size_t *count, struct problem *problem)
{
	size_t n = 0;

	for (char *rest = list; rest;) {
		const char *name = strsep(&rest, ",");

		if (*name == '\0')
			return problem_set(problem, -EINVAL,
				"%s takes names with commas between", option);
		if (n == capacity)
			return problem_set(problem, -EINVAL, "%s takes at most %zu names",
				option, capacity);
		for (size_t i = 0; i < n; i++)
			if (strcmp(names[i], name) == 0)
				return problem_set(problem, -EINVAL,
					"%s names '%.80s' twice", option, name);
		names[n++] = name;
	}
	*count = n;
	return 0;
}

int parse_name_list(const char *option, const char *text, const char **names,
	size_t capacity, size_t *count, char **copy, struct problem *problem)
{
	char *list = strdup(text);

	if (!list)
		return problem_set(problem, -ENOMEM, "out of memory");
	int error = split_names(option, list, names, capacity, count, problem);

	if (error < 0) {
		free(list);
		return error;
	}
	*copy = list;
	return 0;
}

int parse_option_unknown(char *const argv[], int option, struct problem *problem)
{
	const char *given = argv[optind - 1];

	if (option == ':')
		return problem_set(problem, -EINVAL,
			"option '%.80s' needs a value (see --help)", given);
	if (optopt > 0 && optopt < 128 && strncmp(given, "--", 2) != 0)
		return problem_set(
			problem, -EINVAL, "unknown option '-%c' (see --help)", optopt);
	return problem_set(
		problem, -EINVAL, "unknown option '%.80s' (see --help)", given);
}
