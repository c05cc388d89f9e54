/* problem.c - one line for a person about what went wrong. */
#include "common/problem.h"

#include <stdarg.h>
#include <stdio.h>

/*
 * Messages quote what people typed and files hold, and end on a terminal: what would move
 * its cursor, colour it or begin a line becomes '?' or a blank. That is C0, DEL, and C1
 * (U+0080 to U+009F), which some terminals obey in UTF-8 as well.
 */
static void keep_to_one_line(char *text)
{
	for (unsigned char *p = (unsigned char *)text; *p; p++) {
		if (*p == '\n' || *p == '\t' || *p == '\r')
			*p = ' ';
		else if (*p < ' ' || *p == 0x7f)
			*p = '?';
		else if (*p == 0xc2 && p[1] >= 0x80 && p[1] <= 0x9f)
			p[0] = p[1] = '?';
	}
}

int problem_set(struct problem *problem, int error, const char *format, ...)
{
	va_list args;

	if (!problem)
		return error;
	va_start(args, format);
	vsnprintf(problem->text, sizeof(problem->text), format, args);
	va_end(args);
	keep_to_one_line(problem->text);
	return error;
}
