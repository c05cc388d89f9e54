/*
 * test_window.c - when a window's latency or throughput is withdrawn, and that CPU and
 * counts then stand: each limit from both sides.
 */
#include "harness/trial/window_check.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { MESSAGE_BYTES = 64, REQUESTS = 1000 };

#define WINDOW_NS 100000000ULL

static int set_up(void **state)
{
	struct window *window = calloc(1, sizeof(*window));

	*state = window;
	window->measured = true;
	window->load.measured_ns = WINDOW_NS;
	window->load.counters.requests_completed = REQUESTS;
	histogram_reset(&window->load.service);
	histogram_reset(&window->load.response);
	histogram_reset(&window->load.send_lag);
	return 0;
}

static int tear_down(void **state)
{
	free(*state);
	return 0;
}

/* With which flags, a bit each, the window comes out. */
static unsigned flags_of(
	const struct window *window, uint64_t rate, enum placement_kind placement)
{
	struct window *copy = malloc(sizeof(*copy));
	struct load_window asked = {.duration_ns = WINDOW_NS, .rate = rate};
	unsigned flags = 0;

	*copy = *window;
	window_check_times(copy, &asked, MESSAGE_BYTES, placement);
	assert_int_equal(copy->status, TRIAL_OK); /* a flag is no verdict on the rest */
	for (int flag = 0; flag < WINDOW_FLAG_COUNT; flag++) {
		flags |= copy->flags[flag] ? 1U << flag : 0;
		assert_int_equal(copy->flags[flag], *copy->notes[flag] != '\0');
	}
	free(copy);
	return flags;
}

static void test_a_full_client_core(void **state)
{
	struct window *window = *state;
	const unsigned saturated = 1U << WINDOW_CLIENT_SATURATED;

	window->load.usage.cpu_ns = WINDOW_NS / 100 * 90;
	assert_int_equal(flags_of(window, 0, PLACEMENT_CROSS_CORE), 0);
	window->load.usage.cpu_ns = WINDOW_NS / 100 * 91;
	assert_int_equal(flags_of(window, 0, PLACEMENT_CROSS_CORE), saturated);
	assert_int_equal(flags_of(window, 0, PLACEMENT_NONE), saturated);
	assert_int_equal(flags_of(window, 0, PLACEMENT_SAME_CORE), 0);
}

/* Percent of the window that client and server used: is the client the bottleneck? */
static void test_a_client_that_is_the_bottleneck(void **state)
{
	static const struct {
		enum placement_kind placement;
		uint64_t client, server;
		bool bound;
	} cases[] = {
		{PLACEMENT_CROSS_CORE, 95, 85, true},
		{PLACEMENT_CROSS_CORE, 100, 20, true},
		{PLACEMENT_NONE, 99, 50, true},
		{PLACEMENT_CROSS_CORE, 94, 20, false}, /* it had time left */
		{PLACEMENT_CROSS_CORE, 95, 86, false}, /* so had the server, but little */
		{PLACEMENT_CROSS_CORE, 40, 100, false}, /* the reverse */
		{PLACEMENT_SAME_CORE, 61, 39, true},
		{PLACEMENT_SAME_CORE, 58, 37, true},
		{PLACEMENT_SAME_CORE, 60, 40, false},
		{PLACEMENT_SAME_CORE, 61, 33, false}, /* the core was not full */
		{PLACEMENT_SAME_CORE, 39, 61, false},
	};
	struct window *window = *state;

	window->before.usage.cpu_ns = WINDOW_NS; /* of before: it does not count */
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		window->load.usage.cpu_ns = WINDOW_NS / 100 * cases[i].client;
		window->after.usage.cpu_ns =
			WINDOW_NS + WINDOW_NS / 100 * cases[i].server;
		unsigned flags = flags_of(window, 0, cases[i].placement);

		if ((flags >> WINDOW_CLIENT_BOUND & 1) != cases[i].bound)
			fail_msg("case %zu", i);
	}
}

static void record(struct histogram *histogram, uint64_t count, uint64_t ns)
{
	while (count-- > 0)
		histogram_record(histogram, ns);
}

static void test_late_requests(void **state)
{
	struct window *window = *state;

	window->load.open_loop = true;
	window->load.counters.requests_intended = REQUESTS;
	record(&window->load.response, REQUESTS, 20000);
	record(&window->load.send_lag, REQUESTS - 11, 100);
	record(&window->load.send_lag, 11, 19000);
	assert_int_equal(flags_of(window, 10000, PLACEMENT_SAME_CORE), 0);
	record(&window->load.send_lag, 20, 21000);
	assert_int_equal(flags_of(window, 10000, PLACEMENT_SAME_CORE),
		1U << WINDOW_LATENCY_INVALID);
}

static void test_overload(void **state)
{
	struct window *window = *state;

	window->load.open_loop = true;
	window->load.counters.requests_intended = REQUESTS * 100 / 99;
	assert_int_equal(flags_of(window, 10000, PLACEMENT_SAME_CORE), 0);
	window->load.counters.requests_intended = REQUESTS * 100 / 98;
	assert_int_equal(
		flags_of(window, 10000, PLACEMENT_SAME_CORE), 1U << WINDOW_OVERLOAD);
	/* or it took longer to answer them all; the lag is then the server's, too */
	window->load.counters.requests_intended = REQUESTS;
	window->load.measured_ns = WINDOW_NS * 100 / 98;
	record(&window->load.response, REQUESTS, 20000);
	record(&window->load.send_lag, REQUESTS, 30000);
	assert_int_equal(
		flags_of(window, 10000, PLACEMENT_SAME_CORE), 1U << WINDOW_OVERLOAD);
	/* the drain of the last request is no overload */
	histogram_reset(&window->load.send_lag);
	window->load.measured_ns = WINDOW_NS * 1005 / 1000;
	assert_int_equal(flags_of(window, 10000, PLACEMENT_SAME_CORE), 0);
}

/* half costs 1000 ns a request, the other half permille more. */
static unsigned halves(struct window *window, uint64_t requests, uint64_t permille)
{
	window->halved = true;
	window->before.usage.cpu_ns = 77;
	window->middle.usage.cpu_ns = 77 + 1000 * requests;
	window->after.usage.cpu_ns = 77 + (2000 + permille) * requests;
	window->before.counters.bytes_tx = 640;
	window->middle.counters.bytes_tx = 640 + requests * MESSAGE_BYTES;
	window->after.counters.bytes_tx = 640 + 2 * requests * MESSAGE_BYTES;
	return flags_of(window, 0, PLACEMENT_SAME_CORE);
}

static void test_halves(void **state)
{
	struct window *window = *state;

	assert_int_equal(halves(window, 500, 49), 0);
	assert_int_equal(halves(window, 500, 51), 1U << WINDOW_HALVES_DIFFER);
	/* too few to tell */
	assert_int_equal(halves(window, 99, 500), 0);
}

static void test_what_is_withdrawn(void **state)
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
	struct window *window = *state;

	for (size_t i = 0; i < WINDOW_FLAG_COUNT; i++) {
		memset(window->flags, 0, sizeof(window->flags));
		assert_true(window_latency_stands(window));
		window_flag(window, cases[i].flag, "note");
		assert_int_equal(window_latency_stands(window), cases[i].latency);
		assert_int_equal(window_throughput_stands(window), cases[i].throughput);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define WITH_WINDOW(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
		WITH_WINDOW(test_a_full_client_core),
		WITH_WINDOW(test_a_client_that_is_the_bottleneck),
		WITH_WINDOW(test_late_requests),
		WITH_WINDOW(test_overload),
		WITH_WINDOW(test_halves),
		WITH_WINDOW(test_what_is_withdrawn),
#undef WITH_WINDOW
	};

	return cmocka_run_group_tests_name("window", tests, NULL, NULL);
}
