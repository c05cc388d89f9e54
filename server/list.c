/* list.c - muxbench-server --list. */
#include "server/list.h"

#include "backends/registry.h"
#include "common/jsonl.h"

#include <errno.h>
#include <stdio.h>

static int print_json(const struct backend *backend, const char *reason)
{
	json_t *line = json_pack("{ss ss sb ss? si sb}", "name", backend->name, "summary",
		backend->summary, "supported", !reason, "reason", reason, "fds_limit",
		backend->fds_limit, "variant", (backend->flags & BACKEND_VARIANT) != 0);
	int error = jsonl_write(STDOUT_FILENO, line);

	json_decref(line);
	return error;
}

static int print(const struct backend *backend, bool json)
{
	struct problem why;
	const char *reason = registry_probe(backend, &why) < 0 ? why.text : NULL;

	if (json)
		return print_json(backend, reason);
	printf("%-18s %s\n", backend->name, backend->summary);
	if (reason)
		printf("%-18s unsupported: %s\n", "", reason);
	return 0;
}

static int flush(void)
{
	return fflush(stdout) < 0 || ferror(stdout) ? -EIO : 0;
}

int list_print_one(const struct backend *backend, bool json)
{
	int error = print(backend, json);

	return error < 0 ? error : flush();
}

int list_print(bool json)
{
	for (size_t i = 0; registry_backends[i]; i++) {
		int error = print(registry_backends[i], json);

		if (error < 0)
			return error;
	}
	return flush();
}
