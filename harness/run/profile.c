/* profile.c - named sizes of a run. */
#include "harness/run/profile.h"

#include "common/clock.h"

#include <string.h>

/* What a server needs beside its connections, and a margin. */
enum { DESCRIPTORS_SPARE = 64 };

static const struct profile profiles[] = {
	{
		.name = "quick",
		.summary = "0 to 10,000 idle, 1 active, 3 blocks; a minute and a half",
		.idle = {0, 10, 100, 1000, 3000, 10000},
		.idle_count = 6,
		.active = {1},
		.active_count = 1,
		.blocks = 3,
		.warmup_ns = 100 * NS_PER_MS,
		.timed_ns = 300 * NS_PER_MS,
		.counted_ns = 100 * NS_PER_MS,
	},
	{
		.name = "curves",
		.summary = "10 to 19,000 idle, 1 and 100 active, 10 blocks, for "
			   "publishing; 20 minutes",
		.idle = {10, 30, 100, 300, 1000, 2000, 5000, 10000, 19000},
		.idle_count = 9,
		.idle_to_limit = true,
		.active = {1, 100},
		.active_count = 2,
		.blocks = 10,
		.warmup_ns = 100 * NS_PER_MS,
		.timed_ns = 500 * NS_PER_MS,
		.counted_ns = 100 * NS_PER_MS,
	},
	{
		.name = "ci",
		.summary = "0 to 3,000 idle, 1 active, 3 blocks; a minute at most",
		.idle = {0, 100, 1000, 3000},
		.idle_count = 4,
		.active = {1},
		.active_count = 1,
		.blocks = 3,
		.warmup_ns = 50 * NS_PER_MS,
		.timed_ns = 200 * NS_PER_MS,
		.counted_ns = 50 * NS_PER_MS,
	},
};

enum { PROFILES = sizeof(profiles) / sizeof(*profiles) };

const struct profile *profile_find(const char *name)
{
	for (size_t i = 0; i < PROFILES; i++)
		if (strcmp(profiles[i].name, name) == 0)
			return &profiles[i];
	return NULL;
}

const struct profile *profile_default(void)
{
	return &profiles[0];
}

size_t profile_idle(const struct profile *profile, uint64_t active_max,
	uint64_t descriptors, uint64_t *idle)
{
	uint64_t needed = active_max + DESCRIPTORS_SPARE;
	uint64_t most = descriptors > needed ? descriptors - needed : 0;
	size_t count = profile->idle_count;

	memcpy(idle, profile->idle, count * sizeof(*idle));
	if (!profile->idle_to_limit || most >= idle[count - 1])
		return count;
	if (most >= 1000)
		most -= most % 100; /* a round number */
	while (count > 1 && idle[count - 1] > most)
		count--;
	if (idle[count - 1] < most)
		idle[count++] = most;
	return count;
}

void profile_list(FILE *out)
{
	for (size_t i = 0; i < PROFILES; i++)
		fprintf(out, "  %-10s %s%s\n", profiles[i].name, profiles[i].summary,
			i == 0 ? " (the default)" : "");
}
