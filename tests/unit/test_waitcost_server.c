/*
 * test_waitcost_server.c - the server's side of waitcost, over every backend that has a
 * poller: what it says it did is what the backend was asked to do, nothing is left open,
 * and a backend that answers wrongly is not timed.
 */
#include "backends/registry.h"
#include "common/clock.h"
#include "common/net.h"
#include "server/waitcost.h"

#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { FDS_MAX = 1000, DESCRIPTORS = 130, READY = 7, BATCHES = 3, PASS = 100 };

static struct waitcost waitcost_of(const struct backend *backend)
{
	return (struct waitcost){
		.backend = backend,
		.fds_max = FDS_MAX,
		.descriptors = DESCRIPTORS,
		.ready = READY,
		.batches = BATCHES,
		.batch_ns = 20 * NS_PER_US,
	};
}

static json_int_t number(const json_t *object, const char *key)
{
	const json_t *value = json_object_get(object, key);

	if (!json_is_integer(value))
		fail_msg("'%s' is no whole number", key);
	return json_integer_value(value);
}

/* How many batches there were: more than asked for when some were disturbed. */
static json_int_t batches_of(const json_t *object)
{
	size_t batches = json_array_size(json_object_get(object, "cpu_ns"));

	assert_in_range(batches, BATCHES, BATCHES * WAITCOST_TRIES);
	return (json_int_t)batches;
}

/* One number above 0 a batch. */
static void check_durations(const json_t *object, const char *key, json_int_t batches)
{
	const json_t *item, *list = json_object_get(object, key);
	size_t i;

	assert_int_equal(json_array_size(list), batches);
	json_array_foreach(list, i, item) assert_true(json_integer_value(item) > 0);
}

static void check_waits(const struct backend *backend, const json_t *wait)
{
	bool edge = backend->flags & BACKEND_EDGE;
	json_int_t batches = batches_of(wait);
	json_int_t waits = number(wait, "operations_per_batch") * batches;
	const json_t *calls = json_object_get(wait, "calls"), *count;
	json_int_t total = 0;
	const char *name;

	/* one call a wait, and to arm an edge again one for each ready descriptor */
	json_object_foreach((json_t *)calls, name, count) total +=
		json_integer_value(count);
	assert_int_equal(total, waits * (edge ? 1 + READY : 1));
	assert_int_equal(number(wait, "clock_reads_per_batch"),
		edge ? number(wait, "operations_per_batch") : 1);
	if (strcmp(backend->name, "poll") == 0)
		assert_int_equal(number(wait, "wait_bytes"), waits * 10 * DESCRIPTORS);
	if (strncmp(backend->name, "epoll", 5) == 0)
		assert_int_equal(number(wait, "wait_bytes"), waits * 12 * READY);
	check_durations(wait, "duration_ns", batches);
	check_durations(wait, "elapsed_ns", batches);
	check_durations(wait, "cpu_ns", batches);
}

static void check_interest(const struct backend *backend, const json_t *interest)
{
	const json_t *added = json_object_get(interest, "register");
	const json_t *modified = json_object_get(interest, "modify");
	const json_t *removed = json_object_get(interest, "remove");
	json_int_t passes = number(added, "clock_reads_per_batch");
	json_int_t batches = batches_of(interest);

	assert_int_equal(number(interest, "descriptors"), PASS);
	assert_int_equal(number(added, "operations_per_batch"), passes * PASS);
	assert_int_equal(number(modified, "operations_per_batch"), passes * PASS * 2);
	assert_int_equal(number(removed, "operations_per_batch"), passes * PASS);
	check_durations(added, "duration_ns", batches);
	check_durations(modified, "duration_ns", batches);
	check_durations(removed, "duration_ns", batches);
	/* epoll goes to the kernel for each, the others for none */
	const json_t *calls = json_object_get(interest, "calls");

	if (strncmp(backend->name, "epoll", 5) == 0)
		assert_int_equal(number(calls, "epoll_ctl"), passes * PASS * 4 * batches);
	else
		assert_int_equal(json_object_size(calls), 0);
}

static void test_every_backend(void **state)
{
	size_t measured = 0;

	(void)state;
	for (size_t i = 0; registry_backends[i]; i++) {
		const struct backend *backend = registry_backends[i];
		struct waitcost waitcost = waitcost_of(backend);
		struct problem problem = {""};
		int open_before = net_descriptors_open();
		json_t *result = NULL;

		if (!backend->poller || backend->flags & BACKEND_DEFERS)
			continue;
		int error = waitcost_measure(&waitcost, &result, &problem);

		if (error != 0)
			fail_msg("%s: %d %s", backend->name, error, problem.text);
		assert_string_equal(json_string_value(json_object_get(result, "backend")),
			backend->name);
		assert_int_equal(number(result, "descriptors"), DESCRIPTORS);
		assert_int_equal(number(result, "ready"), READY);
		assert_true(
			json_real_value(json_object_get(result, "clock_read_ns")) > 0);
		check_waits(backend, json_object_get(result, "wait"));
		check_interest(backend, json_object_get(result, "interest"));
		json_decref(result);
		assert_int_equal(net_descriptors_open(), open_before);
		measured++;
	}
	assert_int_equal(measured, 5);
}

/* Too many for the backend or for the limit is a fact with a reason, and leaves nothing.
 */
static void test_no_room(void **state)
{
	struct backend narrow = *registry_backends[0];
	struct problem problem = {""};
	int open_before = net_descriptors_open();
	json_t *result = NULL;

	(void)state;
	narrow.fds_limit = 64;
	struct waitcost waitcost = waitcost_of(&narrow);

	assert_int_equal(waitcost_measure(&waitcost, &result, &problem), -EMFILE);
	assert_non_null(strstr(problem.text, "fd_setsize 64: room for"));
	narrow.fds_limit = 0;
	waitcost.fds_max = 70;
	assert_int_equal(waitcost_measure(&waitcost, &result, &problem), -EMFILE);
	assert_non_null(strstr(problem.text, "RLIMIT_NOFILE 70: room for"));
	assert_null(result);
	assert_int_equal(net_descriptors_open(), open_before);
}

/* A poller that is poll's but for its answer. */
static const struct poller_ops *honest;

static int wait_one_short(void *state, struct ready *out, int timeout_ms)
{
	return honest->wait(state, out, timeout_ms) - 1;
}

static int wait_wrong_one(void *state, struct ready *out, int timeout_ms)
{
	int count = honest->wait(state, out, timeout_ms);

	out[0].fd++;
	return count;
}

static int wait_one_twice(void *state, struct ready *out, int timeout_ms)
{
	int count = honest->wait(state, out, timeout_ms);

	out[1] = out[0];
	return count;
}

static int wait_fails(void *state, struct ready *out, int timeout_ms)
{
	(void)state;
	(void)out;
	(void)timeout_ms;
	return -EIO;
}

static void test_a_wrong_answer_is_not_timed(void **state)
{
	int (*const liars[])(void *, struct ready *, int) = {
		wait_one_short, wait_wrong_one, wait_one_twice, wait_fails};
	const struct backend *poll;
	struct problem problem = {""};

	(void)state;
	assert_int_equal(registry_find("poll", &poll, &problem), 0);
	honest = poll->poller;
	for (size_t i = 0; i < sizeof(liars) / sizeof(*liars); i++) {
		struct poller_ops ops = *poll->poller;
		struct backend liar = *poll;
		struct waitcost waitcost = waitcost_of(&liar);
		json_t *result = NULL;

		ops.wait = liars[i];
		liar.poller = &ops;
		int error = waitcost_measure(&waitcost, &result, &problem);

		if (error != (liars[i] == wait_fails ? -EIO : -EPROTO))
			fail_msg("liar %zu: %d %s", i, error, problem.text);
		assert_null(result);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_backend),
		cmocka_unit_test(test_no_room),
		cmocka_unit_test(test_a_wrong_answer_is_not_timed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
