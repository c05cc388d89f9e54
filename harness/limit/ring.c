/* ring.c - an io_uring as the kernel gives it. */
#include "harness/limit/ring.h"

#include <errno.h>
#include <linux/time_types.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { WAIT_S = 5 };

static int enter(const struct limit_ring *ring, unsigned submit, unsigned wait,
	unsigned flags, const void *arg, size_t arg_bytes)
{
	long n = syscall(SYS_io_uring_enter, ring->enter_fd, submit, wait,
		flags | IORING_ENTER_GETEVENTS | RING_ENTER_REGISTERED, arg, arg_bytes);

	return n < 0 ? -errno : (int)n;
}

/* Why there is no such ring on this machine, or what went wrong. */
static int explain(int error, struct problem *problem)
{
	switch (error) {
	case -ENOSYS:
		return problem_set(problem, -ENOTSUP, "this kernel has no io_uring");
	case -EPERM:
	case -EACCES:
		return problem_set(problem, -ENOTSUP,
			"io_uring is forbidden here (kernel.io_uring_disabled, seccomp)");
	case -EINVAL:
		return problem_set(problem, -ENOTSUP,
			"needs the io_uring of Linux 6.1 (DEFER_TASKRUN)");
	default:
		return problem_set(
			problem, error, "cannot open a ring: %s", strerror(-error));
	}
}

static void *map(int fd, size_t bytes, uint64_t what)
{
	return mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, fd,
		(off_t)what);
}

static unsigned *word(const struct limit_ring *ring, unsigned offset)
{
	return (unsigned *)((char *)ring->memory + offset);
}

/* SQEs are used in their order, so the array between them and the ring never changes. */
static int map_queues(struct limit_ring *ring, const struct io_uring_params *params)
{
	size_t sq_bytes = params->sq_off.array + params->sq_entries * sizeof(unsigned);
	size_t cq_bytes =
		params->cq_off.cqes + params->cq_entries * sizeof(struct io_uring_cqe);

	ring->memory_bytes = sq_bytes > cq_bytes ? sq_bytes : cq_bytes;
	ring->sqes_bytes = params->sq_entries * sizeof(*ring->sqes);
	ring->memory = map(ring->fd, ring->memory_bytes, IORING_OFF_SQ_RING);
	ring->sqes = map(ring->fd, ring->sqes_bytes, IORING_OFF_SQES);
	if (ring->memory == MAP_FAILED || ring->sqes == MAP_FAILED)
		return -errno;
	ring->sq = (struct limit_queue){word(ring, params->sq_off.head),
		word(ring, params->sq_off.tail), *word(ring, params->sq_off.ring_mask)};
	ring->cq = (struct limit_queue){word(ring, params->cq_off.head),
		word(ring, params->cq_off.tail), *word(ring, params->cq_off.ring_mask)};
	ring->cqes = (struct io_uring_cqe *)((char *)ring->memory + params->cq_off.cqes);
	for (unsigned i = 0; i < params->sq_entries; i++)
		word(ring, params->sq_off.array)[i] = i;
	return 0;
}

/* An enter by its registered number need not look the descriptor up. */
static int register_itself(struct limit_ring *ring)
{
	struct io_uring_rsrc_update update = {
		.offset = UINT32_MAX, .data = (unsigned)ring->fd};

	if (syscall(SYS_io_uring_register, ring->fd, RING_REGISTER_RING_FDS, &update, 1) <
		0)
		return -errno;
	ring->enter_fd = (int)update.offset;
	return 0;
}

int limit_ring_open(struct limit_ring *ring, unsigned entries, struct problem *problem)
{
	struct io_uring_params params = {
		.flags = RING_SETUP_SINGLE_ISSUER | RING_SETUP_DEFER_TASKRUN,
	};

	*ring = (struct limit_ring){
		.memory = MAP_FAILED,
		.sqes = MAP_FAILED,
		.fd = (int)syscall(SYS_io_uring_setup, entries, &params),
	};
	int error = ring->fd < 0 ? -errno : map_queues(ring, &params);

	if (error == 0)
		error = register_itself(ring);
	return error < 0 ? explain(error, problem) : 0;
}

void limit_ring_close(struct limit_ring *ring)
{
	if (ring->memory != MAP_FAILED)
		munmap(ring->memory, ring->memory_bytes);
	if (ring->sqes != MAP_FAILED)
		munmap(ring->sqes, ring->sqes_bytes);
	if (ring->fd >= 0)
		close(ring->fd);
}

int limit_ring_register_files(struct limit_ring *ring, const int *fds, size_t count)
{
	return syscall(SYS_io_uring_register, ring->fd, IORING_REGISTER_FILES, fds,
		       count) < 0
		       ? -errno
		       : 0;
}

struct io_uring_sqe *limit_ring_sqe(struct limit_ring *ring)
{
	struct io_uring_sqe *sqe =
		&ring->sqes[(*ring->sq.tail + ring->queued++) & ring->sq.mask];

	memset(sqe, 0, sizeof(*sqe));
	return sqe;
}

int limit_ring_submit(struct limit_ring *ring)
{
	unsigned queued = ring->queued;

	__atomic_store_n(ring->sq.tail, *ring->sq.tail + queued, __ATOMIC_RELEASE);
	ring->queued = 0;
	int n = enter(ring, queued, 0, 0, NULL, 0);

	if (n < 0)
		return n;
	return (unsigned)n == queued ? 0 : -EAGAIN; /* the kernel had no memory */
}

int limit_ring_wait(struct limit_ring *ring)
{
	struct __kernel_timespec timeout = {.tv_sec = WAIT_S};
	struct io_uring_getevents_arg arg = {.ts = (uint64_t)(uintptr_t)&timeout};
	int n = enter(ring, 0, 1, IORING_ENTER_EXT_ARG, &arg, sizeof(arg));

	return n < 0 && n != -EINTR ? n : 0;
}

bool limit_ring_next(struct limit_ring *ring, struct io_uring_cqe *cqe)
{
	unsigned head = *ring->cq.head;

	if (head == __atomic_load_n(ring->cq.tail, __ATOMIC_ACQUIRE))
		return false;
	*cqe = ring->cqes[head & ring->cq.mask];
	__atomic_store_n(ring->cq.head, head + 1, __ATOMIC_RELEASE);
	return true;
}
