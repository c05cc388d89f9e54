/*
 * test_jsonl.c - JSON lines over a pipe: read(2) keeps no message boundaries, so a line
 * may come in pieces and several may come at once; and what is no object is refused.
 */
#include "common/jsonl.h"

#include "common/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

/* One end writes, a reader sits on the other. */
struct line {
	int write_fd; /* -1: closed */
	struct jsonl_reader reader;
};

static int line_open(void **state)
{
	struct line *line = malloc(sizeof(*line));
	int ends[2];

	if (!line || pipe2(ends, O_CLOEXEC | O_NONBLOCK) < 0)
		return -1;
	line->write_fd = ends[1];
	jsonl_reader_init(&line->reader, ends[0]);
	*state = line;
	return 0;
}

static void line_end(struct line *line)
{
	if (line->write_fd >= 0)
		close(line->write_fd);
	line->write_fd = -1;
}

static int line_close(void **state)
{
	struct line *line = *state;

	line_end(line);
	close(line->reader.fd);
	jsonl_reader_free(&line->reader);
	free(line);
	return 0;
}

static void say(struct line *line, const char *text)
{
	assert_int_equal(write(line->write_fd, text, strlen(text)), strlen(text));
}

/* jsonl_read() with a deadline that is only there to end a broken test. */
static int hear(struct line *line, json_t **object, struct problem *problem)
{
	return jsonl_read(&line->reader, clock_now_ns() + 5 * NS_PER_S, object, problem);
}

/* The next line must be {"n":number}. */
static void hear_number(struct line *line, json_int_t number)
{
	json_t *object;
	struct problem problem = {0};

	if (hear(line, &object, &problem) < 0)
		fail_msg("instead of %d: %s", (int)number, problem.text);
	assert_int_equal(json_integer_value(json_object_get(object, "n")), number);
	json_decref(object);
}

static void test_several_lines_in_one_read(void **state)
{
	struct line *line = *state;
	json_t *object;

	say(line, "{\"n\":1}\n{\"n\":2}\n{\"n\":3}\n{\"n\"");
	assert_int_equal(jsonl_fill(&line->reader), 28);
	for (json_int_t n = 1; n <= 3; n++) {
		assert_int_equal(jsonl_next(&line->reader, &object, NULL), 1);
		assert_int_equal(json_integer_value(json_object_get(object, "n")), n);
		json_decref(object);
	}
	assert_int_equal(jsonl_next(&line->reader, &object, NULL), 0);
	say(line, ":4}\n");
	hear_number(line, 4);
}

static void test_a_line_in_pieces(void **state)
{
	struct line *line = *state;
	const char *text = "{ \"text\" : \"a\\nb\", \"n\" : 5 }\n";
	json_t *object;

	for (const char *p = text; *p; p++) {
		char piece[2] = {*p, '\0'};

		assert_int_equal(jsonl_next(&line->reader, &object, NULL), 0);
		assert_null(object);
		assert_int_equal(jsonl_fill(&line->reader), -EAGAIN);
		say(line, piece);
		assert_int_equal(jsonl_fill(&line->reader), 1);
	}
	hear_number(line, 5);
}

/* Each is refused, is consumed, and leaves the line after it alone. */
static void test_refused_lines(void **state)
{
	static const char *const lines[] = {
		"{\"n\":1,\"n\":2}", /* which one would hold? */
		"{\"a\":{\"b\":1,\"b\":1}}",
		"[1,2]",
		"7",
		"null",
		"\"text\"",
		"",
		" ",
		"garbage",
		"{\"n\":1",
		"{\"n\":1}}",
		"{\"n\":1} {\"n\":2}",
		"{\"n\":1e999}",
		"{\"n\":99999999999999999999}",
		"{\"n\":01}",
		"{n:1}",
		"{'n':1}",
		"{\"n\":NaN}",
		"{\"\xff\":1}",
		"\x01\x02",
	};
	struct line *line = *state;

	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++) {
		json_t *object;
		struct problem problem = {0};

		say(line, lines[i]);
		say(line, "\n{\"n\":6}\n");
		int error = hear(line, &object, &problem);

		if (error != -EBADMSG || object || problem.text[0] == '\0')
			fail_msg("'%s': %d, '%s'", lines[i], error, problem.text);
		hear_number(line, 6);
	}
}

static void test_deep_nesting_is_refused(void **state)
{
	struct line *line = *state;
	char text[8192];
	json_t *object;

	memset(text, '[', sizeof(text));
	memcpy(text, "{\"n\":", 5);
	text[sizeof(text) - 2] = '\n';
	text[sizeof(text) - 1] = '\0';
	say(line, text);
	say(line, "{\"n\":7}\n");
	assert_int_equal(hear(line, &object, NULL), -EBADMSG);
	hear_number(line, 7);
}

/* A line that never ends is refused at the limit, before it takes all memory. */
static void test_over_long_line(void **state)
{
	struct jsonl_reader reader;
	int fd = memfd_create("over-long", MFD_CLOEXEC);
	json_t *object;

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, (off_t)JSONL_LINE_MAX * 4), 0);
	jsonl_reader_init(&reader, fd);
	int error = jsonl_read(&reader, clock_now_ns() + 5 * NS_PER_S, &object, NULL);
	size_t capacity = reader.capacity;

	jsonl_reader_free(&reader);
	close(fd);
	assert_int_equal(error, -EMSGSIZE);
	assert_true(capacity <= 2 * JSONL_LINE_MAX);
}

/* A full histogram is a line of about 1 MiB: many reads, one object. */
static void test_long_line(void **state)
{
	enum { LETTERS = 3 << 20 };
	struct jsonl_reader reader;
	char *letters = malloc(LETTERS);
	int fd = memfd_create("long", MFD_CLOEXEC);
	json_t *object = NULL;

	(void)state;
	assert_non_null(letters);
	memset(letters, 'x', LETTERS);
	json_t *sent = json_pack("{ss#}", "text", letters, LETTERS);
	assert_int_equal(jsonl_write(fd, sent), 0);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	jsonl_reader_init(&reader, fd);
	int error = jsonl_read(&reader, clock_now_ns() + 5 * NS_PER_S, &object, NULL);
	int equal = json_equal(sent, object);

	jsonl_reader_free(&reader);
	json_decref(sent);
	json_decref(object);
	free(letters);
	close(fd);
	assert_int_equal(error, 0);
	assert_int_equal(equal, 1);
}

/* Lines before the end are still handed out; half a line is none. */
static void test_end_of_file(void **state)
{
	struct line *line = *state;
	json_t *object;

	say(line, "{\"n\":8}\n{\"n\":9}");
	line_end(line);
	hear_number(line, 8);
	assert_int_equal(hear(line, &object, NULL), -EPIPE);
	assert_null(object);
	assert_int_equal(jsonl_fill(&line->reader), 0);
}

/* Not before the deadline, and half a line does not count as an answer. */
static void test_deadline(void **state)
{
	struct line *line = *state;
	json_t *object;
	uint64_t deadline_ns = clock_now_ns() + 20 * NS_PER_MS;

	say(line, "{\"n\":");
	assert_int_equal(
		jsonl_read(&line->reader, deadline_ns, &object, NULL), -ETIMEDOUT);
	assert_true(clock_now_ns() >= deadline_ns);
	say(line, "10}\n");
	hear_number(line, 10);
}

/* What is there is handed out even when the deadline has passed. */
static void test_late_but_there(void **state)
{
	struct line *line = *state;
	json_t *object;

	say(line, "{\"n\":11}\n{\"n\":12}\n");
	assert_int_equal(jsonl_read(&line->reader, 0, &object, NULL), 0);
	json_decref(object);
	hear_number(line, 12);
}

static void test_write_is_one_line(void **state)
{
	struct line *line = *state;
	json_t *sent = json_pack("{s[iii] ss}", "list", 1, 2, 3, "text", "two\nlines");
	json_t *object;
	char text[128];

	assert_int_equal(jsonl_write(line->write_fd, sent), 0);
	ssize_t length = read(line->reader.fd, text, sizeof(text));
	assert_true(length > 0 && text[length - 1] == '\n');
	assert_ptr_equal(memchr(text, '\n', (size_t)length), text + length - 1);

	assert_int_equal(jsonl_write(line->write_fd, sent), 0);
	assert_int_equal(hear(line, &object, NULL), 0);
	assert_true(json_equal(sent, object));
	json_decref(object);
	json_decref(sent);
}

#define LINE_TEST(function)                                                              \
	cmocka_unit_test_setup_teardown(function, line_open, line_close)

int main(void)
{
	const struct CMUnitTest tests[] = {
		LINE_TEST(test_several_lines_in_one_read),
		LINE_TEST(test_a_line_in_pieces),
		LINE_TEST(test_refused_lines),
		LINE_TEST(test_deep_nesting_is_refused),
		cmocka_unit_test(test_over_long_line),
		cmocka_unit_test(test_long_line),
		LINE_TEST(test_end_of_file),
		LINE_TEST(test_deadline),
		LINE_TEST(test_late_but_there),
		LINE_TEST(test_write_is_one_line),
	};

	alarm(60); /* a read that never returns is ended by SIGALRM, and the test too */
	return cmocka_run_group_tests_name("jsonl", tests, NULL, NULL);
}
