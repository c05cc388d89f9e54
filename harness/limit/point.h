/*
 * point.h - one point of the limit, measured in this very process: one way with so many
 * connections, for a while or for a number of rounds.
 *
 * It is what `muxbench limit --point` does, and what the harness starts in a process of
 * its own for each trial: so a point begins with as few descriptors, as little memory and
 * no more history than the server that it is held against.
 */
#ifndef HARNESS_LIMIT_POINT_H
#define HARNESS_LIMIT_POINT_H

#include "harness/limit/way.h"

#include "common/problem.h"
#include "common/usage.h"

#include <jansson.h>
#include <stdint.h>

struct limit_point_order {
	const struct limit_way *way;
	size_t connections;
	size_t message_bytes;
	uint64_t duration_ns; /* warmed up for a part of it before */
	uint64_t rounds;      /* not 0: so many instead, without a warm-up */
	int cpu;              /* -1: not pinned */
};

struct limit_point {
	uint64_t round_trips;
	uint64_t measured_ns;
	struct limit_calls calls;
	struct usage usage; /* of the process, over the same time */
};

/* How long a window of that duration is warmed up for. */
uint64_t limit_warmup_ns(uint64_t duration_ns);

/*
 * 0, -ENOTSUP when this machine has no such way, -EMFILE when there is no room for so
 * many connections, or another -errno; with problem.
 */
int limit_point_measure(struct limit_point *point, const struct limit_point_order *order,
	struct problem *problem);

/*
 * {"event":"limit","way","connections_active","message_bytes","round_trips",
 * "measured_ns","calls":{...},"usage":{...}}; calls by the kernel's names.
 */
json_t *limit_point_json(
	const struct limit_point *point, const struct limit_point_order *order);

/* The reverse, of what order asked for. 0, or -EBADMSG with problem. */
int limit_point_read(struct limit_point *point, const struct limit_point_order *order,
	const json_t *object, struct problem *problem);

/* {"sendto":N,...}, those that were made. */
json_t *limit_calls_json(const struct limit_calls *calls);

/*
 * The whole of `muxbench limit --point`: measures, and prints one object on stdout;
 * what could not be measured as {"event":"unsupported","reason":...}, "skipped" or
 * "error". An exit status, with problem.
 */
int limit_point_run(const struct limit_point_order *order, struct problem *problem);

#endif
