/* text.c - text that others wrote, made fit for a terminal line and for JSON. */
#include "harness/text.h"

#include <stdlib.h>
#include <string.h>

void text_one_line(char *text)
{
	for (unsigned char *p = (unsigned char *)text; *p; p++)
		if (*p == '\n' || *p == '\t')
			*p = ' ';
		else if (*p < ' ' || *p > '~')
			*p = '?';
}

size_t text_control(const char *text)
{
	const unsigned char *p = (const unsigned char *)text;

	if (*p < ' ' || *p == 0x7f)
		return *p ? 1 : 0;
	return *p == 0xc2 && p[1] >= 0x80 && p[1] <= 0x9f ? 2 : 0;
}

json_t *text_json(const char *text)
{
	if (!text)
		return json_null();
	json_t *string = json_string(text);

	if (string)
		return string;
	char *copy = strdup(text);

	for (unsigned char *p = (unsigned char *)copy; copy && *p; p++)
		if (*p > '~')
			*p = '?';
	string = copy ? json_string(copy) : NULL;
	free(copy);
	return string;
}
