/* counters.c - what server and load generator count, as they report it. */
#include "harness/trial/counters.h"

#include "common/records.h"

#include <errno.h>
#include <string.h>

/* A u64 member of one of the counter structs, under the name it has in JSON. */
struct counter_field {
	const char *key;
	size_t offset;
};

#define SERVER_FIELD(member)                                                             \
	{                                                                                \
		.key = #member, .offset = offsetof(struct server_counters, member)       \
	}
#define LOAD_FIELD(member)                                                               \
	{                                                                                \
		.key = #member, .offset = offsetof(struct load_counters, member)         \
	}

static const struct counter_field server_fields[] = {
	SERVER_FIELD(bytes_rx),
	SERVER_FIELD(bytes_tx),
	SERVER_FIELD(wakeups),
	SERVER_FIELD(events),
	SERVER_FIELD(eagain_accept),
	SERVER_FIELD(eagain_recv),
	SERVER_FIELD(eagain_send),
	SERVER_FIELD(wait_bytes),
	SERVER_FIELD(connection_errors),
	SERVER_FIELD(accept_pauses),
};

static const struct counter_field load_fields[] = {
	LOAD_FIELD(requests_completed),
	LOAD_FIELD(errors),
	LOAD_FIELD(bytes_wrong),
	LOAD_FIELD(connections_lost),
	LOAD_FIELD(bytes_rx),
	LOAD_FIELD(bytes_tx),
};

/* What only some workloads have. */
static const struct counter_field optional_fields[] = {
	LOAD_FIELD(connections_opened),
	LOAD_FIELD(requests_intended),
};

enum {
	OPTIONAL_FIELDS = sizeof(optional_fields) / sizeof(*optional_fields),
	SERVER_FIELDS = sizeof(server_fields) / sizeof(*server_fields),
	LOAD_FIELDS = sizeof(load_fields) / sizeof(*load_fields),
};

static uint64_t *field_of(void *counters, const struct counter_field *field)
{
	return (uint64_t *)(void *)((char *)counters + field->offset);
}

static uint64_t value_of(const void *counters, const struct counter_field *field)
{
	const char *member = (const char *)counters + field->offset;

	return *(const uint64_t *)(const void *)member;
}

static int fields_from_json(const json_t *object, const struct counter_field *fields,
	size_t count, void *counters, struct problem *problem)
{
	int error = 0;

	for (size_t i = 0; i < count && error == 0; i++)
		error = record_get_u64(
			object, fields[i].key, field_of(counters, &fields[i]), problem);
	return error;
}

int server_counters_from_json(
	const json_t *object, struct server_counters *counters, struct problem *problem)
{
	const json_t *overflows = json_object_get(object, "cq_overflows");
	int error =
		fields_from_json(object, server_fields, SERVER_FIELDS, counters, problem);

	counters->cq_overflows = 0;
	counters->has_cq_overflows = overflows && !json_is_null(overflows);
	if (error == 0 && counters->has_cq_overflows)
		error = record_get_u64(
			object, "cq_overflows", &counters->cq_overflows, problem);
	return error;
}

int load_counters_from_json(
	const json_t *object, struct load_counters *counters, struct problem *problem)
{
	int error = fields_from_json(object, load_fields, LOAD_FIELDS, counters, problem);

	for (size_t i = 0; i < OPTIONAL_FIELDS && error == 0; i++) {
		const json_t *value = json_object_get(object, optional_fields[i].key);

		*field_of(counters, &optional_fields[i]) = 0;
		if (value && !json_is_null(value))
			error = fields_from_json(
				object, &optional_fields[i], 1, counters, problem);
	}
	return error;
}

int call_counts_from_json(
	json_t *object, struct call_counts *counts, struct problem *problem)
{
	const char *name;
	json_t *value;

	counts->length = 0;
	json_object_foreach(object, name, value)
	{
		if (counts->length == CALL_NAMES_MAX || strlen(name) >= CALL_NAME_BYTES)
			return problem_set(problem, -EBADMSG,
				"'calls' holds more than %d names, or one longer than %d",
				CALL_NAMES_MAX, CALL_NAME_BYTES - 1);
		struct call_count *call = &counts->calls[counts->length++];
		int error = record_get_u64(object, name, &call->count, problem);

		if (error < 0)
			return error;
		strcpy(call->name, name);
	}
	return 0;
}

struct server_counters server_counters_difference(
	const struct server_counters *before, const struct server_counters *after)
{
	struct server_counters difference;

	for (size_t i = 0; i < SERVER_FIELDS; i++)
		*field_of(&difference, &server_fields[i]) =
			value_of(after, &server_fields[i]) -
			value_of(before, &server_fields[i]);
	difference.has_cq_overflows = after->has_cq_overflows;
	difference.cq_overflows = after->cq_overflows - before->cq_overflows;
	return difference;
}

struct call_counts call_counts_difference(
	const struct call_counts *before, const struct call_counts *after)
{
	struct call_counts difference = {0};

	for (size_t i = 0; i < after->length; i++) {
		struct call_count call = after->calls[i];

		call.count -= call_counts_get(before, call.name);
		if (call.count > 0)
			difference.calls[difference.length++] = call;
	}
	return difference;
}

uint64_t call_counts_get(const struct call_counts *counts, const char *name)
{
	for (size_t i = 0; i < counts->length; i++)
		if (strcmp(counts->calls[i].name, name) == 0)
			return counts->calls[i].count;
	return 0;
}

uint64_t call_counts_total(const struct call_counts *counts)
{
	uint64_t total = 0;

	for (size_t i = 0; i < counts->length; i++)
		total += counts->calls[i].count;
	return total;
}

json_t *counters_to_json(
	const struct server_counters *server, const struct load_counters *load)
{
	json_t *object = json_object();

	/* Both count bytes; the server's are set last, so they are the ones that stay. */
	for (size_t i = 0; i < LOAD_FIELDS; i++)
		json_object_set_new(object, load_fields[i].key,
			record_u64(value_of(load, &load_fields[i])));
	for (size_t i = 0; i < SERVER_FIELDS; i++)
		json_object_set_new(object, server_fields[i].key,
			server ? record_u64(value_of(server, &server_fields[i]))
			       : json_null());
	json_object_set_new(object, "cq_overflows",
		server && server->has_cq_overflows ? record_u64(server->cq_overflows)
						   : json_null());
	for (size_t i = 0; i < OPTIONAL_FIELDS; i++)
		if (value_of(load, &optional_fields[i]) > 0)
			json_object_set_new(object, optional_fields[i].key,
				record_u64(value_of(load, &optional_fields[i])));
	return object;
}

json_t *call_counts_to_json(const struct call_counts *counts)
{
	json_t *object = json_object();

	for (size_t i = 0; i < counts->length; i++)
		json_object_set_new(object, counts->calls[i].name,
			record_u64(counts->calls[i].count));
	return object;
}
