/*
 * turns.h - which connection takes the next request: those that have room for one, each
 * at most once, in the order in which they came back.
 */
#ifndef LOADGEN_TURNS_H
#define LOADGEN_TURNS_H

#include "common/random.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct turns {
	uint32_t *ring; /* owned: indices of connections */
	size_t capacity;
	size_t first;
	size_t count;
};

/* For connections 0 to capacity - 1; none has a turn yet. 0 or -ENOMEM. */
int turns_init(struct turns *turns, size_t capacity);
void turns_free(struct turns *turns);
void turns_clear(struct turns *turns);

/* Behind all others. The connection must not be in already. */
void turns_add(struct turns *turns, size_t connection);

/* The one that waits longest (round robin). There must be one. */
size_t turns_take_first(struct turns *turns);

/* Any of them, each with the same chance. There must be one. */
size_t turns_take_drawn(struct turns *turns, struct random *random);

#endif
