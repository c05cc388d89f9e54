/*
 * select.c - select(2): a bit per descriptor goes in on every call, and comes back
 * changed.
 *
 * The oldest of all (4.2BSD, 1983), and portable to everything. The sets are overwritten
 * by each call, so a copy of the interest goes in; the kernel looks at every descriptor
 * below the highest one, and so does the loop that reads the answer. An fd_set of the C
 * library ends at FD_SETSIZE (1024): FD_SET() of a larger number writes past its end, so
 * the server refuses such connections. That limit is the library's: see select_wide.c.
 *
 * wait_bytes: two sets in, two sets out, in whole longs up to the highest descriptor.
 */
#include "backends/backend.h"

#include <stdlib.h>
#include <sys/select.h>

struct select_state {
	struct calls *calls;
	fd_set read_interest;
	fd_set write_interest;
	int fds_top; /* one more than the highest descriptor in either set */
	int cursor;  /* where the next scan starts: after a full batch, others come first
		      */
	int batch_max;
};

static int select_open(void **state, int fds_max, int batch_max, struct calls *calls)
{
	struct select_state *s = calloc(1, sizeof(*s));

	(void)fds_max;
	if (!s)
		return -ENOMEM;
	s->calls = calls;
	s->batch_max = batch_max;
	FD_ZERO(&s->read_interest);
	FD_ZERO(&s->write_interest);
	*state = s;
	return 0;
}

static void set_bit(fd_set *set, int fd, unsigned on)
{
	if (on)
		FD_SET(fd, set);
	else
		FD_CLR(fd, set);
}

static int select_watch(void *state, int fd, unsigned was, unsigned want)
{
	struct select_state *s = state;

	(void)was;
	if (fd >= FD_SETSIZE)
		return -EMFILE;
	set_bit(&s->read_interest, fd, want & READY_READ);
	set_bit(&s->write_interest, fd, want & READY_WRITE);
	if (want && fd >= s->fds_top)
		s->fds_top = fd + 1;
	while (s->fds_top > 0 && !FD_ISSET(s->fds_top - 1, &s->read_interest) &&
		!FD_ISSET(s->fds_top - 1, &s->write_interest))
		s->fds_top--;
	return 0;
}

static int select_wait(void *state, struct ready *out, int timeout_ms)
{
	struct select_state *s = state;
	fd_set readable = s->read_interest, writable = s->write_interest;
	struct timeval timeout = {timeout_ms / 1000, timeout_ms % 1000 * 1000};
	int count = 0;

	calls_count(s->calls, CALL_pselect6);
	int left = select(
		s->fds_top, &readable, &writable, NULL, timeout_ms < 0 ? NULL : &timeout);
	if (left < 0)
		return -errno; /* the sets are undefined now */
	calls_add(&s->calls->wait_bytes, (uint64_t)(s->fds_top + 63) / 64 * 8 * 4);

	int fd = s->cursor < s->fds_top ? s->cursor : 0;
	for (int seen = 0; left > 0 && seen < s->fds_top && count < s->batch_max;
		seen++) {
		unsigned events = (FD_ISSET(fd, &readable) ? READY_READ : 0U) |
				  (FD_ISSET(fd, &writable) ? READY_WRITE : 0U);

		if (events) {
			out[count++] = (struct ready){fd, events};
			left -= (events & READY_READ ? 1 : 0) +
				(events & READY_WRITE ? 1 : 0);
		}
		fd = fd + 1 < s->fds_top ? fd + 1 : 0;
	}
	s->cursor = left > 0 ? fd : 0;
	return count;
}

static void select_close(void *state)
{
	free(state);
}

static const struct poller_ops select_ops = {
	.open = select_open,
	.watch = select_watch,
	.wait = select_wait,
	.close = select_close,
};

const struct backend backend_select = {
	.abi = BACKEND_ABI,
	.name = "select",
	.summary = "select(2) with the C library's fd_set: at most 1024 descriptors",
	.fds_limit = FD_SETSIZE,
	.run = readiness_run,
	.poller = &select_ops,
};
