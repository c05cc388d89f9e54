/* stream.c - the bytes that a client sends, and that must come back. */
#include "harness/conform/stream.h"

#include "common/random.h"

#include <string.h>

enum { WORD_BYTES = sizeof(uint64_t), CHUNK_BYTES = 16 * 1024 };

/* 64 of them, so each is as likely as another; two ends of a line. */
static const uint8_t letters[] = "\nabcdefghijklmnopqrstuvwxyz01234"
				 "\nABCDEFGHIJKLMNOPQRSTUVWXYZ56789";

/* From any byte on: splitmix64 can start at any word, for its state only adds up. */
static void random_bytes(uint64_t seed, uint64_t offset, uint8_t *bytes, size_t length)
{
	static const uint64_t step = 0x9e3779b97f4a7c15ULL;
	struct random seeds = {.state = seed};
	struct random random = {.state = random_next(&seeds)};
	size_t skip = offset % WORD_BYTES;
	uint64_t word;

	random.state += offset / WORD_BYTES * step;
	if (skip > 0 && length > 0) {
		size_t count = WORD_BYTES - skip < length ? WORD_BYTES - skip : length;

		word = random_next(&random);
		memcpy(bytes, (const uint8_t *)&word + skip, count);
		bytes += count;
		length -= count;
	}
	for (; length >= WORD_BYTES; bytes += WORD_BYTES, length -= WORD_BYTES) {
		word = random_next(&random);
		memcpy(bytes, &word, WORD_BYTES);
	}
	if (length > 0) {
		word = random_next(&random);
		memcpy(bytes, &word, length);
	}
}

void stream_bytes(const struct stream_source *source, uint64_t offset, uint8_t *bytes,
	size_t length)
{
	random_bytes(source->seed, offset, bytes, length);
	if (source->kind == STREAM_LINES)
		for (size_t i = 0; i < length; i++)
			bytes[i] = letters[bytes[i] % 64];
}

size_t stream_first_wrong(const struct stream_source *source, uint64_t offset,
	const uint8_t *got, size_t length)
{
	uint8_t expected[CHUNK_BYTES];

	for (size_t at = 0; at < length;) {
		size_t count = length - at < CHUNK_BYTES ? length - at : CHUNK_BYTES;

		stream_bytes(source, offset + at, expected, count);
		if (memcmp(expected, got + at, count) != 0) {
			size_t same = 0;

			while (expected[same] == got[at + same])
				same++;
			return at + same;
		}
		at += count;
	}
	return length;
}

uint64_t stream_find(const struct stream_source *source, uint64_t from, uint64_t to,
	const uint8_t *bytes, size_t length)
{
	uint8_t chunk[CHUNK_BYTES];

	if (length > CHUNK_BYTES / 2)
		length = CHUNK_BYTES / 2;
	while (length > 0 && from < to && to - from >= length) {
		size_t count =
			to - from < CHUNK_BYTES ? (size_t)(to - from) : CHUNK_BYTES;

		stream_bytes(source, from, chunk, count);
		const uint8_t *found = memmem(chunk, count, bytes, length);

		if (found)
			return from + (uint64_t)(found - chunk);
		from += count - (length - 1); /* it may lie across two chunks */
	}
	return UINT64_MAX;
}
