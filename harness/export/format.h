/*
 * format.h - the formats of `muxbench export`. Each is a writer for a whole file,
 * as store_put() takes it: 0 or -errno, and errors of out are seen to by the caller.
 */
#ifndef HARNESS_EXPORT_FORMAT_H
#define HARNESS_EXPORT_FORMAT_H

#include "harness/export/metric.h"
#include "harness/export/run.h"
#include "harness/store.h"

/* What a writer is given. */
struct export_view {
	const struct export_run *run;
	unsigned metrics;               /* which figures, a set */
	const struct export_cell *cell; /* of a format that holds one cell only */
};

struct export_format {
	const char *name;
	const char *summary;
	store_writer *write; /* what is a struct export_view */
	unsigned metrics;    /* what it shows when nobody asks; 0: no choice */
	unsigned metrics_allowed;
	bool one_metric;    /* it has room for one */
	bool one_direction; /* less is better for all of them, or more is */
	const char
		*cell_suffix; /* it holds one cell: of the names of its files; or NULL */
};

/* NULL where there is no such format. */
const struct export_format *export_format_find(const char *name);

/* A line each, for --help. */
void export_format_list(FILE *out);

/* The writers, by the format's name. */
store_writer export_csv_write;
store_writer export_json_write;
store_writer export_gobench_write;
store_writer export_gbench_write;
store_writer export_gab_write;
store_writer export_bmf_write;
store_writer export_hyperfine_write;
store_writer export_hgrm_write;
store_writer export_markdown_write;

/* Writes a document, with a newline behind, and releases it; NULL is -ENOMEM. */
int export_put_json(FILE *out, json_t *document);

#endif
