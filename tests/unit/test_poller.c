/*
 * test_poller.c - the same table of cases over every backend that has a poller: whatever
 * the interface to the kernel, the four functions mean the same.
 *
 * What is watched is one end of a socket pair: nothing to read and room to write until
 * the test writes into the other end.
 */
#include "backends/registry.h"
#include "common/clock.h"
#include "common/net.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum {
	PAIRS = 24,
	BATCH_MAX = 4,  /* far below PAIRS, so that they must take turns */
	FDS_MAX = 3001, /* past every fd_set, and no multiple of a word */
	BOTH = READY_READ | READY_WRITE,
	HANG_S = 60, /* a wait that never returns is ended by SIGALRM, and the test too */
};

/* One poller under test, and what it may watch. */
struct bench {
	const struct backend *backend;
	const struct poller_ops *ops; /* the backend's */
	void *poller;
	struct calls calls;
	int fds_max;
	int near[PAIRS];               /* watched */
	int far[PAIRS];                /* written to, so that near becomes readable */
	struct ready ready[PAIRS + 1]; /* from BATCH_MAX on it must stay as it is */
};

static bool is_edge_triggered(const struct bench *bench)
{
	return bench->backend->flags & BACKEND_EDGE;
}

static void watch(struct bench *bench, int fd, unsigned was, unsigned want)
{
	int error = bench->ops->watch(bench->poller, fd, was, want);

	if (error != 0)
		fail_msg("watch(%d, %u, %u): %d", fd, was, want, error);
}

/* One wait; how many were ready. */
static int wait_for(struct bench *bench, int timeout_ms)
{
	const struct ready untouched = {-1, 0x5a5a};

	bench->ready[BATCH_MAX] = untouched;
	int count = bench->ops->wait(bench->poller, bench->ready, timeout_ms);

	assert_in_range(count, 0, BATCH_MAX);
	assert_memory_equal(&bench->ready[BATCH_MAX], &untouched, sizeof(untouched));
	return count;
}

/* Nothing is ready: asked without sleeping. */
static void expect_nothing(struct bench *bench)
{
	int count = wait_for(bench, 0);

	if (count != 0)
		fail_msg("descriptor %d is ready (%u), and should not be",
			bench->ready[0].fd, bench->ready[0].events);
}

/* Exactly one is ready, with exactly these events. */
static void expect_one(struct bench *bench, int fd, unsigned events)
{
	int count = wait_for(bench, 1000);

	if (count != 1 || bench->ready[0].fd != fd || bench->ready[0].events != events)
		fail_msg("%d ready, first %d with %u; not 1, %d with %u", count,
			bench->ready[0].fd, bench->ready[0].events, fd, events);
}

/* Exactly one is ready, to be read at least. */
static void expect_readable(struct bench *bench, int fd)
{
	assert_int_equal(wait_for(bench, 1000), 1);
	assert_int_equal(bench->ready[0].fd, fd);
	assert_true(bench->ready[0].events & READY_READ);
}

static void write_byte(int fd)
{
	assert_int_equal(write(fd, "x", 1), 1);
}

static void read_byte(int fd)
{
	char byte;

	assert_int_equal(read(fd, &byte, 1), 1);
}

/*
 * Waits often enough for every ready one to have had its turn, and no oftener; compares
 * which pairs were reported with expected, one bit a pair.
 */
static void expect_all_in_turn(struct bench *bench, uint32_t expected)
{
	int waits = 2 * (PAIRS + BATCH_MAX - 1) / BATCH_MAX;
	uint32_t seen = 0;

	for (; waits > 0; waits--) {
		int count = wait_for(bench, 0);

		for (int i = 0; i < count; i++)
			for (int pair = 0; pair < PAIRS; pair++)
				if (bench->near[pair] == bench->ready[i].fd)
					seen |= 1U << pair;
	}
	if (seen != expected)
		fail_msg("reported pairs %#x, not %#x", seen, expected);
}

/* An empty interest list, then a full one in which nothing happens. */
static void nothing_ready(struct bench *bench)
{
	expect_nothing(bench);
	for (int i = 0; i < PAIRS; i++)
		watch(bench, bench->near[i], 0, READY_READ);
	expect_nothing(bench);
}

static void readable(struct bench *bench)
{
	for (int i = 0; i < PAIRS; i++)
		watch(bench, bench->near[i], 0, READY_READ);
	write_byte(bench->far[5]);
	expect_one(bench, bench->near[5], READY_READ);
}

static void writable(struct bench *bench)
{
	watch(bench, bench->near[0], 0, READY_READ);
	watch(bench, bench->near[1], 0, READY_WRITE);
	expect_one(bench, bench->near[1], READY_WRITE);
}

static void readable_and_writable(struct bench *bench)
{
	watch(bench, bench->near[0], 0, BOTH);
	write_byte(bench->far[0]);
	expect_one(bench, bench->near[0], BOTH);
}

/* Readable as well, but nobody asked. */
static void only_what_was_asked(struct bench *bench)
{
	write_byte(bench->far[0]);
	write_byte(bench->far[1]);
	watch(bench, bench->near[0], 0, READY_WRITE);
	expect_one(bench, bench->near[0], READY_WRITE);
}

/*
 * A hang-up is for recv to find out: it counts as readable, whatever else it counts as.
 * An empty pipe without a writer is the plain case: poll(2) reports POLLHUP and no
 * POLLIN.
 */
static void hang_up_is_readable(struct bench *bench)
{
	int ends[2];

	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	watch(bench, ends[0], 0, READY_READ);
	expect_nothing(bench);
	close(ends[1]);
	expect_readable(bench, ends[0]);
	watch(bench, ends[0], READY_READ, 0);
	close(ends[0]);

	watch(bench, bench->near[2], 0, READY_READ);
	shutdown(bench->far[2], SHUT_RDWR);
	expect_readable(bench, bench->near[2]);
}

/*
 * Nobody reads any more: an error where room was asked for. A writer who is not told
 * waits for ever, or is told of it as readable and spins.
 */
static void error_is_writable(struct bench *bench)
{
	int ends[2];

	assert_int_equal(pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
	while (write(ends[1], bench, sizeof(*bench)) > 0) {
	}
	watch(bench, ends[1], 0, READY_WRITE);
	expect_nothing(bench);
	close(ends[0]);
	assert_int_equal(wait_for(bench, 1000), 1);
	assert_int_equal(bench->ready[0].fd, ends[1]);
	assert_true(bench->ready[0].events & READY_WRITE);
	watch(bench, ends[1], READY_WRITE, 0);
	close(ends[1]);
}

static void forgotten(struct bench *bench)
{
	for (int i = 0; i < 3; i++) {
		watch(bench, bench->near[i], 0, READY_READ);
		write_byte(bench->far[i]);
	}
	watch(bench, bench->near[1], READY_READ, 0);
	expect_all_in_turn(bench, 1U << 0 | 1U << 2);
	watch(bench, bench->near[0], READY_READ, 0);
	watch(bench, bench->near[2], READY_READ, 0);
	expect_nothing(bench);
	/* and known again */
	watch(bench, bench->near[1], 0, READY_READ);
	expect_one(bench, bench->near[1], READY_READ);
}

/* The interest changes there and back, as it does around a blocked write. */
static void interest_changes(struct bench *bench)
{
	int fd = bench->near[3];

	watch(bench, fd, 0, READY_READ);
	expect_nothing(bench);
	watch(bench, fd, READY_READ, READY_WRITE);
	expect_one(bench, fd, READY_WRITE);
	watch(bench, fd, READY_WRITE, READY_READ);
	expect_nothing(bench);
	watch(bench, fd, READY_READ, BOTH);
	write_byte(bench->far[3]);
	expect_one(bench, fd, BOTH);
	watch(bench, fd, BOTH, READY_READ);
	expect_one(bench, fd, READY_READ);
}

/*
 * A dense array fills the hole with its last entry. Whoever is forgotten, first, middle
 * or last, all the others stay watched, and each can still be changed and forgotten.
 */
static void forgetting_keeps_the_others(struct bench *bench)
{
	const uint32_t all = (1U << PAIRS) - 1;

	for (int i = 0; i < PAIRS; i++)
		write_byte(bench->far[i]);
	for (int victim = 0; victim < PAIRS; victim++) {
		for (int i = 0; i < PAIRS; i++)
			watch(bench, bench->near[i], 0, READY_READ);
		watch(bench, bench->near[victim], READY_READ, 0);
		expect_all_in_turn(bench, all & ~(1U << victim));

		int moved = victim == PAIRS - 1 ? 0 : PAIRS - 1;
		watch(bench, bench->near[moved], READY_READ, 0);
		watch(bench, bench->near[victim], 0, READY_READ);
		for (int i = 0; i < PAIRS; i++)
			if (i != moved && is_edge_triggered(bench))
				watch(bench, bench->near[i], READY_READ, READY_READ);
		expect_all_in_turn(bench, all & ~(1U << moved));
		for (int i = 0; i < PAIRS; i++)
			if (i != moved)
				watch(bench, bench->near[i], READY_READ, 0);
		expect_nothing(bench);
	}
}

/* More ready than fit into one wait, and nobody reads: still everyone has a turn. */
static void nobody_starves(struct bench *bench)
{
	for (int ready = 1; ready <= PAIRS; ready++) {
		watch(bench, bench->near[ready - 1], 0, READY_READ);
		write_byte(bench->far[ready - 1]);
		for (int i = 0; i < ready && is_edge_triggered(bench); i++)
			watch(bench, bench->near[i], READY_READ, READY_READ);
		expect_all_in_turn(bench, (1U << (ready - 1) << 1) - 1);
	}
}

/* The same for a mix of readable and writable ones, where two bits can be one event. */
static void nobody_starves_among_writers(struct bench *bench)
{
	for (int i = 0; i < PAIRS; i++) {
		static const unsigned wants[] = {READY_READ, READY_WRITE, BOTH};

		write_byte(bench->far[i]);
		watch(bench, bench->near[i], 0, wants[i % 3]);
	}
	expect_all_in_turn(bench, (1U << PAIRS) - 1);
}

/* A scan that goes on behind a full batch comes round to where it began: in one wait. */
static void full_batch_then_the_first(struct bench *bench)
{
	for (int i = 0; i <= BATCH_MAX; i++) {
		watch(bench, bench->near[i], 0, READY_READ);
		write_byte(bench->far[i]);
	}
	assert_int_equal(wait_for(bench, 0), BATCH_MAX);
	for (int i = 0; i <= BATCH_MAX; i++)
		read_byte(bench->near[i]);
	if (is_edge_triggered(bench))
		wait_for(bench, 0); /* the fifth was queued before it was read */
	write_byte(bench->far[0]);
	expect_one(bench, bench->near[0], READY_READ);
}

/* The highest number that may come, beside the lowest. */
static void highest_descriptor(struct bench *bench)
{
	int limit = bench->backend->fds_limit;
	int highest = (limit > 0 && limit < bench->fds_max ? limit : bench->fds_max) - 1;
	int fd = fcntl(bench->near[0], F_DUPFD_CLOEXEC, highest);

	assert_int_equal(fd, highest);
	watch(bench, bench->near[1], 0, READY_READ);
	watch(bench, fd, 0, READY_READ);
	expect_nothing(bench);
	write_byte(bench->far[0]);
	expect_one(bench, fd, READY_READ);
	watch(bench, fd, READY_READ, BOTH);
	expect_one(bench, fd, BOTH);
	watch(bench, fd, BOTH, 0);
	expect_nothing(bench);
	write_byte(bench->far[1]);
	expect_one(bench, bench->near[1], READY_READ);
	close(fd);
}

/* FD_SET(1024) would write past the end of an fd_set: refused, and nothing is harmed. */
static void descriptor_past_the_limit(struct bench *bench)
{
	int limit = bench->backend->fds_limit;
	int fd = fcntl(bench->near[0], F_DUPFD_CLOEXEC, limit);

	assert_int_equal(fd, limit);
	assert_true(bench->ops->watch(bench->poller, fd, 0, READY_READ) < 0);
	assert_true(bench->ops->watch(bench->poller, INT32_MAX, 0, READY_READ) < 0);
	close(fd);
	write_byte(bench->far[0]);
	watch(bench, bench->near[1], 0, READY_READ);
	write_byte(bench->far[1]);
	expect_one(bench, bench->near[1], READY_READ);
}

/* Not before the timeout; and with something ready there is no sleep at all. */
static void timeout_is_kept(struct bench *bench)
{
	uint64_t before_ns = clock_now_ns();

	watch(bench, bench->near[0], 0, READY_READ);
	assert_int_equal(wait_for(bench, 30), 0);
	assert_true(clock_now_ns() - before_ns >= 30 * NS_PER_MS);

	write_byte(bench->far[0]);
	assert_int_equal(wait_for(bench, -1), 1);
	if (is_edge_triggered(bench))
		watch(bench, bench->near[0], READY_READ, READY_READ);
	before_ns = clock_now_ns();
	assert_int_equal(wait_for(bench, 3600 * 1000), 1);
	assert_true(clock_now_ns() - before_ns < 60 * NS_PER_S);
}

/*
 * Level-triggered: reported while it is ready. Edge-triggered: once for each arrival,
 * and once more when asked for by a watch that changes nothing.
 */
static void level_or_edge(struct bench *bench)
{
	int fd = bench->near[0];

	watch(bench, fd, 0, READY_READ);
	write_byte(bench->far[0]);
	expect_one(bench, fd, READY_READ);
	if (is_edge_triggered(bench)) {
		expect_nothing(bench);
		watch(bench, fd, READY_READ, READY_READ);
		expect_one(bench, fd, READY_READ);
		expect_nothing(bench);
		write_byte(bench->far[0]);
	}
	expect_one(bench, fd, READY_READ);
	read_byte(fd);
	if (is_edge_triggered(bench))
		read_byte(fd);
	expect_nothing(bench);
	if (is_edge_triggered(bench)) {
		/* drained: there is nothing to be told again */
		watch(bench, fd, READY_READ, READY_READ);
		expect_nothing(bench);
	}
}

/* A number that was closed and given out again is a stranger to the poller. */
static void number_is_used_again(struct bench *bench)
{
	int number = bench->near[0];

	for (int round = 0; round < 3; round++) {
		watch(bench, number, 0, READY_READ);
		write_byte(bench->far[0]);
		expect_one(bench, number, READY_READ);
		if (!(bench->backend->flags & BACKEND_CLOSE_FORGETS))
			watch(bench, number, READY_READ, 0);
		close(number);
		close(bench->far[0]);
		int ends[2];

		assert_int_equal(
			socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
		bench->far[0] = fcntl(ends[1], F_DUPFD_CLOEXEC, number + 1);
		if (ends[0] != number)
			assert_int_equal(dup3(ends[0], number, O_CLOEXEC), number);
		if (ends[0] != number)
			close(ends[0]);
		if (ends[1] != number)
			close(ends[1]);
		expect_nothing(bench);
	}
}

/* Each wait is counted, as one call, before it sleeps: the tables rest on that. */
static void every_wait_is_counted(struct bench *bench)
{
	enum { WAITS = 10 };
	uint64_t before = 0, after = 0;

	watch(bench, bench->near[0], 0, READY_READ);
	write_byte(bench->far[0]);
	for (int i = 0; i < CALL_COUNT; i++)
		before += bench->calls.count[i];
	assert_int_equal(bench->calls.wait_bytes, 0);
	for (int i = 0; i < WAITS; i++)
		wait_for(bench, 0);
	for (int i = 0; i < CALL_COUNT; i++)
		after += bench->calls.count[i];
	assert_int_equal(after - before, WAITS);
	assert_true(bench->calls.wait_bytes > 0);
}

struct poller_case {
	const char *name;
	void (*run)(struct bench *bench);
	bool only_with_limit; /* of backends that have an fds_limit */
};

static const struct poller_case cases[] = {
	{.name = "nothing is ready", .run = nothing_ready},
	{.name = "readable", .run = readable},
	{.name = "writable", .run = writable},
	{.name = "readable and writable at once", .run = readable_and_writable},
	{.name = "only what was asked is reported", .run = only_what_was_asked},
	{.name = "a hang-up is readable", .run = hang_up_is_readable},
	{.name = "an error is writable", .run = error_is_writable},
	{.name = "forgotten, and known again", .run = forgotten},
	{.name = "the interest changes", .run = interest_changes},
	{.name = "forgetting one keeps the others", .run = forgetting_keeps_the_others},
	{.name = "more ready than a batch: nobody starves", .run = nobody_starves},
	{.name = "nor among readers and writers", .run = nobody_starves_among_writers},
	{.name = "a full batch, and then the first again",
		.run = full_batch_then_the_first},
	{.name = "the highest descriptor", .run = highest_descriptor},
	{.name = "a descriptor past the limit is refused",
		.run = descriptor_past_the_limit,
		.only_with_limit = true},
	{.name = "the timeout is kept", .run = timeout_is_kept},
	{.name = "level: again while ready; edge: once an arrival", .run = level_or_edge},
	{.name = "a number that is used again", .run = number_is_used_again},
	{.name = "every wait is counted", .run = every_wait_is_counted},
};

enum { CASES = sizeof(cases) / sizeof(*cases), BACKENDS_MAX = 16 };

/* One row of the test list: a case on a backend. */
struct row {
	const struct poller_case *poller_case;
	const struct backend *backend;
	char name[128];
};

static int pairs_open(struct bench *bench)
{
	for (int i = 0; i < PAIRS; i++) {
		int ends[2];

		if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
			return -errno;
		bench->near[i] = ends[0];
		bench->far[i] = ends[1];
	}
	return 0;
}

static void pairs_close(struct bench *bench)
{
	for (int i = 0; i < PAIRS; i++) {
		close(bench->near[i]);
		close(bench->far[i]);
	}
}

static void run_row(void **state)
{
	const struct row *row = *state;
	uint64_t soft_before, soft, hard;
	struct bench bench = {.backend = row->backend, .ops = row->backend->poller};

	assert_int_equal(net_raise_descriptor_limit(&soft_before, &soft, &hard), 0);
	bench.fds_max = soft < FDS_MAX ? (int)soft : FDS_MAX;
	assert_int_equal(pairs_open(&bench), 0);
	assert_int_equal(
		bench.ops->open(&bench.poller, bench.fds_max, BATCH_MAX, &bench.calls),
		0);
	row->poller_case->run(&bench);
	bench.ops->close(bench.poller);
	pairs_close(&bench);
}

static bool has_case(const struct backend *backend, const struct poller_case *c)
{
	return backend->poller && (backend->fds_limit > 0 || !c->only_with_limit);
}

int main(void)
{
	static struct row rows[BACKENDS_MAX * CASES];
	struct CMUnitTest tests[BACKENDS_MAX * CASES] = {{0}};
	size_t count = 0;

	for (size_t b = 0; registry_backends[b] && b < BACKENDS_MAX; b++)
		for (size_t c = 0; c < CASES; c++) {
			struct row *row = &rows[count];

			if (!has_case(registry_backends[b], &cases[c]))
				continue;
			row->poller_case = &cases[c];
			row->backend = registry_backends[b];
			snprintf(row->name, sizeof(row->name), "%s: %s",
				row->backend->name, cases[c].name);
			tests[count++] = (struct CMUnitTest){
				.name = row->name,
				.test_func = run_row,
				.initial_state = row,
			};
		}
	alarm(HANG_S);
	return _cmocka_run_group_tests("poller", tests, count, NULL, NULL);
}
