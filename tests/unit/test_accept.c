/*
 * test_accept.c - every error that accept(2) documents, and what the listener does next.
 * A wrong row here is a server that spins, goes deaf or ends for one bad connection.
 */
#include "backends/accept.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

struct expectation {
	int error;
	enum accept_next next;
};

static const struct expectation expectations[] = {
	/* nobody waits: back to the wait */
	{EAGAIN, ACCEPT_EMPTY},
	{EWOULDBLOCK, ACCEPT_EMPTY},
	/* this one gave up in the queue, or a signal came: an edge-triggered listener
	 * that left its loop here would go deaf */
	{ECONNABORTED, ACCEPT_AGAIN},
	{EPROTO, ACCEPT_AGAIN},
	{EINTR, ACCEPT_AGAIN},
	/* errors of the new connection's network, which Linux passes through accept */
	{ENETDOWN, ACCEPT_AGAIN},
	{ENOPROTOOPT, ACCEPT_AGAIN},
	{EHOSTDOWN, ACCEPT_AGAIN},
	{ENONET, ACCEPT_AGAIN},
	{EHOSTUNREACH, ACCEPT_AGAIN},
	{EOPNOTSUPP, ACCEPT_AGAIN},
	{ENETUNREACH, ACCEPT_AGAIN},
	/* the connection stays in the queue: a level-triggered listener would spin */
	{EMFILE, ACCEPT_PAUSE},
	{ENFILE, ACCEPT_PAUSE},
	{ENOBUFS, ACCEPT_PAUSE},
	{ENOMEM, ACCEPT_PAUSE},
	{EPERM, ACCEPT_PAUSE},
	{EACCES, ACCEPT_PAUSE},
	/* the listener is no listener */
	{EBADF, ACCEPT_FAIL},
	{EINVAL, ACCEPT_FAIL},
	{ENOTSOCK, ACCEPT_FAIL},
};

static void test_every_error(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(expectations) / sizeof(*expectations); i++) {
		enum accept_next next = accept_after_error(-expectations[i].error);

		if (next != expectations[i].next)
			fail_msg("%s: next is %d, not %d",
				strerror(expectations[i].error), (int)next,
				(int)expectations[i].next);
	}
}

/* What the server was told, and how often. */
struct listener {
	struct server server; /* the first member */
	int told[8];
	int count;
};

static void is_told(struct server *server, int error)
{
	struct listener *listener = (struct listener *)server;

	listener->told[listener->count++] = error;
}

/* Once however often it is tried again, and once when it is over. */
static void test_starving_is_told_once(void **state)
{
	struct listener listener = {.server = {.starved = is_told}};
	static const int errors[] = {0, -EMFILE, -EMFILE, -ENFILE, 0, 0, -ENOMEM, 0};
	static const int told[] = {-EMFILE, 0, -ENOMEM, 0};
	bool starved = false;

	(void)state;
	for (size_t i = 0; i < sizeof(errors) / sizeof(*errors); i++)
		accept_starved(&listener.server, &starved, errors[i]);
	assert_int_equal(listener.count, sizeof(told) / sizeof(*told));
	assert_memory_equal(listener.told, told, sizeof(told));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_error),
		cmocka_unit_test(test_starving_is_told_once),
	};

	return cmocka_run_group_tests_name("accept", tests, NULL, NULL);
}
