/* text.h - text that others wrote, made fit for a terminal line and for JSON. */
#ifndef HARNESS_TEXT_H
#define HARNESS_TEXT_H

#include <jansson.h>

/* In place: newlines become blanks, other control characters and non-ASCII bytes '?'. */
void text_one_line(char *text);

/*
 * A JSON string, or null for NULL. jansson takes nothing but UTF-8 and would silently
 * leave a member out; here every byte that is not ASCII becomes '?' in such a text.
 */
json_t *text_json(const char *text);

#endif
