/*
 * test_echo.c - the pure step: in every state, what recv and send may answer, and what
 * the connection does next. One table a direction; a row that is wrong names itself.
 */
#include "backends/echo.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

struct step {
	const char *name;
	struct echo before;
	ssize_t result; /* what recv or send gave */
	struct echo after;
};

static const struct step reads[] = {
	{
		.name = "one byte is owed as it came",
		.result = 1,
		.after = {.next = ECHO_WRITE, .owed = 1},
	},
	{
		.name = "a full buffer is owed whole",
		.result = ECHO_BUFFER_BYTES,
		.after = {.next = ECHO_WRITE, .owed = ECHO_BUFFER_BYTES},
	},
	{
		.name = "a new read starts at the front of the buffer",
		.before = {.next = ECHO_READ, .offset = 700},
		.result = 5,
		.after = {.next = ECHO_WRITE, .owed = 5},
	},
	{
		.name = "FIN ends it without an error",
		.result = 0,
		.after = {.next = ECHO_CLOSE},
	},
	{
		.name = "EAGAIN: nothing there yet, read again later",
		.result = -EAGAIN,
		.after = {.next = ECHO_READ},
	},
	{
		.name = "EINTR: a signal came, read again",
		.result = -EINTR,
		.after = {.next = ECHO_READ},
	},
	{
		.name = "ECONNRESET ends it, and says why",
		.result = -ECONNRESET,
		.after = {.next = ECHO_CLOSE, .error = -ECONNRESET},
	},
	{
		.name = "ETIMEDOUT ends it, and says why",
		.result = -ETIMEDOUT,
		.after = {.next = ECHO_CLOSE, .error = -ETIMEDOUT},
	},
	{
		.name = "what comes after our FIN is thrown away",
		.before = {.next = ECHO_DISCARD},
		.result = 700,
		.after = {.next = ECHO_DISCARD, .heard = true},
	},
	{
		.name = "EAGAIN after our FIN: nobody has been heard",
		.before = {.next = ECHO_DISCARD},
		.result = -EAGAIN,
		.after = {.next = ECHO_DISCARD},
	},
	{
		.name = "who was heard stays so",
		.before = {.next = ECHO_DISCARD, .heard = true},
		.result = -EAGAIN,
		.after = {.next = ECHO_DISCARD, .heard = true},
	},
	{
		.name = "the peer's FIN after ours ends it without an error",
		.before = {.next = ECHO_DISCARD, .heard = true},
		.result = 0,
		.after = {.next = ECHO_CLOSE, .heard = true},
	},
	{
		.name = "ECONNRESET after our FIN ends it, and says why",
		.before = {.next = ECHO_DISCARD},
		.result = -ECONNRESET,
		.after = {.next = ECHO_CLOSE, .error = -ECONNRESET},
	},
};

static const struct step writes[] = {
	{
		.name = "all taken: read again",
		.before = {.next = ECHO_WRITE, .owed = 64},
		.result = 64,
		.after = {.next = ECHO_READ, .offset = 64},
	},
	{
		.name = "a short write leaves the rest, further on in the buffer",
		.before = {.next = ECHO_WRITE, .owed = 64},
		.result = 10,
		.after = {.next = ECHO_WRITE, .offset = 10, .owed = 54},
	},
	{
		.name = "a second short write goes on from the first",
		.before = {.next = ECHO_WRITE, .offset = 10, .owed = 54},
		.result = 53,
		.after = {.next = ECHO_WRITE, .offset = 63, .owed = 1},
	},
	{
		.name = "the last byte of a full buffer",
		.before = {ECHO_WRITE, .offset = ECHO_BUFFER_BYTES - 1, .owed = 1},
		.result = 1,
		.after = {.next = ECHO_READ, .offset = ECHO_BUFFER_BYTES},
	},
	{
		.name = "a write that took nothing changes nothing",
		.before = {.next = ECHO_WRITE, .offset = 3, .owed = 61},
		.result = 0,
		.after = {.next = ECHO_WRITE, .offset = 3, .owed = 61},
	},
	{
		.name = "EAGAIN: the peer does not read, the bytes stay owed",
		.before = {.next = ECHO_WRITE, .offset = 10, .owed = 54},
		.result = -EAGAIN,
		.after = {.next = ECHO_WRITE, .offset = 10, .owed = 54},
	},
	{
		.name = "EINTR: a signal came, the bytes stay owed",
		.before = {.next = ECHO_WRITE, .owed = 64},
		.result = -EINTR,
		.after = {.next = ECHO_WRITE, .owed = 64},
	},
	{
		.name = "EPIPE ends it, and says why",
		.before = {.next = ECHO_WRITE, .owed = 64},
		.result = -EPIPE,
		.after = {.next = ECHO_CLOSE, .owed = 64, .error = -EPIPE},
	},
};

/* Takes every step of a table and compares what there is to see afterwards. */
static void take_steps(const struct step *steps, size_t count,
	enum echo_next (*step)(struct echo *echo, ssize_t result))
{
	for (size_t i = 0; i < count; i++) {
		struct echo echo = steps[i].before;
		const struct echo *after = &steps[i].after;
		enum echo_next next = step(&echo, steps[i].result);

		if (next != after->next || echo.next != after->next ||
			echo.error != after->error || echo.owed != after->owed ||
			echo.heard != after->heard ||
			(after->next == ECHO_WRITE && echo.offset != after->offset))
			fail_msg("%s: next %d, offset %u, owed %u, error %d",
				steps[i].name, (int)next, echo.offset, echo.owed,
				echo.error);
	}
}

static void test_after_read(void **state)
{
	(void)state;
	take_steps(reads, sizeof(reads) / sizeof(*reads), echo_after_read);
}

static void test_after_write(void **state)
{
	(void)state;
	take_steps(writes, sizeof(writes) / sizeof(*writes), echo_after_write);
}

/* However send cuts a buffer up, the pieces are the buffer: in order, none twice. */
static void test_short_writes_add_up(void **state)
{
	struct echo echo = {0};
	uint32_t expected_offset = 0;

	(void)state;
	echo_after_read(&echo, ECHO_BUFFER_BYTES);
	for (uint32_t piece = 1; echo.next == ECHO_WRITE; piece = piece * 3 + 1) {
		uint32_t taken = piece < echo.owed ? piece : echo.owed;

		assert_int_equal(echo.offset, expected_offset);
		assert_int_equal(echo.offset + echo.owed, ECHO_BUFFER_BYTES);
		echo_after_write(&echo, taken);
		expected_offset += taken;
	}
	assert_int_equal(expected_offset, ECHO_BUFFER_BYTES);
	assert_int_equal(echo.next, ECHO_READ);
}

/* Nothing is left of the last request, and whoever reads next is a stranger. */
static void test_finish(void **state)
{
	struct echo echo = {.next = ECHO_READ, .offset = 64};
	static const struct echo finished = {.next = ECHO_DISCARD};

	(void)state;
	echo_finish(&echo);
	assert_int_equal(echo.next, finished.next);
	assert_int_equal(echo.owed, 0);
	assert_false(echo.heard);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_after_read),
		cmocka_unit_test(test_after_write),
		cmocka_unit_test(test_short_writes_add_up),
		cmocka_unit_test(test_finish),
	};

	return cmocka_run_group_tests_name("echo", tests, NULL, NULL);
}
