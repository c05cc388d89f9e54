/*
 * fuzz_result.c - a result.json of a stranger, through all that is made of one: `muxbench
 * export` in every format, `muxbench report` in every form. What was accepted must come
 * out in order: JSON that parses, rows of one length, no markup and no control character
 * that was in the file.
 */
#include "tests/fuzz/fuzz.h"

#include "harness/export/format.h"
#include "harness/report/content.h"
#include "harness/report/data.h"
#include "harness/result/result_file.h"
#include "harness/text.h"

#include <ctype.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

struct output {
	FILE *stream;
	char *text;
	size_t size;
};

static void output_open(struct output *output)
{
	*output = (struct output){0};
	output->stream = open_memstream(&output->text, &output->size);
	fuzz_check(output->stream != NULL, "no memory for what comes out");
}

static void output_close(struct output *output)
{
	fuzz_check(fclose(output->stream) == 0, "no memory for what comes out");
	fuzz_check(strlen(output->text) == output->size, "a NUL in what comes out");
	for (const char *p = output->text; *p; p++)
		fuzz_check(text_control(p) == 0 || strchr("\n\t\x7f", *p),
			"a control character in what comes out");
}

/* ---- export ---- */

static void check_json(const char *text)
{
	json_t *document = json_loads(text, JSON_REJECT_DUPLICATES, NULL);

	fuzz_check(document != NULL, "JSON that does not parse");
	json_decref(document);
}

/* RFC 4180: every row has as many fields as the head. */
static void check_csv(const char *text)
{
	size_t fields = 1, wanted = 0;
	bool quoted = false;

	for (; *text; text++) {
		quoted ^= *text == '"';
		fields += !quoted && *text == ',';
		if (quoted || *text != '\n')
			continue;
		fuzz_check(wanted == 0 || fields == wanted, "a row of another length");
		wanted = fields;
		fields = 1;
	}
	fuzz_check(!quoted, "a quote without an end");
}

/* Each line of gobench: a word without blanks, a count, then pairs. */
static void check_gobench(const char *text)
{
	for (const char *line = text; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (strncmp(line, "Benchmark", 9) != 0)
			continue;
		const char *name = line + strcspn(line, " \t\n");

		fuzz_check(*name == ' ' && isdigit((unsigned char)name[1]),
			"a name with a blank");
	}
}

static const struct {
	const char *name;
	void (*check)(const char *text);
} formats[] = {
	{"csv", check_csv},
	{"json", check_json},
	{"gobench", check_gobench},
	{"gbench-json", check_json},
	{"gab-json", check_json},
	{"bmf-json", check_json},
	{"hyperfine-json", check_json},
	{"hgrm", NULL},
	{"markdown", NULL},
};

static void write_format(const struct export_format *format,
	const struct export_view *view, void (*check)(const char *text))
{
	struct output output;

	output_open(&output);
	fuzz_check(format->write(output.stream, view) == 0, "cannot be written");
	output_close(&output);
	if (check)
		check(output.text);
	if (strcmp(format->name, "markdown") == 0)
		fuzz_check(!strstr(output.text, "<script"), "markup in an export");
	free(output.text);
}

static void write_cells(const struct export_format *format, struct export_view *view)
{
	for (size_t c = 0; c < view->run->cell_count; c++) {
		view->cell = &view->run->cells[c];
		write_format(format, view, NULL);
	}
}

static void export(json_t *root)
{
	static const struct export_choice all;
	struct problem problem = {""};
	struct export_run run;
	int error = export_run_make(&run, root, &all, &problem);

	fuzz_check((error < 0) == (*problem.text != '\0'), "refused without a word");
	for (size_t i = 0; i < sizeof(formats) / sizeof(*formats) && error == 0; i++) {
		const struct export_format *format = export_format_find(formats[i].name);
		struct export_view view = {.run = &run, .metrics = format->metrics};

		if (format->cell_suffix)
			write_cells(format, &view);
		else
			write_format(format, &view, formats[i].check);
	}
	export_run_free(&run);
}

/* ---- report ---- */

static size_t count(const char *text, const char *word)
{
	size_t n = 0;

	while ((text = strstr(text, word))) {
		n++;
		text += strlen(word);
	}
	return n;
}

static void check_page(const char *text)
{
	fuzz_check(count(text, "<script") == 1, "a script of the file in a page");
	fuzz_check(count(text, "<img") == 0, "a picture of the file in a page");
}

static void report(const char *path)
{
	static const struct report_form *const forms[] = {
		&report_form_html, &report_form_markdown, &report_form_text};
	struct problem problem = {""};
	struct report made;
	int error = report_load(&made, path, &problem);

	fuzz_check_problem(error, &problem);
	for (size_t i = 0; i < sizeof(forms) / sizeof(*forms) && error == 0; i++) {
		struct output output;

		output_open(&output);
		struct report_writer writer = {.form = forms[i], .out = output.stream};

		report_content(&made, &writer);
		fuzz_check(!made.memory.failed, "no memory for a report");
		output_close(&output);
		if (forms[i] == &report_form_html)
			check_page(output.text);
		free(output.text);
	}
	report_free(&made);
}

void fuzz_one(const uint8_t *data, size_t size)
{
	const char *path = fuzz_file(data, size);
	struct problem problem = {""};
	json_t *root;
	int error = result_file_load(path, &root, &problem);

	fuzz_check_problem(error, &problem);
	if (error < 0)
		return;
	export(root);
	json_decref(root);
	report(path);
}
