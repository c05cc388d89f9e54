/* machine.c - where a run was made, and how to make it again. */
#include "harness/report/content.h"

#include "harness/report/numbers.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Of what is nested in the environment, and of one list in it. */
enum { DEPTH_MAX = 4, LIST_MAX = 64 };

/* ---- the environment: whatever is in it, so that a new member needs nothing here ----
 */

static bool ends_with(const char *text, const char *end)
{
	size_t length = strlen(text), end_length = strlen(end);

	return length >= end_length && strcmp(text + length - end_length, end) == 0;
}

static const char *number_text(struct report *report, const char *key, double value)
{
	if (ends_with(key, "_ns"))
		return report_text(&report->memory, "%s", report_ns(value).text);
	if (ends_with(key, "_bytes"))
		return report_text(&report->memory, "%s", report_bytes(value).text);
	if (value == round(value) && value >= 0 && value < 1e15 &&
		!ends_with(key, "seed"))
		return report_text(&report->memory, "%s", report_count(value).text);
	if (value == round(value) && fabs(value) < 1e16)
		return report_text(&report->memory, "%.0f", value);
	return report_text(&report->memory, "%.4g", value);
}

static const char *value_text(
	struct report *report, const char *key, const json_t *value);

static const char *list_text(struct report *report, const char *key, const json_t *list)
{
	const char *words = "";
	const json_t *item;
	size_t i;

	json_array_foreach(list, i, item)
	{
		if (i == LIST_MAX)
			return report_text(&report->memory, "%s and %zu more", words,
				json_array_size(list) - i);
		words = report_text(&report->memory, "%s%s%s", words, i ? ", " : "",
			value_text(report, key, item));
	}
	return *words ? words : "none";
}

static const char *value_text(struct report *report, const char *key, const json_t *value)
{
	switch (json_typeof(value)) {
	case JSON_STRING:
		return json_string_value(value);
	case JSON_INTEGER:
	case JSON_REAL:
		return number_text(report, key, json_number_value(value));
	case JSON_TRUE:
		return "yes";
	case JSON_FALSE:
		return "no";
	case JSON_ARRAY:
		return list_text(report, key, value);
	case JSON_NULL:
		return "not known";
	case JSON_OBJECT:
	default:
		return "…";
	}
}

/* "read_cost_ns" as "read cost": the unit stands with the value. */
static const char *key_text(struct report *report, const char *before, const char *key)
{
	char text[128];
	size_t length = (size_t)snprintf(text, sizeof(text), "%.100s", key);

	if (ends_with(text, "_ns"))
		text[length - 3] = '\0';
	for (char *p = text; *p; p++)
		*p = *p == '_' ? ' ' : *p;
	return report_text(&report->memory, "%s%s%s", before, *before ? ": " : "", text);
}

static void put_members(struct report *report, struct report_table *table,
	const char *before, const json_t *object, const char *without, int depth)
{
	const char *key;
	const json_t *value;

	json_object_foreach((json_t *)object, key, value)
	{
		const char *name = key_text(report, before, key);

		if (without &&
			(strcmp(key, without) == 0 || strcmp(key, "warnings") == 0))
			continue;
		if (json_is_object(value) && depth < DEPTH_MAX) {
			put_members(report, table, name, value, NULL, depth + 1);
			continue;
		}
		report_table_put(table, "%s", name);
		report_table_put(table, "%s", value_text(report, key, value));
	}
}

static struct report_table new_table(struct report *report, const char *title,
	const char *object_name, const char *without)
{
	struct report_table table = {.memory = &report->memory, .title = title};

	report_table_column(&table, false, "what");
	report_table_column(&table, false, "value");
	put_members(report, &table, "", json_object_get(report->root, object_name),
		without, 0);
	return table;
}

void content_machine(struct report *report, struct report_writer *writer)
{
	const json_t *mitigations = json_object_get(
		json_object_get(report->root, "environment"), "mitigations");
	struct report_table machine = new_table(
		report, "The machine and its system", "environment", "mitigations");
	struct report_table cpu = {.memory = &report->memory,
		.title = "Mitigations: they decide what a system call costs"};

	writer_table(writer, &machine);
	if (!writer->form->complete)
		return;
	report_table_column(&cpu, false, "vulnerability");
	report_table_column(&cpu, false, "the kernel says");
	put_members(report, &cpu, "", mitigations, NULL, 0);
	writer_table(writer, &cpu);
}

/* ---- the command ---- */

static bool is_plain(const char *word)
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				    "0123456789-_./,:=+@%";

	return *word && word[strspn(word, plain)] == '\0';
}

/* As a shell takes it: what is not plain stands in quotes. */
static void put_word(FILE *out, const char *word)
{
	if (is_plain(word)) {
		fputs(word, out);
		return;
	}
	fputc('\'', out);
	for (; *word; word++)
		if (*word == '\'')
			fputs("'\\''", out);
		else
			fputc(*word, out);
	fputc('\'', out);
}

/* Options that a repetition gives itself; each takes a value. */
static bool is_own_option(const char *word)
{
	return strcmp(word, "--seed") == 0 || strcmp(word, "--out") == 0 ||
	       strcmp(word, "-o") == 0 || strcmp(word, "--resume") == 0;
}

static bool is_own_assignment(const char *word)
{
	return strncmp(word, "--seed=", 7) == 0 || strncmp(word, "--out=", 6) == 0 ||
	       strncmp(word, "--resume=", 9) == 0;
}

/* The words of the command; repeated: without the folder and with the seed. */
static void put_command(FILE *out, const struct report *report, bool repeated)
{
	const json_t *command =
		json_object_get(json_object_get(report->root, "run"), "command");
	size_t count = json_array_size(command), written = 0;

	for (size_t i = 0; i < count; i++) {
		const char *word = json_string_value(json_array_get(command, i));

		if (!word || (repeated && is_own_assignment(word)))
			continue;
		if (repeated && is_own_option(word)) {
			i++; /* its value */
			continue;
		}
		if (written++ > 0)
			fputc(' ', out);
		put_word(out, word);
	}
	if (repeated && written > 0)
		fprintf(out, " --seed %llu",
			(unsigned long long)report->replay.plan.axes.seed);
}

static const char *command_text(struct report *report, bool repeated)
{
	char *text = NULL;
	size_t length = 0;
	FILE *out = open_memstream(&text, &length);

	if (out)
		put_command(out, report, repeated);
	if (!out || fclose(out) != 0)
		report->memory.failed = true;
	const char *kept = report_text(&report->memory, "%s", text ? text : "");

	free(text);
	return kept;
}

void content_repeat(struct report *report, struct report_writer *writer)
{
	const json_t *run = json_object_get(report->root, "run");
	const char *version = json_string_value(json_object_get(run, "version"));
	struct report_table config =
		new_table(report, "What was asked for, defaults included", "config", "");

	writer_paragraph(
		writer, report_text(&report->memory, "It was made by muxbench %s with",
				version ? version : "(unknown)"));
	writer_command(writer, command_text(report, false));
	writer_paragraph(writer, "The same trials in the same order, into a new folder:");
	writer_command(writer, command_text(report, true));
	writer_paragraph(writer,
		"Counts come out the same; times are those of the machine it runs on. "
		"This "
		"report can be made again from result.json alone: muxbench report DIR.");
	writer_table(writer, &config);
}
