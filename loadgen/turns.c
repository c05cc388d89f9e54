/* turns.c - which connection takes the next request. */
#include "loadgen/turns.h"

#include <errno.h>
#include <stdlib.h>

int turns_init(struct turns *turns, size_t capacity)
{
	*turns = (struct turns){
		.ring = calloc(capacity ? capacity : 1, sizeof(*turns->ring)),
		.capacity = capacity,
	};
	return turns->ring ? 0 : -ENOMEM;
}

void turns_free(struct turns *turns)
{
	free(turns->ring);
	*turns = (struct turns){0};
}

void turns_clear(struct turns *turns)
{
	turns->first = turns->count = 0;
}

/* The place of the one that is nth to come. */
static uint32_t *place(const struct turns *turns, size_t nth)
{
	size_t at = turns->first + nth;

	return &turns->ring[at < turns->capacity ? at : at - turns->capacity];
}

void turns_add(struct turns *turns, size_t connection)
{
	*place(turns, turns->count) = (uint32_t)connection;
	turns->count++;
}

size_t turns_take_first(struct turns *turns)
{
	uint32_t connection = *place(turns, 0);

	turns->first = turns->first + 1 < turns->capacity ? turns->first + 1 : 0;
	turns->count--;
	return connection;
}

size_t turns_take_drawn(struct turns *turns, struct random *random)
{
	uint32_t *drawn = place(turns, random_below(random, turns->count));
	uint32_t *first = place(turns, 0);
	uint32_t connection = *drawn;

	*drawn = *first;
	*first = connection;
	return turns_take_first(turns);
}
