/*
 * uring_pool.h - buffers provided to the kernel, which picks one when bytes are there: a
 * ring of them (io_uring_register_buf_ring(3), Linux 5.19).
 *
 * Thousands of connections wait for bytes and own no buffer meanwhile. A buffer is the
 * backend's from the result that names it until pool_put() gives it back.
 */
#ifndef BACKENDS_URING_POOL_H
#define BACKENDS_URING_POOL_H

#include "backends/uring.h"

enum {
	URING_POOL_GROUP = 0, /* buf_group of the only pool of a ring */
	URING_POOL_BUFFERS_MAX = 1 << 15,
};

struct uring_pool {
	struct io_uring_buf_ring *ring; /* shared with the kernel */
	unsigned char *memory;
	unsigned buffers; /* a power of two */
	unsigned buffer_bytes;
	unsigned available; /* not named by any result that was looked at */
};

/*
 * buffers: a power of two, at most URING_POOL_BUFFERS_MAX. 0, or -errno with everything
 * undone. The memory outlives the ring: close that first.
 */
int uring_pool_open(struct uring_pool *pool, struct uring *uring, unsigned buffers,
	unsigned buffer_bytes);
void uring_pool_close(struct uring_pool *pool);

static inline unsigned char *uring_pool_at(const struct uring_pool *pool, unsigned buffer)
{
	return pool->memory + (size_t)buffer * pool->buffer_bytes;
}

/* A result has named one: its number. */
static inline unsigned uring_pool_take(struct uring_pool *pool, unsigned cqe_flags)
{
	pool->available--;
	return cqe_flags >> IORING_CQE_BUFFER_SHIFT;
}

/* The kernel may fill it again. */
static inline void uring_pool_put(struct uring_pool *pool, unsigned buffer)
{
	io_uring_buf_ring_add(pool->ring, uring_pool_at(pool, buffer), pool->buffer_bytes,
		(unsigned short)buffer, io_uring_buf_ring_mask(pool->buffers), 0);
	io_uring_buf_ring_advance(pool->ring, 1);
	pool->available++;
}

#endif
