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
 * 4 calls an echo (wait, recv, send, recv) where level-triggered needs 3.
 *
 * epoll-et:drain=short-read stops where a read came short instead, as epoll(7), Q9,
 * allows and libevent's, nginx's and many other loops do: 3 calls. But a read is also
 * short for what stands behind the bytes. A FIN that was there when the wait looked has
 * had its edge, and no other will come: who stops before it never closes. Reads end at an
 * urgent mark, with bytes behind it. So both are asked for (EPOLLRDHUP, EPOLLPRI), and
 * with them, or a hang-up, or an error, READY_MORE is told: the loop reads on to EAGAIN.
 * What comes after the wait looked has an edge of its own.
 *
 * epoll_pwait2(2) (Linux 5.11) takes its timeout in nanoseconds. That helps who has
 * something to do in less than a millisecond, as the load generator's open loop has
 * (loadgen/wait.c). This loop has not: its waits are for ever, but for a listener that
 * rests (100 ms) and looks at the end (10 ms). So it is used only on demand, as the
 * variant wait=epoll_pwait2, for who wants to see what it costs: that is all its waits.
 *
 * wait_bytes: 12 bytes a ready descriptor out, whatever is watched.
 */
#include "backends/backend.h"
#include "common/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

enum {
	WRITABLE = EPOLLOUT | EPOLLHUP | EPOLLERR, /* the last two come unasked */
	BEHIND = EPOLLRDHUP | EPOLLPRI, /* of the bytes: what makes a short read not the
					   last */
	MORE = BEHIND | EPOLLHUP | EPOLLERR,
	EDGE = (int)EPOLLET | BEHIND,
};

struct epoll_state {
	struct calls *calls;
	int epoll_fd;
	uint32_t mode; /* 0 or EDGE */
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
	return epoll_open(state, batch_max, calls, (uint32_t)EDGE);
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

/* How many events the wait brought; out is what they say. */
static int take_events(struct epoll_state *s, int count, struct ready *out)
{
	calls_add(&s->calls->wait_bytes, (uint64_t)count * sizeof(struct epoll_event));
	for (int i = 0; i < count; i++) {
		uint32_t events = s->events[i].events;

		out[i] = (struct ready){
			.fd = s->events[i].data.fd,
			.events = (events & ~(uint32_t)EPOLLOUT ? READY_READ : 0U) |
				  (events & WRITABLE ? READY_WRITE : 0U) |
				  (events & MORE ? READY_MORE : 0U),
		};
	}
	return count;
}

static int epoll_poller_wait(void *state, struct ready *out, int timeout_ms)
{
	struct epoll_state *s = state;

	calls_count(s->calls, CALL_epoll_wait);
	int count = epoll_wait(s->epoll_fd, s->events, s->batch_max, timeout_ms);

	return count < 0 ? -errno : take_events(s, count, out);
}

static int epoll_poller_pwait2(void *state, struct ready *out, int timeout_ms)
{
	struct epoll_state *s = state;
	struct timespec timeout = {
		.tv_sec = timeout_ms / 1000,
		.tv_nsec = timeout_ms % 1000 * (long)NS_PER_MS,
	};

	calls_count(s->calls, CALL_epoll_pwait2);
	int count = epoll_pwait2(s->epoll_fd, s->events, s->batch_max,
		timeout_ms < 0 ? NULL : &timeout, NULL);

	return count < 0 ? -errno : take_events(s, count, out);
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

static const struct poller_ops epoll_lt_pwait2_ops = {
	.open = epoll_lt_open,
	.watch = epoll_watch,
	.wait = epoll_poller_pwait2,
	.close = epoll_close,
};

static const struct poller_ops epoll_et_pwait2_ops = {
	.open = epoll_et_open,
	.watch = epoll_watch,
	.wait = epoll_poller_pwait2,
	.close = epoll_close,
};

/* Asked with a descriptor that is none: EBADF comes from a kernel that has the call. */
static int epoll_pwait2_probe(char *why, size_t why_size)
{
	struct epoll_event event;

	if (epoll_pwait2(-1, &event, 1, NULL, NULL) < 0 && errno == EBADF)
		return 0;
	int error = -errno;

	snprintf(why, why_size, "epoll_pwait2: %s%s", strerror(-error),
		error == -ENOSYS ? " (Linux 5.11 has it)" : "");
	return error;
}

static const struct backend epoll_lt_pwait2 = {
	.abi = BACKEND_ABI,
	.name = "epoll-lt",
	.summary = "epoll(7) level-triggered, waiting by epoll_pwait2(2)",
	.flags = BACKEND_CLOSE_FORGETS,
	.probe = epoll_pwait2_probe,
	.run = readiness_run,
	.poller = &epoll_lt_pwait2_ops,
};

static const struct backend epoll_et_pwait2 = {
	.abi = BACKEND_ABI,
	.name = "epoll-et",
	.summary = "epoll(7) edge-triggered, waiting by epoll_pwait2(2)",
	.flags = BACKEND_EDGE | BACKEND_CLOSE_FORGETS | BACKEND_TELLS_MORE,
	.probe = epoll_pwait2_probe,
	.run = readiness_run,
	.poller = &epoll_et_pwait2_ops,
};

static const struct backend_variant epoll_lt_variants[] = {
	{"wait=epoll_pwait2", &epoll_lt_pwait2},
	{NULL, NULL},
};

static const struct backend_variant epoll_et_variants[] = {
	{"wait=epoll_pwait2", &epoll_et_pwait2},
	{NULL, NULL},
};

const struct backend backend_epoll_lt = {
	.abi = BACKEND_ABI,
	.name = "epoll-lt",
	.summary = "epoll(7) level-triggered: a wait brings only what is ready",
	.flags = BACKEND_CLOSE_FORGETS,
	.run = readiness_run,
	.poller = &epoll_lt_ops,
	.variants = epoll_lt_variants,
};

const struct backend backend_epoll_et = {
	.abi = BACKEND_ABI,
	.name = "epoll-et",
	.summary = "epoll(7) edge-triggered: reports arrivals once, so drain",
	.flags = BACKEND_EDGE | BACKEND_CLOSE_FORGETS | BACKEND_TELLS_MORE,
	.run = readiness_run,
	.poller = &epoll_et_ops,
	.variants = epoll_et_variants,
};
