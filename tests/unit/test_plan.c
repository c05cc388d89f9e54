/*
 * test_plan.c - a plan runs every cell exactly once in every block, in an order that the
 * seed alone decides: the same again for the same seed, another for another.
 */
#include "harness/trial/plan.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const char *const backends[] = {"select", "poll", "epoll-lt"};
static const uint64_t idle[] = {0, 100, 1000, 10000};
static const uint64_t active[] = {1, 50};

enum { CELLS = 3 * 4 * 2 };

static struct plan_axes axes_with(uint64_t blocks, uint64_t seed)
{
	return (struct plan_axes){
		.backends = backends,
		.backend_count = 3,
		.lists =
			{
				[PLAN_IDLE] = {idle, 4},
				[PLAN_ACTIVE] = {active, 2},
			},
		.blocks = blocks,
		.seed = seed,
	};
}

static void make(struct plan *plan, uint64_t blocks, uint64_t seed)
{
	struct plan_axes axes = axes_with(blocks, seed);

	assert_int_equal(plan_make(plan, &axes, NULL), 0);
}

static void test_every_block_is_complete(void **state)
{
	struct plan plan;

	(void)state;
	make(&plan, 7, 42);
	assert_int_equal(plan.cell_count, CELLS);
	assert_int_equal(plan.trial_count, 7 * CELLS);
	for (size_t block = 0; block < 7; block++) {
		bool seen[CELLS] = {false};

		for (size_t i = 0; i < CELLS; i++) {
			uint32_t cell = plan.order[block * CELLS + i];

			assert_in_range(cell, 0, CELLS - 1);
			assert_false(seen[cell]);
			seen[cell] = true;
		}
	}
	plan_free(&plan);
}

static void test_cells_are_where_plan_cell_says(void **state)
{
	struct plan plan;

	(void)state;
	make(&plan, 1, 0);
	for (size_t b = 0; b < 3; b++)
		for (size_t a = 0; a < 2; a++)
			for (size_t i = 0; i < 4; i++) {
				const struct cell *cell =
					&plan.cells[plan_cell(&plan, b, a, i)];

				assert_string_equal(cell->backend, backends[b]);
				assert_int_equal(cell->connections_active, active[a]);
				assert_int_equal(cell->connections_idle, idle[i]);
			}
	plan_free(&plan);
}

static bool same_order(uint64_t seed, uint64_t other_seed)
{
	struct plan plan, other;

	make(&plan, 5, seed);
	make(&other, 5, other_seed);
	bool same = memcmp(plan.order, other.order,
			    plan.trial_count * sizeof(*plan.order)) == 0;
	plan_free(&plan);
	plan_free(&other);
	return same;
}

static void test_the_seed_decides_the_order(void **state)
{
	(void)state;
	for (uint64_t seed = 0; seed < 50; seed++) {
		assert_true(same_order(seed, seed));
		assert_false(same_order(seed, seed + 1));
	}
}

static void test_blocks_differ(void **state)
{
	struct plan plan;

	(void)state;
	make(&plan, 2, 7);
	assert_memory_not_equal(
		plan.order, plan.order + CELLS, CELLS * sizeof(*plan.order));
	plan_free(&plan);
}

/* Over many blocks each cell comes first about equally often: the shuffle is fair. */
static void test_every_cell_may_come_first(void **state)
{
	enum { BLOCKS = 2400, EXPECTED = BLOCKS / CELLS };
	size_t first[CELLS] = {0};
	struct plan plan;

	(void)state;
	make(&plan, BLOCKS, 1);
	for (size_t block = 0; block < BLOCKS; block++)
		first[plan.order[block * CELLS]]++;
	/* 100 expected, standard deviation 9.8: five of them to each side. */
	for (size_t i = 0; i < CELLS; i++)
		assert_in_range(first[i], EXPECTED / 2, EXPECTED * 3 / 2);
	plan_free(&plan);
}

static struct plan_axes five_axes(void)
{
	static const uint64_t one_idle[] = {500}, bytes[] = {64, 1024, 65536};
	static const uint64_t pipeline[] = {1, 8}, rate[] = {1000};

	return (struct plan_axes){
		.backends = backends,
		.backend_count = 3,
		.lists =
			{
				[PLAN_IDLE] = {one_idle, 1},
				[PLAN_ACTIVE] = {active, 1},
				[PLAN_MESSAGE_BYTES] = {bytes, 3},
				[PLAN_PIPELINE] = {pipeline, 2},
				[PLAN_RATE] = {rate, 1},
			},
		.blocks = 1,
	};
}

/* The first axis with several values is x; the others make groups, each cell once. */
static void test_another_axis_is_x(void **state)
{
	struct plan_axes axes = five_axes();
	struct plan plan;
	char text[160];

	(void)state;
	assert_int_equal(plan_make(&plan, &axes, NULL), 0);
	assert_int_equal(plan.x, PLAN_MESSAGE_BYTES);
	assert_int_equal(plan.x_count, 3);
	assert_int_equal(plan.group_count, 2);
	assert_int_equal(plan.cell_count, 3 * 3 * 2);
	for (size_t i = 0; i < plan.cell_count; i++)
		assert_int_equal(plan_find(&plan, &plan.cells[i]), i);
	const struct cell *cell = &plan.cells[plan_cell(&plan, 2, 1, 2)];

	assert_string_equal(cell->backend, "epoll-lt");
	assert_int_equal(cell->connections_idle, 500);
	assert_int_equal(cell->message_bytes, 65536);
	assert_int_equal(cell->pipeline, 8);
	assert_int_equal(cell->rate, 1000);
	plan_group_text(&plan, 1, text, sizeof(text));
	assert_string_equal(text, "500 idle, 1 active, 8 in flight, 1,000 requests/s");
	plan_group_suffix(&plan, 0, text, sizeof(text));
	assert_string_equal(text, "");
	plan_group_suffix(&plan, 1, text, sizeof(text));
	assert_string_equal(text, "-pipeline-8");
	plan_free(&plan);
}

static void test_what_no_cell_is_is_not_found(void **state)
{
	struct plan_axes axes = five_axes();
	struct plan plan;

	(void)state;
	assert_int_equal(plan_make(&plan, &axes, NULL), 0);
	for (int axis = 0; axis < PLAN_AXES; axis++) {
		struct cell other = plan.cells[3];

		cell_set_number(&other, (enum plan_axis)axis, 77);
		assert_int_equal(plan_find(&plan, &other), plan.cell_count);
	}
	plan_free(&plan);
}

static void test_too_many_trials_are_refused(void **state)
{
	struct plan_axes axes = axes_with(PLAN_TRIALS_MAX / CELLS + 1, 0);
	struct problem problem = {""};
	struct plan plan;

	(void)state;
	assert_int_equal(plan_make(&plan, &axes, &problem), -EINVAL);
	assert_string_not_equal(problem.text, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_block_is_complete),
		cmocka_unit_test(test_cells_are_where_plan_cell_says),
		cmocka_unit_test(test_the_seed_decides_the_order),
		cmocka_unit_test(test_blocks_differ),
		cmocka_unit_test(test_every_cell_may_come_first),
		cmocka_unit_test(test_another_axis_is_x),
		cmocka_unit_test(test_what_no_cell_is_is_not_found),
		cmocka_unit_test(test_too_many_trials_are_refused),
	};

	return cmocka_run_group_tests_name("plan", tests, NULL, NULL);
}
