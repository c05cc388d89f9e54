/* report.c - what a run of the suite saw: a line a case, the total, or JSON. */
#include "harness/conform/conform.h"

#include "common/records.h"
#include "common/version.h"
#include "harness/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* By enum verdict_status: the word of a line, and its colour on a terminal. */
static const struct {
	const char *word, *colour;
} looks[] = {
	[VERDICT_PASS] = {"PASS", "\033[32m"},
	[VERDICT_FAIL] = {"FAIL", "\033[31m"},
	[VERDICT_SKIP] = {"SKIP", "\033[33m"},
};

static bool is_terminal(void)
{
	const char *no_color = getenv("NO_COLOR");

	return isatty(STDOUT_FILENO) && !(no_color && *no_color);
}

static const char *needs_name(enum case_needs needs)
{
	static const char *const names[] = {
		[NEEDS_ADDRESS] = "",
		[NEEDS_PROCESS] = "--spawn or --pid",
		[NEEDS_COMMAND] = "--spawn",
	};

	return names[needs];
}

void conform_report_list(FILE *out)
{
	for (size_t i = 0; case_at(i); i++) {
		const struct conform_case *at = case_at(i);
		const char *needs = needs_name(at->needs);

		fprintf(out, "%-28s %s%s%s%s\n", at->name, at->what, *needs ? " [" : "",
			needs, *needs ? "]" : "");
	}
}

void conform_report_begin(const struct conform *conform, const char *name)
{
	if (conform->options.json || !is_terminal())
		return;
	printf(".... %s", name);
	fflush(stdout);
}

void conform_report_result(
	const struct conform *conform, const struct conform_result *result)
{
	const struct verdict *verdict = &result->verdict;
	bool terminal = is_terminal();

	if (conform->options.json)
		return;
	printf("%s%s%s%s %s", terminal ? "\r\033[K" : "",
		terminal ? looks[verdict->status].colour : "",
		looks[verdict->status].word, terminal ? "\033[0m" : "",
		result->conform_case->name);
	if (verdict->status == VERDICT_FAIL)
		printf(": expected %s, saw %s", verdict->expected, verdict->seen);
	else if (*verdict->seen)
		printf(": %s", verdict->seen);
	putchar('\n');
}

size_t conform_count(const struct conform *conform, enum verdict_status status)
{
	size_t count = 0;

	for (size_t i = 0; i < conform->result_count; i++)
		count += conform->results[i].verdict.status == status;
	return count;
}

void conform_report_total(const struct conform *conform)
{
	printf("%zu passed, %zu failed, %zu skipped%s\n",
		conform_count(conform, VERDICT_PASS),
		conform_count(conform, VERDICT_FAIL),
		conform_count(conform, VERDICT_SKIP),
		conform->complete ? "" : ", and then it was interrupted");
}

/* ---- JSON ---- */

static json_t *text_or_null(const char *text)
{
	return text_json(*text ? text : NULL);
}

static json_t *run_json(const struct conform *conform)
{
	json_t *command = json_array();
	struct tm utc;
	char started[32];

	for (int i = 0; i < conform->argc; i++)
		json_array_append_new(command, text_json(conform->argv[i]));
	strftime(started, sizeof(started), "%Y-%m-%dT%H:%M:%SZ",
		gmtime_r(&conform->started, &utc));
	return json_pack("{ss so ss}", "started", started, "command", command, "version",
		MUXBENCH_VERSION);
}

static json_t *target_json(const struct conform *conform)
{
	const struct conform_options *options = &conform->options;

	if (options->words)
		return json_pack("{sn sn sn so}", "host", "port", "pid", "spawn",
			text_json(options->spawn));
	return json_pack("{so si so sn}", "host", text_json(options->host), "port",
		options->port, "pid",
		options->pid ? json_integer(options->pid) : json_null(), "spawn");
}

static json_t *case_json(const struct conform_result *result)
{
	const struct verdict *verdict = &result->verdict;

	return json_pack("{ss ss ss so so so}", "name", result->conform_case->name,
		"what", result->conform_case->what, "status",
		verdict_name(verdict->status), "expected",
		text_or_null(verdict->expected), "seen", text_or_null(verdict->seen),
		"duration_ns", record_u64(result->duration_ns));
}

json_t *conform_json(const struct conform *conform)
{
	const struct conform_options *options = &conform->options;
	json_t *cases = json_array();

	for (size_t i = 0; i < conform->result_count; i++)
		json_array_append_new(cases, case_json(&conform->results[i]));
	return json_pack("{ss s{si si} so so s{so so so so} s{sI sI sI} sb so}", "schema",
		"muxbench.conform", "schema_version", "major", 1, "minor", 0, "run",
		run_json(conform), "target", target_json(conform), "config", "seed",
		record_u64(options->seed), "timeout_ns", record_u64(options->timeout_ns),
		"connections_idle", record_u64(options->connections_idle),
		"memory_max_bytes", record_u64(options->memory_max_bytes), "totals",
		"passed", (json_int_t)conform_count(conform, VERDICT_PASS), "failed",
		(json_int_t)conform_count(conform, VERDICT_FAIL), "skipped",
		(json_int_t)conform_count(conform, VERDICT_SKIP), "complete",
		conform->complete, "cases", cases);
}
