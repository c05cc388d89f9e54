/*
 * records.h - the JSON shapes that more than one program writes or reads, and getters
 * that take no other type than the one asked for.
 */
#ifndef COMMON_RECORDS_H
#define COMMON_RECORDS_H

#include "common/histogram.h"
#include "common/problem.h"
#include "common/usage.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

/* A u64 as a JSON integer; one past 2^63-1, which jansson has not, becomes null. */
json_t *record_u64(uint64_t value);

/* Each: 0 and the value, or -EBADMSG with a line that names the key. */
int record_get_u64(
	const json_t *object, const char *key, uint64_t *value, struct problem *problem);
/* The string stays owned by object. */
int record_get_string(const json_t *object, const char *key, const char **value,
	struct problem *problem);
int record_get_bool(
	const json_t *object, const char *key, bool *value, struct problem *problem);
/* The object stays owned by its parent. */
int record_get_object(
	const json_t *object, const char *key, json_t **value, struct problem *problem);

/*
 * {"count","min_ns","max_ns","sum_ns","saturated","buckets":[[low_ns,high_ns,count],...]}
 * with the buckets that are not empty; min_ns and max_ns are null when count is 0.
 */
json_t *record_from_histogram(const struct histogram *histogram);
int record_to_histogram(
	const json_t *object, struct histogram *histogram, struct problem *problem);

/* {"cpu_ns","user_ticks_ns","sys_ticks_ns",...}: the members of struct usage by name. */
json_t *record_from_usage(const struct usage *usage);
int record_to_usage(const json_t *object, struct usage *usage, struct problem *problem);

#endif
