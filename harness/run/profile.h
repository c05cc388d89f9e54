/*
 * profile.h - named sizes of a run. A profile gives defaults; every option of the command
 * line can replace its part of them. A new profile is one entry in profile.c.
 */
#ifndef HARNESS_RUN_PROFILE_H
#define HARNESS_RUN_PROFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum { PROFILE_IDLE_MAX = 16, PROFILE_ACTIVE_MAX = 8 };

struct profile {
	const char *name;
	const char *summary;
	uint64_t idle[PROFILE_IDLE_MAX]; /* rising */
	size_t idle_count;
	bool idle_to_limit; /* what descriptors cannot hold becomes what they can */
	uint64_t active[PROFILE_ACTIVE_MAX]; /* rising */
	size_t active_count;
	uint64_t blocks;
	uint64_t warmup_ns;  /* before the windows of a trial; discarded */
	uint64_t timed_ns;   /* the window that CPU and latency come from */
	uint64_t counted_ns; /* the window that calls are counted in */
};

/* The first is the default. NULL: there is none of that name. */
const struct profile *profile_find(const char *name);
const struct profile *profile_default(void);

/*
 * The idle counts of a profile beside that many active connections, where a process may
 * hold so many descriptors: into idle, at least PROFILE_IDLE_MAX long. How many they are.
 */
size_t profile_idle(const struct profile *profile, uint64_t active_max,
	uint64_t descriptors, uint64_t *idle);

/* One line each, as --help shows them. */
void profile_list(FILE *out);

#endif
