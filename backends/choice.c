/* choice.c - a backend as people choose it. */
#include "backends/choice.h"

#include "backends/registry.h"
#include "common/parse.h"

#include <stdio.h>
#include <string.h>

enum { PATH_BYTES = 4096, OPTION_BYTES = 64 };

static const struct {
	const char *name;
	enum drain drain;
} drains[] = {
	{"once", DRAIN_ONCE},
	{"short-read", DRAIN_SHORT_READ},
	{"eagain", DRAIN_EAGAIN},
};

/* A folder may have a colon in its name: options come behind the last slash. */
size_t choice_name_length(const char *text)
{
	const char *slash = strrchr(text, '/');
	const char *colon = strchr(slash ? slash : text, ':');

	return colon ? (size_t)(colon - text) : strlen(text);
}

/* What follows if option begins with name and '=', else NULL. */
static const char *value_of(const char *option, const char *name)
{
	size_t length = strlen(name);

	return strncmp(option, name, length) == 0 && option[length] == '='
		       ? option + length + 1
		       : NULL;
}

static int given_twice(const char *name, struct problem *problem)
{
	return problem_set(problem, -EINVAL, "'%s' is given twice", name);
}

static int take_drain(struct choice *choice, const char *value, struct problem *problem)
{
	if (choice->drain != DRAIN_DEFAULT)
		return given_twice("drain", problem);
	for (size_t i = 0; i < sizeof(drains) / sizeof(*drains); i++)
		if (strcmp(drains[i].name, value) == 0)
			choice->drain = drains[i].drain;
	return choice->drain != DRAIN_DEFAULT
		       ? 0
		       : problem_set(problem, -EINVAL,
				 "drain takes once, short-read or eagain, not '%.40s'",
				 value);
}

static int take_budget(struct choice *choice, const char *value, struct problem *problem)
{
	uint64_t bytes = 0;

	if (choice->budget_bytes > 0)
		return given_twice("budget", problem);
	int error =
		parse_u64("budget", value, 1, CHOICE_BUDGET_BYTES_MAX, &bytes, problem);

	choice->budget_bytes = (size_t)bytes;
	return error;
}

static int take_batch(struct choice *choice, const char *value, struct problem *problem)
{
	if (choice->batch_max > 0)
		return given_twice("batch", problem);
	return parse_int(
		"batch", value, 1, CHOICE_BATCH_MAX, &choice->batch_max, problem);
}

/* One of the backend's own. It takes the backend's place, and has no others. */
static int take_variant(
	struct choice *choice, const char *option, struct problem *problem)
{
	const struct backend_variant *variant = choice->backend.variants;

	for (; variant && variant->option; variant++)
		if (strcmp(variant->option, option) == 0) {
			choice->backend = *variant->backend;
			return 0;
		}
	return problem_set(problem, -EINVAL,
		"%s has no option '%.60s' (see --help), or has it already",
		choice->backend.name, option);
}

static int take_option(struct choice *choice, const char *option, struct problem *problem)
{
	static const struct {
		const char *name;
		int (*take)(struct choice *, const char *value, struct problem *);
	} options[] = {
		{"drain", take_drain},
		{"budget", take_budget},
		{"batch", take_batch},
	};

	for (size_t i = 0; i < sizeof(options) / sizeof(*options); i++) {
		const char *value = value_of(option, options[i].name);

		if (!value)
			continue;
		if (choice->backend.run != readiness_run)
			return problem_set(problem, -EINVAL,
				"%s takes no '%s': it has a loop of its own",
				choice->backend.name, options[i].name);
		return options[i].take(choice, value, problem);
	}
	return take_variant(choice, option, problem);
}

/* text: what begins with the colon of the first option, or "". */
static int take_options(struct choice *choice, const char *text, struct problem *problem)
{
	int error = 0;

	while (error == 0 && *text == ':') {
		char option[OPTION_BYTES];
		size_t length = strcspn(++text, ":");

		if (length >= sizeof(option))
			return problem_set(problem, -EINVAL,
				"'%.40s...' is no option of a backend", text);
		memcpy(option, text, length);
		option[length] = '\0';
		text += length;
		error = take_option(choice, option, problem);
	}
	return error;
}

/* What does not go together: an option without effect, and one that would lose bytes. */
static int check_together(const struct choice *choice, struct problem *problem)
{
	const struct backend *backend = &choice->backend;
	bool is_edge = backend->flags & BACKEND_EDGE;
	bool is_once = choice->drain == DRAIN_ONCE ||
		       (choice->drain == DRAIN_DEFAULT && !is_edge);

	if (is_edge && is_once)
		return problem_set(problem, -EINVAL,
			"%s cannot stop after one echo: an edge is not told twice",
			backend->name);
	if (is_edge && choice->drain == DRAIN_SHORT_READ &&
		!(backend->flags & BACKEND_TELLS_MORE))
		return problem_set(problem, -EINVAL,
			"%s cannot stop at a short read: it does not tell what stands "
			"behind the bytes",
			backend->name);
	if (is_once && choice->budget_bytes > 0)
		return problem_set(problem, -EINVAL,
			"%s stops after one echo, before any budget: give "
			"drain=short-read or drain=eagain too",
			backend->name);
	return 0;
}

static int find_bare(const char *text, struct choice *choice, struct problem *problem)
{
	char name[PATH_BYTES];
	size_t length = choice_name_length(text);
	const struct backend *backend;

	if (length >= sizeof(name))
		return problem_set(problem, -ENAMETOOLONG, "plug-in path too long");
	memcpy(name, text, length);
	name[length] = '\0';
	int error = registry_find(name, &backend, problem);

	if (error == 0)
		choice->backend = *backend;
	return error;
}

int choice_find(const char *text, struct choice *choice, struct problem *problem)
{
	*choice = (struct choice){0};
	int error = find_bare(text, choice, problem);

	if (error == 0)
		error = take_options(choice, text + choice_name_length(text), problem);
	if (error == 0)
		error = check_together(choice, problem);
	if (error < 0)
		return error;
	int length = snprintf(choice->name, sizeof(choice->name), "%s%s",
		choice->backend.name, text + choice_name_length(text));

	choice->backend.name = choice->name;
	return length < (int)sizeof(choice->name)
		       ? 0
		       : problem_set(problem, -EINVAL,
				 "a backend with its options has at most %d letters",
				 CHOICE_NAME_BYTES - 1);
}
