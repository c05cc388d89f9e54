/* The limit: its ways move every byte and notice a wrong one, and shares are right. */
#include "harness/limit/point.h"
#include "harness/limit/summary.h"

#include "common/clock.h"

#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>

/* ---- ways ----------------------------------------------------------------------- */

struct bench {
	const struct limit_way *way;
	struct limit_ends ends;
	void *state;
	struct limit_calls calls;
	struct problem problem;
};

/* False: this machine has no such way. */
static bool bench_open(struct bench *bench, size_t way, size_t count, size_t bytes)
{
	*bench = (struct bench){.way = limit_way_at(way)};
	assert_int_equal(limit_ends_open(&bench->ends, count, bytes, &bench->problem), 0);
	int error = bench->way->open ? bench->way->open(&bench->state, &bench->ends,
					       &bench->problem)
				     : 0;

	if (error == -ENOTSUP)
		limit_ends_close(&bench->ends);
	else
		assert_int_equal(error, 0);
	return error == 0;
}

static int bench_round(struct bench *bench)
{
	limit_ends_begin_round(&bench->ends);
	return bench->way->round(
		bench->state, &bench->ends, &bench->calls, &bench->problem);
}

static void bench_close(struct bench *bench)
{
	if (bench->state)
		bench->way->close(bench->state);
	limit_ends_close(&bench->ends);
}

/* Some sizes on both sides of what a way takes at once. */
static const struct size {
	size_t count;
	size_t bytes;
} sizes[] = {{1, 1}, {1, 64}, {3, 7}, {256, 64}, {257, 8}, {5, LIMIT_MESSAGE_BYTES_MAX}};

static void every_way_brings_every_message(void **test_state)
{
	struct bench bench;

	(void)test_state;
	for (size_t way = 0; way < LIMIT_WAYS; way++)
		for (size_t s = 0; s < sizeof(sizes) / sizeof(*sizes); s++) {
			size_t all = sizes[s].count * sizes[s].bytes;

			if (!bench_open(&bench, way, sizes[s].count, sizes[s].bytes))
				continue;
			for (int round = 0; round < 3; round++) {
				/* what is left of the round before must not do */
				memset(bench.ends.echoes, 0, all);
				memset(bench.ends.answers, 0, all);
				assert_int_equal(bench_round(&bench), 0);
				assert_memory_equal(
					bench.ends.echoes, bench.ends.requests, all);
				assert_memory_equal(
					bench.ends.answers, bench.ends.requests, all);
			}
			bench_close(&bench);
		}
}

static void requests_are_of_their_connection_and_round(void **test_state)
{
	struct limit_ends ends;
	struct problem problem;
	unsigned char before[3 * 16];

	(void)test_state;
	assert_int_equal(limit_ends_open(&ends, 3, 16, &problem), 0);
	limit_ends_begin_round(&ends);
	memcpy(before, ends.requests, sizeof(before));
	limit_ends_begin_round(&ends);
	for (size_t i = 0; i < 3; i++) {
		assert_memory_not_equal(ends.requests + 16 * i, before + 16 * i, 16);
		assert_memory_not_equal(
			ends.requests + 16 * i, ends.requests + 16 * ((i + 1) % 3), 16);
	}
	limit_ends_close(&ends);
}

/* A byte too many shifts all that follow. */
static void every_way_notices_a_foreign_byte(void **test_state)
{
	struct bench bench;

	(void)test_state;
	for (size_t way = 0; way < LIMIT_WAYS; way++)
		for (int from_server = 0; from_server < 2; from_server++) {
			if (!bench_open(&bench, way, 4, 64))
				continue;
			assert_int_equal(bench_round(&bench), 0);
			const int *fds =
				from_server ? bench.ends.servers : bench.ends.clients;

			assert_int_equal(send(fds[2], "\xff", 1, 0), 1);
			assert_int_equal(bench_round(&bench), -EBADMSG);
			assert_non_null(
				strstr(bench.problem.text, "connection 2: byte 1 of 64"));
			bench_close(&bench);
		}
}

/* An error at once, instead of a wait for what never comes. */
static void every_way_notices_an_end(void **test_state)
{
	struct bench bench;

	(void)test_state;
	for (size_t way = 0; way < LIMIT_WAYS; way++) {
		uint64_t began_ns = clock_now_ns();

		if (!bench_open(&bench, way, 3, 64))
			continue;
		assert_int_equal(shutdown(bench.ends.servers[1], SHUT_WR), 0);
		int error = bench_round(&bench);

		assert_true(error < 0 && error != -EBADMSG); /* not a wrong byte */
		assert_true(*bench.problem.text);
		assert_true(clock_now_ns() - began_ns < 4 * NS_PER_S);
		bench_close(&bench);
	}
}

static void an_end_in_the_middle_of_a_message_is_told(void **test_state)
{
	unsigned char message[64];
	struct limit_calls calls = {0};
	struct bench bench;

	(void)test_state;
	assert_true(bench_open(&bench, 0, 1, sizeof(message)));
	assert_int_equal(send(bench.ends.clients[0], "half", 4, 0), 4);
	assert_int_equal(shutdown(bench.ends.clients[0], SHUT_WR), 0);
	assert_int_equal(limit_recv(bench.ends.servers[0], message, sizeof(message),
				 &calls, &bench.problem),
		-ECONNRESET);
	assert_int_equal(calls.recv, 2);
	bench_close(&bench);
}

static void calls_are_what_the_way_says(void **test_state)
{
	struct bench bench;

	(void)test_state;
	for (size_t way = 0; way < LIMIT_WAYS; way++) {
		if (!bench_open(&bench, way, 300, 64))
			continue;
		assert_int_equal(bench_round(&bench), 0);
		bool is_ring = bench.way == &limit_way_ring;

		assert_int_equal(bench.calls.send, is_ring ? 0 : 600);
		assert_int_equal(bench.calls.recv, is_ring ? 0 : 600);
		if (is_ring) /* two chunks; a pass may have to wait once more */
			assert_in_range(bench.calls.enter, 4, 8);
		bench_close(&bench);
	}
}

static void no_room_is_told_before_anything_is_opened(void **test_state)
{
	struct limit_ends ends;
	struct problem problem;

	(void)test_state;
	assert_int_equal(limit_ends_open(&ends, 10000000, 1, &problem), -EMFILE);
	assert_non_null(strstr(problem.text, "RLIMIT_NOFILE"));
	limit_ends_close(&ends);
}

static void a_point_comes_back_from_its_json(void **test_state)
{
	struct limit_point_order order = {.way = limit_way_at(0),
		.connections = 2,
		.message_bytes = 64,
		.rounds = 5,
		.cpu = -1};
	struct limit_point point, copy;
	struct problem problem;

	(void)test_state;
	assert_int_equal(limit_point_measure(&point, &order, &problem), 0);
	assert_int_equal(point.round_trips, 10);
	json_t *object = limit_point_json(&point, &order);

	assert_int_equal(limit_point_read(&copy, &order, object, &problem), 0);
	assert_memory_equal(&copy.calls, &point.calls, sizeof(copy.calls));
	assert_int_equal(copy.round_trips, point.round_trips);
	assert_int_equal(copy.measured_ns, point.measured_ns);
	assert_int_equal(copy.usage.cpu_ns, point.usage.cpu_ns);
	order.connections = 3; /* what was not asked for is not taken */
	assert_int_equal(limit_point_read(&copy, &order, object, &problem), -EBADMSG);
	json_decref(object);
}

/* ---- the summary ---------------------------------------------------------------- */

enum { BLOCKS = 7, NAMES = LIMIT_WAYS + 1, ACTIVE = 2 };

static const char *const names[NAMES] = {"blocking", "batched", "ring", "epoll-lt"};
static const uint64_t active[ACTIVE] = {1, 100};

static void summary_make(struct plan *plan, struct limit_summary *summary)
{
	const struct plan_axes axes = {
		.backends = names,
		.backend_count = NAMES,
		.lists = {[PLAN_ACTIVE] = {active, ACTIVE}},
		.blocks = BLOCKS,
	};
	struct problem problem;

	assert_int_equal(plan_make(plan, &axes, &problem), 0);
	assert_int_equal(limit_summary_make(summary, plan, ACTIVE), 0);
}

/* A point of so many round trips in a second, half of which was CPU time. */
static void add_point(
	struct limit_summary *summary, size_t cell, uint64_t block, uint64_t round_trips)
{
	const struct limit_trial trial = {
		.cell = &summary->plan->cells[cell],
		.block = block,
		.point = {.round_trips = round_trips,
			.measured_ns = NS_PER_S,
			.calls = {.send = 2 * round_trips, .recv = 2 * round_trips},
			.usage = {.cpu_ns = NS_PER_S / 2}},
	};

	limit_summary_add_point(summary, cell, &trial);
}

/* A backend with so many requests in a second, all of which was CPU time. */
static void add_trial(
	struct limit_summary *summary, size_t cell, uint64_t block, uint64_t requests)
{
	static struct trial trial;
	struct window *window = &trial.windows[WINDOW_TIMED];

	memset(&trial, 0, sizeof(trial));
	trial.cell = summary->plan->cells[cell];
	trial.block = block;
	window->measured = true;
	window->load.counters.requests_completed = requests;
	window->load.measured_ns = NS_PER_S;
	window->load.usage.cpu_ns = NS_PER_S / 4;
	window->after.usage.cpu_ns = 3 * NS_PER_S / 4;
	limit_summary_add_trial(summary, cell, &trial);
}

/* Every block has another speed; the share is the same in all but one. */
static void shares_are_of_one_block(void **test_state)
{
	struct limit_summary summary;
	struct plan plan;

	(void)test_state;
	summary_make(&plan, &summary);
	for (uint64_t block = 1; block <= BLOCKS; block++) {
		add_point(&summary, 0, block, 1000 * block); /* blocking, 1 active */
		add_point(&summary, 2, block, 1100 * block); /* batched: the limit */
		add_trial(&summary, 6, block, 880 * block);  /* epoll-lt */
		add_point(&summary, 5, block, 2000);         /* ring, 100 active */
		add_trial(&summary, 7, block, block < 4 ? 0 : 1000);
	}
	limit_summary_judge(&summary);
	assert_int_equal(summary.best[0], 1);
	assert_int_equal(summary.best[1], 2);
	const struct limit_cell *cell = limit_summary_at(&summary, 3, 0);
	struct spread share = limit_spread(cell, LIMIT_SHARE);

	assert_true(fabs(share.median - 0.8) < 1e-9);
	assert_true(share.interval_known && fabs(share.low - 0.8) < 1e-9 &&
		    fabs(share.high - 0.8) < 1e-9);
	/* half the CPU time for 1.25 times the round trips */
	assert_true(fabs(limit_spread(cell, LIMIT_CPU_SHARE).median - 0.4) < 1e-9);
	assert_true(fabs(limit_spread(cell, LIMIT_CORE).median - 1) < 1e-9);
	/* the limit is all of itself; the others of that column are less */
	assert_true(
		fabs(limit_spread(limit_summary_at(&summary, 1, 0), LIMIT_SHARE).median -
			1) < 1e-9);
	/* a block without a request gives no value */
	assert_int_equal(
		limit_spread(limit_summary_at(&summary, 3, 1), LIMIT_SHARE).count, 4);
	/* 3 cells of points had half of their core */
	assert_int_equal(limit_summary_disturbed(&summary), 3 * BLOCKS);
	limit_summary_free(&summary);
	plan_free(&plan);
}

static void without_a_limit_there_is_no_share(void **test_state)
{
	struct limit_trial unsupported = {.block = 1, .status = TRIAL_UNSUPPORTED};
	struct limit_summary summary;
	struct plan plan;

	(void)test_state;
	summary_make(&plan, &summary);
	problem_set(&unsupported.reason, 0, "no such thing");
	limit_summary_add_point(&summary, 4, &unsupported);
	add_trial(&summary, 6, 1, 1000);
	limit_summary_judge(&summary);
	assert_int_equal(summary.best[0], LIMIT_WAYS);
	const struct limit_cell *cell = limit_summary_at(&summary, 3, 0);

	assert_int_equal(limit_spread(cell, LIMIT_RATE).count, 1);
	assert_int_equal(limit_spread(cell, LIMIT_SHARE).count, 0);
	cell = limit_summary_at(&summary, 2, 0);
	assert_int_equal(limit_cell_status(cell), TRIAL_UNSUPPORTED);
	assert_string_equal(cell->reason, "no such thing");
	assert_int_equal(limit_summary_count(&summary, TRIAL_UNSUPPORTED), 1);
	limit_summary_free(&summary);
	plan_free(&plan);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_way_brings_every_message),
		cmocka_unit_test(requests_are_of_their_connection_and_round),
		cmocka_unit_test(every_way_notices_a_foreign_byte),
		cmocka_unit_test(every_way_notices_an_end),
		cmocka_unit_test(an_end_in_the_middle_of_a_message_is_told),
		cmocka_unit_test(calls_are_what_the_way_says),
		cmocka_unit_test(no_room_is_told_before_anything_is_opened),
		cmocka_unit_test(a_point_comes_back_from_its_json),
		cmocka_unit_test(shares_are_of_one_block),
		cmocka_unit_test(without_a_limit_there_is_no_share),
	};

	return cmocka_run_group_tests_name("limit", tests, NULL, NULL);
}
