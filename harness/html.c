/* html.c - text that others wrote, made fit for a page. */
#include "harness/html.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define REPLACEMENT "\xef\xbf\xbd" /* U+FFFD */

/* The bytes of the character that begins here, 0 for what is no UTF-8; RFC 3629. */
static size_t character_bytes(const unsigned char *p, uint32_t *code)
{
	static const struct {
		unsigned char mask, lead;
		uint32_t least;
	} forms[] = {{0x80, 0x00, 0}, {0xe0, 0xc0, 0x80}, {0xf0, 0xe0, 0x800},
		{0xf8, 0xf0, 0x10000}};

	for (size_t length = 1; length <= 4; length++) {
		if ((p[0] & forms[length - 1].mask) != forms[length - 1].lead)
			continue;
		*code = p[0] & (unsigned char)~forms[length - 1].mask;
		for (size_t i = 1; i < length; i++) {
			if ((p[i] & 0xc0) != 0x80)
				return 0;
			*code = *code << 6 | (p[i] & 0x3f);
		}
		bool surrogate = *code >= 0xd800 && *code <= 0xdfff;

		return *code < forms[length - 1].least || *code > 0x10ffff || surrogate
			       ? 0
			       : length;
	}
	return 0;
}

static bool turns_direction(uint32_t code)
{
	return code == 0x061c || code == 0x200e || code == 0x200f ||
	       (code >= 0x202a && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069);
}

static const char *reference(uint32_t code)
{
	switch (code) {
	case '&':
		return "&amp;";
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '"':
		return "&quot;";
	case '\'':
		return "&#39;";
	default:
		return code < 0x20 || (code >= 0x7f && code <= 0x9f) ? " " : NULL;
	}
}

static void put_text(FILE *out, const char *text, bool lines)
{
	const unsigned char *p = (const unsigned char *)text;

	while (*p) {
		uint32_t code = 0;
		size_t length = character_bytes(p, &code);
		const char *instead = length == 0 || turns_direction(code)
					      ? REPLACEMENT
					      : reference(code);

		if (code == '\n' && lines)
			fputc('\n', out);
		else if (instead)
			fputs(instead, out);
		else
			fwrite(p, 1, length, out);
		p += length ? length : 1;
	}
}

void html_text(FILE *out, const char *text)
{
	put_text(out, text, false);
}

void html_lines(FILE *out, const char *text)
{
	put_text(out, text, true);
}
