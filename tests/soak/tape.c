/* tape.c - the bytes of one connection, by position. */
#include "tests/soak/tape.h"

#include "common/random.h"

#include <stdlib.h>
#include <string.h>

/* One step of splitmix64: a bijection of 64 bits. */
static uint64_t mix(uint64_t value)
{
	struct random random = {.state = value};

	return random_next(&random);
}

uint8_t *tape_pool_make(uint64_t seed)
{
	struct random random = {.state = ~seed};
	size_t bytes = TAPE_PLACES + TAPE_BLOCK_BYTES;
	uint8_t *pool = malloc(bytes);

	for (size_t at = 0; pool && at < bytes; at += sizeof(uint64_t)) {
		uint64_t word = random_next(&random);

		memcpy(pool + at, &word, sizeof(word));
	}
	return pool;
}

void tape_init(struct tape *tape, const uint8_t *pool, uint64_t seed, uint64_t number)
{
	tape->pool = pool;
	tape->key = mix(mix(seed) + number);
	memcpy(tape->head, &tape->key, sizeof(tape->head));
}

const uint8_t *tape_at(const struct tape *tape, uint64_t position, size_t *length)
{
	if (position < TAPE_HEAD_BYTES) {
		*length = TAPE_HEAD_BYTES - (size_t)position;
		return tape->head + position;
	}
	uint64_t behind = position - TAPE_HEAD_BYTES;
	size_t skip = behind % TAPE_BLOCK_BYTES;
	size_t place = mix(tape->key ^ behind / TAPE_BLOCK_BYTES) % TAPE_PLACES;

	*length = TAPE_BLOCK_BYTES - skip;
	return tape->pool + place + skip;
}

size_t tape_count_wrong(const struct tape *tape, uint64_t position, const uint8_t *bytes,
	size_t length, uint64_t *first)
{
	size_t wrong = 0;

	for (size_t done = 0; done < length;) {
		size_t piece;
		const uint8_t *due = tape_at(tape, position + done, &piece);

		if (piece > length - done)
			piece = length - done;
		if (memcmp(due, bytes + done, piece) != 0)
			for (size_t i = 0; i < piece; i++)
				if (due[i] != bytes[done + i] && wrong++ == 0)
					*first = position + done + i;
		done += piece;
	}
	return wrong;
}
