/*
 * tape.h - the bytes of one connection, by position.
 *
 * A tape begins with 8 bytes that are a bijection of the connection's number, so no two
 * connections of a run have the same tape; behind them come blocks, each a slice of one
 * pool of pseudo-random bytes, whose place is mixed from the number and the block.
 * Nothing is made up or copied while the soak runs: sending takes pointers into the pool,
 * and verifying is a memcmp(3) with it. A byte that was lost, doubled, flipped or taken
 * from another connection meets a different one (each such byte agrees by chance once in
 * 256).
 */
#ifndef TESTS_SOAK_TAPE_H
#define TESTS_SOAK_TAPE_H

#include <stddef.h>
#include <stdint.h>

enum { TAPE_HEAD_BYTES = 8 };

#define TAPE_BLOCK_BYTES ((size_t)16 << 10)
#define TAPE_PLACES      ((size_t)1 << 20) /* where a slice may begin; a power of two */

struct tape {
	const uint8_t *pool; /* the run's */
	uint64_t key;        /* of the connection */
	uint8_t head[TAPE_HEAD_BYTES];
};

/* TAPE_PLACES + TAPE_BLOCK_BYTES bytes; free(3) them. NULL: out of memory. */
uint8_t *tape_pool_make(uint64_t seed);

/* The tape of connection number in the run of a seed. */
void tape_init(struct tape *tape, const uint8_t *pool, uint64_t seed, uint64_t number);

/* The bytes from position on; *length says how many lie there in one piece. */
const uint8_t *tape_at(const struct tape *tape, uint64_t position, size_t *length);

/* How many of these bytes are not the tape's from position on; *first is the first such.
 */
size_t tape_count_wrong(const struct tape *tape, uint64_t position, const uint8_t *bytes,
	size_t length, uint64_t *first);

#endif
