/*
 * jsonl.h - JSON lines over a pipe: one object a line, as the programs talk to each
 * other.
 *
 * Hostile or broken input is refused, never guessed at: a line longer than
 * JSONL_LINE_MAX, a line that is not an object, a key given twice, and what by its shape
 * (json_shape.h) nobody would write.
 */
#ifndef COMMON_JSONL_H
#define COMMON_JSONL_H

#include "common/problem.h"

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

#define JSONL_LINE_MAX ((size_t)4 << 20) /* a full histogram takes 1 MiB */
#define JSONL_MEMORY_MAX                                                                 \
	((size_t)32 << 20) /* that its values may take; it then takes 7 */

struct jsonl_reader {
	int fd;          /* owned by the caller */
	char *buffer;    /* owned by the reader: bytes read, not yet handed out */
	size_t used;     /* bytes in buffer */
	size_t searched; /* of these, without a newline in them */
	size_t capacity;
};

void jsonl_reader_init(struct jsonl_reader *reader, int fd);
void jsonl_reader_free(struct jsonl_reader *reader);

/*
 * One read(2) into the buffer: bytes read, 0 at end of file, -EAGAIN, -EMSGSIZE (a line
 * longer than JSONL_LINE_MAX), or -errno.
 */
int jsonl_fill(struct jsonl_reader *reader);

/*
 * One line, with or without its newline, as an object that the caller owns. 0, or
 * -EBADMSG with problem; then *object is NULL.
 */
int jsonl_parse(
	const char *line, size_t length, json_t **object, struct problem *problem);

/*
 * The next whole line, if the buffer holds one: 1 and *object (the caller owns it), 0
 * when more must be read first, -EBADMSG with problem (the line is consumed; *object is
 * NULL).
 */
int jsonl_next(struct jsonl_reader *reader, json_t **object, struct problem *problem);

/*
 * Waits for one line until deadline_ns (CLOCK_MONOTONIC): 0 and *object, -ETIMEDOUT,
 * -EPIPE at end of file, -EBADMSG, or -errno, with problem.
 */
int jsonl_read(struct jsonl_reader *reader, uint64_t deadline_ns, json_t **object,
	struct problem *problem);

/* Writes object and a newline, all of it. 0 or -errno; the object stays the caller's. */
int jsonl_write(int fd, const json_t *object);

#endif
