/* list.c - muxbench-server --list. */
#include "server/list.h"

#include "backends/registry.h"
#include "common/jsonl.h"

#include <errno.h>
#include <stdio.h>

static int print_json(const struct backend *backend, const char *reason)
{
	json_t *line = json_pack("{ss ss sb ss? si}", "name", backend->name, "summary",
		backend->summary, "supported", !reason, "reason", reason, "fds_limit",
		backend->fds_limit);
	int error = jsonl_write(STDOUT_FILENO, line);

	json_decref(line);
	return error;
}

int list_print(bool json)
{
	for (size_t i = 0; registry_backends[i]; i++) {
		const struct backend *backend = registry_backends[i];
		struct problem why;
		const char *reason = registry_probe(backend, &why) < 0 ? why.text : NULL;
		int error = 0;

		if (json)
			error = print_json(backend, reason);
		else if (reason)
			printf("%-12s %s\n%-12s unsupported: %s\n", backend->name,
				backend->summary, "", reason);
		else
			printf("%-12s %s\n", backend->name, backend->summary);
		if (error < 0)
			return error;
	}
	return fflush(stdout) < 0 || ferror(stdout) ? -EIO : 0;
}
