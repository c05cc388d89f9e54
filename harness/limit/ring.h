/*
 * ring.h - an io_uring as the kernel gives it: two rings in shared memory and one system
 * call. No library, so that the limit is that of the kernel, and is not made of what the
 * backends are made of. io_uring(7), io_uring_setup(2), io_uring_enter(2).
 *
 * Always with SINGLE_ISSUER and DEFER_TASKRUN (Linux 6.1), the registered ring descriptor
 * and registered files: what costs least for a thread that is alone with its ring.
 */
#ifndef HARNESS_LIMIT_RING_H
#define HARNESS_LIMIT_RING_H

#include "common/problem.h"

#include <linux/io_uring.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Numbers of the kernel's interface, which never change: the headers of a machine may be
 * older than these, and its kernel newer (io_uring_setup(2), io_uring_enter(2)).
 */
#define RING_SETUP_SINGLE_ISSUER (1U << 12)
#define RING_SETUP_DEFER_TASKRUN (1U << 13)
#define RING_ENTER_REGISTERED    (1U << 4)
#define RING_REGISTER_RING_FDS   20
#define RING_SQE_SKIP_SUCCESS    ((uint8_t)(1U << 6))

/* One half of the shared memory, as both sides see it. */
struct limit_queue {
	unsigned *head;
	unsigned *tail;
	unsigned mask;
};

struct limit_ring {
	int fd;       /* owned */
	int enter_fd; /* its registered number */
	struct limit_queue sq;
	struct limit_queue cq;
	struct io_uring_sqe *sqes; /* mapped; owned */
	struct io_uring_cqe *cqes; /* in memory */
	void *memory;              /* mapped; owned */
	size_t memory_bytes;
	size_t sqes_bytes;
	unsigned queued; /* SQEs filled since the last enter */
};

/*
 * entries: SQEs that one enter can submit, a power of two. 0, -ENOTSUP where this machine
 * has no such ring, or another -errno; with problem. limit_ring_close() must follow.
 */
int limit_ring_open(struct limit_ring *ring, unsigned entries, struct problem *problem);
void limit_ring_close(struct limit_ring *ring);

/* The descriptors become files 0 to count - 1 of SQEs with IOSQE_FIXED_FILE. 0, -errno.
 */
int limit_ring_register_files(struct limit_ring *ring, const int *fds, size_t count);

/* The next SQE, zeroed; at most entries of them before an enter. */
struct io_uring_sqe *limit_ring_sqe(struct limit_ring *ring);

/* One system call: submits what is queued and lets it complete; does not wait. */
int limit_ring_submit(struct limit_ring *ring);

/* One system call: waits for a completion. 0, -ETIME after a few seconds, or -errno. */
int limit_ring_wait(struct limit_ring *ring);

/* Takes a completion, if there is one. */
bool limit_ring_next(struct limit_ring *ring, struct io_uring_cqe *cqe);

#endif
