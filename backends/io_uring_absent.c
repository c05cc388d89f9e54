/*
 * io_uring_absent.c - stands in for io_uring.c where liburing >= 2.3 was not there at
 * build time: the name is still listed, with the reason why it cannot run.
 */
#include "backends/backend.h"

#include <stdio.h>

static int io_uring_absent_probe(char *why, size_t why_size)
{
	snprintf(why, why_size,
		"built without liburing 2.3 or newer: install it, build again");
	return -ENOSYS;
}

static int io_uring_absent_run(struct server *server, const struct backend *self)
{
	(void)server;
	(void)self;
	return -ENOSYS;
}

const struct backend backend_io_uring = {
	.abi = BACKEND_ABI,
	.name = "io_uring",
	.summary = "io_uring(7) single-shot: operations go in, results come out",
	.flags = BACKEND_COMPLETIONS,
	.probe = io_uring_absent_probe,
	.run = io_uring_absent_run,
};
