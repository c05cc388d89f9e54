/* html.h - text that others wrote, made fit for a page. */
#ifndef HARNESS_HTML_H
#define HARNESS_HTML_H

#include <stdio.h>

/*
 * Writes UTF-8 text so that it is text inside an element and inside a quoted attribute:
 * & < > " and ' as references. Control characters, which HTML forbids, become blanks; the
 * invisible ones that turn the direction of writing, and bytes that are no UTF-8, become
 * U+FFFD.
 */
void html_text(FILE *out, const char *text);

/* The same, but that newlines stay. */
void html_lines(FILE *out, const char *text);

#endif
