/*
 * test_conform.c - what is pure in muxbench conform: words of a command, addresses,
 * streams of bytes, and what is said of a wrong one.
 */
#include "harness/conform/case.h"
#include "harness/conform/diagnosis.h"
#include "harness/conform/stream.h"
#include "harness/process/endpoint.h"
#include "harness/process/words.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { WORDS_MAX = 5 };

static void test_words(void **state)
{
	static const struct {
		const char *text;
		const char *words[WORDS_MAX]; /* none: refused */
	} rows[] = {
		{"a", {"a"}},
		{"  a\tb \n c ", {"a", "b", "c"}},
		{"a 'b  c' d", {"a", "b  c", "d"}},
		{"a \"b  c\"d", {"a", "b  cd"}},
		{"a '' \"\"", {"a", "", ""}},
		{"a 'b\\c\"d'", {"a", "b\\c\"d"}},
		{"a \"b\\\"c\\\\d\\e\"", {"a", "b\"c\\d\\e"}},
		{"a b\\ c \\'d", {"a", "b c", "'d"}},
		{"a $HOME *;|&>x `y`", {"a", "$HOME", "*;|&>x", "`y`"}},
		{"", {NULL}},
		{" \t", {NULL}},
		{"'' a", {NULL}},
		{"a 'b", {NULL}},
		{"a \"b\\\"", {NULL}},
		{"a \\", {NULL}},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		char **words = NULL;
		struct problem problem = {0};
		int error = words_split("--spawn", rows[i].text, &words, &problem);
		size_t at = 0;

		if (!rows[i].words[0]) {
			if (error != -EINVAL || words || !strstr(problem.text, "--spawn"))
				fail_msg("'%s' was taken", rows[i].text);
			continue;
		}
		if (error != 0)
			fail_msg("'%s': %s", rows[i].text, problem.text);
		for (; rows[i].words[at]; at++) {
			assert_non_null(words[at]);
			assert_string_equal(words[at], rows[i].words[at]);
		}
		assert_null(words[at]);
		words_free(words);
	}
}

static void test_words_port(void **state)
{
	char *words[] = {"x{port}", "{port}:{port}", "{por", "plain", NULL};
	char *without[] = {"x", "{por}", NULL};
	char **with = words_with_port(words, 7);

	(void)state;
	assert_true(words_have_port(words));
	assert_false(words_have_port(without));
	assert_string_equal(with[0], "x7");
	assert_string_equal(with[1], "7:7");
	assert_string_equal(with[2], "{por");
	assert_string_equal(with[3], "plain");
	assert_null(with[4]);
	words_free(with);
}

static void test_endpoint_split(void **state)
{
	static const struct {
		const char *text, *host; /* NULL: refused */
		int port;
	} rows[] = {
		{"127.0.0.1:7", "127.0.0.1", 7},
		{"[::1]:65535", "::1", 65535},
		{"host.example:1", "host.example", 1},
		{"", NULL, 0},
		{"7777", NULL, 0},
		{":7777", NULL, 0},
		{"[]:7777", NULL, 0},
		{"::1:7777", NULL, 0},
		{"host:", NULL, 0},
		{"host:0", NULL, 0},
		{"host:65536", NULL, 0},
		{"host:7x", NULL, 0},
		{"host:-7", NULL, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		char host[ENDPOINT_HOST_BYTES];
		int port = 0;
		struct problem problem = {0};
		int error = endpoint_split(rows[i].text, host, &port, &problem);

		if (!rows[i].host) {
			if (error != -EINVAL || !*problem.text)
				fail_msg("'%s' was taken", rows[i].text);
			continue;
		}
		assert_int_equal(error, 0);
		assert_string_equal(host, rows[i].host);
		assert_int_equal(port, rows[i].port);
	}
}

static void test_free_port(void **state)
{
	int port = endpoint_free_port();

	(void)state;
	assert_in_range(port, 1024, 65535);
}

/* Wherever a piece begins and however long it is, it is that of the whole. */
static void test_stream_pieces(void **state)
{
	enum { LENGTH = 300 };

	(void)state;
	for (int kind = STREAM_BYTES; kind <= STREAM_LINES; kind++) {
		struct stream_source source = {.seed = 42, .kind = kind};
		uint8_t whole[LENGTH], piece[LENGTH];

		stream_bytes(&source, 0, whole, LENGTH);
		for (size_t from = 0; from < 20; from++)
			for (size_t length = 0; length < 40; length++) {
				memset(piece, 0xee, sizeof(piece));
				stream_bytes(&source, from, piece, length);
				assert_memory_equal(piece, whole + from, length);
				assert_int_equal(piece[length], 0xee);
			}
	}
}

static void test_stream_differs(void **state)
{
	struct stream_source one = {.seed = 1}, two = {.seed = 2};
	uint8_t a[64 * 1024], b[64 * 1024];
	size_t same = 0;
	bool seen[256] = {false};

	(void)state;
	stream_bytes(&one, 0, a, sizeof(a));
	stream_bytes(&two, 0, b, sizeof(b));
	for (size_t i = 0; i < sizeof(a); i++) {
		same += a[i] == b[i];
		seen[a[i]] = true;
	}
	/* by chance 256 of them, give or take 16; and so for a shift by one */
	assert_in_range(same, 150, 400);
	for (size_t i = 0; i < 256; i++)
		assert_true(seen[i]);
	same = 0;
	for (size_t i = 1; i < sizeof(a); i++)
		same += a[i] == a[i - 1];
	assert_in_range(same, 150, 400);
}

static void test_stream_lines(void **state)
{
	struct stream_source source = {.seed = 5, .kind = STREAM_LINES};
	uint8_t bytes[64 * 1024];
	size_t lines = 0;

	(void)state;
	stream_bytes(&source, 0, bytes, sizeof(bytes));
	for (size_t i = 0; i < sizeof(bytes); i++) {
		lines += bytes[i] == '\n';
		assert_true(bytes[i] != '!');
	}
	assert_in_range(lines, sizeof(bytes) / 40, sizeof(bytes) / 26);
}

static void test_stream_first_wrong(void **state)
{
	enum { LENGTH = 40000, OFFSET = 777 };
	struct stream_source source = {.seed = 3};
	static uint8_t bytes[LENGTH];
	static const size_t positions[] = {0, 1, 16383, 16384, 16385, LENGTH - 1};

	(void)state;
	stream_bytes(&source, OFFSET, bytes, LENGTH);
	assert_int_equal(stream_first_wrong(&source, OFFSET, bytes, LENGTH), LENGTH);
	for (size_t i = 0; i < sizeof(positions) / sizeof(*positions); i++) {
		bytes[positions[i]] ^= 1;
		assert_int_equal(
			stream_first_wrong(&source, OFFSET, bytes, LENGTH), positions[i]);
		bytes[positions[i]] ^= 1;
	}
}

static void test_stream_find(void **state)
{
	struct stream_source source = {.seed = 3}, other = {.seed = 4};
	/* across the pieces that are looked through, and at both ends */
	static const uint64_t places[] = {100, 16384 + 100 - 9, 40000 - 16};
	uint8_t bytes[16];

	(void)state;
	for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++) {
		stream_bytes(&source, places[i], bytes, sizeof(bytes));
		assert_true(stream_find(&source, 100, 40000, bytes, sizeof(bytes)) ==
			    places[i]);
		assert_true(stream_find(&other, 100, 40000, bytes, sizeof(bytes)) ==
			    UINT64_MAX);
	}
	assert_true(
		stream_find(&source, 100, 40000 - 1, bytes, sizeof(bytes)) == UINT64_MAX);
	assert_true(stream_find(&source, 100, 100, bytes, sizeof(bytes)) == UINT64_MAX);
}

/* Two clients, of which the first has sent 1 MiB and got 65,536 back. */
struct pair {
	struct scene scene;
	struct client *clients;
};

static void pair_open(struct pair *pair)
{
	*pair = (struct pair){.scene = {.seed = 1}};
	pair->clients = scene_clients(&pair->scene, 2);
	for (size_t i = 0; i < 2; i++) {
		pair->clients[i].number = i + 1;
		pair->clients[i].source = (struct stream_source){.seed = i + 1};
		pair->clients[i].sent = 1 << 20;
		pair->clients[i].received = 65536;
	}
}

static void test_diagnosis(void **state)
{
	struct pair pair;
	uint8_t bytes[32];
	char text[400];

	(void)state;
	pair_open(&pair);
	const struct client *client = &pair.clients[0];

	stream_bytes(&client->source, 65536, bytes, sizeof(bytes));
	uint8_t due = bytes[0];
	char expected[120];

	bytes[0] ^= 0xff;
	diagnose(client, bytes, 1, text, sizeof(text));
	snprintf(expected, sizeof(expected),
		"byte 65,537 of 1,048,576 was 0x%02x, expected 0x%02x", due ^ 0xff, due);
	assert_string_equal(text, expected);

	stream_bytes(&client->source, 65536 + 1024, bytes, sizeof(bytes));
	diagnose(client, bytes, sizeof(bytes), text, sizeof(text));
	assert_non_null(strstr(text, ": 1,024 bytes are missing"));

	stream_bytes(&client->source, 60000, bytes, sizeof(bytes));
	diagnose(client, bytes, sizeof(bytes), text, sizeof(text));
	assert_non_null(strstr(text, ": bytes from 60,001 on came once more"));

	stream_bytes(&pair.clients[1].source, 65536, bytes, sizeof(bytes));
	diagnose(client, bytes, sizeof(bytes), text, sizeof(text));
	assert_non_null(strstr(text, ": it is byte 65,537 of another client"));

	pair.clients[0].received = 1 << 20;
	diagnose(client, bytes, 1, text, sizeof(text));
	assert_non_null(strstr(text, "as byte 1,048,577, when only 1,048,576 were sent"));
	scene_close(&pair.scene);
}

/* The first verdict of a case stands; a name is known once. */
static void test_verdicts(void **state)
{
	struct scene scene = {0};

	(void)state;
	scene_doing(&scene, "round %d", 3);
	assert_false(scene_fail(&scene, "one", "two %d", 2));
	assert_false(scene_fail(&scene, "three", "four"));
	assert_false(scene_skip(&scene, "five"));
	assert_int_equal(scene.verdict.status, VERDICT_FAIL);
	assert_string_equal(scene.verdict.expected, "one");
	assert_string_equal(scene.verdict.seen, "two 2 (round 3)");
}

static void test_case_names(void **state)
{
	size_t count = 0;

	(void)state;
	for (; case_at(count); count++)
		for (size_t i = 0; i < count; i++)
			assert_string_not_equal(case_at(i)->name, case_at(count)->name);
	assert_in_range(count, 20, CASES_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_words_port),
		cmocka_unit_test(test_endpoint_split),
		cmocka_unit_test(test_free_port),
		cmocka_unit_test(test_stream_pieces),
		cmocka_unit_test(test_stream_differs),
		cmocka_unit_test(test_stream_lines),
		cmocka_unit_test(test_stream_first_wrong),
		cmocka_unit_test(test_stream_find),
		cmocka_unit_test(test_diagnosis),
		cmocka_unit_test(test_verdicts),
		cmocka_unit_test(test_case_names),
	};

	return cmocka_run_group_tests_name("conform", tests, NULL, NULL);
}
