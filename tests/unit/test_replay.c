/*
 * test_replay.c - whatever is derived from trials comes out the same when it is derived
 * again from their records; and records that do not belong together are refused.
 */
#include "harness/result/replay.h"
#include "harness/trial/trial_json.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { BACKENDS = 2, IDLE = 8, BLOCKS = 4, TRIALS = BACKENDS * IDLE * BLOCKS };

static const char *const backends[BACKENDS] = {"poll", "epoll-lt"};
static const uint64_t idle[IDLE] = {9, 29, 99, 299, 999, 2999, 4999, 9999};

static const struct workload workload = {.churn_requests = 1};

/* A run without servers: its summary, and the result that a reader would get. */
struct fixture {
	struct plan plan;
	struct summary summary;
	struct trial *trial;
	json_t *root;
};

static void fill_window(struct window *window, uint64_t requests, uint64_t cpu_ns)
{
	struct server_counters *counters = &window->after.counters;

	window->measured = true;
	/* What was before must not count. */
	window->before.usage = (struct usage){.cpu_ns = 5000, .user_ticks_ns = 70};
	window->after.usage = (struct usage){
		.cpu_ns = 5000 + cpu_ns,
		.user_ticks_ns = 70 + cpu_ns / 4,
		.sys_ticks_ns = cpu_ns - cpu_ns / 4,
		.run_delay_ns = 3,
	};
	window->before.counters.wakeups = 10;
	counters->wakeups = 10 + requests;
	counters->bytes_tx = counters->bytes_rx = requests * 64;
	window->before.calls.length = window->after.calls.length = 1;
	strcpy(window->before.calls.calls[0].name, "recvfrom");
	strcpy(window->after.calls.calls[0].name, "recvfrom");
	window->before.calls.calls[0].count = 4;
	window->after.calls.calls[0].count = 4 + requests;
	window->load.measured_ns = 100000000;
	window->load.counters.requests_completed = requests;
	window->load.usage.cpu_ns = 1234;
	window->steal_known = true;
	window->steal_ns = 10000000;
	strcpy(window->kernel_method, KERNEL_METHOD_NONE "a test");
	histogram_reset(&window->load.service);
	for (uint64_t i = 0; i < requests; i++)
		histogram_record(&window->load.service, 2000 + 13 * i);
}

/* poll costs 100 ns a connection, epoll nothing; all scatter by a few percent. */
static uint64_t cpu_ns_of(const struct cell *cell, uint64_t block)
{
	uint64_t ns = 3000;

	if (strcmp(cell->backend, "poll") == 0)
		ns += 100 * cell->connections_idle;
	return ns * (100 + (block * 7 + cell->connections_idle / 9) % 5) / 100;
}

static void make_trial(struct fixture *fixture, size_t k)
{
	struct trial *trial = fixture->trial;
	const struct plan *plan = &fixture->plan;
	const uint64_t requests = 2000;

	memset(trial, 0, sizeof(*trial));
	trial->cell = plan->cells[plan->order[k]];
	trial->block = k / plan->cell_count + 1;
	trial->order_in_block = k % plan->cell_count + 1;
	trial->workload = workload;
	trial->load_cpu = -1;
	for (int role = 0; role < WINDOW_COUNT; role++)
		fill_window(&trial->windows[role], requests,
			requests * cpu_ns_of(&trial->cell, trial->block));
	trial->windows[WINDOW_COUNTED].kernel_counted = true;
	trial->windows[WINDOW_COUNTED].kernel_calls = requests * 3;
	if (k == 3)
		window_mark(&trial->windows[WINDOW_TIMED], TRIAL_INVALID, "a reason");
	if (k == 4)
		window_flag(
			&trial->windows[WINDOW_TIMED], WINDOW_CLIENT_SATURATED, "a note");
	if (k == 5) { /* skipped: nothing was measured */
		trial->windows[WINDOW_TIMED].measured = false;
		trial->windows[WINDOW_COUNTED].measured = false;
		window_mark(&trial->windows[WINDOW_TIMED], TRIAL_SKIPPED, "too many");
		window_mark(&trial->windows[WINDOW_COUNTED], TRIAL_SKIPPED, "too many");
	}
}

static int set_up(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));
	struct plan_axes axes = {
		.backends = backends,
		.backend_count = BACKENDS,
		.lists = {[PLAN_IDLE] = {idle, IDLE}},
		.blocks = BLOCKS,
		.seed = 11,
	};
	json_t *trials = json_array();

	*state = fixture;
	fixture->trial = malloc(sizeof(*fixture->trial));
	if (plan_make(&fixture->plan, &axes, NULL) < 0 ||
		summary_make(&fixture->summary, &fixture->plan) < 0)
		return -1;
	for (size_t k = 0; k < TRIALS; k++) {
		make_trial(fixture, k);
		summary_add(&fixture->summary, fixture->plan.order[k], fixture->trial);
		for (int role = 0; role < WINDOW_COUNT; role++)
			json_array_append_new(trials,
				trial_to_json(fixture->trial, (enum window_role)role));
	}
	fixture->root = json_pack("{s{si} s{s[ss] s[iiiiiiii] s[i] s[i] si ss} so}",
		"run", "seed", 11, "config", "backends", "poll", "epoll-lt",
		"connections_idle", 9, 29, 99, 299, 999, 2999, 4999, 9999,
		"connections_active", 1, "message_bytes", 64, "blocks", BLOCKS,
		"placement", "same-core", "trials", trials);
	return fixture->root ? 0 : -1;
}

static int tear_down(void **state)
{
	struct fixture *fixture = *state;

	json_decref(fixture->root);
	summary_free(&fixture->summary);
	plan_free(&fixture->plan);
	free(fixture->trial);
	free(fixture);
	return 0;
}

static json_t *trials_of(struct fixture *fixture)
{
	return json_object_get(fixture->root, "trials");
}

static void test_the_summary_comes_out_the_same(void **state)
{
	struct fixture *fixture = *state;
	struct problem problem = {""};
	struct replay replay;

	assert_int_equal(replay_result(&replay, fixture->root, &problem), 0);
	json_t *before = summary_to_json(&fixture->summary);
	json_t *again = summary_to_json(&replay.summary);

	assert_true(json_equal(before, again));
	assert_int_equal(json_array_size(again), BACKENDS * IDLE);
	json_decref(before);
	json_decref(again);
	replay_free(&replay);
}

static void test_the_verdicts_come_out_the_same(void **state)
{
	struct fixture *fixture = *state;
	struct verdicts verdicts;
	struct replay replay;

	assert_int_equal(verdicts_make(&verdicts, &fixture->plan, &fixture->summary), 0);
	assert_int_equal(replay_result(&replay, fixture->root, NULL), 0);
	json_t *before = verdicts_to_json(&verdicts, &fixture->plan, &workload);
	json_t *again =
		verdicts_to_json(&replay.verdicts, &replay.plan, &replay.workload);

	assert_true(json_equal(before, again));
	assert_int_equal(json_array_size(again), BACKENDS);
	assert_int_equal(verdicts_find(&verdicts, 0, 0)->verdict, COMPLEXITY_LINEAR);
	assert_int_equal(verdicts_find(&verdicts, 1, 0)->verdict, COMPLEXITY_FLAT);
	json_decref(before);
	json_decref(again);
	verdicts_free(&verdicts);
	replay_free(&replay);
}

/* A record written, read and written again is the same record. */
static void test_records_survive(void **state)
{
	struct fixture *fixture = *state;
	static const char *const same[] = {"trial_id", "backend", "role", "status",
		"status_reasons", "flags", "notes", "measured_ns", "counters", "calls",
		"syscalls_total", "syscall_method", "client", "server", "steal_ns",
		"latency", "connections_idle", "pipeline", "rate"};
	const json_t *record;
	size_t i;

	json_array_foreach(trials_of(fixture), i, record)
	{
		enum window_role role;

		memset(fixture->trial, 0, sizeof(*fixture->trial));
		assert_int_equal(trial_from_json(fixture->trial, record, &role, NULL), 0);
		json_t *again = trial_to_json(fixture->trial, role);

		for (size_t j = 0; j < sizeof(same) / sizeof(*same); j++)
			assert_true(json_equal(json_object_get(record, same[j]),
				json_object_get(again, same[j])));
		json_decref(again);
	}
}

static void assert_refused(struct fixture *fixture, const char *words)
{
	struct problem problem = {""};
	struct replay replay;

	assert_int_equal(replay_result(&replay, fixture->root, &problem), -EBADMSG);
	if (!strstr(problem.text, words))
		fail_msg("'%s' does not say '%s'", problem.text, words);
	replay_free(&replay);
}

static void test_a_trial_twice_is_refused(void **state)
{
	struct fixture *fixture = *state;
	json_t *trials = trials_of(fixture);

	json_array_append(trials, json_array_get(trials, 0));
	json_array_append(trials, json_array_get(trials, 1));
	assert_refused(fixture, "twice");
}

static void test_halves_of_two_trials_are_refused(void **state)
{
	struct fixture *fixture = *state;

	json_array_remove(trials_of(fixture), 1);
	assert_refused(fixture, "two records");
}

struct damage {
	const char *key;
	json_t *value;
	const char *words;
};

static void test_damaged_records_are_refused(void **state)
{
	struct fixture *fixture = *state;
	const struct damage damages[] = {
		{"backend", json_string("kqueue"), "no cell"},
		{"connections_idle", json_integer(8), "no cell"},
		{"connections_idle", json_integer(-8), "connections_idle"},
		{"block", json_integer(BLOCKS + 1), "outside"},
		{"block", json_integer(0), "outside"},
		{"order_in_block", json_integer(1000), "outside"},
		{"role", json_string("third"), "role"},
		{"status", json_string("fine"), "status"},
		{"counters", json_null(), "counters"},
		{"server", json_string("x"), "server"},
		{"measured_ns", json_integer(0), "without requests or time"},
		{"measured_ns", json_string("1"), "measured_ns"},
	};

	for (size_t i = 0; i < sizeof(damages) / sizeof(*damages); i++) {
		json_t *whole = json_array_get(trials_of(fixture), 0);
		json_t *damaged = json_copy(whole);

		json_incref(whole);
		json_object_set_new(damaged, damages[i].key, damages[i].value);
		json_array_set_new(trials_of(fixture), 0, damaged);
		assert_refused(fixture, damages[i].words);
		json_array_set_new(trials_of(fixture), 0, whole);
	}
	struct replay replay;

	assert_int_equal(replay_result(&replay, fixture->root, NULL), 0);
	replay_free(&replay);
}

static void test_a_damaged_config_is_refused(void **state)
{
	struct fixture *fixture = *state;
	json_t *config = json_object_get(fixture->root, "config");

	json_object_set_new(config, "pipeline", json_pack("[ii]", 2, 2));
	assert_refused(fixture, "pipeline");
	json_object_del(config, "pipeline");
	json_object_set_new(config, "blocks", json_integer(0));
	assert_refused(fixture, "blocks");
	json_object_set_new(config, "blocks", json_integer(BLOCKS));
	json_object_set_new(config, "backends", json_array());
	assert_refused(fixture, "backends");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define WITH_FIXTURE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
		WITH_FIXTURE(test_the_summary_comes_out_the_same),
		WITH_FIXTURE(test_the_verdicts_come_out_the_same),
		WITH_FIXTURE(test_records_survive),
		WITH_FIXTURE(test_a_trial_twice_is_refused),
		WITH_FIXTURE(test_halves_of_two_trials_are_refused),
		WITH_FIXTURE(test_damaged_records_are_refused),
		WITH_FIXTURE(test_a_damaged_config_is_refused),
#undef WITH_FIXTURE
	};

	return cmocka_run_group_tests_name("replay", tests, NULL, NULL);
}
