/*
 * memory.h - the strings and lists a report is made of, released all at once.
 *
 * A report is thousands of short texts that live until it is written. They are taken from
 * here and never one by one given back. When memory runs out, what is asked for comes as
 * "" or NULL, `failed` is set, and whoever began the report looks at it once at the end.
 */
#ifndef HARNESS_REPORT_MEMORY_H
#define HARNESS_REPORT_MEMORY_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

struct report_memory {
	struct report_chunk *chunks; /* owned; {0} is an empty memory */
	bool failed;
};

void report_memory_free(struct report_memory *memory);

/* Zeroed; NULL when there is no more. */
void *report_take(struct report_memory *memory, size_t bytes);

/* As printf(3) makes it. */
const char *report_text(struct report_memory *memory, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

const char *report_text_list(struct report_memory *memory, const char *format,
	va_list arguments) __attribute__((format(printf, 2, 0)));

/*
 * Room for one more in a list of items of that size: the list, moved if it had to grow,
 * or NULL, and then the old one is as it was. Lists grow by doubling, so count alone
 * tells how much room there is; the old copy is not given back before the end.
 */
void *report_grow(
	struct report_memory *memory, void *list, size_t count, size_t item_bytes);

#endif
