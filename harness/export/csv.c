/*
 * csv.c - every window of every trial, a row each, with whatever its record holds:
 * raw counts first, then quantiles of its latencies, then figures a request. Fields are
 * quoted as RFC 4180 says; an empty one was not measured.
 *
 * A member of a record is a column without being named here, so that a new counter or
 * system call appears by itself.
 */
#include "harness/export/format.h"

#include "common/clock.h"
#include "common/records.h"
#include "harness/text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { COLUMNS_MAX = 256 }; /* further ones are left out */

/* Where columns come from; the record itself first. */
struct group {
	const char *member; /* NULL: the record itself */
	const char *prefix;
};

static const struct group groups[] = {
	{.member = NULL, .prefix = ""},
	{.member = "placement", .prefix = "placement_"},
	{.member = "setup", .prefix = "setup_"},
	{.member = "counters", .prefix = ""},
	{.member = "calls", .prefix = "calls_"},
	{.member = "syscalls", .prefix = "syscalls_"},
	{.member = "server", .prefix = "server_"},
	{.member = "client", .prefix = "client_"},
};

enum { GROUPS = sizeof(groups) / sizeof(*groups) };

struct columns {
	size_t count;
	struct column {
		size_t group;
		const char *key; /* of the first record that has it */
	} columns[COLUMNS_MAX];
};

static const json_t *group_of(const json_t *record, size_t group)
{
	const char *member = groups[group].member;

	return member ? json_object_get(record, member) : record;
}

/* ---- fields --------------------------------------------------------------------- */

static bool needs_quotes(const char *text)
{
	return strpbrk(text, ",\"\r\n;") || *text == ' ';
}

/* As it stands between quotes: those inside doubled, no line breaks. */
static void put_inside(FILE *out, const char *text)
{
	for (; *text; text++) {
		if (*text == '"')
			fputc('"', out);
		size_t control = text_control(text);

		fputc(control > 0 ? ' ' : *text, out);
		text += control > 0 ? control - 1 : 0;
	}
}

static void put_text(FILE *out, const char *text)
{
	const char *quote = needs_quotes(text) ? "\"" : "";

	fputs(quote, out);
	put_inside(out, text);
	fputs(quote, out);
}

/* A list of names as one field: parted by "; ". */
static void put_list(FILE *out, const json_t *list)
{
	const json_t *element;
	size_t i;
	bool quotes = json_array_size(list) > 1;

	json_array_foreach(list, i, element)
	{
		quotes = quotes || (json_is_string(element) &&
					   needs_quotes(json_string_value(element)));
	}
	fputs(quotes ? "\"" : "", out);
	json_array_foreach(list, i, element)
	{
		fputs(i > 0 ? "; " : "", out);
		if (json_is_string(element))
			put_inside(out, json_string_value(element));
	}
	fputs(quotes ? "\"" : "", out);
}

static void put_value(FILE *out, const json_t *value)
{
	if (json_is_integer(value))
		fprintf(out, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
	else if (json_is_real(value))
		fprintf(out, "%.12g", json_real_value(value));
	else if (json_is_string(value))
		put_text(out, json_string_value(value));
	else if (json_is_boolean(value))
		fputs(json_is_true(value) ? "true" : "false", out);
	else if (json_is_array(value))
		put_list(out, value);
}

/* ---- columns by the records ----------------------------------------------------- */

/* Of a record: what has columns of its own, and is null where nothing was measured. */
static bool is_nested(const char *key)
{
	for (size_t group = 0; group < GROUPS; group++)
		if (groups[group].member && strcmp(groups[group].member, key) == 0)
			return true;
	return strcmp(key, "latency") == 0;
}

static int learn_group(
	struct columns *columns, json_t *known, size_t group, const json_t *record)
{
	json_t *members = (json_t *)group_of(record, group);
	json_t *value;
	const char *key;

	json_object_foreach(members, key, value)
	{
		if (json_is_object(value) || json_object_get(known, key) ||
			columns->count == COLUMNS_MAX ||
			(!groups[group].member && is_nested(key)))
			continue;
		if (json_object_set_new(known, key, json_true()) < 0)
			return -ENOMEM;
		columns->columns[columns->count++] = (struct column){group, key};
	}
	return 0;
}

/* Group by group, so that what belongs together stands together. */
static int learn_columns(struct columns *columns, const struct export_run *run)
{
	int error = 0;

	columns->count = 0;
	for (size_t group = 0; group < GROUPS && error == 0; group++) {
		json_t *known = json_object();

		for (size_t i = 0; i < run->record_count && error == 0; i++)
			error = learn_group(columns, known, group, run->records[i].json);
		json_decref(known);
	}
	return error;
}

/* ---- columns of the latencies --------------------------------------------------- */

static const char *const latencies[] = {"response", "service", "send_lag"};
static const char *const facts[] = {"count", "min_ns", "max_ns", "sum_ns", "saturated"};

struct quantile {
	const char *name;
	double p;
};

static const struct quantile quantiles[] = {
	{"p50_ns", 0.5}, {"p90_ns", 0.9}, {"p99_ns", 0.99}, {"p999_ns", 0.999}};

enum {
	LATENCIES = sizeof(latencies) / sizeof(*latencies),
	FACTS = sizeof(facts) / sizeof(*facts),
	QUANTILES = sizeof(quantiles) / sizeof(*quantiles),
};

static void put_latency_names(FILE *out)
{
	for (size_t l = 0; l < LATENCIES; l++) {
		for (size_t f = 0; f < FACTS; f++)
			fprintf(out, ",latency_%s_%s", latencies[l], facts[f]);
		for (size_t q = 0; q < QUANTILES; q++)
			fprintf(out, ",latency_%s_%s", latencies[l], quantiles[q].name);
	}
}

static void put_latency(FILE *out, const json_t *times, struct histogram *scratch)
{
	bool known =
		json_is_object(times) && record_to_histogram(times, scratch, NULL) == 0;
	double ns;

	for (size_t f = 0; f < FACTS; f++) {
		fputc(',', out);
		put_value(out, json_object_get(times, facts[f]));
	}
	for (size_t q = 0; q < QUANTILES; q++) {
		fputc(',', out);
		if (known && export_percentile(scratch, quantiles[q].p, &ns))
			fprintf(out, "%.12g", ns);
	}
}

/* ---- derived columns ------------------------------------------------------------ */

/* A member, of a member if within is not NULL, as a number; negative: not there. */
static double number_at(const json_t *record, const char *within, const char *key)
{
	const json_t *object = within ? json_object_get(record, within) : record;
	const json_t *number = json_object_get(object, key);

	return json_is_number(number) ? json_number_value(number) : -1;
}

static double calls_of(const json_t *record)
{
	json_t *calls = json_object_get(record, "calls");
	json_t *count;
	const char *name;
	double sum = json_is_object(calls) ? 0 : -1;

	json_object_foreach(calls, name, count) sum += json_number_value(count);
	return sum;
}

static void put_ratio(FILE *out, double above, double below)
{
	fputc(',', out);
	if (above >= 0 && below > 0)
		fprintf(out, "%.12g", above / below);
}

static void put_derived_names(FILE *out)
{
	fputs(",server_cpu_ns_per_request,client_cpu_ns_per_request,wall_ns_per_request,"
	      "requests_per_second,syscalls_per_request,server_calls_per_request",
		out);
}

static void put_derived(FILE *out, const json_t *record)
{
	double requests = number_at(record, "counters", "requests_completed");
	double measured_ns = number_at(record, NULL, "measured_ns");

	put_ratio(out, number_at(record, "server", "cpu_ns"), requests);
	put_ratio(out, number_at(record, "client", "cpu_ns"), requests);
	put_ratio(out, measured_ns, requests);
	put_ratio(out, requests * (double)NS_PER_S, measured_ns);
	put_ratio(out, number_at(record, NULL, "syscalls_total"), requests);
	put_ratio(out, calls_of(record), requests);
}

/* ---- the table ------------------------------------------------------------------ */

static void put_head(FILE *out, const struct columns *columns)
{
	char name[256];

	for (size_t c = 0; c < columns->count; c++) {
		const struct column *column = &columns->columns[c];

		if (c > 0)
			fputc(',', out);
		snprintf(name, sizeof(name), "%s%s", groups[column->group].prefix,
			column->key);
		put_text(out, name);
	}
	put_latency_names(out);
	put_derived_names(out);
	fputc('\n', out);
}

static void put_row(FILE *out, const struct columns *columns, const json_t *record,
	struct histogram *scratch)
{
	const json_t *times = json_object_get(record, "latency");

	for (size_t c = 0; c < columns->count; c++) {
		const struct column *column = &columns->columns[c];

		if (c > 0)
			fputc(',', out);
		put_value(out,
			json_object_get(group_of(record, column->group), column->key));
	}
	for (size_t l = 0; l < LATENCIES; l++)
		put_latency(out, json_object_get(times, latencies[l]), scratch);
	put_derived(out, record);
	fputc('\n', out);
}

int export_csv_write(FILE *out, const void *what)
{
	const struct export_view *view = what;
	struct columns *columns = malloc(sizeof(*columns));
	struct histogram *scratch = malloc(sizeof(*scratch));
	int error = columns && scratch ? learn_columns(columns, view->run) : -ENOMEM;

	if (error == 0)
		put_head(out, columns);
	for (size_t i = 0; i < view->run->record_count && error == 0; i++)
		put_row(out, columns, view->run->records[i].json, scratch);
	free(scratch);
	free(columns);
	return error;
}
