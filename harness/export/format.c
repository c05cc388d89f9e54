/* format.c - the formats of `muxbench export`. */
#include "harness/export/format.h"

#include <errno.h>
#include <string.h>

enum {
	TIMES = EXPORT_BIT(EXPORT_CPU) | EXPORT_BIT(EXPORT_CONNECTION_CPU) |
		EXPORT_BIT(EXPORT_WALL) | EXPORT_BIT(EXPORT_P50) | EXPORT_BIT(EXPORT_P99),
	ALL = EXPORT_BIT(EXPORT_METRIC_COUNT) - 1,
	/* all but what follows from another one of them */
	USUAL = ALL & ~EXPORT_BIT(EXPORT_WALL),
	LESS_IS_BETTER = USUAL & ~EXPORT_BIT(EXPORT_RATE),
};

static const struct export_format formats[] = {
	{
		.name = "csv",
		.summary = "a row for each window of each trial, whatever its status",
		.write = export_csv_write,
	},
	{
		.name = "json",
		.summary = "every figure of every cell, and of each of its trials",
		.write = export_json_write,
	},
	{
		.name = "gobench",
		.summary = "Go's benchmark format, for benchstat; a line a trial",
		.write = export_gobench_write,
		.metrics = USUAL,
		.metrics_allowed = ALL,
	},
	{
		.name = "gbench-json",
		.summary = "as google/benchmark writes it, for its compare.py",
		.write = export_gbench_write,
		.metrics = EXPORT_BIT(EXPORT_WALL),
		.metrics_allowed = TIMES,
		.one_metric = true,
	},
	{
		.name = "gab-json",
		.summary = "github-action-benchmark, customSmallerIsBetter",
		.write = export_gab_write,
		.metrics = LESS_IS_BETTER,
		.metrics_allowed = ALL,
		.one_direction = true,
	},
	{
		.name = "bmf-json",
		.summary = "Bencher Metric Format",
		.write = export_bmf_write,
		.metrics = USUAL,
		.metrics_allowed = ALL,
	},
	{
		.name = "hyperfine-json",
		.summary = "as hyperfine --export-json writes it, in seconds",
		.write = export_hyperfine_write,
		.metrics = EXPORT_BIT(EXPORT_CPU),
		.metrics_allowed = TIMES,
		.one_metric = true,
	},
	{
		.name = "hgrm",
		.summary = "HdrHistogram's percentile text, in us; one cell a file",
		.write = export_hgrm_write,
		.cell_suffix = ".hgrm",
	},
	{
		.name = "markdown",
		.summary = "a table for people, such as a CI job summary",
		.write = export_markdown_write,
		.metrics = USUAL & ~EXPORT_BIT(EXPORT_CALLS),
		.metrics_allowed = ALL,
	},
};

enum { FORMATS = sizeof(formats) / sizeof(*formats) };

const struct export_format *export_format_find(const char *name)
{
	for (size_t i = 0; i < FORMATS; i++)
		if (strcmp(formats[i].name, name) == 0)
			return &formats[i];
	return NULL;
}

void export_format_list(FILE *out)
{
	for (size_t i = 0; i < FORMATS; i++)
		fprintf(out, "  %-15s %s\n", formats[i].name, formats[i].summary);
}

int export_put_json(FILE *out, json_t *document)
{
	/*
	 * Digits enough to get the counts back that a figure was made of; nothing but
	 * ASCII, for names of others may hold what a terminal obeys.
	 */
	enum { FLAGS = JSON_INDENT(1) | JSON_REAL_PRECISION(12) | JSON_ENSURE_ASCII };

	if (!document)
		return -ENOMEM;
	json_dumpf(document, out, FLAGS); /* a write that fails leaves its mark on out */
	fputc('\n', out);
	json_decref(document);
	return 0;
}
