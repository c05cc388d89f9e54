/*
 * table.h - a table of a report, before it is known how it will be shown.
 *
 * It is filled cell by cell, from left to right and row by row:
 *
 *	report_table_column(&table, false, "backend");
 *	report_table_column(&table, true, "CPU");
 *	report_table_put(&table, "%s", name);
 *	report_table_put(&table, "%s", cost);
 *	report_table_note(&table, "%s", interval);
 */
#ifndef HARNESS_REPORT_TABLE_H
#define HARNESS_REPORT_TABLE_H

#include "harness/report/memory.h"

#include <stdbool.h>
#include <stddef.h>

enum { REPORT_COLUMNS_MAX = 72, REPORT_SHADES = 8 };

struct report_table_cell {
	const char *text;
	const char *note; /* smaller, under the text; NULL: none */
	size_t style;     /* the sign of a backend before the text, from 1; 0: none */
	int shade;        /* of a heat map, 1 to REPORT_SHADES; 0: none */
};

struct report_table {
	struct report_memory *memory;
	const char *title; /* what it shows; NULL: a heading says it already */
	size_t columns;
	struct report_table_heading {
		const char *text;
		bool number; /* aligned to the right */
	} headings[REPORT_COLUMNS_MAX];
	struct report_table_cell *cells; /* row by row; the last row may be short */
	size_t cell_count;
};

/* A further column; beyond REPORT_COLUMNS_MAX false, and it is not there. */
bool report_table_column(struct report_table *table, bool number, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* The next cell. */
void report_table_put(struct report_table *table, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Of the cell put last. */
void report_table_note(struct report_table *table, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void report_table_style(struct report_table *table, size_t backend);
void report_table_shade(struct report_table *table, int shade);

size_t report_table_rows(const struct report_table *table);

/* Never NULL: beyond the last cell it is an empty one. */
const struct report_table_cell *report_table_at(
	const struct report_table *table, size_t row, size_t column);

#endif
