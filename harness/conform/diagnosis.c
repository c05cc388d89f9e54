/* diagnosis.c - what a wrong byte is, as well as can be told: lost, doubled, foreign. */
#include "harness/conform/diagnosis.h"

#include "harness/conform/scene.h"
#include "harness/human.h"

#include <stdio.h>
#include <string.h>

enum {
	LOOK_AROUND_BYTES = 4 << 20,  /* in a client's own stream */
	LOOK_BEHIND_BYTES = 64 << 10, /* in what others have in flight */
	MATCH_BYTES = 16,
};

static uint64_t at_least(uint64_t value, uint64_t bytes)
{
	return value > bytes ? value - bytes : 0;
}

/* Bytes of its own, from elsewhere. False: these are none. */
static bool diagnose_shift(const struct client *client, const uint8_t *bytes,
	size_t length, char *text, size_t text_size)
{
	uint64_t here = client->received;
	uint64_t before = at_least(here, LOOK_AROUND_BYTES);
	uint64_t behind = here + LOOK_AROUND_BYTES;
	char count[HUMAN_BYTES];

	if (behind > client->sent)
		behind = client->sent;
	uint64_t found = stream_find(&client->source, here, behind, bytes, length);

	if (found != UINT64_MAX) {
		human_count(found - here, count, sizeof(count));
		snprintf(text, text_size, ": %s bytes are missing", count);
		return true;
	}
	found = stream_find(&client->source, before, here, bytes, length);
	if (found == UINT64_MAX)
		return false;
	human_count(found + 1, count, sizeof(count));
	snprintf(text, text_size, ": bytes from %s on came once more", count);
	return true;
}

/* Bytes of another client. False: these are none of theirs either. */
static bool diagnose_foreign(const struct client *client, const uint8_t *bytes,
	size_t length, char *text, size_t text_size)
{
	char count[HUMAN_BYTES];

	for (size_t i = 0;; i++) {
		const struct client *other = scene_client(client->scene, i);

		if (!other)
			return false;
		if (other == client || other->number == 0)
			continue;
		uint64_t from = at_least(other->received, LOOK_BEHIND_BYTES);
		uint64_t to = from + 2 * LOOK_BEHIND_BYTES;
		uint64_t found = stream_find(&other->source, from,
			to < other->sent ? to : other->sent, bytes, length);

		if (found != UINT64_MAX) {
			human_count(found + 1, count, sizeof(count));
			snprintf(text, text_size, ": it is byte %s of another client",
				count);
			return true;
		}
	}
}

void diagnose(const struct client *client, const uint8_t *bytes, size_t length,
	char *text, size_t text_size)
{
	char position[HUMAN_BYTES], total[HUMAN_BYTES];
	uint8_t due;

	human_count(client->received + 1, position, sizeof(position));
	human_count(client->planned > client->sent ? client->planned : client->sent,
		total, sizeof(total));
	if (client->received >= client->sent) {
		snprintf(text, text_size, "0x%02x as byte %s, when only %s were sent",
			bytes[0], position, total);
	} else {
		stream_bytes(&client->source, client->received, &due, 1);
		snprintf(text, text_size, "byte %s of %s was 0x%02x, expected 0x%02x",
			position, total, bytes[0], due);
	}
	size_t used = strlen(text);

	if (length > MATCH_BYTES)
		length = MATCH_BYTES;
	if (length < STREAM_FIND_BYTES ||
		diagnose_shift(client, bytes, length, text + used, text_size - used))
		return;
	diagnose_foreign(client, bytes, length, text + used, text_size - used);
}
