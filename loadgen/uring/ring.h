/*
 * ring.h - the ring of the load generator, and the buffers it receives into.
 *
 * What is missing on a kernel is not made up for: without SINGLE_ISSUER and DEFER_TASKRUN
 * (Linux 6.1, which has multishot recv and the cancelling below too), and whatever else
 * is asked for here, there is no ring.
 */
#ifndef LOADGEN_URING_RING_H
#define LOADGEN_URING_RING_H

#include "common/problem.h"

#include <liburing.h>
#include <stdint.h>

enum { RING_BUFFER_GROUP = 0 };

/*
 * Buffers that the kernel takes one of for each receive: it names the one it took, and
 * gets it back by ring_buffers_give() (io_uring_register_buf_ring(3)).
 */
struct ring_buffers {
	unsigned count;                 /* a power of two; the caller's choice */
	unsigned bytes;                 /* of each; the same */
	struct io_uring_buf_ring *ring; /* owned, mapped */
	uint8_t *memory;                /* owned, mapped */
};

/* Whether this machine can: 0, or -errno with a problem that says what is missing. */
int ring_probe(struct problem *problem);

/* 0, or -errno; then there is nothing to close. */
int ring_open(struct io_uring *ring, unsigned submissions, unsigned completions);

/*
 * Cancels whatever is under way for a descriptor, or (-1) for all, and waits until it is
 * over: the kernel holds what it works on, past close(2).
 */
void ring_cancel(struct io_uring *ring, int fd);

/* All go to the kernel. 0 or -errno; close() may follow in either case. */
int ring_buffers_open(struct ring_buffers *buffers, struct io_uring *ring);
void ring_buffers_close(struct ring_buffers *buffers);
void ring_buffers_give(struct ring_buffers *buffers, unsigned id);

static inline uint8_t *ring_buffers_at(const struct ring_buffers *buffers, unsigned id)
{
	return buffers->memory + (size_t)id * buffers->bytes;
}

#endif
