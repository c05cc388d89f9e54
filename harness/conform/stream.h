/*
 * stream.h - the bytes that a client sends, and that must come back.
 *
 * A stream is decided by its seed alone, and any piece of it can be made without what
 * lies before it. No two clients have one seed, so a byte that was lost, doubled, changed
 * or taken from another client meets a different byte.
 */
#ifndef HARNESS_CONFORM_STREAM_H
#define HARNESS_CONFORM_STREAM_H

#include <stddef.h>
#include <stdint.h>

enum stream_kind {
	STREAM_BYTES, /* all 256 values */
	STREAM_LINES, /* letters and digits in lines of 32 bytes on average; never a '!'
		       */
};

struct stream_source {
	uint64_t seed;
	enum stream_kind kind;
};

/* The bytes [offset, offset + length) of the stream. */
void stream_bytes(const struct stream_source *source, uint64_t offset, uint8_t *bytes,
	size_t length);

/* Compares got with the stream from offset on: the first that differs; length: none. */
size_t stream_first_wrong(const struct stream_source *source, uint64_t offset,
	const uint8_t *got, size_t length);

/*
 * Where in [from, to) of the stream these bytes begin, nearest to from; UINT64_MAX:
 * nowhere. Fewer than STREAM_FIND_BYTES of them are found anywhere by chance.
 */
enum { STREAM_FIND_BYTES = 8 };
uint64_t stream_find(const struct stream_source *source, uint64_t from, uint64_t to,
	const uint8_t *bytes, size_t length);

#endif
