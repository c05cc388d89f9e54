/*
 * uring.c - making a ring, and entering it.
 *
 * Results that find the completion queue full wait in the kernel (IORING_FEAT_NODROP,
 * without which no backend here runs) and come with the next enter. What a set-up flag
 * gives is known only by asking for it: a kernel that does not know one says EINVAL, so
 * flags are tried from the best on. Which operations there are can be asked
 * (IORING_REGISTER_PROBE).
 */
#include "backends/uring.h"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	REST_MS = 1, /* until the kernel is asked again that had no memory for it */
	OPERATIONS = 256,
};

int uring_check(const struct uring_plan *plan, unsigned features,
	const struct io_uring_probe *operations, char *why, size_t why_size)
{
	if (!(features & IORING_FEAT_NODROP)) {
		snprintf(why, why_size,
			"this kernel drops results when the completion queue is full "
			"(no IORING_FEAT_NODROP; Linux 5.5 has it)");
		return -EOPNOTSUPP;
	}
	if (plan->features & ~features) {
		snprintf(why, why_size,
			"this kernel lacks io_uring features %#x (Linux %s has them)",
			plan->features & ~features, plan->since);
		return -EOPNOTSUPP;
	}
	for (size_t i = 0; i < plan->needs_count; i++)
		if (!io_uring_opcode_supported(operations, plan->needs[i].opcode)) {
			snprintf(why, why_size,
				"this kernel has no IORING_OP_%s (Linux %s has it)",
				plan->needs[i].name, plan->needs[i].since);
			return -EOPNOTSUPP;
		}
	return 0;
}

/* Asks the kernel which operations this ring takes. 0 or -errno, with why. */
static int check_ring(
	struct uring *uring, const struct uring_plan *plan, char *why, size_t why_size)
{
	struct io_uring_probe *operations = calloc(
		1, sizeof(*operations) + OPERATIONS * sizeof(struct io_uring_probe_op));
	int error = -ENOMEM;

	if (operations) {
		calls_count(uring->calls, CALL_io_uring_register);
		error = io_uring_register_probe(&uring->ring, operations, OPERATIONS);
	}
	if (error < 0)
		snprintf(why, why_size, "io_uring_register: %s", strerror(-error));
	else
		error = uring_check(
			plan, uring->ring.features, operations, why, why_size);
	free(operations);
	return error;
}

/* The error of a call that made no ring, with what one can do about it. */
static int explain(int error, const struct uring_plan *plan, char *why, size_t why_size)
{
	const char *advice =
		error == -ENOSYS   ? " (this kernel or container has no io_uring)"
		: error == -EPERM  ? " (forbidden by the container's profile or by "
				     "sysctl kernel.io_uring_disabled)"
		: error == -ENOMEM ? " (raise RLIMIT_MEMLOCK: ulimit -l)"
				   : "";

	if (error == -EINVAL)
		snprintf(why, why_size,
			"io_uring_setup: this kernel does not know the flags %s "
			"(Linux %s does)",
			plan->setups[0].modes, plan->since);
	else
		snprintf(why, why_size, "io_uring_setup: %s%s", strerror(-error), advice);
	return error;
}

/* The only core that this thread may use, or -1. */
static int only_cpu(void)
{
	cpu_set_t cpus;
	int only = -1;

	if (sched_getaffinity(0, sizeof(cpus), &cpus) < 0 || CPU_COUNT(&cpus) != 1)
		return -1;
	for (size_t cpu = 0; cpu < CPU_SETSIZE && only < 0; cpu++)
		if (CPU_ISSET(cpu, &cpus))
			only = (int)cpu;
	return only;
}

/*
 * The thread of IORING_SETUP_SQPOLL is part of the server: where that must stay on one
 * core, so must its thread, which would go to any other if it were not told.
 */
static void set_sq_thread(struct io_uring_params *params, const struct uring_setup *setup)
{
	int cpu = only_cpu();

	params->sq_thread_idle = setup->sq_idle_ms;
	if (cpu < 0)
		return;
	params->flags |= IORING_SETUP_SQ_AFF;
	params->sq_thread_cpu = (unsigned)cpu;
}

static int try_setup(struct uring *uring, const struct uring_queues *queues)
{
	struct io_uring_params params = {
		.flags = uring->setup->flags | IORING_SETUP_CQSIZE,
		.cq_entries = queues->completion,
	};

	if (params.flags & IORING_SETUP_SQPOLL)
		set_sq_thread(&params, uring->setup);
	calls_count(uring->calls, CALL_io_uring_setup);
	return io_uring_queue_init_params(queues->submission, &uring->ring, &params);
}

static int register_ring_fd(struct uring *uring, char *why, size_t why_size)
{
	calls_count(uring->calls, CALL_io_uring_register);
	int registered = io_uring_register_ring_fd(&uring->ring);

	uring->ring_fd_registered = registered >= 0;
	if (registered >= 0)
		return 0;
	snprintf(why, why_size,
		"io_uring_register: the ring's descriptor: %s (Linux 5.18 can)",
		strerror(-registered));
	return registered;
}

int uring_open(struct uring *uring, const struct uring_plan *plan,
	const struct uring_queues *queues, struct calls *calls, char *why,
	size_t why_size)
{
	int error = -EINVAL;

	*uring = (struct uring){.calls = calls};
	for (size_t i = 0; error == -EINVAL && i < plan->setups_count; i++) {
		uring->setup = &plan->setups[i];
		error = try_setup(uring, queues);
	}
	if (error < 0)
		return explain(error, plan, why, why_size);
	error = check_ring(uring, plan, why, why_size);
	if (error == 0 && plan->registers_ring_fd)
		error = register_ring_fd(uring, why, why_size);
	if (error < 0)
		uring_close(uring);
	return error;
}

void uring_close(struct uring *uring)
{
	io_uring_queue_exit(&uring->ring);
}

void uring_rest(struct uring *uring)
{
	calls_count(uring->calls, CALL_poll);
	poll(NULL, 0, REST_MS);
}

/* Makes what is queued visible to the kernel; liburing has it only as part of a call. */
static void publish(struct io_uring_sq *sq)
{
	unsigned mask = *sq->kring_mask;

	for (; sq->sqe_head != sq->sqe_tail; sq->sqe_head++)
		sq->array[sq->sqe_head & mask] = sq->sqe_head & mask;
	__atomic_store_n(sq->ktail, sq->sqe_tail, __ATOMIC_SEQ_CST);
}

/*
 * With IORING_SETUP_SQPOLL a call is made only if it must: to wait for what is not there
 * yet, to wake the thread, or to fetch results that did not fit. liburing decides that
 * inside io_uring_submit(3), where it cannot be counted.
 */
static int enter_sqpoll(struct uring *uring, unsigned wait_for)
{
	struct io_uring *ring = &uring->ring;
	unsigned flags = 0;

	publish(&ring->sq);
	/* after publish(), for all to see: io_uring_setup(2), IORING_SETUP_SQPOLL */
	unsigned state = __atomic_load_n(ring->sq.kflags, __ATOMIC_SEQ_CST);

	if (state & IORING_SQ_NEED_WAKEUP)
		flags |= IORING_ENTER_SQ_WAKEUP;
	if (state & IORING_SQ_CQ_OVERFLOW || wait_for > io_uring_cq_ready(ring))
		flags |= IORING_ENTER_GETEVENTS;
	if (flags == 0)
		return 0;
	calls_count(uring->calls, CALL_io_uring_enter);
	return io_uring_enter((unsigned)ring->enter_ring_fd, 0, wait_for,
		flags | (uring->ring_fd_registered ? IORING_ENTER_REGISTERED_RING : 0),
		NULL);
}

static int enter(struct uring *uring, unsigned wait_for)
{
	if (uring->setup->flags & IORING_SETUP_SQPOLL)
		return enter_sqpoll(uring, wait_for);
	calls_count(uring->calls, CALL_io_uring_enter);
	return io_uring_submit_and_wait(&uring->ring, wait_for);
}

int uring_probe(const struct uring_plan *plan, const struct uring_queues *queues,
	char *why, size_t why_size)
{
	struct calls uncounted = {0};
	struct uring uring;
	int error = uring_open(&uring, plan, queues, &uncounted, why, why_size);

	if (error < 0)
		return error;
	io_uring_prep_nop(io_uring_get_sqe(&uring.ring));
	int submitted = enter(&uring, 1);

	if (submitted < 0)
		snprintf(why, why_size, "io_uring_enter: %s", strerror(-submitted));
	uring_close(&uring);
	return submitted < 0 ? submitted : 0;
}

int uring_enter(struct uring *uring, unsigned wait_for)
{
	int submitted = enter(uring, wait_for);

	switch (submitted) {
	case -EINTR: /* a signal, or SIGCONT */
		return 0;
	case -EAGAIN: /* no memory, or results to be taken first: the queue is kept */
	case -EBUSY:
		if (io_uring_cq_ready(&uring->ring) == 0)
			uring_rest(uring);
		return 0;
	default: /* e.g. -EBADR: out of memory the kernel lost a result, nobody knows
		    whose */
		return submitted < 0 ? submitted : 0;
	}
}

void uring_count_overflow(struct uring *uring)
{
	if (io_uring_cq_has_overflow(&uring->ring))
		calls_add(&uring->calls->cq_overflows, 1);
}

int uring_clear_nonblocking(struct calls *calls, int fd)
{
	calls_add(&calls->count[CALL_fcntl], 2);
	int flags = fcntl(fd, F_GETFL);

	return flags < 0 || fcntl(fd, F_SETFL, flags & ~O_NONBLOCK) < 0 ? -errno : 0;
}
