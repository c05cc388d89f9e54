/*
 * random.h - a seeded generator, so that a run can be repeated: splitmix64
 * (Steele, Lea, Flood: "Fast splittable pseudorandom number generators", 2014).
 */
#ifndef COMMON_RANDOM_H
#define COMMON_RANDOM_H

#include <stdint.h>

struct random {
	uint64_t state; /* any seed will do, 0 too */
};

static inline uint64_t random_next(struct random *random)
{
	uint64_t z = (random->state += 0x9e3779b97f4a7c15ULL);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
	return z ^ (z >> 31);
}

/* Uniform in [0, bound), bound > 0: the rejected remainder keeps it without bias. */
static inline uint64_t random_below(struct random *random, uint64_t bound)
{
	uint64_t reject_below = -bound % bound;
	uint64_t value;

	do
		value = random_next(random);
	while (value < reject_below);
	return value % bound;
}

#endif
