/*
 * html.c - a report as a page: one file that needs nothing from anywhere.
 *
 * Pictures are inline SVG without ids (svg.h). The script only adds to what is
 * there: without it the page lacks quick numbers under the pointer, and nothing else.
 */
#include "harness/report/writer.h"

#include "harness/html.h"
#include "harness/report/assets.h"
#include "harness/report/svg.h"

#include "common/version.h"

#include <string.h>

static void put(struct report_writer *writer, const char *before, const char *text,
	const char *after)
{
	fputs(before, writer->out);
	html_text(writer->out, text);
	fputs(after, writer->out);
}

static void begin(struct report_writer *writer, const struct report_head *head)
{
	FILE *out = writer->out;

	/* What the policy allows is in the page: nothing can be fetched by it. */
	fputs("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
	      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src "
	      "'none'; "
	      "style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:\">\n"
	      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
	      "<link rel=\"icon\" href=\"data:,\">\n",
		out);
	put(writer, "<title>", head->title, " - ");
	put(writer, "", head->subtitle, "</title>\n<style>\n");
	fputs(report_css, out);
	fputs("</style>\n</head>\n<body>\n<header>\n", out);
	put(writer, "<h1>", head->title, "</h1>\n");
	put(writer, "<p class=\"subtitle\">", head->subtitle,
		"</p>\n<dl class=\"facts\">\n");
	for (size_t i = 0; i < head->fact_count; i++) {
		put(writer, "<div><dt>", head->facts[i].name, "</dt>");
		put(writer, "<dd>", head->facts[i].text, "</dd></div>\n");
	}
	fputs("</dl>\n<nav aria-label=\"Sections\">\n", out);
	for (size_t i = 0; i < head->section_count; i++) {
		fprintf(out, "<a href=\"#%s\">", head->sections[i].id);
		put(writer, "", head->sections[i].title, "</a>\n");
	}
	fputs("</nav>\n</header>\n<main>\n", out);
}

static void section(struct report_writer *writer, const struct report_anchor *anchor)
{
	fprintf(writer->out, "<h2 id=\"%s\">", anchor->id);
	put(writer, "", anchor->title, "</h2>\n");
}

static void heading(struct report_writer *writer, const char *title)
{
	put(writer, "<h3>", title, "</h3>\n");
}

static void paragraph(struct report_writer *writer, const char *text)
{
	put(writer, "<p>", text, "</p>\n");
}

static void warning(struct report_writer *writer, const char *text)
{
	put(writer, "<p class=\"warning\"><b>Note:</b> ", text, "</p>\n");
}

static void command(struct report_writer *writer, const char *text)
{
	put(writer, "<pre>", text, "</pre>\n");
}

static void verdicts(
	struct report_writer *writer, const struct report_verdict *list, size_t count)
{
	FILE *out = writer->out;

	fputs("<ul class=\"verdicts\">\n", out);
	for (size_t i = 0; i < count; i++) {
		fputs("<li><span class=\"name\">", out);
		report_svg_sample(out, list[i].style, CHART_LINE);
		put(writer, "", list[i].backend, "</span> ");
		fprintf(out, "<span class=\"badge %s\">",
			complexity_verdict_name(list[i].verdict));
		put(writer, "", list[i].name, "</span> ");
		put(writer, "<span class=\"sentence\">", list[i].sentence, "</span> ");
		fprintf(out, "<span class=\"standing%s\">",
			list[i].publishable ? " publishable" : "");
		put(writer, "", list[i].standing, "</span></li>\n");
	}
	fputs("</ul>\n", out);
}

/* ---- tables ---- */

/* Names and values wrap on a phone; anything wider scrolls beside its first column. */
static const char *table_class(const struct report_table *table)
{
	return table->columns <= 2 ? "pairs" : "wide-rows";
}

static void put_cell(struct report_writer *writer, const struct report_table *table,
	size_t row, size_t column)
{
	const struct report_table_cell *cell = report_table_at(table, row, column);
	const char *element = column == 0 ? "th" : "td";

	fprintf(writer->out, column == 0 ? "<%s scope=\"row\"" : "<%s", element);
	if (table->headings[column].number || cell->shade)
		fprintf(writer->out, " class=\"%s",
			table->headings[column].number ? "number" : "");
	if (cell->shade)
		fprintf(writer->out, " shade%d", cell->shade);
	fputs(table->headings[column].number || cell->shade ? "\">" : ">", writer->out);
	if (cell->style)
		report_svg_sample(writer->out, cell->style - 1, 0);
	html_text(writer->out, cell->text);
	if (cell->note)
		put(writer, "<small>", cell->note, "</small>");
	fprintf(writer->out, "</%s>", element);
}

/* Its own box, which scrolls sideways on a phone; with the keyboard, too. */
static void table(struct report_writer *writer, const struct report_table *table)
{
	FILE *out = writer->out;

	if (table->title)
		put(writer, "<p class=\"caption\">", table->title, "</p>\n");
	fputs("<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"", out);
	html_text(out, table->title ? table->title : "table");
	fprintf(out, "\">\n<table class=\"%s\">\n<thead><tr>", table_class(table));
	for (size_t c = 0; c < table->columns; c++) {
		fputs(table->headings[c].number ? "<th scope=\"col\" class=\"number\">"
						: "<th scope=\"col\">",
			out);
		put(writer, "", table->headings[c].text, "</th>");
	}
	fputs("</tr></thead>\n<tbody>\n", out);
	for (size_t row = 0; row < report_table_rows(table); row++) {
		fputs("<tr>", out);
		for (size_t c = 0; c < table->columns; c++)
			put_cell(writer, table, row, c);
		fputs("</tr>\n", out);
	}
	fputs("</tbody>\n</table>\n</div>\n", out);
}

/* ---- figures ---- */

static void put_keys(struct report_writer *writer, const struct figure *figure)
{
	FILE *out = writer->out;

	if (figure->key_count == 0)
		return;
	fputs("<div class=\"keys\">\n", out);
	for (size_t i = 0; i < figure->key_count; i++) {
		const struct chart_key *key = &figure->keys[i];

		fprintf(out,
			"<button type=\"button\" aria-pressed=\"true\" data-key=\"%zu\" "
			"title=\"show or hide\">",
			key->style);
		report_svg_sample(out, key->style, key->look);
		put(writer, "<span>", key->name, "");
		if (key->note)
			put(writer, "<small>", key->note, "</small>");
		fputs("</span></button>\n", out);
	}
	fputs("</div>\n", out);
}

static void put_panel(struct report_writer *writer, const struct figure *figure,
	const struct chart *chart)
{
	const struct svg_size *size = figure->panel_count > 1 ? &svg_half : &svg_wide;
	const char *label = chart->title ? chart->title : figure->title;

	fputs("<div class=\"panel\">\n", writer->out);
	if (chart->title)
		put(writer, "<p class=\"panel-title\">", chart->title, "</p>\n");
	if (figure->panel_count == 1 && chart->y.kind == CHART_CATEGORIES)
		size = &svg_full;
	report_svg(writer->out, chart, size, label);
	report_svg(writer->out, chart, &svg_narrow, label);
	fputs("</div>\n", writer->out);
}

static void figure(struct report_writer *writer, const struct figure *figure)
{
	FILE *out = writer->out;
	bool rows = figure->panels[0].y.kind == CHART_CATEGORIES;

	fprintf(out, "<figure id=\"%s\" class=\"%s%s\">\n", figure->id,
		figure->panel_count > 1 ? "two" : "one", rows ? " bars" : "");
	put(writer, "<p class=\"figure-title\">", figure->title, "</p>\n");
	fputs("<div class=\"drawing\">\n<div class=\"panels\">\n", out);
	for (size_t i = 0; i < figure->panel_count; i++)
		if (!chart_is_empty(&figure->panels[i]))
			put_panel(writer, figure, &figure->panels[i]);
	fputs("</div>\n", out);
	put_keys(writer, figure);
	fputs("</div>\n", out);
	if (figure->about)
		put(writer, "<figcaption>", figure->about, "</figcaption>\n");
	fputs("</figure>\n", out);
}

static void fold(struct report_writer *writer, const char *title)
{
	put(writer, "<details>\n<summary>", title, "</summary>\n");
}

static void unfold(struct report_writer *writer)
{
	fputs("</details>\n", writer->out);
}

static void end(struct report_writer *writer)
{
	fputs("</main>\n<footer>Derived from the trials in result.json by muxbench "
	      "" MUXBENCH_VERSION ".</footer>\n<script>\n",
		writer->out);
	fputs(report_js, writer->out);
	fputs("</script>\n</body>\n</html>\n", writer->out);
}

const struct report_form report_form_html = {
	.complete = true,
	.begin = begin,
	.section = section,
	.heading = heading,
	.paragraph = paragraph,
	.warning = warning,
	.command = command,
	.verdicts = verdicts,
	.table = table,
	.figure = figure,
	.fold = fold,
	.unfold = unfold,
	.end = end,
};
