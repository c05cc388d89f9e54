/* records.c - the JSON shapes that more than one program writes or reads. */
#include "common/records.h"

#include <errno.h>

json_t *record_u64(uint64_t value)
{
	return value > INT64_MAX ? json_null() : json_integer((json_int_t)value);
}

int record_get_u64(
	const json_t *object, const char *key, uint64_t *value, struct problem *problem)
{
	const json_t *member = json_object_get(object, key);

	if (!json_is_integer(member) || json_integer_value(member) < 0)
		return problem_set(problem, -EBADMSG,
			"'%s' is missing or not a whole number >= 0", key);
	*value = (uint64_t)json_integer_value(member);
	return 0;
}

int record_get_string(const json_t *object, const char *key, const char **value,
	struct problem *problem)
{
	const json_t *member = json_object_get(object, key);

	if (!json_is_string(member))
		return problem_set(
			problem, -EBADMSG, "'%s' is missing or not a string", key);
	*value = json_string_value(member);
	return 0;
}

int record_get_bool(
	const json_t *object, const char *key, bool *value, struct problem *problem)
{
	const json_t *member = json_object_get(object, key);

	if (!json_is_boolean(member))
		return problem_set(
			problem, -EBADMSG, "'%s' is missing or not true or false", key);
	*value = json_is_true(member);
	return 0;
}

int record_get_object(
	const json_t *object, const char *key, json_t **value, struct problem *problem)
{
	json_t *member = json_object_get(object, key);

	if (!json_is_object(member))
		return problem_set(
			problem, -EBADMSG, "'%s' is missing or not an object", key);
	*value = member;
	return 0;
}

json_t *record_from_histogram(const struct histogram *histogram)
{
	json_t *buckets = json_array();

	for (size_t i = 0; i < HISTOGRAM_BUCKETS; i++) {
		uint64_t low, high;

		if (histogram->buckets[i] == 0)
			continue;
		histogram_bounds(i, &low, &high);
		json_array_append_new(
			buckets, json_pack("[ooo]", record_u64(low), record_u64(high),
					 record_u64(histogram->buckets[i])));
	}
	bool any = histogram->count > 0;

	return json_pack("{so so so so so so}", "count", record_u64(histogram->count),
		"min_ns", any ? record_u64(histogram->min_ns) : json_null(), "max_ns",
		any ? record_u64(histogram->max_ns) : json_null(), "sum_ns",
		record_u64(histogram->sum_ns), "saturated",
		record_u64(histogram->saturated), "buckets", buckets);
}

/* One [low, high, count] as its bucket and that, if there is such a bucket. */
static int read_bucket(
	const json_t *entry, size_t *bucket, uint64_t *count, struct problem *problem)
{
	uint64_t numbers[3], low, high;

	for (size_t i = 0; i < 3; i++) {
		const json_t *number = json_array_get(entry, i);

		if (!json_is_integer(number) || json_integer_value(number) < 0)
			return problem_set(problem, -EBADMSG,
				"a bucket is not [low_ns, high_ns, count]");
		numbers[i] = (uint64_t)json_integer_value(number);
	}
	if (numbers[0] > HISTOGRAM_HIGHEST_NS)
		return problem_set(problem, -EBADMSG, "a bucket above 60 s");
	*bucket = histogram_bucket(numbers[0]);
	histogram_bounds(*bucket, &low, &high);
	if (low != numbers[0] || high != numbers[1])
		return problem_set(
			problem, -EBADMSG, "a bucket with bounds of another rule");
	*count = numbers[2];
	return 0;
}

/* Rising, each once, and together no more than count. */
static int read_buckets(
	struct histogram *histogram, const json_t *buckets, struct problem *problem)
{
	uint64_t left = histogram->count, count = 0;
	size_t i, bucket = 0, next = 0;
	const json_t *entry;

	json_array_foreach(buckets, i, entry)
	{
		int error = read_bucket(entry, &bucket, &count, problem);

		if (error < 0)
			return error;
		if (bucket < next)
			return problem_set(problem, -EBADMSG,
				"a histogram whose buckets do not rise");
		if (count > left)
			break;
		next = bucket + 1;
		left -= count;
		histogram->buckets[bucket] = count;
	}
	return left == 0 && i == json_array_size(buckets)
		       ? 0
		       : problem_set(problem, -EBADMSG,
				 "a histogram whose buckets do not add up to its count");
}

/* What stands beside the buckets. */
static int read_facts(
	struct histogram *histogram, const json_t *object, struct problem *problem)
{
	int error = record_get_u64(object, "count", &histogram->count, problem);

	if (error == 0)
		error = record_get_u64(object, "sum_ns", &histogram->sum_ns, problem);
	if (error == 0)
		error = record_get_u64(
			object, "saturated", &histogram->saturated, problem);
	if (error == 0 && histogram->count > 0)
		error = record_get_u64(object, "min_ns", &histogram->min_ns, problem);
	if (error == 0 && histogram->count > 0)
		error = record_get_u64(object, "max_ns", &histogram->max_ns, problem);
	if (error == 0 && histogram->count > 0 && histogram->min_ns > histogram->max_ns)
		error = problem_set(problem, -EBADMSG,
			"a histogram whose min_ns is above its max_ns");
	if (error == 0 && histogram->saturated > histogram->count)
		error = problem_set(problem, -EBADMSG,
			"a histogram with more saturated than there are");
	return error;
}

int record_to_histogram(
	const json_t *object, struct histogram *histogram, struct problem *problem)
{
	const json_t *buckets = json_object_get(object, "buckets");

	histogram_reset(histogram);
	if (!json_is_array(buckets))
		return problem_set(problem, -EBADMSG, "a histogram without buckets");
	int error = read_facts(histogram, object, problem);

	return error < 0 ? error : read_buckets(histogram, buckets, problem);
}

/* The members of struct usage, in one table for writing and reading. */
struct usage_field {
	const char *key;
	size_t offset;
};

static const struct usage_field usage_fields[] = {
	{"cpu_ns", offsetof(struct usage, cpu_ns)},
	{"user_ticks_ns", offsetof(struct usage, user_ticks_ns)},
	{"sys_ticks_ns", offsetof(struct usage, sys_ticks_ns)},
	{"ctx_switches_voluntary", offsetof(struct usage, ctx_switches_voluntary)},
	{"ctx_switches_involuntary", offsetof(struct usage, ctx_switches_involuntary)},
	{"run_delay_ns", offsetof(struct usage, run_delay_ns)},
	{"rss_max_bytes", offsetof(struct usage, rss_max_bytes)},
};

enum { USAGE_FIELDS = sizeof(usage_fields) / sizeof(usage_fields[0]) };

json_t *record_from_usage(const struct usage *usage)
{
	json_t *object = json_object();

	for (size_t i = 0; i < USAGE_FIELDS; i++) {
		const char *member = (const char *)usage + usage_fields[i].offset;

		json_object_set_new(object, usage_fields[i].key,
			record_u64(*(const uint64_t *)(const void *)member));
	}
	return object;
}

int record_to_usage(const json_t *object, struct usage *usage, struct problem *problem)
{
	int error = 0;

	for (size_t i = 0; i < USAGE_FIELDS && error == 0; i++) {
		char *member = (char *)usage + usage_fields[i].offset;

		error = record_get_u64(
			object, usage_fields[i].key, (uint64_t *)(void *)member, problem);
	}
	return error;
}
