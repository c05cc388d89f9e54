/* profile.c - named sizes of a run. */
#include "harness/profile.h"

#include "common/clock.h"

#include <string.h>

static const struct profile profiles[] = {
	{
		.name = "quick",
		.summary = "0 to 10,000 idle, 1 active, 3 blocks; about a minute",
		.idle = {0, 10, 100, 1000, 3000, 10000},
		.idle_count = 6,
		.active = {1},
		.active_count = 1,
		.blocks = 3,
		.warmup_ns = 100 * NS_PER_MS,
		.timed_ns = 300 * NS_PER_MS,
		.counted_ns = 100 * NS_PER_MS,
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

void profile_list(FILE *out)
{
	for (size_t i = 0; i < PROFILES; i++)
		fprintf(out, "  %-10s %s%s\n", profiles[i].name, profiles[i].summary,
			i == 0 ? " (the default)" : "");
}
