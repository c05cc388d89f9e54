/*
 * epoll.c - epoll(7): the interest list lives in the kernel, a wait brings only what is
 * ready.
 *
 * A descriptor is told to the kernel once (epoll_ctl); from then on its wait queue puts
 * it on a ready list when something happens, and epoll_wait hands that list out. So a
 * wait costs what is ready, not what is watched.
 *
 * epoll-lt, level-triggered: what is still ready is reported again by the next wait.
 * epoll-et, edge-triggered: only a new arrival is reported, so the loop drains each
 * descriptor until recv says EAGAIN, the rule of epoll(7). That last recv finds nothing:
 * 4 calls an echo (wait, recv, send, recv) where level-triggered needs 3. epoll(7) allows
 * to stop at a short read instead; we do not, for then a FIN or an urgent mark that came
 * with the data must be looked for in the events, and nothing may ever shorten a read.
 *
 * wait_bytes: 12 bytes a ready descriptor out, whatever is watched.
 */
#include "backends/backend.h"

#include <stdlib.h>
#include <sys/epoll.h>

enum { WRITABLE = EPOLLOUT | EPOLLHUP | EPOLLERR }; /* the last two come unasked */

struct epoll_state {
	struct calls *calls;
	int epoll_fd;
	uint32_t mode; /* 0 or EPOLLET */
	int batch_max;
	struct epoll_event events[]; /* batch_max of them */
};

static int epoll_open(void **state, int batch_max, struct calls *calls, uint32_t mode)
{
	struct epoll_state *s =
		calloc(1, sizeof(*s) + (size_t)batch_max * sizeof(struct epoll_event));

	if (!s)
		return -ENOMEM;
	calls_count(calls, CALL_epoll_create1);
	*s = (struct epoll_state){
		.calls = calls,
		.epoll_fd = epoll_create1(EPOLL_CLOEXEC),
		.mode = mode,
		.batch_max = batch_max,
	};
	if (s->epoll_fd < 0) {
		int error = -errno;

		free(s);
		return error;
	}
	*state = s;
	return 0;
}

static int epoll_lt_open(void **state, int fds_max, int batch_max, struct calls *calls)
{
	(void)fds_max;
	return epoll_open(state, batch_max, calls, 0);
}

static int epoll_et_open(void **state, int fds_max, int batch_max, struct calls *calls)
{
	(void)fds_max;
	return epoll_open(state, batch_max, calls, EPOLLET);
}

static int epoll_watch(void *state, int fd, unsigned was, unsigned want)
{
	struct epoll_state *s = state;
	struct epoll_event event = {
		.events = (want & READY_READ ? (uint32_t)EPOLLIN : 0) |
			  (want & READY_WRITE ? (uint32_t)EPOLLOUT : 0) | s->mode,
		.data.fd = fd,
	};
	int operation = was == 0    ? EPOLL_CTL_ADD
			: want == 0 ? EPOLL_CTL_DEL
				    : EPOLL_CTL_MOD;

	calls_count(s->calls, CALL_epoll_ctl);
	return epoll_ctl(s->epoll_fd, operation, fd, &event) < 0 ? -errno : 0;
}

static int epoll_poller_wait(void *state, struct ready *out, int timeout_ms)
{
	struct epoll_state *s = state;

	calls_count(s->calls, CALL_epoll_wait);
	int count = epoll_wait(s->epoll_fd, s->events, s->batch_max, timeout_ms);
	if (count < 0)
		return -errno;
	calls_add(&s->calls->wait_bytes, (uint64_t)count * sizeof(struct epoll_event));

	for (int i = 0; i < count; i++) {
		uint32_t events = s->events[i].events;

		out[i] = (struct ready){
			.fd = s->events[i].data.fd,
			.events = (events & ~(uint32_t)EPOLLOUT ? READY_READ : 0U) |
				  (events & WRITABLE ? READY_WRITE : 0U),
		};
	}
	return count;
}

static void epoll_close(void *state)
{
	struct epoll_state *s = state;

	calls_close(s->calls, s->epoll_fd);
	free(s);
}

static const struct poller_ops epoll_lt_ops = {
	.open = epoll_lt_open,
	.watch = epoll_watch,
	.wait = epoll_poller_wait,
	.close = epoll_close,
};

static const struct poller_ops epoll_et_ops = {
	.open = epoll_et_open,
	.watch = epoll_watch,
	.wait = epoll_poller_wait,
	.close = epoll_close,
};

const struct backend backend_epoll_lt = {
	.abi = BACKEND_ABI,
	.name = "epoll-lt",
	.summary = "epoll(7) level-triggered: a wait brings only what is ready",
	.flags = BACKEND_CLOSE_FORGETS,
	.run = readiness_run,
	.poller = &epoll_lt_ops,
};

const struct backend backend_epoll_et = {
	.abi = BACKEND_ABI,
	.name = "epoll-et",
	.summary = "epoll(7) edge-triggered: reports arrivals once, drained until EAGAIN",
	.flags = BACKEND_EDGE | BACKEND_CLOSE_FORGETS,
	.run = readiness_run,
	.poller = &epoll_et_ops,
};
