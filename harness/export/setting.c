/* setting.c - what a trial was told to do. */
#include "harness/export/setting.h"

#include "common/records.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What goes without saying in a name. */
#define USUAL_WORKLOAD      "echo"
#define USUAL_PLACEMENT     "same-core"
#define USUAL_SCHED         "other"
#define USUAL_ACTIVE_SET    "fixed"
#define USUAL_ENGINE        "epoll"
#define USUAL_ARRIVAL       "closed"
#define USUAL_PIPELINE      1
#define USUAL_MESSAGE_BYTES 64

enum { RANKS_MAX = 64 };

static bool is_given(const json_t *object, const char *key)
{
	const json_t *member = json_object_get(object, key);

	return member && !json_is_null(member);
}

static int read_string(const json_t *object, const char *key, const char *otherwise,
	const char **value, struct problem *problem)
{
	*value = otherwise;
	return is_given(object, key) ? record_get_string(object, key, value, problem) : 0;
}

static int read_u64(const json_t *object, const char *key, uint64_t otherwise,
	uint64_t *value, struct problem *problem)
{
	*value = otherwise;
	return is_given(object, key) ? record_get_u64(object, key, value, problem) : 0;
}

static int read_rate(const json_t *record, double *rate_per_s, struct problem *problem)
{
	const json_t *rate = json_object_get(record, "rate");

	*rate_per_s = json_number_value(rate);
	if (is_given(record, "rate") && !(json_is_number(rate) && *rate_per_s > 0))
		return problem_set(problem, -EBADMSG, "'rate' is not a number > 0");
	return 0;
}

/* Its place in the run's list of backends; those of a list without end have none. */
static size_t rank_of(const char *backend, const json_t *config)
{
	const json_t *name, *names = json_object_get(config, "backends");
	size_t i;

	json_array_foreach(names, i, name)
	{
		if (i == RANKS_MAX)
			break;
		if (json_is_string(name) && strcmp(json_string_value(name), backend) == 0)
			return i;
	}
	return SIZE_MAX;
}

/* What a record of any version has. */
static int read_axes(
	struct export_setting *setting, const json_t *record, struct problem *problem)
{
	json_t *placement;
	int error = record_get_string(record, "backend", &setting->backend, problem);

	if (error == 0)
		error = record_get_u64(
			record, "connections_idle", &setting->connections_idle, problem);
	if (error == 0)
		error = record_get_u64(record, "connections_active",
			&setting->connections_active, problem);
	if (error == 0)
		error = record_get_u64(
			record, "message_bytes", &setting->message_bytes, problem);
	if (error == 0)
		error = record_get_object(record, "placement", &placement, problem);
	if (error == 0)
		error = record_get_string(
			placement, "kind", &setting->placement, problem);
	if (error == 0)
		error = read_string(
			placement, "sched", USUAL_SCHED, &setting->sched, problem);
	return error;
}

/* What came later. */
static int read_workload(
	struct export_setting *setting, const json_t *record, struct problem *problem)
{
	int error = read_string(
		record, "workload", USUAL_WORKLOAD, &setting->workload, problem);

	if (error == 0)
		error = read_string(record, "active_set", USUAL_ACTIVE_SET,
			&setting->active_set, problem);
	if (error == 0)
		error = read_string(
			record, "engine", USUAL_ENGINE, &setting->engine, problem);
	if (error == 0)
		error = read_u64(
			record, "pipeline", USUAL_PIPELINE, &setting->pipeline, problem);
	if (error == 0)
		error = read_u64(
			record, "churn_requests", 0, &setting->churn_requests, problem);
	if (error == 0)
		error = read_string(
			record, "arrival", USUAL_ARRIVAL, &setting->arrival, problem);
	return error < 0 ? error : read_rate(record, &setting->rate_per_s, problem);
}

int export_setting_read(struct export_setting *setting, const json_t *record,
	const json_t *config, struct problem *problem)
{
	int error = read_axes(setting, record, problem);

	if (error == 0)
		error = read_workload(setting, record, problem);
	if (error == 0)
		setting->backend_rank = rank_of(setting->backend, config);
	return error;
}

static int compare_u64(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

/* What is usual comes first. */
static int compare_text(const char *a, const char *b, const char *usual)
{
	bool a_usual = strcmp(a, usual) == 0, b_usual = strcmp(b, usual) == 0;

	return a_usual != b_usual ? b_usual - a_usual : strcmp(a, b);
}

int export_setting_compare(const struct export_setting *a, const struct export_setting *b)
{
	const int differences[] = {
		compare_u64(a->backend_rank, b->backend_rank),
		strcmp(a->backend, b->backend),
		compare_text(a->workload, b->workload, USUAL_WORKLOAD),
		compare_text(a->placement, b->placement, USUAL_PLACEMENT),
		compare_text(a->sched, b->sched, USUAL_SCHED),
		compare_text(a->active_set, b->active_set, USUAL_ACTIVE_SET),
		compare_text(a->engine, b->engine, USUAL_ENGINE),
		compare_u64(a->message_bytes, b->message_bytes),
		compare_u64(a->pipeline, b->pipeline),
		compare_u64(a->churn_requests, b->churn_requests),
		compare_u64(a->connections_active, b->connections_active),
		compare_u64(a->connections_idle, b->connections_idle),
		compare_text(a->arrival, b->arrival, USUAL_ARRIVAL),
		(a->rate_per_s > b->rate_per_s) - (a->rate_per_s < b->rate_per_s),
	};

	for (size_t i = 0; i < sizeof(differences) / sizeof(*differences); i++)
		if (differences[i] != 0)
			return differences[i];
	return 0;
}

/* Blanks end a name in the Go benchmark format, and slashes part it. */
static void put_escaped(FILE *out, const char *text)
{
	for (const unsigned char *p = (const unsigned char *)text; *p; p++)
		if (isalnum(*p) || strchr("-._+", *p))
			fputc(*p, out);
		else
			fprintf(out, "%%%02X", *p);
}

/* "/key=value". */
static void put_text(FILE *out, const char *key, const char *value, const char *usual)
{
	if (strcmp(value, usual) == 0)
		return;
	fprintf(out, "/%s=", key);
	put_escaped(out, value);
}

static void put_number(FILE *out, const char *key, uint64_t value, uint64_t usual)
{
	if (value != usual)
		fprintf(out, "/%s=%" PRIu64, key, value);
}

/* With a leading slash, or nothing at all. */
static void put_unusual(FILE *out, const struct export_setting *setting)
{
	put_number(out, "bytes", setting->message_bytes, USUAL_MESSAGE_BYTES);
	put_number(out, "pipeline", setting->pipeline, USUAL_PIPELINE);
	put_number(out, "requests", setting->churn_requests, 0);
	put_text(out, "set", setting->active_set, USUAL_ACTIVE_SET);
	put_text(out, "engine", setting->engine, USUAL_ENGINE);
	put_text(out, "placement", setting->placement, USUAL_PLACEMENT);
	put_text(out, "sched", setting->sched, USUAL_SCHED);
	put_text(out, "arrival", setting->arrival, USUAL_ARRIVAL);
	if (setting->rate_per_s > 0)
		fprintf(out, "/rate=%.15g", setting->rate_per_s);
}

/* "Echo" of "echo", as Go names its benchmarks. */
static void put_workload(FILE *out, const char *workload)
{
	bool begins_small = *workload >= 'a' && *workload <= 'z';

	if (begins_small)
		fputc(toupper(*workload), out);
	put_escaped(out, workload + begins_small);
}

static void put_name(FILE *out, const struct export_setting *setting)
{
	put_workload(out, setting->workload);
	fputs("/backend=", out);
	put_escaped(out, setting->backend);
	fprintf(out, "/idle=%" PRIu64 "/active=%" PRIu64, setting->connections_idle,
		setting->connections_active);
	put_unusual(out, setting);
}

/* What put() writes, from its skip-th character on. A new string, or NULL. */
static char *string_of(void (*put)(FILE *, const struct export_setting *),
	const struct export_setting *setting, size_t skip)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	put(out, setting);
	if (fclose(out) != 0) {
		free(text);
		return NULL;
	}
	if (size > 0 && skip > 0)
		memmove(text, text + skip, size - skip + 1);
	return text;
}

char *export_setting_name(const struct export_setting *setting)
{
	return string_of(put_name, setting, 0);
}

static void put_all_unusual(FILE *out, const struct export_setting *setting)
{
	put_text(out, "workload", setting->workload, USUAL_WORKLOAD);
	put_unusual(out, setting);
}

char *export_setting_unusual(const struct export_setting *setting)
{
	return string_of(put_all_unusual, setting, 1);
}
