/* registry.c - every backend by name; to add a built-in, add one line in each list. */
#include "backends/registry.h"

#include <dlfcn.h>
#include <string.h>

enum { NAME_LENGTH_MAX = 31 };

extern const struct backend backend_select;
extern const struct backend backend_select_wide;
extern const struct backend backend_poll;
extern const struct backend backend_epoll_lt;
extern const struct backend backend_epoll_et;
extern const struct backend backend_io_uring;
extern const struct backend backend_io_uring_noflags;
extern const struct backend backend_io_uring_multishot;
extern const struct backend backend_io_uring_direct;
extern const struct backend backend_io_uring_sqpoll;
extern const struct backend backend_io_uring_poll;

const struct backend *const registry_backends[] = {
	&backend_select,
	&backend_select_wide,
	&backend_poll,
	&backend_epoll_lt,
	&backend_epoll_et,
	&backend_io_uring,
	&backend_io_uring_noflags,
	&backend_io_uring_multishot,
	&backend_io_uring_direct,
	&backend_io_uring_sqpoll,
	&backend_io_uring_poll,
	NULL,
};

static bool is_plugin_path(const char *name)
{
	size_t length = strlen(name);

	return strchr(name, '/') || (length > 3 && strcmp(name + length - 3, ".so") == 0);
}

/* As backend.h wants a name: others put it into lines, tables and file names. */
static bool is_name(const char *name)
{
	size_t length = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_-");

	return length > 0 && length <= NAME_LENGTH_MAX && name[length] == '\0';
}

static bool is_whole(const struct backend *backend)
{
	const struct poller_ops *poller = backend->poller;

	if (!backend->name || !backend->summary || !backend->run)
		return false;
	return backend->run != readiness_run ||
	       (poller && poller->open && poller->watch && poller->wait && poller->close);
}

static int plugin_load(
	const char *path, const struct backend **backend, struct problem *problem)
{
	char with_slash[4096];

	/* Without a '/', dlopen(3) would search the library path. */
	if (!strchr(path, '/')) {
		if (strlen(path) + 3 > sizeof(with_slash))
			return problem_set(
				problem, -ENAMETOOLONG, "plug-in path too long");
		strcpy(with_slash, "./");
		strcat(with_slash, path);
		path = with_slash;
	}
	if (access(path, R_OK) < 0)
		return problem_set(problem, -ENOENT, "cannot read plug-in '%.200s': %s",
			path, strerror(errno));
	void *object = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	if (!object)
		return problem_set(
			problem, -EINVAL, "cannot load plug-in: %.300s", dlerror());
	const struct backend *found = dlsym(object, BACKEND_SYMBOL);
	if (!found)
		return problem_set(problem, -EINVAL,
			"'%.200s' is no muxbench plug-in: it exports no "
			"symbol " BACKEND_SYMBOL,
			path);
	if (found->abi != BACKEND_ABI)
		return problem_set(problem, -EINVAL,
			"plug-in '%.200s' was built for ABI %u, this server has ABI %d: "
			"build it again",
			path, found->abi, BACKEND_ABI);
	if (!is_whole(found))
		return problem_set(problem, -EINVAL,
			"plug-in '%.200s' lacks a name, a summary, a run or a poller",
			path);
	if (!is_name(found->name))
		return problem_set(problem, -EINVAL,
			"plug-in '%.200s' has a name that is not 1 to %d of a-z 0-9 _ -",
			path, NAME_LENGTH_MAX);
	*backend = found;
	return 0;
}

int registry_find(
	const char *name, const struct backend **backend, struct problem *problem)
{
	if (is_plugin_path(name))
		return plugin_load(name, backend, problem);
	for (size_t i = 0; registry_backends[i]; i++)
		if (strcmp(registry_backends[i]->name, name) == 0) {
			*backend = registry_backends[i];
			return 0;
		}
	return problem_set(
		problem, -ENOENT, "no backend is called '%.80s' (see --list)", name);
}

int registry_probe(const struct backend *backend, struct problem *why)
{
	why->text[0] = '\0';
	return backend->probe ? backend->probe(why->text, sizeof(why->text)) : 0;
}
