/* payload.c - the bytes that are sent, and what must come back. */
#include "loadgen/payload.h"

#include "common/random.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int payload_init(struct payload *payload, size_t message_bytes, uint64_t seed)
{
	struct random random = {.state = seed};
	size_t pool_bytes = message_bytes + PAYLOAD_OFFSETS;

	*payload = (struct payload){.pool = malloc(pool_bytes)};
	if (!payload->pool)
		return -ENOMEM;
	payload->message_bytes = message_bytes;
	for (size_t at = 0; at < pool_bytes; at += sizeof(uint64_t)) {
		uint64_t word = random_next(&random);
		size_t left = pool_bytes - at;

		memcpy(payload->pool + at, &word,
			left < sizeof(word) ? left : sizeof(word));
	}
	return 0;
}

void payload_free(struct payload *payload)
{
	free(payload->pool);
	*payload = (struct payload){0};
}

const uint8_t *payload_message(
	const struct payload *payload, uint64_t connection, uint64_t request)
{
	/* Mixed twice, so that (1, 2) and (2, 1) have nothing in common. */
	struct random random = {.state = connection};

	random.state = random_next(&random) + request;
	return payload->pool + random_next(&random) % PAYLOAD_OFFSETS;
}

size_t payload_first_wrong(const uint8_t *expected, const uint8_t *got, size_t length)
{
	size_t at = 0;

	if (memcmp(expected, got, length) == 0)
		return length;
	while (expected[at] == got[at])
		at++;
	return at;
}

size_t payload_count_wrong(const uint8_t *expected, const uint8_t *got, size_t length)
{
	size_t wrong = 0;

	for (size_t at = 0; at < length; at++)
		wrong += expected[at] != got[at];
	return wrong;
}
