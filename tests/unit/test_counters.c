/*
 * test_counters.c - the counter that not every server has: null stays null from the
 * server's snapshot to the record, and an older result, without it, can still be read.
 */
#include "harness/trial/counters.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* A snapshot's counters, each of them value; cq_overflows (owned now) if not NULL. */
static struct server_counters read_counters(json_int_t value, json_t *cq_overflows)
{
	static const char *const names[] = {"bytes_rx", "bytes_tx", "wakeups", "events",
		"eagain_accept", "eagain_recv", "eagain_send", "wait_bytes",
		"connection_errors", "accept_pauses"};
	json_t *object = json_object();
	struct server_counters counters;
	struct problem problem = {0};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		json_object_set_new(object, names[i], json_integer(value));
	if (cq_overflows)
		json_object_set_new(object, "cq_overflows", cq_overflows);
	assert_int_equal(server_counters_from_json(object, &counters, &problem), 0);
	json_decref(object);
	return counters;
}

/* What a record says of the window between the two. The caller owns it. */
static json_t *record_of(
	const struct server_counters *before, const struct server_counters *after)
{
	const struct load_counters load = {.requests_completed = 1};
	struct server_counters difference = server_counters_difference(before, after);

	return counters_to_json(&difference, &load);
}

static void test_a_counter_that_is_there(void **state)
{
	struct server_counters before = read_counters(10, json_integer(3));
	struct server_counters after = read_counters(15, json_integer(7));
	json_t *record = record_of(&before, &after);

	(void)state;
	assert_int_equal(json_integer_value(json_object_get(record, "cq_overflows")), 4);
	assert_int_equal(json_integer_value(json_object_get(record, "wakeups")), 5);
	json_decref(record);
}

static void test_null_is_no_number(void **state)
{
	struct server_counters before = read_counters(10, json_null());
	struct server_counters after = read_counters(15, json_null());
	json_t *record = record_of(&before, &after);

	(void)state;
	assert_true(json_is_null(json_object_get(record, "cq_overflows")));
	json_decref(record);
}

static void test_a_result_of_before(void **state)
{
	struct server_counters before = read_counters(10, NULL);
	struct server_counters after = read_counters(15, NULL);
	json_t *record = record_of(&before, &after);

	(void)state;
	assert_true(json_is_null(json_object_get(record, "cq_overflows")));
	json_decref(record);
}

static void test_what_is_no_count_is_refused(void **state)
{
	json_t *object = json_pack("{si si si si si si si si si si ss}", "bytes_rx", 1,
		"bytes_tx", 1, "wakeups", 1, "events", 1, "eagain_accept", 1,
		"eagain_recv", 1, "eagain_send", 1, "wait_bytes", 1, "connection_errors",
		1, "accept_pauses", 1, "cq_overflows", "many");
	struct server_counters counters;
	struct problem problem = {0};

	(void)state;
	assert_true(server_counters_from_json(object, &counters, &problem) < 0);
	json_decref(object);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_counter_that_is_there),
		cmocka_unit_test(test_null_is_no_number),
		cmocka_unit_test(test_a_result_of_before),
		cmocka_unit_test(test_what_is_no_count_is_refused),
	};

	return cmocka_run_group_tests_name("counters", tests, NULL, NULL);
}
