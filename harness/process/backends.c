/* backends.c - the backends there are, as the server itself lists them. */
#include "harness/process/backends.h"

#include "common/clock.h"
#include "common/exit_status.h"
#include "common/records.h"
#include "harness/process/server_peer.h"
#include "harness/text.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LIST_WAIT_NS (5 * NS_PER_S)

static int add_entry(
	struct backend_list *list, const json_t *line, struct problem *problem)
{
	const char *name, *reason;

	if (list->count == BACKENDS_MAX)
		return problem_set(problem, -EBADMSG,
			"muxbench-server lists more than %d backends", BACKENDS_MAX);
	struct backend_entry *entry = &list->entries[list->count];
	int error = record_get_string(line, "name", &name, problem);

	if (error == 0 && strlen(name) >= sizeof(entry->name))
		error = problem_set(problem, -EBADMSG, "a backend's name is too long");
	if (error == 0)
		error = record_get_bool(line, "supported", &entry->supported, problem);
	if (error < 0)
		return error;
	reason = json_string_value(json_object_get(line, "reason"));
	entry->variant = json_is_true(json_object_get(line, "variant"));
	snprintf(entry->name, sizeof(entry->name), "%s", name);
	snprintf(entry->reason, sizeof(entry->reason), "%s", reason ? reason : "");
	list->count++;
	return 0;
}

/* Reads entries until the server has said all. */
static int hear_entries(
	struct backend_list *list, struct peer *server, struct problem *problem)
{
	for (;;) {
		struct problem what = {""};
		json_t *line = NULL;
		int error = peer_hear_line(server, LIST_WAIT_NS, &line, &what);

		if (error == -EPIPE) /* the end of the list, not a problem */
			return 0;
		if (error == 0)
			error = add_entry(list, line, &what);
		json_decref(line);
		if (error < 0)
			return problem_set(problem, error, "%s", what.text);
	}
}

int backends_list(struct backend_list *list, const struct launcher *launcher,
	struct problem *problem)
{
	const char *argv[] = {"muxbench-server", "--list", "--json", NULL};
	struct peer server;

	list->count = 0;
	list->launcher = launcher;
	int error = peer_start(&server, launcher, argv, problem);
	if (error == 0)
		error = hear_entries(list, &server, problem);
	peer_end(&server);
	if (error == 0 && !child_succeeded(&server.child)) {
		char end[80];

		child_describe_end(&server.child, end, sizeof(end));
		text_one_line(server.child.said);
		return problem_set(problem, -ENODATA,
			"muxbench-server --list --json ended in the middle: %s%s%.200s",
			end, server.child.said_bytes > 0 ? ": " : "", server.child.said);
	}
	if (error == 0 && list->count == 0)
		error = problem_set(problem, -ENODATA,
			"%.300s/muxbench-server --list --json lists no backends",
			launcher->directory);
	return error;
}

const struct backend_entry *backends_find(
	const struct backend_list *list, const char *name)
{
	for (size_t i = 0; i < list->count; i++)
		if (strcmp(list->entries[i].name, name) == 0)
			return &list->entries[i];
	return NULL;
}

/* The options of a backend: what begins with the first colon of its file name, or "". */
static const char *options_of(const char *name)
{
	const char *slash = strrchr(name, '/');
	const char *colon = strchr(slash ? slash : name, ':');

	return colon ? colon : name + strlen(name);
}

bool backends_is_plugin(const char *name)
{
	size_t length = (size_t)(options_of(name) - name);

	return strchr(name, '/') ||
	       (length > 3 && strncmp(name + length - 3, ".so", 3) == 0);
}

bool backends_is_wanted(const char *wanted, const char *running)
{
	if (backends_is_plugin(wanted))
		return strcmp(options_of(wanted), options_of(running)) == 0;
	return strcmp(wanted, running) == 0;
}

static int unknown(
	const struct backend_list *list, const char *name, struct problem *problem)
{
	char known[256];
	size_t used = 0;

	for (size_t i = 0; i < list->count && used < sizeof(known); i++)
		used += (size_t)snprintf(known + used, sizeof(known) - used, "%s%s",
			i ? ", " : "", list->entries[i].name);
	return problem_set(problem, -EINVAL,
		"there is no backend '%.80s'; there are: %s, and plug-ins by their path",
		name, known);
}

/* A built-in there is, or a plug-in that can be read. */
static int check_bare(
	const struct backend_list *list, const char *bare, struct problem *problem)
{
	if (backends_find(list, bare))
		return 0;
	if (!backends_is_plugin(bare))
		return unknown(list, bare, problem);
	return access(bare, R_OK) == 0 ? 0
				       : problem_set(problem, -EINVAL,
						 "cannot read the plug-in %.300s: %s",
						 bare, strerror(errno));
}

/* Only the server knows what its backends can be asked for: 2, and it says why not. */
static int check_options(
	const struct backend_list *list, const char *name, struct problem *problem)
{
	const char *argv[] = {
		"muxbench-server", "--list", "--json", "--backend", name, NULL};
	struct backend_list one = {.count = 0};
	struct problem what = {""};
	struct peer server;
	int error = peer_start(&server, list->launcher, argv, &what);

	if (error == 0)
		error = hear_entries(&one, &server, &what);
	peer_end(&server);
	if (error == 0 && child_succeeded(&server.child) && one.count == 1 &&
		backends_is_wanted(name, one.entries[0].name))
		return 0;
	server.child.said[strcspn(server.child.said, "\n")] = '\0';
	text_one_line(server.child.said);
	return problem_set(problem, -EINVAL, "'%.120s': %.300s", name,
		server.child.said_bytes > 0 ? server.child.said : what.text);
}

static int check_name(
	const struct backend_list *list, const char *name, struct problem *problem)
{
	size_t length = (size_t)(options_of(name) - name);
	char *bare = strndup(name, length);

	if (!bare)
		return problem_set(problem, -ENOMEM, "out of memory");
	int error = check_bare(list, bare, problem);

	free(bare);
	return error == 0 && name[length] == ':' ? check_options(list, name, problem)
						 : error;
}

int backends_check(const struct backend_list *list, const char *const *names,
	size_t count, struct problem *problem)
{
	int error = 0;

	for (size_t i = 0; i < count && error == 0; i++)
		error = check_name(list, names[i], problem);
	return error;
}

int backends_probe(
	const char *name, const struct launcher *launcher, struct problem *problem)
{
	struct server_hello hello;
	struct peer server;
	int error = server_peer_start(&server, launcher, name, -1, problem);

	if (error == 0)
		error = server_peer_hello(&server, &hello, problem);
	peer_end(&server);
	if (error == -EPIPE) {
		char end[80];

		child_describe_end(&server.child, end, sizeof(end));
		problem_set(
			problem, error, "muxbench-server ended in the middle: %s", end);
	}
	if (error == 0 && hello.state != SERVER_READY)
		error = problem_set(problem, -ENOTSUP,
			"the required backend '%.80s' is not supported here: %s", name,
			hello.reason);
	return error;
}

int backends_choose(struct backend_list *list, const struct launcher *launcher,
	const char **names, size_t *count, struct problem *problem)
{
	if (backends_list(list, launcher, problem) < 0)
		return EXIT_STATUS_CANNOT_RUN;
	bool all = *count == 1 && strcmp(names[0], "all") == 0;

	if (*count == 0 || all) {
		*count = 0;
		for (size_t i = 0; i < list->count; i++)
			if (all || !list->entries[i].variant)
				names[(*count)++] = list->entries[i].name;
	}
	return backends_check(list, names, *count, problem) < 0 ? EXIT_STATUS_USAGE
								: EXIT_STATUS_OK;
}
