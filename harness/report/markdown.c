/* markdown.c - a report for the summary of a CI job: sentences and tables. */
#include "harness/report/writer.h"

#include "harness/text.h"

#include <string.h>

/* A line of text that Markdown takes for nothing but text. */
static void put_text(FILE *out, const char *text)
{
	for (; *text; text++) {
		size_t control = text_control(text);

		if (control > 0) {
			fputc(' ', out);
			text += control - 1;
			continue;
		}
		if (*text == '<')
			fputs("&lt;", out);
		else if (*text == '&')
			fputs("&amp;", out);
		else if (strchr("\\`*_[]|#~>@", *text))
			fprintf(out, "\\%c", *text);
		else
			fputc(*text, out);
	}
}

static void put(struct report_writer *writer, const char *before, const char *text,
	const char *after)
{
	fputs(before, writer->out);
	put_text(writer->out, text);
	fputs(after, writer->out);
}

static void begin(struct report_writer *writer, const struct report_head *head)
{
	put(writer, "# ", head->title, "\n\n");
	put(writer, "", head->subtitle, "\n\n");
	for (size_t i = 0; i < head->fact_count; i++) {
		put(writer, "* ", head->facts[i].name, ": ");
		put(writer, "", head->facts[i].text, "\n");
	}
	fputc('\n', writer->out);
}

static void section(struct report_writer *writer, const struct report_anchor *anchor)
{
	put(writer, "## ", anchor->title, "\n\n");
}

static void heading(struct report_writer *writer, const char *title)
{
	put(writer, "### ", title, "\n\n");
}

static void paragraph(struct report_writer *writer, const char *text)
{
	put(writer, "", text, "\n\n");
}

static void warning(struct report_writer *writer, const char *text)
{
	put(writer, "> **Note:** ", text, "\n\n");
}

/* Indented: no text can end such a block, as it could end a fenced one. */
static void command(struct report_writer *writer, const char *text)
{
	fputs("    ", writer->out);
	for (; *text; text++) {
		size_t control = text_control(text);

		fputc(control > 0 ? ' ' : *text, writer->out);
		text += control > 0 ? control - 1 : 0;
	}
	fputs("\n\n", writer->out);
}

static void verdicts(
	struct report_writer *writer, const struct report_verdict *list, size_t count)
{
	fputs("| backend | verdict | | |\n|---|---|---|---|\n", writer->out);
	for (size_t i = 0; i < count; i++) {
		put(writer, "| ", list[i].backend, " | **");
		put(writer, "", list[i].name, "** | ");
		put(writer, "", list[i].sentence, " | ");
		put(writer, "", list[i].standing, " |\n");
	}
	fputc('\n', writer->out);
}

static void table(struct report_writer *writer, const struct report_table *table)
{
	FILE *out = writer->out;

	if (table->title)
		put(writer, "**", table->title, "**\n\n");
	fputs("|", out);
	for (size_t c = 0; c < table->columns; c++)
		put(writer, " ", table->headings[c].text, " |");
	fputs("\n|", out);
	for (size_t c = 0; c < table->columns; c++)
		fputs(table->headings[c].number ? "---:|" : "---|", out);
	fputc('\n', out);
	for (size_t row = 0; row < report_table_rows(table); row++) {
		fputs("|", out);
		for (size_t c = 0; c < table->columns; c++) {
			const struct report_table_cell *cell =
				report_table_at(table, row, c);

			put(writer, " ", cell->text, "");
			if (cell->note)
				put(writer, " (", cell->note, ")");
			fputs(" |", out);
		}
		fputc('\n', out);
	}
	fputc('\n', out);
}

const struct report_form report_form_markdown = {
	.begin = begin,
	.section = section,
	.heading = heading,
	.paragraph = paragraph,
	.warning = warning,
	.command = command,
	.verdicts = verdicts,
	.table = table,
};
