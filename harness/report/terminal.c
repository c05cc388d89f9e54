/*
 * terminal.c - a report as plain text: sentences, tables, and a plot of letters.
 *
 * Nothing but ASCII goes out, so that no text of a result can speak to a terminal.
 */
#include "harness/report/writer.h"

#include "harness/report/ascii.h"
#include "harness/report/numbers.h"

#include <stdlib.h>
#include <string.h>

enum { LINE_COLUMNS = 90, CELL_BYTES = 512 };

#define BOLD  "\033[1m"
#define PLAIN "\033[0m"

/* What reports say beyond ASCII, in ASCII. */
static const struct {
	const char *from, *to;
} plain[] = {
	{"\u00a0", " "},
	{"µ", "u"},
	{"–", "-"},
	{"×", "x"},
	{"→", "->"},
	{"≥", ">="},
	{"±", "+-"},
};

/* Into out of size bytes; what does not fit is cut. */
static void to_ascii(const char *text, char *out, size_t size)
{
	size_t used = 0;

	while (*text && used + 3 < size) {
		size_t i = 0, count = sizeof(plain) / sizeof(*plain);

		while (i < count &&
			strncmp(text, plain[i].from, strlen(plain[i].from)) != 0)
			i++;
		if (i < count) {
			strcpy(out + used, plain[i].to);
			used += strlen(plain[i].to);
			text += strlen(plain[i].from);
			continue;
		}
		unsigned char c = (unsigned char)*text++;

		if (c >= ' ' && c <= '~')
			out[used++] = (char)c;
		else if (c < ' ')
			out[used++] = ' ';
		else if ((c & 0xc0) != 0x80) /* a character, not each of its bytes */
			out[used++] = '?';
	}
	out[used] = '\0';
}

/* Broken between words; indent blanks before every line. */
static void put_wrapped(struct report_writer *writer, const char *text, size_t indent)
{
	FILE *out = writer->out;
	size_t length = strlen(text), size = 2 * length + 4, at = indent;
	char *copy = malloc(size), *rest = NULL;

	if (!copy) {
		writer->failed = true;
		return;
	}
	to_ascii(text, copy, size);
	fprintf(out, "%*s", (int)indent, "");
	for (char *word = strtok_r(copy, " ", &rest); word;
		word = strtok_r(NULL, " ", &rest)) {
		bool first = at == indent;

		if (!first && at + 1 + strlen(word) > LINE_COLUMNS) {
			fprintf(out, "\n%*s", (int)indent, "");
			at = indent;
			first = true;
		}
		fprintf(out, "%s%s", first ? "" : " ", word);
		at += strlen(word) + !first;
	}
	fputc('\n', out);
	free(copy);
}

static void put_bold(struct report_writer *writer, const char *text)
{
	char line[CELL_BYTES];

	to_ascii(text, line, sizeof(line));
	fprintf(writer->out, "%s%s%s\n", writer->colour ? BOLD : "", line,
		writer->colour ? PLAIN : "");
}

static void begin(struct report_writer *writer, const struct report_head *head)
{
	put_bold(writer, head->title);
	put_wrapped(writer, head->subtitle, 0);
	for (size_t i = 0; i < head->fact_count; i++) {
		char name[CELL_BYTES], text[CELL_BYTES];

		to_ascii(head->facts[i].name, name, sizeof(name));
		to_ascii(head->facts[i].text, text, sizeof(text));
		fprintf(writer->out, "  %-12s %s\n", name, text);
	}
	fputc('\n', writer->out);
}

static void section(struct report_writer *writer, const struct report_anchor *anchor)
{
	char title[CELL_BYTES];

	to_ascii(anchor->title, title, sizeof(title));
	put_bold(writer, title);
	for (size_t i = 0; i < strlen(title); i++)
		fputc('=', writer->out);
	fputs("\n\n", writer->out);
}

static void heading(struct report_writer *writer, const char *title)
{
	put_bold(writer, title);
	fputc('\n', writer->out);
}

static void paragraph(struct report_writer *writer, const char *text)
{
	put_wrapped(writer, text, 0);
	fputc('\n', writer->out);
}

static void warning(struct report_writer *writer, const char *text)
{
	fputs("NOTE\n", writer->out);
	put_wrapped(writer, text, 2);
	fputc('\n', writer->out);
}

static void command(struct report_writer *writer, const char *text)
{
	char *line = malloc(strlen(text) * 2 + 4);

	if (!line) {
		writer->failed = true;
		return;
	}
	to_ascii(text, line, strlen(text) * 2 + 4);
	fprintf(writer->out, "  %s\n\n", line);
	free(line);
}

static void verdicts(
	struct report_writer *writer, const struct report_verdict *list, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		char name[CELL_BYTES];

		to_ascii(list[i].backend, name, sizeof(name));
		fprintf(writer->out, "  %-12s %s%s%s\n", name, writer->colour ? BOLD : "",
			list[i].name, writer->colour ? PLAIN : "");
		put_wrapped(writer, list[i].sentence, 15);
		put_wrapped(writer, list[i].standing, 15);
	}
	fputc('\n', writer->out);
}

/* "6.33 us (6.30-6.41 us)" */
static void cell_text(const struct report_table_cell *cell, char *text, size_t size)
{
	to_ascii(cell->text, text, size);
	size_t used = strlen(text);

	if (!cell->note || used + 6 >= size)
		return;
	strcpy(text + used, used ? " (" : "(");
	used = strlen(text);
	to_ascii(cell->note, text + used, size - used - 2);
	strcat(text, ")");
}

static size_t column_width(const struct report_table *table, size_t column)
{
	char text[CELL_BYTES];
	size_t width;

	to_ascii(table->headings[column].text, text, sizeof(text));
	width = strlen(text);
	for (size_t row = 0; row < report_table_rows(table); row++) {
		cell_text(report_table_at(table, row, column), text, sizeof(text));
		if (strlen(text) > width)
			width = strlen(text);
	}
	return width;
}

static void put_aligned(FILE *out, const char *text, size_t width, bool right, bool last)
{
	if (right)
		fprintf(out, "%*s", (int)width, text);
	else
		fprintf(out, "%-*s", last ? 0 : (int)width, text);
	fputs(last ? "\n" : "  ", out);
}

static void table(struct report_writer *writer, const struct report_table *table)
{
	size_t widths[REPORT_COLUMNS_MAX];
	char text[CELL_BYTES];

	if (table->title) {
		put_wrapped(writer, table->title, 0);
		fputc('\n', writer->out);
	}
	for (size_t c = 0; c < table->columns; c++) {
		widths[c] = column_width(table, c);
		fputs(c ? "" : "  ", writer->out);
		to_ascii(table->headings[c].text, text, sizeof(text));
		put_aligned(writer->out, text, widths[c], table->headings[c].number,
			c + 1 == table->columns);
	}
	for (size_t row = 0; row < report_table_rows(table); row++) {
		fputs("  ", writer->out);
		for (size_t c = 0; c < table->columns; c++) {
			cell_text(report_table_at(table, row, c), text, sizeof(text));
			put_aligned(writer->out, text, widths[c],
				table->headings[c].number, c + 1 == table->columns);
		}
	}
	fputc('\n', writer->out);
}

/* One picture is enough to see the shape; the rest is on the page. */
static void figure(struct report_writer *writer, const struct figure *figure)
{
	if (!figure->essential)
		return;
	heading(writer, figure->title);
	report_ascii(writer->out, &figure->panels[0]);
	for (size_t i = 0; i < figure->key_count; i++) {
		char line[CELL_BYTES];
		const struct chart_key *key = &figure->keys[i];
		struct report_table_cell cell = {.text = key->name, .note = key->note};

		cell_text(&cell, line, sizeof(line));
		fprintf(writer->out, "  %c %s\n", report_ascii_letter(key->style), line);
	}
	fputc('\n', writer->out);
}

const struct report_form report_form_text = {
	.begin = begin,
	.section = section,
	.heading = heading,
	.paragraph = paragraph,
	.warning = warning,
	.command = command,
	.verdicts = verdicts,
	.table = table,
	.figure = figure,
};
