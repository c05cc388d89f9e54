/*
 * parse.h - what people type, checked: numbers with bounds, durations, sizes, lists.
 *
 * Every function returns 0, or -EINVAL with a line in problem that names the option, what
 * was given and what is allowed. None accepts signs, spaces, trailing letters or "".
 */
#ifndef COMMON_PARSE_H
#define COMMON_PARSE_H

#include "common/problem.h"

#include <stddef.h>
#include <stdint.h>

/* A decimal whole number with min <= value <= max. */
int parse_u64(const char *option, const char *text, uint64_t min, uint64_t max,
	uint64_t *value, struct problem *problem);

/* The same into an int; max must fit in one. */
int parse_int(const char *option, const char *text, int min, int max, int *value,
	struct problem *problem);

/* Seconds with a fraction ("0.5", "2") or with a unit ("2s", "300ms", "50us"), in ns. */
int parse_duration_ns(const char *option, const char *text, uint64_t min_ns,
	uint64_t max_ns, uint64_t *value_ns, struct problem *problem);

/* Bytes, or with KiB or MiB behind ("64", "16KiB", "1MiB"). */
int parse_bytes(const char *option, const char *text, uint64_t min, uint64_t max,
	uint64_t *bytes, struct problem *problem);

/* "0,100,1000" into values[0..*count), at most capacity of them, each within bounds. */
int parse_u64_list(const char *option, const char *text, uint64_t min, uint64_t max,
	uint64_t *values, size_t capacity, size_t *count, struct problem *problem);

/*
 * "a,b,c" into names[0..*count): pointers into *copy, which the caller frees. An empty
 * name or one given twice is an error.
 */
int parse_name_list(const char *option, const char *text, const char **names,
	size_t capacity, size_t *count, char **copy, struct problem *problem);

/* What to say when getopt_long(3) returned '?' or ':'; always returns -EINVAL. */
int parse_option_unknown(char *const argv[], int option, struct problem *problem);

#endif
