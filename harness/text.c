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
