/* uring_pool.c - a ring of buffers for the kernel to choose from. */
#include "backends/uring_pool.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

static size_t ring_bytes(const struct uring_pool *pool)
{
	return pool->buffers * sizeof(struct io_uring_buf);
}

static size_t memory_bytes(const struct uring_pool *pool)
{
	return (size_t)pool->buffers * pool->buffer_bytes;
}

/* Whole pages of zeros, as the kernel wants them for the ring; NULL: out of memory. */
static void *map(size_t bytes)
{
	void *base = mmap(
		NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return base == MAP_FAILED ? NULL : base;
}

static int provide(struct uring_pool *pool, struct uring *uring)
{
	struct io_uring_buf_reg registration = {
		.ring_addr = (uint64_t)(uintptr_t)pool->ring,
		.ring_entries = pool->buffers,
		.bgid = URING_POOL_GROUP,
	};

	calls_count(uring->calls, CALL_io_uring_register);
	int error = io_uring_register_buf_ring(&uring->ring, &registration, 0);

	if (error < 0)
		return error;
	io_uring_buf_ring_init(pool->ring);
	for (unsigned i = 0; i < pool->buffers; i++)
		uring_pool_put(pool, i);
	return 0;
}

int uring_pool_open(struct uring_pool *pool, struct uring *uring, unsigned buffers,
	unsigned buffer_bytes)
{
	*pool = (struct uring_pool){.buffers = buffers, .buffer_bytes = buffer_bytes};
	pool->ring = map(ring_bytes(pool));
	pool->memory = map(memory_bytes(pool));
	int error = pool->ring && pool->memory ? provide(pool, uring) : -ENOMEM;

	if (error < 0)
		uring_pool_close(pool);
	return error;
}

void uring_pool_close(struct uring_pool *pool)
{
	if (pool->ring)
		munmap(pool->ring, ring_bytes(pool));
	if (pool->memory)
		munmap(pool->memory, memory_bytes(pool));
	*pool = (struct uring_pool){0};
}
