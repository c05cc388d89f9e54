/*
 * uring.h - what every backend on a ring shares: a ring that can what its plan asks for,
 * the one call that hands in and waits, and what user_data carries.
 *
 * io_uring(7): operations go into the submission queue, results come through the
 * completion queue, io_uring_enter(2) hands in the former and waits for the latter. Which
 * operations, and what their results mean, is each backend's own.
 */
#ifndef BACKENDS_URING_H
#define BACKENDS_URING_H

#include "backends/backend.h"

#include <liburing.h>

/* How many entries each queue has. Small ones are for tests: all that can be full, is. */
struct uring_queues {
	unsigned submission; /* full, it is handed in and refilled */
	unsigned completion; /* results past that wait in the kernel */
};

/* One way to set up a ring: its flags, and the words that tell of them. */
struct uring_setup {
	unsigned flags;
	const char *modes;
	unsigned sq_idle_ms; /* with IORING_SETUP_SQPOLL: its thread sleeps after that */
};

/* An operation without which a backend cannot run. */
struct uring_need {
	int opcode;
	const char *name;
	const char *since; /* the first kernel that has it */
};

/* What a backend asks of a ring. All of it is const and the backend's own. */
struct uring_plan {
	const struct uring_setup *setups; /* from the best on; the first that is taken */
	size_t setups_count;
	const struct uring_need *needs;
	size_t needs_count;
	unsigned features;      /* IORING_FEAT_* that must be there, NODROP besides */
	const char *since;      /* the first kernel that takes one of the setups */
	bool registers_ring_fd; /* io_uring_register_ring_fd(3): must be possible */
};

struct uring {
	struct io_uring ring;
	struct calls *calls;
	const struct uring_setup *setup; /* what it got */
	bool ring_fd_registered;
};

/*
 * Makes a ring as planned, or says why not, in one line. The calls are counted; calls
 * outlives the ring. 0 or -errno.
 */
int uring_open(struct uring *uring, const struct uring_plan *plan,
	const struct uring_queues *queues, struct calls *calls, char *why,
	size_t why_size);
void uring_close(struct uring *uring);

/*
 * For backend.probe: opens a ring, sends an operation there and back (io_uring_enter may
 * be forbidden as well), closes it. 0, or -errno and why.
 */
int uring_probe(const struct uring_plan *plan, const struct uring_queues *queues,
	char *why, size_t why_size);

/* uring_open()'s look at what the kernel says that it can. For tests. */
int uring_check(const struct uring_plan *plan, unsigned features,
	const struct io_uring_probe *operations, char *why, size_t why_size);

/*
 * Hands in what is queued and waits for wait_for results. 0, also when it was interrupted
 * or there was no memory (the queue is kept then: io_uring_sq_ready(3)), or -errno.
 */
int uring_enter(struct uring *uring, unsigned wait_for);

/* Asked again at once, a kernel out of memory would be asked for ever at 100 % CPU. */
void uring_rest(struct uring *uring);

/* Counts whether this wait left results in the kernel, for the queue was full. */
void uring_count_overflow(struct uring *uring);

/* io_uring takes the wait on itself only for descriptors that may block. 0 or -errno. */
int uring_clear_nonblocking(struct calls *calls, int fd);

/*
 * user_data: descriptor, generation and operation. A completion that was under way when
 * its connection ended must never be taken for its successor's.
 */
enum { URING_GENERATION_MASK = 0xffffff };

static inline uint64_t uring_token(unsigned operation, int fd, uint32_t generation)
{
	return (uint64_t)(uint32_t)fd << 32 |
	       (uint64_t)(generation & URING_GENERATION_MASK) << 8 | (uint64_t)operation;
}

static inline unsigned uring_token_operation(uint64_t token)
{
	return token & 0xff;
}

static inline int uring_token_fd(uint64_t token)
{
	return (int)(token >> 32);
}

static inline uint32_t uring_token_generation(uint64_t token)
{
	return token >> 8 & URING_GENERATION_MASK;
}

static inline struct __kernel_timespec uring_timespec(int ms)
{
	return (struct __kernel_timespec){ms / 1000, ms % 1000 * 1000000LL};
}

#endif
