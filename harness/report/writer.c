/* writer.c - what a report consists of, in whichever form it is shown. */
#include "harness/report/writer.h"

void writer_begin(struct report_writer *writer, const struct report_head *head)
{
	if (writer->form->begin)
		writer->form->begin(writer, head);
}

void writer_section(struct report_writer *writer, const struct report_anchor *anchor)
{
	if (writer->form->section)
		writer->form->section(writer, anchor);
}

void writer_heading(struct report_writer *writer, const char *title)
{
	if (writer->form->heading)
		writer->form->heading(writer, title);
}

void writer_paragraph(struct report_writer *writer, const char *text)
{
	if (writer->form->paragraph && *text)
		writer->form->paragraph(writer, text);
}

void writer_warning(struct report_writer *writer, const char *text)
{
	if (writer->form->warning && *text)
		writer->form->warning(writer, text);
}

void writer_command(struct report_writer *writer, const char *text)
{
	if (writer->form->command && *text)
		writer->form->command(writer, text);
}

void writer_verdicts(
	struct report_writer *writer, const struct report_verdict *list, size_t count)
{
	if (writer->form->verdicts && count > 0)
		writer->form->verdicts(writer, list, count);
}

void writer_table(struct report_writer *writer, const struct report_table *table)
{
	if (writer->form->table && report_table_rows(table) > 0)
		writer->form->table(writer, table);
}

void writer_figure(struct report_writer *writer, const struct figure *figure)
{
	bool empty = true;

	for (size_t i = 0; i < figure->panel_count; i++)
		empty &= chart_is_empty(&figure->panels[i]);
	if (writer->form->figure && !empty)
		writer->form->figure(writer, figure);
}

void writer_fold(struct report_writer *writer, const char *title)
{
	if (writer->form->fold)
		writer->form->fold(writer, title);
}

void writer_unfold(struct report_writer *writer)
{
	if (writer->form->unfold)
		writer->form->unfold(writer);
}

void writer_end(struct report_writer *writer)
{
	if (writer->form->end)
		writer->form->end(writer);
}
