/* ring.c - the ring of the load generator, and the buffers it receives into. */
#include "loadgen/uring/ring.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

enum { PROBE_ENTRIES = 8 };

#define SETUP_FLAGS                                                                      \
	(IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN |                       \
		IORING_SETUP_SUBMIT_ALL | IORING_SETUP_CQSIZE)
#define FEATURES                                                                         \
	(IORING_FEAT_NODROP | IORING_FEAT_EXT_ARG | IORING_FEAT_SUBMIT_STABLE |          \
		IORING_FEAT_CQE_SKIP)

int ring_open(struct io_uring *ring, unsigned submissions, unsigned completions)
{
	struct io_uring_params params = {
		.flags = SETUP_FLAGS,
		.cq_entries = completions,
	};
	int error = io_uring_queue_init_params(submissions, ring, &params);

	if (error < 0)
		return error;
	if ((params.features & FEATURES) != FEATURES)
		error = -EINVAL;
	/* A ring descriptor that is registered need not be looked up at each call. */
	if (error == 0 && io_uring_register_ring_fd(ring) != 1)
		error = -EINVAL;
	if (error < 0)
		io_uring_queue_exit(ring);
	return error;
}

void ring_cancel(struct io_uring *ring, int fd)
{
	struct io_uring_sync_cancel_reg what = {
		.fd = fd,
		.flags = IORING_ASYNC_CANCEL_ALL |
			 (unsigned)(fd < 0 ? IORING_ASYNC_CANCEL_ANY
					   : IORING_ASYNC_CANCEL_FD),
		.timeout = {-1, -1},
	};

	/* -ENOENT: there was nothing. */
	io_uring_register_sync_cancel(ring, &what);
}

/* ---- buffers ---- */

void ring_buffers_give(struct ring_buffers *buffers, unsigned id)
{
	io_uring_buf_ring_add(buffers->ring, ring_buffers_at(buffers, id), buffers->bytes,
		(unsigned short)id, io_uring_buf_ring_mask(buffers->count), 0);
	io_uring_buf_ring_advance(buffers->ring, 1);
}

static void *map(size_t bytes)
{
	void *memory = mmap(
		NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return memory == MAP_FAILED ? NULL : memory;
}

int ring_buffers_open(struct ring_buffers *buffers, struct io_uring *ring)
{
	buffers->ring = map(buffers->count * sizeof(struct io_uring_buf));
	buffers->memory = map((size_t)buffers->count * buffers->bytes);
	if (!buffers->ring || !buffers->memory)
		return -ENOMEM;
	struct io_uring_buf_reg registration = {
		.ring_addr = (uint64_t)(uintptr_t)buffers->ring,
		.ring_entries = buffers->count,
		.bgid = RING_BUFFER_GROUP,
	};
	int error = io_uring_register_buf_ring(ring, &registration, 0);

	if (error < 0)
		return error;
	io_uring_buf_ring_init(buffers->ring);
	for (unsigned id = 0; id < buffers->count; id++)
		ring_buffers_give(buffers, id);
	return 0;
}

void ring_buffers_close(struct ring_buffers *buffers)
{
	if (buffers->ring)
		munmap(buffers->ring, buffers->count * sizeof(struct io_uring_buf));
	if (buffers->memory)
		munmap(buffers->memory, (size_t)buffers->count * buffers->bytes);
	buffers->ring = NULL;
	buffers->memory = NULL;
}

/* ---- can this machine do it? ---- */

/* The error of a call that made no ring, with what one can do about it. */
static int explain(int error, struct problem *problem)
{
	const char *advice =
		error == -ENOSYS  ? "this kernel or container has none"
		: error == -EPERM ? "forbidden by the container's profile or by sysctl "
				    "kernel.io_uring_disabled"
		: error == -EINVAL
			? "DEFER_TASKRUN and multishot recv need Linux 6.1 or newer"
		: error == -ENOMEM ? "raise RLIMIT_MEMLOCK: ulimit -l"
				   : "";

	return problem_set(problem, error,
		"the io_uring engine cannot run here: %s%s%s; --engine epoll can",
		strerror(-error), *advice ? ": " : "", advice);
}

/* Buffers, and one operation there and back: each may be forbidden. */
static int try_ring(struct io_uring *ring)
{
	struct ring_buffers buffers = {.count = PROBE_ENTRIES, .bytes = 64};
	int error = ring_buffers_open(&buffers, ring);

	if (error == 0) {
		io_uring_prep_nop(io_uring_get_sqe(ring));
		error = io_uring_submit_and_wait(ring, 1);
	}
	ring_buffers_close(&buffers);
	return error;
}

int ring_probe(struct problem *problem)
{
	struct io_uring ring;
	int error = ring_open(&ring, PROBE_ENTRIES, PROBE_ENTRIES);

	if (error == 0) {
		error = try_ring(&ring);
		io_uring_queue_exit(&ring);
	}
	return error < 0 ? explain(error, problem) : 0;
}
