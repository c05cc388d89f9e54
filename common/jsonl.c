/* jsonl.c - JSON lines over a pipe. */
#include "common/jsonl.h"

#include "common/clock.h"
#include "common/json_shape.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { READ_STEP = 64 * 1024 };

void jsonl_reader_init(struct jsonl_reader *reader, int fd)
{
	*reader = (struct jsonl_reader){.fd = fd};
}

void jsonl_reader_free(struct jsonl_reader *reader)
{
	free(reader->buffer);
	*reader = (struct jsonl_reader){.fd = -1};
}

int jsonl_fill(struct jsonl_reader *reader)
{
	if (reader->used >= JSONL_LINE_MAX)
		return -EMSGSIZE;
	if (reader->capacity - reader->used < READ_STEP) {
		char *grown = realloc(reader->buffer, reader->capacity + 2 * READ_STEP);

		if (!grown)
			return -ENOMEM;
		reader->buffer = grown;
		reader->capacity += (size_t)2 * READ_STEP;
	}
	ssize_t n;
	do
		n = read(reader->fd, reader->buffer + reader->used, READ_STEP);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	reader->used += (size_t)n;
	return (int)n;
}

int jsonl_parse(const char *line, size_t length, json_t **object, struct problem *problem)
{
	struct json_shape shape = {.memory_max = JSONL_MEMORY_MAX};
	json_error_t error;

	*object = NULL;
	if (length > JSONL_LINE_MAX)
		return problem_set(problem, -EBADMSG, "a line of more than %zu MiB",
			JSONL_LINE_MAX >> 20);
	if (json_shape_take(&shape, line, length, problem) < 0)
		return -EBADMSG;
	json_t *value = json_loadb(line, length, JSON_REJECT_DUPLICATES, &error);

	if (!json_is_object(value)) {
		json_decref(value);
		return problem_set(problem, -EBADMSG,
			"not a line with one JSON object: %s",
			value ? "another kind of value" : error.text);
	}
	*object = value;
	return 0;
}

int jsonl_next(struct jsonl_reader *reader, json_t **object, struct problem *problem)
{
	*object = NULL;
	if (reader->used == reader->searched)
		return 0;
	char *end = memchr(
		reader->buffer + reader->searched, '\n', reader->used - reader->searched);
	if (!end) {
		reader->searched = reader->used;
		return 0;
	}
	size_t length = (size_t)(end - reader->buffer);
	int error = jsonl_parse(reader->buffer, length, object, problem);

	reader->used -= length + 1;
	reader->searched = 0;
	memmove(reader->buffer, end + 1, reader->used);
	return error < 0 ? error : 1;
}

int jsonl_read(struct jsonl_reader *reader, uint64_t deadline_ns, json_t **object,
	struct problem *problem)
{
	for (;;) {
		int found = jsonl_next(reader, object, problem);

		if (found != 0)
			return found < 0 ? found : 0;
		struct pollfd pollfd = {.fd = reader->fd, .events = POLLIN};
		int ready = poll(&pollfd, 1, clock_timeout_ms(deadline_ns));

		if (ready < 0 && errno == EINTR)
			return problem_set(problem, -EINTR, "interrupted");
		if (ready < 0)
			return problem_set(problem, -errno, "poll: %s", strerror(errno));
		if (ready == 0)
			return problem_set(problem, -ETIMEDOUT, "no answer in time");
		int n = jsonl_fill(reader);

		if (n == 0)
			return problem_set(problem, -EPIPE, "ended without an answer");
		if (n < 0 && n != -EAGAIN)
			return problem_set(problem, n, "read: %s", strerror(-n));
	}
}

/* All of it, over short writes. 0 or -errno. */
static int write_all(int fd, const char *data, size_t length)
{
	while (length > 0) {
		ssize_t n = write(fd, data, length);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		data += n;
		length -= (size_t)n;
	}
	return 0;
}

int jsonl_write(int fd, const json_t *object)
{
	char *text = json_dumps(object, JSON_COMPACT);

	if (!text)
		return -ENOMEM;
	size_t length = strlen(text);

	text[length] = '\n'; /* over the NUL: the line ends by its length */
	int error = write_all(fd, text, length + 1);

	free(text);
	return error;
}
