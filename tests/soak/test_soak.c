/* test_soak.c - what the soak rests on: tapes, scripts, and the balance of the kinds. */
#include "common/clock.h"
#include "tests/soak/balance.h"
#include "tests/soak/kind.h"
#include "tests/soak/tape.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum {
	NUMBERS = 20000,
	LENGTH = 3 * 16 * 1024 + 100, /* a head and blocks */
	DRAWS = 2000,
};

/* ---- tapes ---- */

static void read_tape(const struct tape *tape, uint8_t *bytes, size_t length)
{
	for (size_t at = 0; at < length;) {
		size_t piece;
		const uint8_t *from = tape_at(tape, at, &piece);

		assert_true(piece > 0);
		if (piece > length - at)
			piece = length - at;
		memcpy(bytes + at, from, piece);
		at += piece;
	}
}

static int compare_heads(const void *a, const void *b)
{
	return memcmp(a, b, TAPE_HEAD_BYTES);
}

static void test_no_two_tapes_begin_alike(void **state)
{
	uint8_t *pool = tape_pool_make(1);
	uint8_t(*heads)[TAPE_HEAD_BYTES] = calloc(NUMBERS, sizeof(*heads));

	(void)state;
	assert_non_null(pool);
	assert_non_null(heads);
	for (uint64_t i = 0; i < NUMBERS; i++) {
		struct tape tape;

		tape_init(&tape, pool, 1, i);
		read_tape(&tape, heads[i], sizeof(heads[i]));
	}
	qsort(heads, NUMBERS, sizeof(*heads), compare_heads);
	for (size_t i = 1; i < NUMBERS; i++)
		assert_memory_not_equal(heads[i - 1], heads[i], sizeof(*heads));
	free(heads);
	free(pool);
}

static void test_a_seed_gives_the_same_tape_again(void **state)
{
	static uint8_t first[LENGTH], again[LENGTH], other[LENGTH];
	uint8_t *pools[] = {tape_pool_make(7), tape_pool_make(7), tape_pool_make(8)};
	uint8_t *bytes[] = {first, again, other};

	(void)state;
	for (int i = 0; i < 3; i++) {
		struct tape tape;

		assert_non_null(pools[i]);
		tape_init(&tape, pools[i], i < 2 ? 7 : 8, 5);
		read_tape(&tape, bytes[i], LENGTH);
		free(pools[i]);
	}
	assert_memory_equal(first, again, LENGTH);
	assert_memory_not_equal(first, other, LENGTH);
}

/* Each byte that is not as sent is seen, wherever reads begin and blocks end. */
static void test_wrong_bytes_are_found_where_they_are(void **state)
{
	static const size_t places[] = {
		0, 7, 8, 9, 16 * 1024 + 7, 16 * 1024 + 8, LENGTH - 1};
	static uint8_t bytes[LENGTH];
	uint8_t *pool = tape_pool_make(3);
	struct tape tape;
	uint64_t first = 0;

	(void)state;
	assert_non_null(pool);
	tape_init(&tape, pool, 3, 9);
	read_tape(&tape, bytes, LENGTH);
	for (size_t from = 0; from < 40; from++)
		assert_int_equal(tape_count_wrong(&tape, from, bytes + from,
					 LENGTH - from, &first),
			0);
	for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++) {
		bytes[places[i]] ^= 0x40;
		assert_int_equal(tape_count_wrong(&tape, 0, bytes, LENGTH, &first), 1);
		assert_int_equal(first, places[i]);
		bytes[places[i]] ^= 0x40;
	}
	free(pool);
}

static void test_lost_doubled_and_foreign_bytes_are_wrong(void **state)
{
	static uint8_t bytes[LENGTH];
	uint8_t *pool = tape_pool_make(3);
	struct tape tape, foreign;
	uint64_t first = 0;
	size_t most = LENGTH * 9 / 10;

	(void)state;
	assert_non_null(pool);
	tape_init(&tape, pool, 3, 9);
	tape_init(&foreign, pool, 3, 10);
	read_tape(&tape, bytes, LENGTH);
	assert_true(tape_count_wrong(&tape, 1, bytes, LENGTH, &first) > most);
	assert_true(tape_count_wrong(&tape, 0, bytes + 1, LENGTH - 1, &first) > most);
	assert_true(tape_count_wrong(&foreign, 0, bytes, LENGTH, &first) > most);
	assert_true(tape_count_wrong(&foreign, 100, bytes + 100, LENGTH - 100, &first) >
		    most);
	free(pool);
}

/* ---- scripts ---- */

/* The padding too is 0: scripts are compared as memory. */
static void draw(int kind, uint64_t seed, struct script *script)
{
	struct random random = {.state = seed};

	memset(script, 0, sizeof(*script));
	script->send_bytes = script->read_bytes = 1024;
	kinds[kind].draw(&random, script);
}

static void test_scripts_come_from_the_seed_and_can_be_followed(void **state)
{
	(void)state;
	for (int kind = 0; kind < KIND_COUNT; kind++) {
		size_t differ = 0;

		for (uint64_t seed = 0; seed < DRAWS; seed++) {
			struct script script, again, other;

			draw(kind, seed, &script);
			draw(kind, seed, &again);
			draw(kind, seed + 1, &other);
			assert_memory_equal(&script, &again, sizeof(script));
			differ += memcmp(&script, &other, sizeof(script)) != 0;
			assert_true(script.send_bytes > 0 && script.read_bytes > 0);
			assert_true(script.read_bytes <= 128 * 1024);
			assert_true(script.bytes > 0 || kind == KIND_HALF_CLOSE);
			assert_int_equal(script.ending == END_CUT, kinds[kind].cuts);
			if (script.message_bytes)
				assert_int_equal(script.bytes % script.message_bytes, 0);
		}
		assert_true(differ > DRAWS / 2);
	}
}

/* Before a word, having read nothing, amid the echo, and stuck. */
static void test_resets_come_at_every_kind_of_moment(void **state)
{
	size_t silent = 0, unread = 0, amid = 0, stuck = 0;

	(void)state;
	for (uint64_t seed = 0; seed < DRAWS; seed++) {
		struct script script;

		draw(KIND_RESET, seed, &script);
		silent += script.cut_sent == 0;
		unread += script.cut_sent > 0 && script.cut_sent <= script.bytes;
		amid += script.cut_received <= script.bytes;
		stuck += script.cut_sent > script.bytes &&
			 script.cut_received > script.bytes;
		assert_true(script.cut_ns > 0);
	}
	assert_true(silent > DRAWS / 20 && unread > DRAWS / 5);
	assert_true(amid > DRAWS / 5 && stuck > DRAWS / 20);
	assert_int_equal(silent + unread + amid + stuck, DRAWS);
}

/* ---- the balance ---- */

static unsigned shares_at(double dial, unsigned places, bool calm, int kind)
{
	struct balance balance = {.dial = dial};
	unsigned shares[KIND_COUNT], sum = 0;

	balance_shares(&balance, places, calm, shares);
	for (int i = 0; i < KIND_COUNT; i++)
		sum += shares[i];
	assert_true(sum <= places);
	return shares[kind];
}

static void test_every_kind_has_a_share(void **state)
{
	(void)state;
	for (unsigned places = 32; places <= 900; places += 31)
		for (double dial = 0; dial <= 1; dial += 0.125)
			for (int kind = 0; kind < KIND_COUNT; kind++) {
				bool works = kind != KIND_WARM_UP;

				assert_int_equal(
					shares_at(dial, places, false, kind) > 0, works);
				assert_int_equal(shares_at(dial, places, true, kind) > 0,
					works && !kinds[kind].cuts);
			}
	assert_true(shares_at(1, 256, false, KIND_HOSE) >
		    shares_at(0, 256, false, KIND_HOSE) + 40);
	assert_true(shares_at(1, 256, false, KIND_CHURN) <
		    shares_at(0, 256, false, KIND_CHURN) - 20);
}

/* Sixty seconds with so many of each a second; where the dial is then. */
static double dial_after(double connections_a_second, double bytes_a_second)
{
	struct balance balance;

	balance_init(&balance, 100000, 2e9);
	for (unsigned second = 1; second <= 60; second++)
		balance_look(&balance, second * NS_PER_S,
			(uint64_t)(connections_a_second * second),
			(uint64_t)(bytes_a_second * second));
	return balance.dial;
}

static void test_the_dial_moves_towards_what_is_behind(void **state)
{
	(void)state;
	assert_true(dial_after(5000, 1e6) > 0.95);
	assert_true(dial_after(100, 3e8) < 0.05);
	/* both reached long ago: it still goes for the goals' own ratio */
	assert_true(dial_after(50000, 1e8) > 0.95);
	assert_true(dial_after(5000, 1e9) < 0.05);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_no_two_tapes_begin_alike),
		cmocka_unit_test(test_a_seed_gives_the_same_tape_again),
		cmocka_unit_test(test_wrong_bytes_are_found_where_they_are),
		cmocka_unit_test(test_lost_doubled_and_foreign_bytes_are_wrong),
		cmocka_unit_test(test_scripts_come_from_the_seed_and_can_be_followed),
		cmocka_unit_test(test_resets_come_at_every_kind_of_moment),
		cmocka_unit_test(test_every_kind_has_a_share),
		cmocka_unit_test(test_the_dial_moves_towards_what_is_behind),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
