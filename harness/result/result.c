/* result.c - result.json: everything about a run in one file. */
#include "harness/result/result.h"

#include <errno.h>

/* Enough digits to tell any two figures apart, few enough to read. */
enum { FLAGS = JSON_INDENT(1) | JSON_EMBED | JSON_REAL_PRECISION(9) };

struct document {
	const struct result *result;
	const struct store *store;
};

static json_t *head_json(const struct result *result)
{
	return json_pack("{ss s{si si} sO sO sO}", "schema", RESULT_SCHEMA,
		"schema_version", "major", RESULT_VERSION_MAJOR, "minor",
		RESULT_VERSION_MINOR, "run", result->run, "environment",
		result->environment, "config", result->config);
}

static json_t *tail_json(const struct result *result)
{
	return json_pack("{so so}", "summary", summary_to_json(result->summary),
		"complexity",
		verdicts_to_json(result->verdicts, result->plan, result->workload));
}

/*
 * Writes the members of part, which it releases, without the braces around them. A write
 * that fails leaves its mark on out, where store_put() finds it.
 */
static int write_members(FILE *out, json_t *part)
{
	if (!part)
		return -ENOMEM;
	json_dumpf(part, out, FLAGS);
	json_decref(part);
	return 0;
}

static int write_document(FILE *out, const void *what)
{
	const struct document *document = what;

	fputs("{", out);
	int error = write_members(out, head_json(document->result));
	fputs(",\n \"trials\": [\n", out);
	if (error == 0)
		error = store_copy_trials(document->store, out);
	fputs("\n ],", out);
	if (error == 0)
		error = write_members(out, tail_json(document->result));
	fputs("}\n", out);
	return error;
}

int result_write(
	const struct result *result, const struct store *store, struct problem *problem)
{
	struct document document = {result, store};

	return store_put(store->folder, RESULT_NAME, write_document, &document, problem);
}
