/*
 * way.h - a way in which one thread that owns both ends of every connection can make
 * round trips: four functions, a file each, and limit_ways() lists them.
 */
#ifndef HARNESS_LIMIT_WAY_H
#define HARNESS_LIMIT_WAY_H

#include "harness/limit/ends.h"

#include "common/problem.h"

#include <stddef.h>
#include <stdint.h>

/* System calls that were made, by what they do. */
struct limit_calls {
	uint64_t send;
	uint64_t recv;
	uint64_t enter; /* io_uring_enter */
};

struct limit_way {
	const char *name;
	const char *summary;
	/*
	 * Makes *state, which close() releases. 0, -ENOTSUP when this machine cannot, or
	 * another -errno; with problem. NULL, as close is then: there is no state.
	 */
	int (*open)(void **state, const struct limit_ends *ends, struct problem *problem);
	/*
	 * One round trip on each connection: request, echo, answer, which is checked.
	 * What it calls is added to calls. 0, or -errno with problem.
	 */
	int (*round)(void *state, struct limit_ends *ends, struct limit_calls *calls,
		struct problem *problem);
	void (*close)(void *state);
};

extern const struct limit_way limit_way_blocking;
extern const struct limit_way limit_way_batched;
extern const struct limit_way limit_way_ring;

/* All of them, the plainest first. */
enum { LIMIT_WAYS = 3 };
const struct limit_way *limit_way_at(size_t index);

/* NULL: there is none of that name. */
const struct limit_way *limit_way_find(const char *name);

/* In all. */
uint64_t limit_calls_total(const struct limit_calls *calls);

/* All of a message, whatever it takes: one call, as a rule. 0, or -errno with problem. */
int limit_send(int fd, const unsigned char *message, size_t bytes,
	struct limit_calls *calls, struct problem *problem);
int limit_recv(int fd, unsigned char *message, size_t bytes, struct limit_calls *calls,
	struct problem *problem);

#endif
