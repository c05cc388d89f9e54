/*
 * io_uring_poll.c - io_uring(7) as a poller: it tells who is ready, and recv(2) and
 * send(2) do the work.
 *
 * That is how a program written for epoll is moved to a ring with the least change, as
 * libev and others did, and it gives away what a ring is good for: the wait is a call as
 * before, and so is every read and write. It is here to show what that costs.
 *
 * A descriptor is told to the kernel once, by a multishot POLL_ADD (Linux 5.13): each
 * arrival then posts a result, until the kernel says by a missing IORING_CQE_F_MORE that
 * it was the last. Nothing is posted for what stays ready, so this is an edge-triggered
 * poller, and the loop drains until EAGAIN: 4 calls an echo, as with epoll-et. It does
 * not tell READY_MORE: a result carries the bits of the wake-up that caused it, and TCP
 * wakes for plain bytes with the bit of urgent ones.
 *
 * Polls are asked for and cancelled by entries of the submission queue, which the next
 * wait hands in: a change of interest costs no call. To ask again, or for something else,
 * the poll is cancelled and another is added, which looks at once whether the descriptor
 * is ready. Results on their way from the old one are known by their generation, and so
 * are those of a descriptor number that was closed and given out again. A poll that is
 * under way holds its socket open, so close(2) alone ends no watch, nor the connection.
 *
 * What the kernel has told waits in a queue of ours, a descriptor at most once: so a
 * batch can be small, nobody is told twice in one wait, and the completion queue is
 * always emptied. Results that find that full wait in the kernel; a multishot poll ends
 * then, and is asked for again. Nothing is lost, for the new one looks.
 *
 * A wait with a timeout adds a TIMEOUT operation, and takes it back if it was not needed.
 *
 * wait_bytes: 64 bytes in for an operation, 16 out for a result.
 */
#include "backends/backend.h"
#include "backends/uring.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>

enum { WRITABLE = POLLOUT | POLLHUP | POLLERR }; /* the last two come unasked */

/* OP_UNHEARD: of what only says that it has failed, and is known by other results. */
enum operation { OP_POLL, OP_TIMEOUT, OP_UNHEARD };

struct descriptor {
	uint32_t generation; /* raised whenever a poll of it is given up */
	uint8_t want;        /* READY_READ, READY_WRITE; 0: not watched */
	uint8_t ready;       /* told by the kernel, and by us not yet */
	bool armed;          /* its poll is under way */
	bool queued;         /* it is in the queue, to be told or to be armed again */
};

struct uring_poll_state {
	struct uring uring;
	struct calls *calls;
	int fds_max;
	int batch_max;
	struct descriptor *descriptors; /* by number, fds_max of them */
	int *queue;                     /* a ring of fds_max places */
	int queue_first, queue_count;
	uint32_t timer; /* generation of the last timeout */
	bool timer_runs;
	struct __kernel_timespec timeout; /* read when the operation is handed in */
};

static const struct uring_setup setups[] = {
	{.flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN,
		.modes = "POLL_MULTISHOT SINGLE_ISSUER DEFER_TASKRUN"}, /* 6.1 */
	{.flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_COOP_TASKRUN,
		.modes = "POLL_MULTISHOT SINGLE_ISSUER COOP_TASKRUN"}, /* 6.0 */
	{.flags = IORING_SETUP_COOP_TASKRUN,
		.modes = "POLL_MULTISHOT COOP_TASKRUN"}, /* 5.19 */
	{.flags = 0, .modes = "POLL_MULTISHOT"},
};

static const struct uring_need needs[] = {
	{IORING_OP_POLL_ADD, "POLL_ADD", "5.1"},
	{IORING_OP_TIMEOUT, "TIMEOUT", "5.4"},
	{IORING_OP_ASYNC_CANCEL, "ASYNC_CANCEL", "5.5"},
	{IORING_OP_TIMEOUT_REMOVE, "TIMEOUT_REMOVE", "5.5"},
};

static const struct uring_plan plan = {
	.setups = setups,
	.setups_count = sizeof(setups) / sizeof(*setups),
	.needs = needs,
	.needs_count = sizeof(needs) / sizeof(*needs),
	.features = IORING_FEAT_CQE_SKIP, /* no results of what went well; 5.17 */
	.since = "5.17",
};

static const struct uring_queues default_queues = {.submission = 512, .completion = 8192};

static void enqueue(struct uring_poll_state *s, int fd)
{
	struct descriptor *descriptor = &s->descriptors[fd];

	if (descriptor->queued)
		return;
	descriptor->queued = true;
	s->queue[(s->queue_first + s->queue_count++) % s->fds_max] = fd;
}

static int dequeue(struct uring_poll_state *s)
{
	int fd = s->queue[s->queue_first];

	s->queue_first = (s->queue_first + 1) % s->fds_max;
	s->queue_count--;
	s->descriptors[fd].queued = false;
	return fd;
}

/* Of those that were asked for: the kernel tells hang-ups to everybody. */
static uint8_t ready_of(const struct descriptor *descriptor, unsigned events)
{
	unsigned ready = (events & ~(unsigned)POLLOUT ? READY_READ : 0U) |
			 (events & WRITABLE ? READY_WRITE : 0U);

	return (uint8_t)(ready & descriptor->want);
}

/*
 * A poll has something to say, or has ended: that of a full queue, of a file that went
 * wrong, of a kernel out of memory. It is armed again in its turn, and looks then.
 */
static void on_poll(struct uring_poll_state *s, const struct io_uring_cqe *cqe)
{
	int fd = uring_token_fd(cqe->user_data);
	struct descriptor *descriptor = &s->descriptors[fd];

	if (descriptor->want == 0 || (descriptor->generation & URING_GENERATION_MASK) !=
					     uring_token_generation(cqe->user_data))
		return;
	if (cqe->res > 0)
		descriptor->ready |= ready_of(descriptor, (unsigned)cqe->res);
	if (!(cqe->flags & IORING_CQE_F_MORE))
		descriptor->armed = false;
	if (cqe->res < 0 && cqe->res != -ECANCELED)
		uring_rest(&s->uring);
	if (descriptor->ready || !descriptor->armed)
		enqueue(s, fd);
}

/* All results there are go into the queue. */
static void take_results(struct uring_poll_state *s)
{
	struct io_uring_cqe *cqe;
	unsigned head, count = 0;

	uring_count_overflow(&s->uring);
	io_uring_for_each_cqe(&s->uring.ring, head, cqe)
	{
		unsigned operation = uring_token_operation(cqe->user_data);

		if (operation == OP_POLL)
			on_poll(s, cqe);
		else if (operation == OP_TIMEOUT &&
			 uring_token_generation(cqe->user_data) ==
				 (s->timer & URING_GENERATION_MASK))
			s->timer_runs = false;
		count++;
	}
	io_uring_cq_advance(&s->uring.ring, count);
	calls_add(&s->calls->wait_bytes, count * sizeof(*cqe));
}

/*
 * Hands in what is queued and takes what there is, without sleeping. A call always, for
 * DEFER_TASKRUN has results made in it: uring_enter(0) would leave it out at will.
 */
static int enter_at_once(struct uring_poll_state *s)
{
	calls_count(s->calls, CALL_io_uring_enter);
	int submitted = io_uring_submit_and_get_events(&s->uring.ring);

	if (submitted == -EAGAIN || submitted == -EBUSY)
		uring_rest(&s->uring);
	else if (submitted < 0 && submitted != -EINTR)
		return submitted;
	return 0;
}

static int enter(struct uring_poll_state *s, bool may_sleep)
{
	calls_add(&s->calls->wait_bytes,
		io_uring_sq_ready(&s->uring.ring) * sizeof(struct io_uring_sqe));
	int error = may_sleep ? uring_enter(&s->uring, 1) : enter_at_once(s);

	if (error == 0)
		take_results(s);
	return error;
}

/* Room for an operation; a full queue is handed in for it. 0 or -errno. */
static int get_sqe(struct uring_poll_state *s, struct io_uring_sqe **sqe)
{
	while (!(*sqe = io_uring_get_sqe(&s->uring.ring))) {
		int error = enter(s, false);

		if (error < 0)
			return error;
	}
	return 0;
}

static int arm(struct uring_poll_state *s, int fd)
{
	struct descriptor *descriptor = &s->descriptors[fd];
	struct io_uring_sqe *sqe;
	int error = get_sqe(s, &sqe);

	if (error < 0)
		return error;
	io_uring_prep_poll_multishot(sqe, fd,
		(descriptor->want & READY_READ ? POLLIN : 0U) |
			(descriptor->want & READY_WRITE ? POLLOUT : 0U));
	io_uring_sqe_set_data64(sqe, uring_token(OP_POLL, fd, descriptor->generation));
	descriptor->armed = true;
	return 0;
}

/*
 * What the poll has told or will tell is no news any more. ASYNC_CANCEL, and not
 * POLL_REMOVE: that one fails with EALREADY while a wake-up of the poll is still to be
 * worked off, as a FIN's is that was read before it was told. The poll would stay, and
 * the socket with it: its peer would wait for the end in vain.
 */
static int disarm(struct uring_poll_state *s, int fd)
{
	struct descriptor *descriptor = &s->descriptors[fd];
	uint64_t token = uring_token(OP_POLL, fd, descriptor->generation);
	struct io_uring_sqe *sqe = NULL;
	int error = descriptor->armed ? get_sqe(s, &sqe) : 0;

	if (error < 0)
		return error;
	if (sqe) {
		io_uring_prep_cancel64(sqe, token, 0);
		sqe->flags |= IOSQE_CQE_SKIP_SUCCESS;
		io_uring_sqe_set_data64(sqe, uring_token(OP_UNHEARD, 0, 0));
	}
	descriptor->generation++;
	descriptor->armed = false;
	descriptor->ready = 0;
	return 0;
}

static void uring_poll_close(void *state)
{
	struct uring_poll_state *s = state;

	/* The polls that were cancelled last hold their sockets open until then. */
	enter(s, false);
	uring_close(&s->uring);
	free(s->queue);
	free(s->descriptors);
	free(s);
}

static int open_with_queues(void **state, int fds_max, int batch_max, struct calls *calls,
	const struct uring_queues *queues)
{
	struct uring_poll_state *s = calloc(1, sizeof(*s));
	char why[256]; /* the probe has told it, if it was there to be told */
	int error = -ENOMEM;

	if (!s)
		return error;
	s->calls = calls;
	s->fds_max = fds_max;
	s->batch_max = batch_max;
	s->descriptors = calloc((size_t)fds_max, sizeof(*s->descriptors));
	s->queue = calloc((size_t)fds_max, sizeof(*s->queue));
	if (s->descriptors && s->queue)
		error = uring_open(&s->uring, &plan, queues, calls, why, sizeof(why));
	if (error < 0) {
		free(s->queue);
		free(s->descriptors);
		free(s);
		return error;
	}
	*state = s;
	return 0;
}

static int uring_poll_open(void **state, int fds_max, int batch_max, struct calls *calls)
{
	return open_with_queues(state, fds_max, batch_max, calls, &default_queues);
}

static int uring_poll_watch(void *state, int fd, unsigned was, unsigned want)
{
	struct uring_poll_state *s = state;
	int error = was != 0 ? disarm(s, fd) : 0;

	if (error < 0)
		return error;
	s->descriptors[fd].want = (uint8_t)want;
	return want != 0 ? arm(s, fd) : 0;
}

static int start_timer(struct uring_poll_state *s, int timeout_ms)
{
	struct io_uring_sqe *sqe;
	int error = get_sqe(s, &sqe);

	if (error < 0)
		return error;
	s->timeout = uring_timespec(timeout_ms);
	s->timer_runs = true;
	io_uring_prep_timeout(sqe, &s->timeout, 0, 0);
	io_uring_sqe_set_data64(sqe, uring_token(OP_TIMEOUT, 0, ++s->timer));
	return 0;
}

static int stop_timer(struct uring_poll_state *s)
{
	struct io_uring_sqe *sqe;
	int error = get_sqe(s, &sqe);

	if (error < 0)
		return error;
	s->timer_runs = false;
	io_uring_prep_timeout_remove(sqe, uring_token(OP_TIMEOUT, 0, s->timer), 0);
	sqe->flags |= IOSQE_CQE_SKIP_SUCCESS;
	io_uring_sqe_set_data64(sqe, uring_token(OP_UNHEARD, 0, 0));
	return 0;
}

/* Tells who is next in the queue, a batch at most. How many, or -errno. */
static int tell(struct uring_poll_state *s, struct ready *out)
{
	int count = 0;

	/* who is queued meanwhile, for the submission queue was full, comes as well */
	while (s->queue_count > 0 && count < s->batch_max) {
		int fd = dequeue(s);
		struct descriptor *descriptor = &s->descriptors[fd];
		unsigned ready = descriptor->ready;

		descriptor->ready = 0;
		if (descriptor->want != 0 && !descriptor->armed) {
			int error = arm(s, fd);

			if (error < 0)
				return error;
		}
		if (ready)
			out[count++] = (struct ready){.fd = fd, .events = ready};
	}
	return count;
}

/* One call if something is ready, and that is told; results of what has been given up
 * are no reason to come back. */
static int uring_poll_wait(void *state, struct ready *out, int timeout_ms)
{
	struct uring_poll_state *s = state;
	bool has_timer = false;
	int error = 0, count = 0;

	while (error == 0) {
		if (timeout_ms > 0 && !has_timer && s->queue_count == 0) {
			error = start_timer(s, timeout_ms);
			has_timer = true;
		}
		if (error == 0)
			error = enter(s, timeout_ms != 0 && s->queue_count == 0);
		if (error == 0)
			count = tell(s, out);
		if (count != 0 || timeout_ms == 0 || (has_timer && !s->timer_runs))
			break;
	}
	if (error == 0 && s->timer_runs)
		error = stop_timer(s);
	return error < 0 ? error : count;
}

static const char *uring_poll_modes(void *state)
{
	const struct uring_poll_state *s = state;

	return s->uring.setup->modes;
}

static const struct poller_ops uring_poll_ops = {
	.open = uring_poll_open,
	.watch = uring_poll_watch,
	.wait = uring_poll_wait,
	.close = uring_poll_close,
	.modes = uring_poll_modes,
};

/* Does a poll go on after its first result? Tried with a counter that grows twice. */
static int try_multishot(struct uring_poll_state *s, int event_fd)
{
	struct ready ready;
	int error = uring_poll_watch(s, event_fd, 0, READY_READ);

	for (int i = 0; i < 2 && error == 0; i++) {
		if (eventfd_write(event_fd, 1) < 0)
			return -errno;
		int count = uring_poll_wait(s, &ready, 1000);

		error = count < 0 ? count : count == 1 ? 0 : -EOPNOTSUPP;
	}
	return error == 0 && !s->descriptors[event_fd].armed ? -EOPNOTSUPP : error;
}

static int uring_poll_probe(char *why, size_t why_size)
{
	struct calls uncounted = {0};
	void *state;
	int error = uring_probe(&plan, &default_queues, why, why_size);

	if (error < 0)
		return error;
	int event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);

	error = event_fd < 0 ? -errno
			     : uring_poll_open(&state, event_fd + 1, 1, &uncounted);
	if (error == 0) {
		error = try_multishot(state, event_fd);
		uring_poll_close(state);
	}
	if (event_fd >= 0)
		close(event_fd);
	if (error < 0)
		snprintf(why, why_size, "multishot IORING_OP_POLL_ADD: %s",
			strerror(-error));
	return error;
}

const struct backend backend_io_uring_poll = {
	.abi = BACKEND_ABI,
	.name = "io_uring-poll",
	.summary = "io_uring(7) as a poller: multishot POLL_ADD, then recv and send",
	.flags = BACKEND_EDGE | BACKEND_COMPLETIONS | BACKEND_VARIANT | BACKEND_DEFERS,
	.probe = uring_poll_probe,
	.run = readiness_run,
	.poller = &uring_poll_ops,
};
