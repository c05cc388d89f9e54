/*
 * test_calls.c - what the control thread may see of the worker's counters while they
 * change.
 */
#include "backends/calls.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* A worker whose connections come and go as fast as they can. */
struct worker {
	struct calls calls;
	atomic_bool stop;
};

static void *come_and_go(void *argument)
{
	struct worker *worker = argument;

	while (!atomic_load_explicit(&worker->stop, memory_order_relaxed)) {
		calls_add(&worker->calls.accepted, 1);
		calls_add_closed(&worker->calls);
	}
	return NULL;
}

/* Read in the wrong order, held wraps below zero: a server with 2^64 connections. */
static void test_never_more_closed_than_accepted(void **state)
{
	enum { LOOKS = 3000000 };
	struct worker worker = {0};
	pthread_t thread;
	uint64_t accepted = 0, closed, wrapped = 0;

	(void)state;
	assert_int_equal(pthread_create(&thread, NULL, come_and_go, &worker), 0);
	while (accepted == 0) /* until it runs */
		calls_connections(&worker.calls, &accepted, &closed);
	for (int i = 0; i < LOOKS; i++) {
		calls_connections(&worker.calls, &accepted, &closed);
		wrapped += accepted < closed;
	}
	atomic_store(&worker.stop, true);
	pthread_join(thread, NULL);
	assert_int_equal(wrapped, 0);
	calls_connections(&worker.calls, &accepted, &closed);
	assert_int_equal(accepted, closed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_never_more_closed_than_accepted),
	};

	return cmocka_run_group_tests_name("calls", tests, NULL, NULL);
}
