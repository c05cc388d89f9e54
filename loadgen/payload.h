/*
 * payload.h - the bytes that are sent, and what must come back.
 *
 * All messages are slices of one pool of pseudo-random bytes, a little longer than a
 * message; where a slice begins is mixed from the connection and the request. So nothing
 * is copied or made up while the clock runs: sending reads from the pool, verifying is a
 * memcmp(3) with the pool, and still a byte that was lost, doubled, flipped or taken from
 * another connection meets a different byte (each such byte agrees by chance once in
 * 256).
 */
#ifndef LOADGEN_PAYLOAD_H
#define LOADGEN_PAYLOAD_H

#include <stddef.h>
#include <stdint.h>

#define PAYLOAD_OFFSETS ((size_t)64 << 10) /* how many different slices there are */

struct payload {
	uint8_t *pool;        /* owned: message_bytes + PAYLOAD_OFFSETS bytes */
	size_t message_bytes; /* the longest slice to ask for */
};

/* Fills the pool from the seed. 0 or -ENOMEM. */
int payload_init(struct payload *payload, size_t message_bytes, uint64_t seed);
void payload_free(struct payload *payload);

/*
 * The message of a connection's request: message_bytes bytes that stay valid and
 * unchanged until payload_free(). A shorter message is the front of it.
 */
const uint8_t *payload_message(
	const struct payload *payload, uint64_t connection, uint64_t request);

/* The position of the first byte of got that is not as expected; length if all are. */
size_t payload_first_wrong(const uint8_t *expected, const uint8_t *got, size_t length);

/* How many bytes of got are not as expected. */
size_t payload_count_wrong(const uint8_t *expected, const uint8_t *got, size_t length);

#endif
