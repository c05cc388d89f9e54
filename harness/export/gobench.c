/*
 * gobench.c - the Go benchmark data format, which benchstat reads: a line for each
 * trial, so that it has samples to test, cell by cell in a fixed order.
 *
 * golang.org/design/14313-benchmark-format; the Unit lines (what is better, and that
 * counts are exact) and what follows of a name's key=value parts: golang.org/x/perf,
 * benchfmt and benchproc. Its reader turns ns into seconds where a part of a unit is
 * "ns".
 */
#include "harness/export/figures.h"
#include "harness/export/format.h"

#include "harness/text.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* "key: value": benchstat compares only results that agree in all of these. */
static void put_config(FILE *out, const char *key, const json_t *value)
{
	const char *string = json_string_value(value);
	char text[200];

	if (!string)
		return;
	snprintf(text, sizeof(text), "%s", string);
	text_one_line(text);
	fprintf(out, "%s: %s\n", key, text);
}

static void put_head(FILE *out, const struct export_view *view)
{
	const json_t *environment = json_object_get(view->run->root, "environment");

	fputs("goos: linux\n", out);
	put_config(out, "goarch", json_object_get(environment, "architecture"));
	fputs("pkg: muxbench\n", out);
	put_config(out, "cpu",
		json_object_get(json_object_get(environment, "cpu"), "model"));
	put_config(out, "kernel", json_object_get(environment, "kernel"));
	for (int m = 0; m < EXPORT_METRIC_COUNT; m++) {
		const struct export_metric_info *info =
			export_metric_info((enum export_metric)m);

		if (!(view->metrics & view->run->metrics & EXPORT_BIT(m)))
			continue;
		fprintf(out, "Unit %s%s better=%s\n", info->unit,
			info->exact ? " assume=exact" : "",
			info->more_is_better ? "higher" : "lower");
	}
	fputc('\n', out);
}

/* How many operations the figures of a line are over. */
static json_int_t requests_of(const struct export_trial *trial)
{
	const struct export_record *window = export_trial_window(trial);
	const json_t *counters = json_object_get(window->json, "counters");

	return json_integer_value(json_object_get(counters, "requests_completed"));
}

/* A line without a figure would be an error to its reader. */
static void put_trial(FILE *out, const struct export_cell *cell,
	const struct export_trial *trial, unsigned metrics)
{
	bool any = false;

	for (int m = 0; m < EXPORT_METRIC_COUNT; m++) {
		if (!(metrics & EXPORT_BIT(m)) || isnan(trial->values[m]))
			continue;
		if (!any)
			fprintf(out, "Benchmark%s %" JSON_INTEGER_FORMAT, cell->name,
				requests_of(trial));
		any = true;
		fprintf(out, " %.12g %s", trial->values[m],
			export_metric_info((enum export_metric)m)->unit);
	}
	if (any)
		fputc('\n', out);
}

int export_gobench_write(FILE *out, const void *what)
{
	const struct export_view *view = what;

	put_head(out, view);
	for (size_t c = 0; c < view->run->cell_count; c++) {
		const struct export_cell *cell = &view->run->cells[c];

		for (size_t t = 0; t < cell->trial_count; t++)
			put_trial(out, cell, &cell->trials[t], view->metrics);
	}
	return 0;
}
