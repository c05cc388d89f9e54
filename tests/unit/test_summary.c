/*
 * test_summary.c - what trials come to: medians over blocks, costs a request, and that
 * nothing invalid, skipped or missing enters a figure or turns into a 0.
 */
#include "harness/result/summary.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { BLOCKS = 5 };

static const char *const backends[] = {"poll"};
static const uint64_t idle[] = {100};
static const uint64_t active[] = {1};

/* One cell, its summary, and the trial that is put together for it. */
struct fixture {
	struct plan plan;
	struct summary summary;
	struct trial *trial;
};

static int set_up(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));
	struct plan_axes axes = {
		.backends = backends,
		.backend_count = 1,
		.lists =
			{
				[PLAN_IDLE] = {idle, 1},
				[PLAN_ACTIVE] = {active, 1},
			},
		.blocks = BLOCKS,
	};

	*state = fixture;
	fixture->trial = malloc(sizeof(*fixture->trial));
	return plan_make(&fixture->plan, &axes, NULL) +
	       summary_make(&fixture->summary, &fixture->plan);
}

static int tear_down(void **state)
{
	struct fixture *fixture = *state;

	summary_free(&fixture->summary);
	plan_free(&fixture->plan);
	free(fixture->trial);
	free(fixture);
	return 0;
}

static const struct summary_cell *cell_of(const struct fixture *fixture)
{
	return &fixture->summary.cells[0];
}

/* A trial in which all is well: 1000 requests a window, half a second, 2 us of CPU. */
static struct trial *good_trial(struct fixture *fixture, uint64_t block)
{
	struct trial *trial = fixture->trial;

	memset(trial, 0, sizeof(*trial));
	trial->cell = fixture->plan.cells[0];
	trial->block = block;
	for (int role = 0; role < WINDOW_COUNT; role++) {
		struct window *window = &trial->windows[role];

		window->measured = true;
		window->before.usage.cpu_ns = 7000;
		window->after.usage.cpu_ns = 7000 + 2000000;
		window->load.measured_ns = 500000000;
		window->load.counters.requests_completed = 1000;
		histogram_reset(&window->load.service);
	}
	return trial;
}

static void set_cpu(struct trial *trial, uint64_t ns_per_request)
{
	struct window *timed = &trial->windows[WINDOW_TIMED];

	timed->after.usage.cpu_ns = timed->before.usage.cpu_ns + 1000 * ns_per_request;
}

/* Before the window there were 10 of them, of which nothing may be counted. */
static void add_call(struct trial *trial, const char *name, uint64_t count)
{
	struct window *counted = &trial->windows[WINDOW_COUNTED];
	struct call_counts *before = &counted->before.calls;
	struct call_counts *after = &counted->after.calls;

	snprintf(before->calls[before->length].name, CALL_NAME_BYTES, "%s", name);
	before->calls[before->length++].count = 10;
	snprintf(after->calls[after->length].name, CALL_NAME_BYTES, "%s", name);
	after->calls[after->length++].count = 10 + count;
}

static void add(struct fixture *fixture)
{
	assert_int_equal(summary_add(&fixture->summary, 0, fixture->trial), 0);
}

static void assert_close(double value, double expected)
{
	assert_true(fabs(value - expected) <= 1e-9 * fabs(expected));
}

struct median_case {
	double values[BLOCKS]; /* NAN: missing */
	size_t count;
	double median, min, max;
};

static void test_spread(void **state)
{
	static const struct median_case cases[] = {
		{{3, 1, 2, 9, 4}, 5, 3, 1, 9},
		{{4, 3, 1, 2, NAN}, 4, 2.5, 1, 4},
		{{NAN, 7, NAN, NAN, NAN}, 1, 7, 7, 7},
		{{NAN, 5, NAN, 1, NAN}, 2, 3, 1, 5},
		{{2, 2, 2, 2, 1000}, 5, 2, 2, 1000},
		{{NAN, NAN, NAN, NAN, NAN}, 0, 0, 0, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct samples samples;

		assert_int_equal(samples_make(&samples, BLOCKS), 0);
		memcpy(samples.values, cases[i].values, sizeof(cases[i].values));
		struct spread spread = spread_of(&samples);
		assert_int_equal(spread.count, cases[i].count);
		assert_close(spread.median, cases[i].median);
		assert_close(spread.min, cases[i].min);
		assert_close(spread.max, cases[i].max);
		samples_free(&samples);
	}
}

static void test_costs_are_differences_per_request(void **state)
{
	struct fixture *fixture = *state;
	static const uint64_t costs[BLOCKS] = {2000, 2600, 1900, 2100, 9000};

	for (uint64_t block = 1; block <= BLOCKS; block++) {
		set_cpu(good_trial(fixture, block), costs[block - 1]);
		add(fixture);
	}
	struct spread cpu = spread_of(&cell_of(fixture)->cpu_ns);
	struct spread rate = spread_of(&cell_of(fixture)->requests_per_s);

	assert_int_equal(cpu.count, BLOCKS);
	assert_close(cpu.median, 2100);
	assert_close(cpu.min, 1900);
	assert_close(cpu.max, 9000);
	assert_close(rate.median, 2000);
	assert_int_equal(cell_of(fixture)->trials[TRIAL_OK], BLOCKS);
}

static void test_calls_come_from_the_counted_window(void **state)
{
	struct fixture *fixture = *state;
	struct trial *trial = good_trial(fixture, 1);

	add_call(trial, "recvfrom", 2000);
	add_call(trial, "sendto", 1000);
	trial->windows[WINDOW_COUNTED].kernel_counted = true;
	trial->windows[WINDOW_COUNTED].kernel_calls = 3000;
	add(fixture);
	const struct summary_cell *cell = cell_of(fixture);

	assert_int_equal(cell->call_count, 2);
	assert_string_equal(cell->calls[0].name, "recvfrom");
	assert_close(spread_of(&cell->calls[0].per_request).median, 2);
	assert_close(spread_of(&cell->calls[1].per_request).median, 1);
	assert_close(spread_of(&cell->syscalls).median, 3);
}

/* A call that only some windows make was made 0 times in the others, early or late. */
static void test_a_call_not_made_counts_as_none(void **state)
{
	struct fixture *fixture = *state;

	add_call(good_trial(fixture, 1), "poll", 1000);
	add(fixture);
	add_call(good_trial(fixture, 2), "poll", 1000);
	add_call(fixture->trial, "accept4", 500);
	add(fixture);
	good_trial(fixture, 3);
	add(fixture);
	const struct summary_cell *cell = cell_of(fixture);
	struct spread poll = spread_of(&cell->calls[0].per_request);
	struct spread accept = spread_of(&cell->calls[1].per_request);

	assert_int_equal(poll.count, 3);
	assert_close(poll.min, 0);
	assert_close(poll.median, 1);
	assert_int_equal(accept.count, 3);
	assert_close(accept.median, 0);
	assert_close(accept.max, 0.5);
}

static void test_what_is_not_ok_stays_out(void **state)
{
	struct fixture *fixture = *state;
	struct trial *trial = good_trial(fixture, 1);

	for (int role = 0; role < WINDOW_COUNT; role++)
		trial->windows[role].status = TRIAL_INVALID;
	trial->windows[WINDOW_TIMED].reason_count = 1;
	strcpy(trial->windows[WINDOW_TIMED].reasons[0], "idle set\nincomplete");
	add(fixture);
	trial = good_trial(fixture, 2);
	for (int role = 0; role < WINDOW_COUNT; role++) {
		trial->windows[role].status = TRIAL_SKIPPED;
		trial->windows[role].measured = false;
	}
	add(fixture);
	const struct summary_cell *cell = cell_of(fixture);

	assert_int_equal(spread_of(&cell->cpu_ns).count, 0);
	assert_false(summary_counted(cell));
	assert_int_equal(cell->trials[TRIAL_INVALID], 1);
	assert_int_equal(cell->trials[TRIAL_SKIPPED], 1);
	assert_int_equal(summary_status(cell), TRIAL_INVALID);
	assert_string_equal(cell->reason, "idle set incomplete");
	assert_int_equal(summary_count(&fixture->summary, TRIAL_INVALID), 1);
}

/* The timed window of a trial stands although its counted window broke down. */
static void test_windows_are_judged_apart(void **state)
{
	struct fixture *fixture = *state;
	struct trial *trial = good_trial(fixture, 1);

	trial->windows[WINDOW_COUNTED].status = TRIAL_FAILED;
	trial->windows[WINDOW_COUNTED].measured = false;
	add(fixture);
	assert_int_equal(spread_of(&cell_of(fixture)->cpu_ns).count, 1);
	assert_false(summary_counted(cell_of(fixture)));
	assert_int_equal(cell_of(fixture)->trials[TRIAL_FAILED], 1);
}

static void add_latencies(struct fixture *fixture, uint64_t block, uint64_t count)
{
	struct trial *trial = good_trial(fixture, block);

	for (uint64_t i = 0; i < count; i++)
		histogram_record(
			&trial->windows[WINDOW_TIMED].load.service, 1000 + i % 100);
	add(fixture);
}

/* p99 needs 10 requests beyond it, 1000 in all; blocks add up. */
static void test_percentiles_need_a_tail(void **state)
{
	struct fixture *fixture = *state;
	uint64_t ns = 0;

	assert_false(summary_percentile(cell_of(fixture), 0.5, &ns));
	add_latencies(fixture, 1, 500);
	add_latencies(fixture, 2, 499);
	assert_true(summary_percentile(cell_of(fixture), 0.5, &ns));
	assert_false(summary_percentile(cell_of(fixture), 0.99, &ns));
	add_latencies(fixture, 3, 1);
	assert_true(summary_percentile(cell_of(fixture), 0.99, &ns));
	assert_in_range(ns, 1090, 1099);
}

/* What a flag withdraws stays out of figures; CPU and all else stand. */
static void test_flags_withdraw_latency_and_throughput(void **state)
{
	static const struct {
		enum window_flag flag;
		bool latency, throughput;
	} cases[] = {
		{WINDOW_LATENCY_INVALID, false, false},
		{WINDOW_CLIENT_SATURATED, false, false},
		{WINDOW_OVERLOAD, false, true},
		{WINDOW_HALVES_DIFFER, true, true},
		{WINDOW_CLIENT_BOUND, true, true},
	};
	struct fixture *fixture = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const struct summary_cell *cell = cell_of(fixture);
		struct window *timed = &good_trial(fixture, i + 1)->windows[WINDOW_TIMED];
		uint64_t count = cell->latency ? cell->latency->count : 0;

		histogram_record(&timed->load.service, 1000);
		window_flag(timed, cases[i].flag, "a note");
		add(fixture);
		assert_int_equal(cell->flagged[cases[i].flag], 1);
		assert_int_equal((cell->latency ? cell->latency->count : 0) - count,
			cases[i].latency ? 1 : 0);
		assert_int_equal(
			!isnan(cell->requests_per_s.values[i]), cases[i].throughput);
		assert_close(cell->cpu_ns.values[i], 2000);
		assert_int_equal(cell->trials[TRIAL_OK], i + 1);
	}
}

/* Churn is told by the connection; in an open loop it is response time that counts. */
static void test_what_the_workload_changes(void **state)
{
	struct fixture *fixture = *state;
	struct window *timed = &good_trial(fixture, 1)->windows[WINDOW_TIMED];

	timed->load.counters.connections_opened = 250;
	timed->load.open_loop = true;
	histogram_reset(&timed->load.response);
	for (int i = 0; i < 100; i++)
		histogram_record(&timed->load.response, 777);
	add(fixture);
	assert_close(summary_cost(cell_of(fixture))->values[0], 8000);
	assert_close(cell_of(fixture)->cpu_ns.values[0], 2000);
	assert_true(cell_of(fixture)->open_loop);
	assert_int_equal(cell_of(fixture)->latency->min_ns, 777);
}

static void test_not_measured_is_null(void **state)
{
	static const char *const keys[] = {"server_cpu_ns_per_request", "latency_p50_ns",
		"latency_p99_ns", "requests_per_second", "syscalls_per_request",
		"calls_per_request"};
	struct fixture *fixture = *state;
	json_t *summary = summary_to_json(&fixture->summary);
	const json_t *cell = json_array_get(summary, 0);

	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++)
		assert_true(json_is_null(json_object_get(cell, keys[i])));
	json_decref(summary);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_spread),
#define WITH_FIXTURE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
		WITH_FIXTURE(test_costs_are_differences_per_request),
		WITH_FIXTURE(test_calls_come_from_the_counted_window),
		WITH_FIXTURE(test_a_call_not_made_counts_as_none),
		WITH_FIXTURE(test_what_is_not_ok_stays_out),
		WITH_FIXTURE(test_windows_are_judged_apart),
		WITH_FIXTURE(test_percentiles_need_a_tail),
		WITH_FIXTURE(test_flags_withdraw_latency_and_throughput),
		WITH_FIXTURE(test_what_the_workload_changes),
		WITH_FIXTURE(test_not_measured_is_null),
#undef WITH_FIXTURE
	};

	return cmocka_run_group_tests_name("summary", tests, NULL, NULL);
}
