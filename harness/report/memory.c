/* memory.c - the strings and lists a report is made of, released all at once. */
#include "harness/report/memory.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CHUNK_BYTES = 64 * 1024, LIST_MIN = 8 };

struct report_chunk {
	struct report_chunk *next;
	size_t used;
	size_t capacity;
	max_align_t content[];
};

void report_memory_free(struct report_memory *memory)
{
	while (memory->chunks) {
		struct report_chunk *chunk = memory->chunks;

		memory->chunks = chunk->next;
		free(chunk);
	}
	*memory = (struct report_memory){0};
}

static struct report_chunk *add_chunk(struct report_memory *memory, size_t bytes)
{
	size_t capacity = bytes > CHUNK_BYTES ? bytes : CHUNK_BYTES;
	struct report_chunk *chunk = NULL;

	if (bytes < SIZE_MAX / 2)
		chunk = calloc(1, sizeof(*chunk) + capacity);
	if (!chunk) {
		memory->failed = true;
		return NULL;
	}
	chunk->capacity = capacity;
	chunk->next = memory->chunks;
	memory->chunks = chunk;
	return chunk;
}

void *report_take(struct report_memory *memory, size_t bytes)
{
	size_t unit = sizeof(max_align_t);
	size_t rounded = (bytes + unit - 1) / unit * unit;
	struct report_chunk *chunk = memory->chunks;

	if (!chunk || chunk->capacity - chunk->used < rounded)
		chunk = add_chunk(memory, rounded);
	if (!chunk)
		return NULL;
	void *taken = (char *)chunk->content + chunk->used;

	chunk->used += rounded;
	return taken;
}

const char *report_text_list(
	struct report_memory *memory, const char *format, va_list arguments)
{
	va_list again;

	va_copy(again, arguments);
	int length = vsnprintf(NULL, 0, format, arguments);
	char *text = length < 0 ? NULL : report_take(memory, (size_t)length + 1);

	if (text)
		vsnprintf(text, (size_t)length + 1, format, again);
	else
		memory->failed = true;
	va_end(again);
	return text ? text : "";
}

const char *report_text(struct report_memory *memory, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	const char *text = report_text_list(memory, format, arguments);

	va_end(arguments);
	return text;
}

void *report_grow(
	struct report_memory *memory, void *list, size_t count, size_t item_bytes)
{
	bool full = count == 0 || (count >= LIST_MIN && (count & (count - 1)) == 0);

	if (!full)
		return list;
	size_t room = count == 0 ? LIST_MIN : 2 * count;
	void *grown = report_take(memory, room * item_bytes);

	if (grown && count > 0)
		memcpy(grown, list, count * item_bytes);
	return grown;
}
