/* fuzz_parse.c - numbers, durations, sizes, lists and addresses as people type them. */
#include "tests/fuzz/fuzz.h"

#include "common/net.h"
#include "common/parse.h"

#include <stdlib.h>
#include <string.h>

#define OPTION "--option"

enum { LIST_MAX = 8 };

static void check_number(const char *text)
{
	static const uint64_t bounds[][2] = {
		{0, UINT64_MAX}, {1, 10}, {0, 0}, {1ULL << 53, 1ULL << 63}};
	struct problem problem = {""};

	for (size_t i = 0; i < sizeof(bounds) / sizeof(*bounds); i++) {
		uint64_t value = 0;
		char again[32];
		int error = parse_u64(
			OPTION, text, bounds[i][0], bounds[i][1], &value, &problem);

		fuzz_check_problem(error, &problem);
		problem = (struct problem){""};
		if (error < 0)
			continue;
		fuzz_check(value >= bounds[i][0] && value <= bounds[i][1],
			"a number out of bounds");
		snprintf(again, sizeof(again), "%llu", (unsigned long long)value);
		fuzz_check(strcmp(again, text + strspn(text, "0")) == 0 || value == 0,
			"a number that was not typed");
	}
}

static void check_int(const char *text)
{
	struct problem problem = {""};
	int value = 0;
	int error = parse_int(OPTION, text, 1, 65535, &value, &problem);

	fuzz_check_problem(error, &problem);
	fuzz_check(error < 0 || (value >= 1 && value <= 65535), "an int out of bounds");
}

static void check_duration(const char *text)
{
	static const uint64_t bounds[][2] = {
		{0, UINT64_MAX / 4}, {1000, 10000000000}, {1, 3600000000000}};

	for (size_t i = 0; i < sizeof(bounds) / sizeof(*bounds); i++) {
		struct problem problem = {""};
		uint64_t ns = 0;
		int error = parse_duration_ns(
			OPTION, text, bounds[i][0], bounds[i][1], &ns, &problem);

		fuzz_check_problem(error, &problem);
		fuzz_check(error < 0 || (ns >= bounds[i][0] && ns <= bounds[i][1]),
			"a duration out of bounds");
	}
}

static void check_bytes(const char *text)
{
	struct problem problem = {""};
	uint64_t bytes = 0;
	int error = parse_bytes(OPTION, text, 1, 16 << 20, &bytes, &problem);

	fuzz_check_problem(error, &problem);
	fuzz_check(
		error < 0 || (bytes >= 1 && bytes <= 16 << 20), "a size out of bounds");
}

static void check_numbers(const char *text)
{
	struct problem problem = {""};
	uint64_t values[LIST_MAX];
	size_t count = 0;
	int error = parse_u64_list(
		OPTION, text, 0, 1000000, values, LIST_MAX, &count, &problem);

	fuzz_check_problem(error, &problem);
	fuzz_check(error < 0 || (count >= 1 && count <= LIST_MAX),
		"a list of a wrong length");
	for (size_t i = 0; i < count && error == 0; i++)
		fuzz_check(values[i] <= 1000000, "a number of a list out of bounds");
}

static void check_names(const char *text)
{
	struct problem problem = {""};
	const char *names[LIST_MAX];
	char *copy = NULL;
	size_t count = 0;
	int error =
		parse_name_list(OPTION, text, names, LIST_MAX, &count, &copy, &problem);

	fuzz_check_problem(error, &problem);
	fuzz_check(
		error < 0 || (count >= 1 && count <= LIST_MAX), "names without number");
	for (size_t i = 0; i < count && error == 0; i++)
		fuzz_check(*names[i] && !strchr(names[i], ','), "a name that is none");
	free(copy);
}

static void check_address(const char *text)
{
	struct problem problem = {""};
	struct net_address address;
	char again[80];
	int port;
	int error = net_address_parse(&address, text, 7777, &problem);

	fuzz_check_problem(error, &problem);
	if (error < 0)
		return;
	net_address_format(&address, again, sizeof(again), &port);
	fuzz_check(port == 7777 && *again, "an address that has no text");
	net_address_is_loopback(&address);
}

void fuzz_one(const uint8_t *data, size_t size)
{
	char *text = fuzz_string(data, size);

	check_number(text);
	check_int(text);
	check_duration(text);
	check_bytes(text);
	check_numbers(text);
	check_names(text);
	check_address(text);
	free(text);
}
