/* backends.c - the backends there are, as the server itself lists them. */
#include "harness/process/backends.h"

#include "common/clock.h"
#include "common/exit_status.h"
#include "common/records.h"
#include "harness/process/server_peer.h"
#include "harness/text.h"

#include <errno.h>
#include <stdio.h>
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

bool backends_is_plugin(const char *name)
{
	const char *dot = strrchr(name, '.');

	return strchr(name, '/') || (dot && strcmp(dot, ".so") == 0);
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

int backends_check(const struct backend_list *list, const char *const *names,
	size_t count, struct problem *problem)
{
	for (size_t i = 0; i < count; i++) {
		if (backends_find(list, names[i]))
			continue;
		if (!backends_is_plugin(names[i]))
			return unknown(list, names[i], problem);
		if (access(names[i], R_OK) < 0)
			return problem_set(problem, -EINVAL,
				"cannot read the plug-in %.300s: %s", names[i],
				strerror(errno));
	}
	return 0;
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
	if (*count == 0)
		for (size_t i = 0; i < list->count; i++)
			names[(*count)++] = list->entries[i].name;
	return backends_check(list, names, *count, problem) < 0 ? EXIT_STATUS_USAGE
								: EXIT_STATUS_OK;
}
