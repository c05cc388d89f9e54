/*
 * io_uring_absent.c - stands in for the backends on a ring where liburing >= 2.3 was not
 * there at build time: their names are still listed, with the reason why they cannot run.
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

/* One line a backend: the symbol of registry.c, and what --list says of it. */
#define ABSENT(symbol, its_name, its_summary)                                            \
	const struct backend symbol = {                                                  \
		.abi = BACKEND_ABI,                                                      \
		.name = its_name,                                                        \
		.summary = its_summary,                                                  \
		.flags = BACKEND_COMPLETIONS,                                            \
		.probe = io_uring_absent_probe,                                          \
		.run = io_uring_absent_run,                                              \
	};

ABSENT(backend_io_uring, "io_uring",
	"io_uring(7) single-shot: operations go in, results come out")
ABSENT(backend_io_uring_noflags, "io_uring-noflags",
	"io_uring(7) single-shot without set-up flags: what they are good for")
ABSENT(backend_io_uring_multishot, "io_uring-multishot",
	"io_uring(7) multishot accept and recv into a pool of buffers")
ABSENT(backend_io_uring_direct, "io_uring-direct",
	"io_uring(7) multishot with direct descriptors and silent sends")
ABSENT(backend_io_uring_sqpoll, "io_uring-sqpoll",
	"io_uring(7) multishot, submitted by a thread of the kernel")
ABSENT(backend_io_uring_poll, "io_uring-poll",
	"io_uring(7) as a poller: multishot POLL_ADD, then recv and send")
