/*
 * poll.c - poll(2): one array entry per watched descriptor goes in on every call.
 *
 * No limit on numbers and no copy to make, for the answer has a field of its own beside
 * the question. But the whole array crosses into the kernel at each call, which visits
 * every entry, and the program must search the array for what came back.
 *
 * POLLHUP and POLLERR come unasked, and recv or send says what it was.
 *
 * wait_bytes: 8 bytes an entry in, its 2 bytes of revents out.
 */
#include "backends/backend.h"

#include <poll.h>
#include <stdlib.h>

enum { WRITABLE = POLLOUT | POLLHUP | POLLERR };

struct poll_state {
	struct calls *calls;
	struct pollfd *entries; /* dense: what the kernel is given */
	int *index_of;          /* by descriptor: its place in entries */
	int count;
	int cursor; /* where the next scan starts: after a full batch, others come first
		     */
	int batch_max;
};

static void poll_close(void *state)
{
	struct poll_state *s = state;

	free(s->entries);
	free(s->index_of);
	free(s);
}

static int poll_open(void **state, int fds_max, int batch_max, struct calls *calls)
{
	struct poll_state *s = calloc(1, sizeof(*s));

	if (!s)
		return -ENOMEM;
	s->calls = calls;
	s->batch_max = batch_max;
	s->entries = calloc((size_t)fds_max, sizeof(*s->entries));
	s->index_of = calloc((size_t)fds_max, sizeof(*s->index_of));
	if (!s->entries || !s->index_of) {
		poll_close(s);
		return -ENOMEM;
	}
	*state = s;
	return 0;
}

static int poll_watch(void *state, int fd, unsigned was, unsigned want)
{
	struct poll_state *s = state;

	if (was == 0)
		s->index_of[fd] = s->count++;
	struct pollfd *entry = &s->entries[s->index_of[fd]];

	if (want == 0) { /* the last entry moves into the hole */
		*entry = s->entries[--s->count];
		s->index_of[entry->fd] = s->index_of[fd];
		return 0;
	}
	*entry = (struct pollfd){
		.fd = fd,
		.events = (short)((want & READY_READ ? POLLIN : 0) |
				  (want & READY_WRITE ? POLLOUT : 0)),
	};
	return 0;
}

static int poll_wait(void *state, struct ready *out, int timeout_ms)
{
	struct poll_state *s = state;
	int count = 0;

	calls_count(s->calls, CALL_poll);
	int left = poll(s->entries, (nfds_t)s->count, timeout_ms);
	if (left < 0)
		return -errno;
	calls_add(&s->calls->wait_bytes,
		(uint64_t)s->count * (sizeof(struct pollfd) + sizeof(short)));

	int i = s->cursor < s->count ? s->cursor : 0;
	for (int seen = 0; left > 0 && seen < s->count && count < s->batch_max; seen++) {
		short revents = s->entries[i].revents;

		if (revents) {
			out[count++] = (struct ready){
				.fd = s->entries[i].fd,
				.events = (revents & ~POLLOUT ? READY_READ : 0U) |
					  (revents & WRITABLE ? READY_WRITE : 0U),
			};
			left--;
		}
		i = i + 1 < s->count ? i + 1 : 0;
	}
	s->cursor = left > 0 ? i : 0;
	return count;
}

static const struct poller_ops poll_ops = {
	.open = poll_open,
	.watch = poll_watch,
	.wait = poll_wait,
	.close = poll_close,
};

const struct backend backend_poll = {
	.abi = BACKEND_ABI,
	.name = "poll",
	.summary = "poll(2): an array of all descriptors goes in on every call",
	.run = readiness_run,
	.poller = &poll_ops,
};
