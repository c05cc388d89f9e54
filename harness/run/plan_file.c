/* plan_file.c - options of `muxbench run` in a JSON file. */
#include "harness/run/plan_file.h"

#include "common/clock.h"
#include "common/records.h"
#include "harness/text.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	FILE_BYTES_MAX = 64 * 1024,
	ITEM_BYTES = 512,       /* of one value as text */
	TEXT_BYTES = 16 * 1024, /* of a whole list */
};

/* What a value may be. */
enum plan_type {
	PLAN_TEXT,     /* "same-core" */
	PLAN_NAMES,    /* "poll" or ["poll", "epoll-lt"] */
	PLAN_REPEATED, /* "a=./a {port}", or a list: an option for each */
	PLAN_NUMBER,   /* 10 */
	PLAN_NUMBERS,  /* 10 or [10, 100] */
	PLAN_SIZES,    /* the same, or with units: ["64", "16KiB"] */
	PLAN_TIME,     /* seconds as a number, or "300ms" */
	PLAN_FLAG,     /* true or false */
};

struct plan_key {
	const char *name; /* of the option */
	enum plan_type type;
};

static const struct plan_key keys[] = {
	{"profile", PLAN_TEXT},
	{"backends", PLAN_NAMES},
	{"require", PLAN_NAMES},
	{"exec", PLAN_REPEATED},
	{"target", PLAN_REPEATED},
	{"idle", PLAN_NUMBERS},
	{"active", PLAN_NUMBERS},
	{"message-bytes", PLAN_SIZES},
	{"pipeline", PLAN_NUMBERS},
	{"rate", PLAN_NUMBER},
	{"rate-sweep", PLAN_NUMBERS},
	{"arrival", PLAN_TEXT},
	{"active-set", PLAN_TEXT},
	{"workload", PLAN_TEXT},
	{"churn-requests", PLAN_NUMBER},
	{"engine", PLAN_TEXT},
	{"blocks", PLAN_NUMBER},
	{"duration", PLAN_TIME},
	{"counted", PLAN_TIME},
	{"warmup", PLAN_TIME},
	{"placement", PLAN_TEXT},
	{"sched", PLAN_TEXT},
	{"seed", PLAN_NUMBER},
	{"out", PLAN_TEXT},
	{"no-plots", PLAN_FLAG},
	{"quiet", PLAN_FLAG},
};

static const char *const type_words[] = {
	[PLAN_TEXT] = "a string",
	[PLAN_NAMES] = "a string without commas, or a list of such strings",
	[PLAN_REPEATED] = "a string as the option takes it, or a list of them",
	[PLAN_NUMBER] = "a whole number",
	[PLAN_NUMBERS] = "a whole number or a list of them",
	[PLAN_SIZES] = "a whole number, a string such as \"16KiB\", or a list of these",
	[PLAN_TIME] = "seconds as a number, or a string such as \"300ms\"",
	[PLAN_FLAG] = "true or false",
};

static const struct plan_key *find_key(const char *name)
{
	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++)
		if (strcmp(keys[i].name, name) == 0)
			return &keys[i];
	return NULL;
}

/* ---- one value as the text an option takes ---- */

/* False: not a value of that type, or too long. */
static bool item_text(
	enum plan_type type, const json_t *value, char *text, size_t text_size)
{
	bool texts = type == PLAN_TEXT || type == PLAN_NAMES || type == PLAN_SIZES ||
		     type == PLAN_TIME;
	bool wholes = type == PLAN_NUMBER || type == PLAN_NUMBERS || type == PLAN_SIZES ||
		      type == PLAN_TIME;
	int length = -1;

	if (json_is_string(value) && texts) {
		const char *string = json_string_value(value);

		if (type != PLAN_TEXT && strchr(string, ','))
			return false; /* it would become two */
		if (strlen(string) == json_string_length(value))
			length = snprintf(text, text_size, "%s", string);
	} else if (json_is_integer(value) && wholes)
		length = snprintf(
			text, text_size, "%lld", (long long)json_integer_value(value));
	else if (json_is_real(value) && type == PLAN_TIME)
		length = snprintf(text, text_size, "%.9f", json_real_value(value));
	return length >= 0 && (size_t)length < text_size;
}

/* The items with commas between them. */
static bool list_text(
	enum plan_type type, const json_t *list, char *text, size_t text_size)
{
	const json_t *item;
	size_t i, used = 0;

	*text = '\0';
	json_array_foreach(list, i, item)
	{
		char one[ITEM_BYTES];

		if (!item_text(type, item, one, sizeof(one)))
			return false;
		int length = snprintf(
			text + used, text_size - used, "%s%s", i ? "," : "", one);

		if (length < 0 || (size_t)length >= text_size - used)
			return false;
		used += (size_t)length;
	}
	return true;
}

static int take_item(struct run_options *options, const struct plan_key *key,
	const json_t *item, struct problem *problem)
{
	const char *text = json_string_value(item);

	if (!text || strlen(text) != json_string_length(item))
		return problem_set(problem, -EINVAL, "'%s' must be %s", key->name,
			type_words[key->type]);
	return run_options_take(options, key->name, text, problem);
}

/* One option for each; a command may hold commas. */
static int take_repeated(struct run_options *options, const struct plan_key *key,
	const json_t *value, struct problem *problem)
{
	const json_t *item;
	size_t i;

	if (!json_is_array(value))
		return take_item(options, key, value, problem);
	json_array_foreach(value, i, item)
	{
		int error = take_item(options, key, item, problem);

		if (error < 0)
			return error;
	}
	return 0;
}

static int take_value(struct run_options *options, const struct plan_key *key,
	const json_t *value, struct problem *problem)
{
	bool may_be_list = key->type == PLAN_NAMES || key->type == PLAN_NUMBERS ||
			   key->type == PLAN_SIZES;
	char text[TEXT_BYTES];
	bool fits;

	if (key->type == PLAN_REPEATED)
		return take_repeated(options, key, value, problem);
	if (key->type == PLAN_FLAG) {
		fits = json_is_boolean(value);
		*text = '\0';
		if (json_is_false(value))
			return 0; /* as if it were left out */
	} else if (json_is_array(value))
		fits = may_be_list && list_text(key->type, value, text, sizeof(text));
	else
		fits = item_text(key->type, value, text, sizeof(text));
	if (!fits)
		return problem_set(problem, -EINVAL, "'%s' must be %s", key->name,
			type_words[key->type]);
	return run_options_take(options, key->name, text, problem);
}

/* ---- the file ---- */

/* Reads a regular file of at most FILE_BYTES_MAX. 0, or -errno with problem. */
static int read_text(
	const char *path, char *text, size_t *length, struct problem *problem)
{
	/* O_NONBLOCK: a FIFO that nobody writes to must not hang (open(2)). */
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	struct stat status;
	int error = 0;

	if (fd < 0 || fstat(fd, &status) < 0)
		error = problem_set(problem, -errno, "%s", strerror(errno));
	else if (!S_ISREG(status.st_mode))
		error = problem_set(problem, -EINVAL, "not a regular file");
	*length = 0;
	while (error == 0) {
		ssize_t n = read(fd, text + *length, FILE_BYTES_MAX + 1 - *length);

		if (n < 0)
			error = problem_set(problem, -errno, "%s", strerror(errno));
		if (n <= 0)
			break;
		*length += (size_t)n;
		if (*length > FILE_BYTES_MAX)
			error = problem_set(problem, -EFBIG, "larger than %d KiB",
				FILE_BYTES_MAX / 1024);
	}
	if (fd >= 0)
		close(fd);
	return error;
}

static int load(const char *path, json_t **plan, struct problem *problem)
{
	char *text = malloc(FILE_BYTES_MAX + 1);
	size_t length = 0;
	json_error_t where;
	int error = text ? read_text(path, text, &length, problem)
			 : problem_set(problem, -ENOMEM, "out of memory");

	*plan = NULL;
	if (error == 0) {
		*plan = json_loadb(text, length, JSON_REJECT_DUPLICATES, &where);
		if (!*plan)
			error = problem_set(problem, -EINVAL,
				"not JSON: %.120s at line %d, column %d", where.text,
				where.line, where.column);
		else if (!json_is_object(*plan))
			error = problem_set(problem, -EINVAL,
				"not a plan: no JSON object at the top");
	}
	free(text);
	if (error < 0) {
		json_decref(*plan);
		*plan = NULL;
	}
	return error;
}

/* "plan PATH: what": whoever wrote the file may have put anything into it. */
static int blame(const char *path, const struct problem *what, struct problem *problem)
{
	problem_set(problem, 0, "plan %.200s: %.280s", path, what->text);
	if (problem)
		text_one_line(problem->text);
	return -EINVAL;
}

static void plan_path(const char *path, bool in_folder, char full[PATH_MAX])
{
	snprintf(full, PATH_MAX, "%s%s", path, in_folder ? "/" PLAN_FILE_NAME : "");
}

static int take_member(struct run_options *options, const char *name, const json_t *value,
	bool in_folder, struct problem *problem)
{
	const struct plan_key *key = find_key(name);

	if (!key)
		return problem_set(problem, -EINVAL,
			"unknown key '%.80s' (the keys are the long names of options)",
			name);
	/* No run writes it, and it would lead to another run's folder. */
	if (in_folder && strcmp(name, "out") == 0)
		return problem_set(problem, -EINVAL,
			"'out' stands in it: a run is resumed where it lies");
	return take_value(options, key, value, problem);
}

int plan_file_take(struct run_options *options, const char *path, bool in_folder,
	struct problem *problem)
{
	struct problem what = {""};
	char full[PATH_MAX];
	json_t *plan, *value;
	const char *name;

	plan_path(path, in_folder, full);
	int error = load(full, &plan, &what);

	json_object_foreach(plan, name, value)
	{
		if (error < 0)
			break;
		error = take_member(options, name, value, in_folder, &what);
	}
	json_decref(plan);
	return error < 0 ? blame(full, &what, problem) : 0;
}

/* ---- writing one ---- */

static json_t *names_json(const char *const *names, size_t count)
{
	json_t *array = json_array();

	for (size_t i = 0; i < count; i++)
		json_array_append_new(array, text_json(names[i]));
	return array;
}

static json_t *numbers_json(const struct run_list *list)
{
	json_t *array = json_array();

	for (size_t i = 0; i < list->count; i++)
		json_array_append_new(array, record_u64(list->values[i]));
	return array;
}

static json_t *time_json(uint64_t ns)
{
	return ns % NS_PER_MS == 0
		       ? json_sprintf("%" PRIu64 "ms", (uint64_t)(ns / NS_PER_MS))
		       : json_sprintf("%" PRIu64 "ns", ns);
}

json_t *plan_file_json(const struct run_options *options)
{
	const struct run_list *lists = options->lists;
	const struct workload *workload = &options->workload;
	json_t *plan = json_pack(
		"{ss so so so so so so ss ss ss so ss so so so so ss ss so}", "profile",
		options->profile->name, "backends",
		names_json(options->backends, options->backend_count), "require",
		names_json(options->required, options->required_count), "idle",
		numbers_json(&lists[PLAN_IDLE]), "active",
		numbers_json(&lists[PLAN_ACTIVE]), "message-bytes",
		numbers_json(&lists[PLAN_MESSAGE_BYTES]), "pipeline",
		numbers_json(&lists[PLAN_PIPELINE]), "arrival",
		arrival_name(workload->arrival), "active-set",
		active_set_name(workload->active_set), "workload",
		workload_kind_name(workload->kind), "churn-requests",
		record_u64(workload->churn_requests), "engine",
		engine_name(workload->engine), "blocks", record_u64(options->blocks),
		"duration", time_json(options->timed_ns), "counted",
		time_json(options->counted_ns), "warmup", time_json(options->warmup_ns),
		"placement", placement_name(options->placement), "sched",
		sched_name(options->sched), "seed", record_u64(options->seed));

	if (options->required_count == 0)
		json_object_del(plan, "require"); /* an empty list is not an option */
	for (int kind = FOREIGN_EXEC; kind <= FOREIGN_TARGET; kind++) {
		json_t *texts =
			foreign_plan_json(&options->foreign, (enum foreign_kind)kind);

		if (json_array_size(texts) > 0)
			json_object_set(plan,
				foreign_option((enum foreign_kind)kind) + strlen("--"),
				texts);
		json_decref(texts);
	}
	if (lists[PLAN_RATE].values[0] > 0)
		json_object_set_new(plan, "rate-sweep", numbers_json(&lists[PLAN_RATE]));
	return plan;
}

int plan_file_compare(
	const struct run_options *options, const char *folder, struct problem *problem)
{
	struct problem what = {""};
	char full[PATH_MAX];
	json_t *begun, *value, *now = plan_file_json(options);
	const char *name;

	plan_path(folder, true, full);
	int error = load(full, &begun, &what);

	if (error < 0)
		error = blame(full, &what, problem);
	json_object_foreach(now, name, value)
	{
		if (error < 0 || json_equal(value, json_object_get(begun, name)))
			continue;
		error = problem_set(problem, -EINVAL,
			"%.200s was begun with another --%s: leave it out to resume, or "
			"begin a new run",
			folder, name);
	}
	json_decref(begun);
	json_decref(now);
	return error;
}
