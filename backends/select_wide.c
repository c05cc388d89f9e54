/*
 * select_wide.c - select(2) with bitmaps of our own: any number of descriptors.
 *
 * The kernel has no FD_SETSIZE: it reads as many bits as its first argument says
 * (select(2), "BUGS", says so of the C library's type). So select need not stop at 1024;
 * only its cost grows: every call copies, and the kernel visits, every bit.
 *
 * This file is also the plug-in example: built as build/select_wide.so with
 * -DMUXBENCH_PLUGIN it exports one symbol, and `--backend build/select_wide.so` loads it.
 * Copy it to begin a backend of your own.
 *
 * wait_bytes: two sets in, two sets out, in whole longs up to the highest descriptor.
 */
#include "backends/backend.h"

#include <stdlib.h>
#include <string.h>
#include <sys/select.h>

enum { WORD_BITS = 64 };

struct wide_state {
	struct calls *calls;
	uint64_t *bits; /* four sets, one allocation; the pointers below point into it */
	uint64_t *read_interest, *write_interest;
	uint64_t *readable, *writable;
	int fds_top; /* one more than the highest descriptor in either set */
	int cursor;  /* the descriptor where the next scan starts */
	int batch_max;
};

static int wide_open(void **state, int fds_max, int batch_max, struct calls *calls)
{
	struct wide_state *s = calloc(1, sizeof(*s));
	size_t words = ((size_t)fds_max + WORD_BITS - 1) / WORD_BITS;

	if (!s)
		return -ENOMEM;
	s->bits = calloc(4 * words, sizeof(*s->bits));
	if (!s->bits) {
		free(s);
		return -ENOMEM;
	}
	s->calls = calls;
	s->batch_max = batch_max;
	s->read_interest = s->bits;
	s->write_interest = s->bits + words;
	s->readable = s->bits + 2 * words;
	s->writable = s->bits + 3 * words;
	*state = s;
	return 0;
}

static void set_bit(uint64_t *set, int fd, unsigned on)
{
	uint64_t bit = 1ULL << (fd % WORD_BITS);

	if (on)
		set[fd / WORD_BITS] |= bit;
	else
		set[fd / WORD_BITS] &= ~bit;
}

static bool has_bit(const uint64_t *set, int fd)
{
	return set[fd / WORD_BITS] >> (fd % WORD_BITS) & 1;
}

static int wide_watch(void *state, int fd, unsigned was, unsigned want)
{
	struct wide_state *s = state;

	(void)was;
	set_bit(s->read_interest, fd, want & READY_READ);
	set_bit(s->write_interest, fd, want & READY_WRITE);
	if (want && fd >= s->fds_top)
		s->fds_top = fd + 1;
	while (s->fds_top > 0 && !has_bit(s->read_interest, s->fds_top - 1) &&
		!has_bit(s->write_interest, s->fds_top - 1))
		s->fds_top--;
	return 0;
}

/* The ready descriptors of one word that mask has into out; how many fitted into room. */
static int take_word(
	const struct wide_state *s, int word, uint64_t mask, struct ready *out, int room)
{
	uint64_t left = (s->readable[word] | s->writable[word]) & mask;
	int count = 0;

	for (; left && count < room; left &= left - 1) {
		int bit = __builtin_ctzll(left);

		out[count++] = (struct ready){
			.fd = word * WORD_BITS + bit,
			.events = (s->readable[word] >> bit & 1 ? READY_READ : 0U) |
				  (s->writable[word] >> bit & 1 ? READY_WRITE : 0U),
		};
	}
	return count;
}

/* Once round from the cursor, whose word comes twice: its end first, its start last. */
static int take_ready(struct wide_state *s, int words, struct ready *out)
{
	int first = s->cursor < s->fds_top ? s->cursor : 0, count = 0;
	uint64_t from_first = ~0ULL << first % WORD_BITS;

	for (int seen = 0; seen <= words && count < s->batch_max; seen++) {
		uint64_t mask = seen == 0       ? from_first
				: seen == words ? ~from_first
						: ~0ULL;

		count += take_word(s, (first / WORD_BITS + seen) % words, mask,
			out + count, s->batch_max - count);
	}
	s->cursor = count == s->batch_max ? out[count - 1].fd + 1 : 0;
	return count;
}

static int wide_wait(void *state, struct ready *out, int timeout_ms)
{
	struct wide_state *s = state;
	int words = (s->fds_top + WORD_BITS - 1) / WORD_BITS;
	size_t set_bytes = (size_t)words * sizeof(uint64_t);
	struct timeval timeout = {timeout_ms / 1000, timeout_ms % 1000 * 1000};

	memcpy(s->readable, s->read_interest, set_bytes);
	memcpy(s->writable, s->write_interest, set_bytes);
	calls_count(s->calls, CALL_pselect6);
	int left = select(s->fds_top, (fd_set *)(void *)s->readable,
		(fd_set *)(void *)s->writable, NULL, timeout_ms < 0 ? NULL : &timeout);
	if (left < 0)
		return -errno; /* the sets are undefined now */
	calls_add(&s->calls->wait_bytes, set_bytes * 4);
	return left > 0 ? take_ready(s, words, out) : 0;
}

static void wide_close(void *state)
{
	struct wide_state *s = state;

	free(s->bits);
	free(s);
}

static const struct poller_ops wide_ops = {
	.open = wide_open,
	.watch = wide_watch,
	.wait = wide_wait,
	.close = wide_close,
};

#ifdef MUXBENCH_PLUGIN
#define backend_select_wide muxbench_backend
#endif

const struct backend backend_select_wide = {
	.abi = BACKEND_ABI,
	.name = "select-wide",
	.summary = "select(2) with bitmaps of its own: no limit but O(n) work a call",
	.run = readiness_run,
	.poller = &wide_ops,
};
