/*
 * test_waitcost.c - what the harness makes of a server's raw batches: figures, what is
 * disturbed, what is no answer at all; the plan; and verdicts from invented trials.
 */
#include "harness/waitcost/waitcost.h"

#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* ---- figures ------------------------------------------------------------------------
 */

/* Three batches of 100 waits and of 10 changes; the second of each can be disturbed. */
static json_t *answer(json_int_t cpu_of_second)
{
	json_t *operations = json_pack("{si si s[iii]}", "operations_per_batch", 10,
		"clock_reads_per_batch", 2, "duration_ns", 1040, 1040, 2040);
	json_t *answer = json_pack("{sf s{si si s[iii] s[iii] s[iIi] si} "
				   "s{s[iii] s[iIi] sO sO sO}}",
		"clock_read_ns", 20.0, "wait", "operations_per_batch", 100,
		"clock_reads_per_batch", 1, "duration_ns", 30020, 90020, 50020,
		"elapsed_ns", 30100, 90100, 50100, "cpu_ns", 30200, cpu_of_second, 50200,
		"wait_bytes", 360000, "interest", "elapsed_ns", 4000, 90100, 5000,
		"cpu_ns", 4000, cpu_of_second, 5000, "register", operations, "modify",
		operations, "remove", operations);

	json_decref(operations);
	assert_non_null(answer);
	return answer;
}

static void test_figures(void **state)
{
	struct waitcost_figures figures;
	json_t *measured = answer(90100);

	(void)state;
	assert_int_equal(waitcost_figures_read(&figures, measured, NULL), 0);
	/* the median of (duration - clock reads) / operations: 300, 900, 500 */
	assert_true(fabs(figures.ns[WAITCOST_WAIT] - 500) < 1e-9);
	/* 100, 100, 200 */
	assert_true(fabs(figures.ns[WAITCOST_REGISTER] - 100) < 1e-9);
	assert_true(fabs(figures.ns[WAITCOST_MODIFY] - 100) < 1e-9);
	assert_true(fabs(figures.ns[WAITCOST_REMOVE] - 100) < 1e-9);
	assert_true(fabs(figures.wait_bytes - 1200) < 1e-9);
	assert_int_equal(figures.batches, 6);
	assert_int_equal(figures.disturbed, 0);
	assert_true(figures.trusted);
	json_decref(measured);
}

static void test_disturbed_batches_enter_no_figure(void **state)
{
	struct waitcost_figures figures;
	json_t *measured = answer(80000); /* less than nine tenths of 90100 */

	(void)state;
	assert_int_equal(waitcost_figures_read(&figures, measured, NULL), 0);
	assert_true(fabs(figures.ns[WAITCOST_WAIT] - 400) < 1e-9); /* of 300 and 500 */
	assert_true(fabs(figures.ns[WAITCOST_REMOVE] - 150) < 1e-9);
	assert_int_equal(figures.disturbed, 2);
	assert_false(figures.trusted); /* two of either are not many */
	json_decref(measured);
}

static void test_too_few_batches_are_not_trusted(void **state)
{
	struct waitcost_figures figures;
	json_t *measured = answer(90100);
	json_t *cpu = json_object_get(json_object_get(measured, "wait"), "cpu_ns");

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		json_array_set_new(cpu, i, json_integer(10));
		assert_int_equal(waitcost_figures_read(&figures, measured, NULL), 0);
		assert_int_equal(figures.disturbed, i + 1);
		assert_false(figures.trusted);
	}
	assert_true(isnan(figures.ns[WAITCOST_WAIT]));
	json_decref(measured);
}

/* Every member is looked at: spoilt in any way it is no answer, and the line names it. */
static void test_what_is_no_answer(void **state)
{
	static const struct {
		const char *object; /* of the answer; NULL: the answer itself */
		const char *key;
		const char *spoilt;    /* JSON; NULL: taken away */
		const char *complains; /* of this */
	} cases[] = {
		{NULL, "clock_read_ns", NULL, "clock_read_ns"},
		{NULL, "clock_read_ns", "\"20\"", "clock_read_ns"},
		{NULL, "wait", NULL, "wait"},
		{NULL, "interest", "[]", "interest"},
		{"wait", "duration_ns", "[1, 2]", "duration_ns"},
		{"wait", "duration_ns", "[1, 2, -3]", "duration_ns"},
		{"wait", "duration_ns", "[1, 2, 3.5]", "duration_ns"},
		{"wait", "cpu_ns", "[1, 2, 3, 4]", "cpu_ns"},
		{"wait", "elapsed_ns", "[]", "elapsed_ns"},
		{"wait", "elapsed_ns", NULL, "elapsed_ns"},
		{"wait", "operations_per_batch", "0", "without operations"},
		{"wait", "operations_per_batch", "-1", "operations_per_batch"},
		{"wait", "wait_bytes", NULL, "wait_bytes"},
		{"interest", "modify", NULL, "modify"},
		{"interest", "remove", "{}", "operations_per_batch"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct waitcost_figures figures;
		struct problem problem = {""};
		json_t *measured = answer(90100);
		json_t *object = cases[i].object
					 ? json_object_get(measured, cases[i].object)
					 : measured;

		json_object_del(object, cases[i].key);
		if (cases[i].spoilt)
			json_object_set_new(object, cases[i].key,
				json_loads(cases[i].spoilt, JSON_DECODE_ANY, NULL));
		assert_int_equal(
			waitcost_figures_read(&figures, measured, &problem), -EBADMSG);
		if (!strstr(problem.text, cases[i].complains))
			fail_msg("case %zu: said '%s'", i, problem.text);
		json_decref(measured);
	}
}

/* ---- plan ---------------------------------------------------------------------------
 */

static const char *const backends[] = {"poll", "epoll-lt"};
static const uint64_t descriptors[] = {10, 100, 1000, 10000};
static const uint64_t ready[] = {1, 100};

enum { BLOCKS = 4, BLOCK_TRIALS = 2 * (4 + 3) };

static struct waitcost_axes axes_with(uint64_t seed)
{
	return (struct waitcost_axes){
		.backends = backends,
		.backend_count = 2,
		.descriptors = descriptors,
		.descriptor_count = 4,
		.ready = ready,
		.ready_count = 2,
		.blocks = BLOCKS,
		.seed = seed,
	};
}

static void test_plan(void **state)
{
	struct waitcost_axes axes = axes_with(7);
	struct waitcost_plan plan, again, other;

	(void)state;
	assert_int_equal(waitcost_plan_make(&plan, &axes, NULL), 0);
	assert_int_equal(plan.block_trials, BLOCK_TRIALS); /* 100 of 10 cannot be ready */
	assert_int_equal(plan.trial_count, BLOCKS * BLOCK_TRIALS);
	for (size_t block = 0; block < BLOCKS; block++) {
		size_t seen[16] = {0};

		for (size_t i = 0; i < BLOCK_TRIALS; i++) {
			uint32_t cell = plan.order[block * BLOCK_TRIALS + i];

			assert_true(waitcost_cell_exists(&plan.cells[cell]));
			assert_int_equal(seen[cell]++, 0);
		}
	}
	assert_int_equal(waitcost_plan_make(&again, &axes, NULL), 0);
	axes.seed = 8;
	assert_int_equal(waitcost_plan_make(&other, &axes, NULL), 0);
	size_t bytes = plan.trial_count * sizeof(*plan.order);

	assert_memory_equal(plan.order, again.order, bytes);
	assert_memory_not_equal(plan.order, other.order, bytes);
	waitcost_plan_free(&plan);
	waitcost_plan_free(&again);
	waitcost_plan_free(&other);
}

static void test_plan_has_a_limit(void **state)
{
	struct waitcost_axes axes = axes_with(7);
	struct problem problem = {""};
	struct waitcost_plan plan;

	(void)state;
	axes.blocks = WAITCOST_TRIALS_MAX;
	assert_int_equal(waitcost_plan_make(&plan, &axes, &problem), -EINVAL);
	assert_non_null(strstr(problem.text, "--blocks"));
}

/* ---- summary and verdicts -----------------------------------------------------------
 */

/* A wait of that many ns in the cell, or a trial that was not ok. */
static void add(struct waitcost_summary *summary, size_t cell, uint64_t block,
	enum trial_status status, double wait_ns)
{
	struct waitcost_trial trial = {
		.cell = &summary->plan->cells[cell],
		.block = block,
		.status = status,
		.figures = {.ns = {wait_ns, 1, 2, 3}, .wait_bytes = 12, .trusted = true},
	};

	if (status != TRIAL_OK)
		strcpy(trial.reason.text, "a reason");
	waitcost_summary_add(summary, cell, &trial);
}

/* poll costs 300 + 30 N, epoll-lt 250, both with 1 % of noise between blocks. */
static void add_all(struct waitcost_summary *summary)
{
	for (uint64_t block = 1; block <= BLOCKS; block++)
		for (size_t n = 0; n < 4; n++) {
			double noise = 1 + 0.01 * (double)((block * 3 + n) % 4);

			add(summary, waitcost_plan_cell(summary->plan, 0, 0, n), block,
				TRIAL_OK, noise * (300 + 30 * (double)descriptors[n]));
			add(summary, waitcost_plan_cell(summary->plan, 1, 0, n), block,
				TRIAL_OK, noise * 250);
		}
}

static void test_verdicts(void **state)
{
	struct waitcost_axes axes = axes_with(7);
	struct waitcost_summary summary;
	struct waitcost_plan plan;

	(void)state;
	assert_int_equal(waitcost_plan_make(&plan, &axes, NULL), 0);
	assert_int_equal(waitcost_summary_make(&summary, &plan), 0);
	add_all(&summary);
	assert_int_equal(waitcost_summary_judge(&summary), 0);
	const struct waitcost_verdict *poll = waitcost_verdict_at(&summary, 0, 0);
	const struct waitcost_verdict *epoll = waitcost_verdict_at(&summary, 1, 0);

	assert_int_equal(poll->complexity.verdict, COMPLEXITY_LINEAR);
	assert_int_equal(epoll->complexity.verdict, COMPLEXITY_FLAT);
	/* Of descriptors they speak, and not of connections. */
	assert_non_null(strstr(poll->sentence, "ns per descriptor from 10 to 10,000"));
	assert_non_null(strstr(epoll->sentence, "flat from 10 to 10,000 descriptors"));
	assert_null(strstr(poll->sentence, "connection"));
	/* Where nothing was measured there is no verdict. */
	assert_false(waitcost_verdict_at(&summary, 0, 1)->judged);
	json_t *complexity = waitcost_complexity_json(&summary);

	assert_int_equal(json_array_size(complexity), 2);
	json_decref(complexity);
	waitcost_summary_free(&summary);
	waitcost_plan_free(&plan);
}

static void test_only_what_is_ok_enters_a_figure(void **state)
{
	struct waitcost_axes axes = axes_with(7);
	struct waitcost_summary summary;
	struct waitcost_plan plan;

	(void)state;
	assert_int_equal(waitcost_plan_make(&plan, &axes, NULL), 0);
	assert_int_equal(waitcost_summary_make(&summary, &plan), 0);
	add(&summary, 0, 1, TRIAL_OK, 100);
	add(&summary, 0, 2, TRIAL_INVALID, 9000);
	add(&summary, 0, 3, TRIAL_OK, 120);
	assert_false(waitcost_summary_lacks(&summary, 0, 1));
	assert_true(waitcost_summary_lacks(&summary, 0, 2));
	struct spread spread = waitcost_spread(&summary.cells[0], WAITCOST_WAIT);

	assert_int_equal(spread.count, 2);
	assert_true(spread.median == 110 && spread.min == 100 && spread.max == 120);
	assert_int_equal(waitcost_cell_status(&summary.cells[0]), TRIAL_INVALID);
	assert_string_equal(summary.cells[0].reason, "a reason");
	assert_int_equal(waitcost_summary_count(&summary, TRIAL_OK), 2);
	assert_int_equal(waitcost_summary_count(&summary, TRIAL_INVALID), 1);
	waitcost_summary_free(&summary);
	waitcost_plan_free(&plan);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_figures),
		cmocka_unit_test(test_disturbed_batches_enter_no_figure),
		cmocka_unit_test(test_too_few_batches_are_not_trusted),
		cmocka_unit_test(test_what_is_no_answer),
		cmocka_unit_test(test_plan),
		cmocka_unit_test(test_plan_has_a_limit),
		cmocka_unit_test(test_verdicts),
		cmocka_unit_test(test_only_what_is_ok_enters_a_figure),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
