/*
 * connections.h - a set of open connections that one process holds.
 *
 * An idle connection costs this process a descriptor and nothing else: it is in no
 * interest list, and the only times anyone looks at it are the proof that the server
 * holds it (connections_echo) and the count of what was lost (connections_count_lost).
 */
#ifndef LOADGEN_CONNECTIONS_H
#define LOADGEN_CONNECTIONS_H

#include "common/problem.h"
#include "loadgen/connect.h"
#include "loadgen/payload.h"

#include <stddef.h>
#include <stdint.h>

struct connections {
	int *fds;              /* owned; -1: given up, or not open yet */
	size_t count;          /* also those given up */
	uint64_t first_number; /* fds[i] is connection first_number + i of the run */
};

/* Called now and then with how many connections of the set are done. */
struct connections_progress {
	void (*show)(void *context, uint64_t done); /* NULL: nobody wants to know */
	void *context;
};

/* A set of count places with no connection yet. 0 or -ENOMEM. */
int connections_reserve(struct connections *set, uint64_t first_number, size_t count);

/* Opens count connections. 0, or -errno with problem; none is open then. */
int connections_open(struct connections *set, const struct connector *connector,
	uint64_t first_number, size_t count, const struct connections_progress *progress,
	struct problem *problem);

/*
 * Sends one short message over every connection and awaits its echo, a bounded number at
 * a time. 0, or -errno with problem when any was not answered byte for byte.
 */
int connections_echo(struct connections *set, const struct payload *payload,
	const struct connections_progress *progress, struct problem *problem);

/*
 * How many connections the server has closed, or sent bytes that nobody asked for, since
 * the last count. They are given up.
 */
size_t connections_count_lost(struct connections *set);

void connections_close(struct connections *set);

#endif
