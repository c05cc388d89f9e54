/*
 * markdown.c - a table for people, in the Markdown of GitHub: a CI job summary, a
 * README, a mail. The verdicts come first, what has no figure says why.
 */
#include "harness/export/format.h"

#include "harness/human.h"
#include "harness/text.h"

#include <stdlib.h>
#include <string.h>

/* Text of others: on one line, and nothing in it is markup. */
static void put_plain(FILE *out, const char *text)
{
	for (; *text; text++) {
		size_t control = text_control(text);

		if (control > 0)
			fputc(' ', out);
		else if (*text == '<')
			fputs("&lt;", out);
		else if (*text == '&')
			fputs("&amp;", out);
		else if (strchr("\\`*_{}[]|~#!", *text))
			fprintf(out, "\\%c", *text);
		else
			fputc(*text, out);
		text += control > 0 ? control - 1 : 0;
	}
}

static const char *string_at(const json_t *object, const char *key)
{
	const char *string = json_string_value(json_object_get(object, key));

	return string ? string : "unknown";
}

static void put_head(FILE *out, const struct export_run *run)
{
	const json_t *environment = json_object_get(run->root, "environment");

	fputs("### muxbench: what a request costs\n\nRun ", out);
	put_plain(out, string_at(json_object_get(run->root, "run"), "id"));
	fputs(" on ", out);
	put_plain(out, string_at(json_object_get(environment, "cpu"), "model"));
	fputs(", Linux ", out);
	put_plain(out, string_at(environment, "kernel"));
	fputs(". Medians over the trials; of a percentile, that of all trials together. "
	      "In "
	      "brackets an interval of 95 %; of fewer than six trials, the lowest and "
	      "the "
	      "highest.\n\n",
		out);
}

static void put_verdicts(FILE *out, const struct export_run *run)
{
	const json_t *entry, *complexity = json_object_get(run->root, "complexity");
	size_t i;

	json_array_foreach(complexity, i, entry)
	{
		fputs("* **", out);
		put_plain(out, string_at(entry, "backend"));
		fputs("**: ", out);
		put_plain(out, string_at(entry, "sentence"));
		fputc('\n', out);
	}
	if (json_array_size(complexity) > 0)
		fputc('\n', out);
}

static void put_number(FILE *out, const struct export_metric_info *info, double value)
{
	char text[HUMAN_BYTES];

	if (info->time_ns)
		human_ns(value, text, sizeof(text));
	else if (info->more_is_better)
		human_count((uint64_t)(value + 0.5), text, sizeof(text));
	else
		snprintf(text, sizeof(text), "%.3f", value);
	fputs(text, out);
}

/* "7.59 us (7.17 us to 7.78 us)"; exact counts alone where all agree. */
static void put_figure(
	FILE *out, const struct export_figure *figure, enum export_metric metric)
{
	const struct export_metric_info *info = export_metric_info(metric);
	bool spread = figure->low < figure->high;

	if (figure->count == 0) {
		fputs(" -", out);
		return;
	}
	fputc(' ', out);
	put_number(out, info, figure->value);
	if (!spread)
		return;
	fputs(" (", out);
	put_number(out, info, figure->low);
	fputs(" to ", out);
	put_number(out, info, figure->high);
	fputc(')', out);
}

/* Only metrics that some cell has are columns. */
static bool is_column(const struct export_view *view, int metric)
{
	return view->metrics & view->run->metrics & EXPORT_BIT(metric);
}

static void put_columns(FILE *out, const struct export_view *view)
{
	fputs("| backend | idle | active | trials |", out);
	for (int m = 0; m < EXPORT_METRIC_COUNT; m++)
		if (is_column(view, m))
			fprintf(out, " %s |",
				export_metric_info((enum export_metric)m)->title);
	fputs("\n|---|--:|--:|--:|", out);
	for (int m = 0; m < EXPORT_METRIC_COUNT; m++)
		if (is_column(view, m))
			fputs("--:|", out);
	fputc('\n', out);
}

/* "poll", and what is not as usual. */
static void put_backend(FILE *out, const struct export_setting *setting)
{
	char *unusual = export_setting_unusual(setting);

	put_plain(out, setting->backend);
	if (unusual && *unusual) {
		fputs(", ", out);
		put_plain(out, unusual);
	}
	free(unusual);
}

static void put_row(
	FILE *out, const struct export_view *view, const struct export_cell *cell)
{
	char idle[HUMAN_BYTES], active[HUMAN_BYTES];

	human_count(cell->setting->connections_idle, idle, sizeof(idle));
	human_count(cell->setting->connections_active, active, sizeof(active));
	fputs("| ", out);
	put_backend(out, cell->setting);
	fprintf(out, " | %s | %s | %zu |", idle, active, cell->trial_count);
	for (int m = 0; m < EXPORT_METRIC_COUNT; m++)
		if (is_column(view, m)) {
			put_figure(out, &cell->figures[m], (enum export_metric)m);
			fputs(" |", out);
		}
	fputc('\n', out);
}

static size_t windows_left_out(const struct export_cell *cell)
{
	size_t count = 0;

	for (int s = TRIAL_OK + 1; s < TRIAL_STATUS_COUNT; s++)
		count += cell->windows[s];
	return count;
}

/* "1 of 6 windows invalid": what is not in the table, and why. */
static void put_left_out(FILE *out, const struct export_cell *cell)
{
	fputs("* ", out);
	put_plain(out, cell->name);
	fputc(':', out);
	for (int s = TRIAL_OK + 1; s < TRIAL_STATUS_COUNT; s++)
		if (cell->windows[s] > 0)
			fprintf(out, " %zu %s,", cell->windows[s],
				trial_status_name((enum trial_status)s));
	fprintf(out, " %zu ok windows; ", cell->windows[TRIAL_OK]);
	put_plain(out, cell->reason);
	fputc('\n', out);
}

int export_markdown_write(FILE *out, const void *what)
{
	const struct export_view *view = what;
	const struct export_run *run = view->run;
	bool any = false;

	put_head(out, run);
	put_verdicts(out, run);
	put_columns(out, view);
	for (size_t c = 0; c < run->cell_count; c++)
		put_row(out, view, &run->cells[c]);
	for (size_t c = 0; c < run->cell_count; c++) {
		if (windows_left_out(&run->cells[c]) == 0)
			continue;
		if (!any)
			fputs("\nNot in these figures:\n\n", out);
		any = true;
		put_left_out(out, &run->cells[c]);
	}
	return 0;
}
