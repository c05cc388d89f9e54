/* test_payload.c - a byte that does not belong is found, and where. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "loadgen/payload.h"

#include <stdlib.h>
#include <string.h>

enum { MESSAGE_BYTES = 1000 };

static int setup(void **state)
{
	struct payload *payload = calloc(1, sizeof(*payload));

	*state = payload;
	return payload ? payload_init(payload, MESSAGE_BYTES, 1) : -1;
}

static int teardown(void **state)
{
	payload_free(*state);
	free(*state);
	return 0;
}

/* What a faithful server sends back. */
static void echo(uint8_t copy[MESSAGE_BYTES], const struct payload *payload,
	uint64_t connection, uint64_t request)
{
	memcpy(copy, payload_message(payload, connection, request), MESSAGE_BYTES);
}

static void test_faithful_echo(void **state)
{
	uint8_t got[MESSAGE_BYTES];

	for (uint64_t request = 0; request < 1000; request++) {
		const uint8_t *sent = payload_message(*state, 3, request);

		echo(got, *state, 3, request);
		assert_int_equal(
			payload_first_wrong(sent, got, MESSAGE_BYTES), MESSAGE_BYTES);
		assert_int_equal(payload_count_wrong(sent, got, MESSAGE_BYTES), 0);
	}
}

static void test_flipped_bit_is_found_where_it_is(void **state)
{
	uint8_t got[MESSAGE_BYTES];
	const uint8_t *sent = payload_message(*state, 3, 4);

	echo(got, *state, 3, 4);
	for (size_t at = 0; at < MESSAGE_BYTES; at++) {
		uint8_t flip = (uint8_t)(1U << at % 8);

		got[at] ^= flip;
		assert_int_equal(payload_first_wrong(sent, got, MESSAGE_BYTES), at);
		assert_int_equal(payload_count_wrong(sent, got, MESSAGE_BYTES), 1);
		got[at] ^= flip;
	}
}

static void test_first_of_several(void **state)
{
	uint8_t got[MESSAGE_BYTES];
	const uint8_t *sent = payload_message(*state, 3, 4);

	echo(got, *state, 3, 4);
	got[700] ^= 0xff;
	got[70] ^= 0x01;
	got[999] ^= 0x80;
	assert_int_equal(payload_first_wrong(sent, got, MESSAGE_BYTES), 70);
	assert_int_equal(payload_count_wrong(sent, got, MESSAGE_BYTES), 3);
	/* What lies behind length is nobody's business. */
	assert_int_equal(payload_first_wrong(sent, got, 70), 70);
	assert_int_equal(payload_count_wrong(sent, got, 71), 1);
	assert_int_equal(payload_first_wrong(sent, got, 0), 0);
}

/* A byte that is lost, or doubled, shifts all that follow. */
static void test_shift_is_found_soon(void **state)
{
	uint8_t got[MESSAGE_BYTES];
	const uint8_t *sent = payload_message(*state, 5, 6);

	for (size_t at = 0; at < MESSAGE_BYTES - 8; at++) {
		size_t found;

		echo(got, *state, 5, 6);
		memmove(got + at, got + at + 1, MESSAGE_BYTES - at - 1);
		found = payload_first_wrong(sent, got, MESSAGE_BYTES - 1);
		assert_in_range(found, at, at + 4);

		echo(got, *state, 5, 6);
		memmove(got + at + 1, got + at, MESSAGE_BYTES - at - 1);
		found = payload_first_wrong(sent, got, MESSAGE_BYTES);
		assert_in_range(found, at + 1, at + 5);
	}
}

static void test_foreign_message_is_found(void **state)
{
	const uint8_t *sent = payload_message(*state, 7, 8);

	/* The next request, the neighbour's, and the two numbers swapped. */
	assert_in_range(
		payload_first_wrong(sent, payload_message(*state, 7, 9), 64), 0, 4);
	assert_in_range(
		payload_first_wrong(sent, payload_message(*state, 8, 8), 64), 0, 4);
	assert_in_range(
		payload_first_wrong(sent, payload_message(*state, 8, 7), 64), 0, 4);
}

/* Else a server that answers with the last message would pass. */
static void test_successive_messages_differ(void **state)
{
	unsigned same = 0;

	for (uint64_t request = 0; request < 10000; request++)
		same += payload_message(*state, 1, request) ==
			payload_message(*state, 1, request + 1);
	assert_in_range(same, 0, 5);
}

static void test_messages_stay_in_the_pool(void **state)
{
	const struct payload *payload = *state;
	const uint8_t *low = payload->pool + PAYLOAD_OFFSETS, *high = payload->pool;

	for (uint64_t request = 0; request < 1000000; request++) {
		const uint8_t *message = payload_message(payload, request % 17, request);

		assert_true(message >= payload->pool);
		assert_true(message < payload->pool + PAYLOAD_OFFSETS);
		low = message < low ? message : low;
		high = message > high ? message : high;
	}
	/* And use all of it: a million draws leave no gap of 100 at either end. */
	assert_true(low < payload->pool + 100);
	assert_true(high > payload->pool + PAYLOAD_OFFSETS - 100);
}

static void test_seed_decides_the_bytes(void **state)
{
	struct payload same, other;
	const struct payload *payload = *state;
	size_t pool_bytes = MESSAGE_BYTES + PAYLOAD_OFFSETS;

	assert_int_equal(payload_init(&same, MESSAGE_BYTES, 1), 0);
	assert_int_equal(payload_init(&other, MESSAGE_BYTES, 2), 0);
	assert_memory_equal(payload->pool, same.pool, pool_bytes);
	/* Chance makes one byte in 256 the same: 260 here, give or take 16. */
	assert_in_range(payload_count_wrong(payload->pool, other.pool, pool_bytes),
		pool_bytes - 400, pool_bytes - 130);
	payload_free(&same);
	payload_free(&other);
}

/* Sizes that are no multiple of what the generator makes at a time. */
static void test_odd_sizes(void **state)
{
	static const size_t sizes[] = {1, 7, 8, 9, 63, 65537};

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct payload payload;

		assert_int_equal(payload_init(&payload, sizes[i], 1), 0);
		assert_int_equal(payload.message_bytes, sizes[i]);
		/* The last byte belongs to it: an address checker would tell. */
		payload.pool[sizes[i] + PAYLOAD_OFFSETS - 1] ^= 1;
		payload_free(&payload);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_faithful_echo),
		cmocka_unit_test(test_flipped_bit_is_found_where_it_is),
		cmocka_unit_test(test_first_of_several),
		cmocka_unit_test(test_shift_is_found_soon),
		cmocka_unit_test(test_foreign_message_is_found),
		cmocka_unit_test(test_successive_messages_differ),
		cmocka_unit_test(test_messages_stay_in_the_pool),
		cmocka_unit_test(test_seed_decides_the_bytes),
		cmocka_unit_test(test_odd_sizes),
	};

	return cmocka_run_group_tests_name("payload", tests, setup, teardown);
}
