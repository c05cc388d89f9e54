/* text.h - text that others wrote, made fit for a terminal line and for JSON. */
#ifndef HARNESS_TEXT_H
#define HARNESS_TEXT_H

#include <jansson.h>
#include <stddef.h>

/* In place: newlines become blanks, other control characters and non-ASCII bytes '?'. */
void text_one_line(char *text);

/*
 * How many bytes the control character has that begins at text: 1 for C0 and DEL, 2 for
 * C1 in UTF-8 (U+0080 to U+009F: some terminals obey them); 0: none begins there.
 */
size_t text_control(const char *text);

/*
 * A JSON string, or null for NULL. jansson takes nothing but UTF-8 and would silently
 * leave a member out; here every byte that is not ASCII becomes '?' in such a text.
 */
json_t *text_json(const char *text);

#endif
