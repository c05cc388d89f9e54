/* foreign.c - other people's servers beside our backends. */
#include "harness/process/foreign.h"

#include "harness/process/words.h"
#include "harness/text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const char *const options[] = {
	[FOREIGN_EXEC] = "--exec",
	[FOREIGN_TARGET] = "--target",
};

static const char *const forms[] = {
	[FOREIGN_EXEC] = "NAME='COMMAND {port}'",
	[FOREIGN_TARGET] = "NAME=HOST:PORT",
};

const char *foreign_option(enum foreign_kind kind)
{
	return options[kind];
}

/* What no list, file name or figure trips over, and no path of a plug-in can be. */
static bool is_name(const char *name, size_t length)
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				    "0123456789-_.+";

	return length > 0 && length < BACKEND_NAME_BYTES &&
	       strspn(name, plain) >= length && *name != '-' && *name != '.';
}

static int take_name(struct foreign *foreign, const char *text, struct problem *problem)
{
	const char *option = options[foreign->kind];
	const char *equals = strchr(text, '=');
	size_t length = equals ? (size_t)(equals - text) : 0;

	if (!equals)
		return problem_set(problem, -EINVAL, "%s takes %s, not '%.80s'", option,
			forms[foreign->kind], text);
	if (!is_name(text, length))
		return problem_set(problem, -EINVAL,
			"%s: '%.*s' is no name: up to %d letters, digits, - _ . and +",
			option, length < 80 ? (int)length : 80, text,
			BACKEND_NAME_BYTES - 1);
	memcpy(foreign->name, text, length);
	if (backends_is_plugin(foreign->name))
		return problem_set(problem, -EINVAL,
			"%s: '%s' would be taken for a plug-in", option, foreign->name);
	return 0;
}

static int take_text(struct foreign *foreign, const char *text, struct problem *problem)
{
	const char *option = options[foreign->kind];

	foreign->text = strdup(text);
	if (!foreign->text)
		return problem_set(problem, -ENOMEM, "out of memory");
	if (foreign->kind == FOREIGN_TARGET)
		return endpoint_split(text, foreign->host, &foreign->port, problem);
	int error = words_split(option, text, &foreign->words, problem);

	if (error == -ENOMEM)
		return problem_set(problem, error, "out of memory");
	if (error == 0 && !words_have_port(foreign->words))
		return problem_set(problem, -EINVAL,
			"%s %s: the command needs a {port} to listen on", option,
			foreign->name);
	return error;
}

static void free_entry(struct foreign *foreign)
{
	words_free(foreign->words);
	free(foreign->text);
	*foreign = (struct foreign){0};
}

int foreign_add(struct foreign_list *list, enum foreign_kind kind, const char *text,
	struct problem *problem)
{
	struct foreign *foreign = &list->entries[list->count];

	if (list->count == FOREIGN_MAX)
		return problem_set(problem, -EINVAL,
			"--exec and --target take %d servers in all", FOREIGN_MAX);
	*foreign = (struct foreign){.kind = kind};
	int error = take_name(foreign, text, problem);

	if (error == 0 && foreign_find(list, foreign->name))
		error = problem_set(problem, -EINVAL, "%s: two servers are called '%s'",
			options[kind], foreign->name);
	if (error == 0)
		error = take_text(foreign, strchr(text, '=') + 1, problem);
	if (error == 0)
		list->count++;
	else
		free_entry(foreign);
	return error;
}

void foreign_free(struct foreign_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		free_entry(&list->entries[i]);
	list->count = 0;
}

const struct foreign *foreign_find(const struct foreign_list *list, const char *name)
{
	for (size_t i = 0; i < list->count; i++)
		if (strcasecmp(list->entries[i].name, name) == 0)
			return &list->entries[i];
	return NULL;
}

int foreign_check_names(const struct foreign_list *list,
	const struct backend_list *backends, struct problem *problem)
{
	for (size_t i = 0; i < backends->count; i++) {
		const struct foreign *foreign =
			foreign_find(list, backends->entries[i].name);

		if (foreign)
			return problem_set(problem, -EINVAL,
				"%s: '%s' is the name of a backend of muxbench: choose "
				"another",
				options[foreign->kind], foreign->name);
	}
	return 0;
}

json_t *foreign_plan_json(const struct foreign_list *list, enum foreign_kind kind)
{
	json_t *array = json_array();

	for (size_t i = 0; i < list->count; i++) {
		const struct foreign *foreign = &list->entries[i];
		json_t *text = text_json(foreign->text);

		if (foreign->kind == kind)
			json_array_append_new(array, json_sprintf("%s=%s", foreign->name,
							     json_string_value(text)));
		json_decref(text);
	}
	return array;
}

json_t *foreign_config_json(const struct foreign_list *list)
{
	json_t *array = json_array();

	for (size_t i = 0; i < list->count; i++) {
		const struct foreign *foreign = &list->entries[i];
		bool is_exec = foreign->kind == FOREIGN_EXEC;

		json_array_append_new(
			array, json_pack("{ss so so}", "name", foreign->name, "command",
				       is_exec ? text_json(foreign->text) : json_null(),
				       "address",
				       is_exec ? json_null() : text_json(foreign->text)));
	}
	return array;
}
