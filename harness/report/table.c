/* table.c - a table of a report, before it is known how it will be shown. */
#include "harness/report/table.h"

#include <stdarg.h>

bool report_table_column(struct report_table *table, bool number, const char *format, ...)
{
	va_list arguments;

	if (table->columns == REPORT_COLUMNS_MAX)
		return false;
	va_start(arguments, format);
	table->headings[table->columns].text =
		report_text_list(table->memory, format, arguments);
	table->headings[table->columns++].number = number;
	va_end(arguments);
	return true;
}

void report_table_put(struct report_table *table, const char *format, ...)
{
	va_list arguments;
	struct report_table_cell *cells = report_grow(
		table->memory, table->cells, table->cell_count, sizeof(*cells));

	if (!cells)
		return;
	table->cells = cells;
	va_start(arguments, format);
	cells[table->cell_count++] = (struct report_table_cell){
		.text = report_text_list(table->memory, format, arguments)};
	va_end(arguments);
}

void report_table_note(struct report_table *table, const char *format, ...)
{
	va_list arguments;

	if (table->cell_count == 0)
		return;
	va_start(arguments, format);
	table->cells[table->cell_count - 1].note =
		report_text_list(table->memory, format, arguments);
	va_end(arguments);
}

void report_table_style(struct report_table *table, size_t backend)
{
	if (table->cell_count > 0)
		table->cells[table->cell_count - 1].style = backend + 1;
}

void report_table_shade(struct report_table *table, int shade)
{
	if (table->cell_count > 0)
		table->cells[table->cell_count - 1].shade = shade;
}

size_t report_table_rows(const struct report_table *table)
{
	return table->columns == 0
		       ? 0
		       : (table->cell_count + table->columns - 1) / table->columns;
}

const struct report_table_cell *report_table_at(
	const struct report_table *table, size_t row, size_t column)
{
	static const struct report_table_cell nothing = {.text = ""};
	size_t at = row * table->columns + column;

	return at < table->cell_count ? &table->cells[at] : &nothing;
}
