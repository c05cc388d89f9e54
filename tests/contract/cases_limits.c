/*
 * cases_limits.c - at the end of what there is: descriptors, and bits in an fd_set.
 */
#include "tests/contract/contract.h"

#include "common/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

/* How often a second a counter grew between two snapshots. */
static double rate(uint64_t before, uint64_t after, const struct server_snapshot *first,
	const struct server_snapshot *last)
{
	return (double)(after - before) * (double)NS_PER_S /
	       (double)(last->at_ns - first->at_ns);
}

/*
 * accept(2) gives EMFILE and leaves the connection in the queue, so the listener stays
 * readable: a level-triggered loop that only tries again spins at 100 % CPU, and an
 * edge-triggered one that does not try again goes deaf.
 */
static void descriptors_run_out(struct contract *contract)
{
	enum { WAITING = 8, LOOK_US = 500000 };
	enum { TRIES_MAX = 50, CALLS_MAX = 500 }; /* a second */
	struct server_process *server = &contract->server;
	size_t held = (size_t)server->connections_max;
	struct client *clients = contract->clients;
	struct server_snapshot first, last;

	assert_in_range(held, WAITING, 32);
	contract_connect_many(contract, 0, held + WAITING, CLIENT_BUFFERS_PLAIN);
	for (size_t i = 0; i < held + WAITING; i++)
		client_send(&clients[i], 64);
	for (size_t i = 0; i < held; i++)
		client_receive_owed(&clients[i]);

	server_ask(server, 0, &first);
	usleep(LOOK_US);
	server_ask(server, 0, &last);
	assert_int_equal(last.held, held);
	assert_true(last.accept_pauses > 0);
	assert_true(
		rate(first.accept_pauses, last.accept_pauses, &first, &last) < TRIES_MAX);
	assert_true(rate(first.calls[CALL_accept4], last.calls[CALL_accept4], &first,
			    &last) < TRIES_MAX);
	assert_true(rate(server_calls_total(&first), server_calls_total(&last), &first,
			    &last) < CALLS_MAX);

	for (size_t i = 0; i < held; i++)
		client_echo(&clients[i], 1000);
	for (size_t i = 0; i < WAITING; i++)
		client_close(&clients[i]);
	/* Nobody pokes the server: those in the queue sent their bytes long ago. */
	for (size_t i = 0; i < WAITING; i++)
		client_receive_owed(&clients[held + i]);
	for (size_t i = WAITING; i < held + WAITING; i++)
		client_echo(&clients[i], 64);
}

/*
 * FD_SET() of 1024 or more writes past the end of the C library's fd_set. A backend that
 * has such a limit refuses these connections and counts them; any other serves them.
 */
static void past_1024_descriptors(struct contract *contract)
{
	enum { CLIENTS = 1100 };
	struct server_process *server = &contract->server;
	struct client *clients =
		contract_connect_many(contract, 0, CLIENTS, CLIENT_BUFFERS_PLAIN);
	size_t served = server->fds_limit ? (size_t)server->connections_max : CLIENTS;
	struct server_snapshot snapshot;

	if (server->fds_limit)
		assert_in_range(served, 900, (size_t)server->fds_limit);
	for (size_t i = served; i < CLIENTS; i++)
		client_expect_refusal(&clients[i]);
	server_await_held(server, served);
	server_ask(server, 0, &snapshot);
	assert_int_equal(snapshot.refused, CLIENTS - served);
	for (size_t i = 0; i < served; i++)
		client_echo(&clients[i], 100);

	/* and when some have gone, others are welcome again */
	for (size_t i = 0; i < CLIENTS; i++)
		if (i < 10 || i >= served)
			client_close(&clients[i]);
	server_await_held(server, served - 10);
	contract_connect_many(contract, 0, 10, CLIENT_BUFFERS_PLAIN);
	for (size_t i = 0; i < served; i++)
		client_echo(&clients[i], 100);
}

const struct contract_case cases_limits[] = {
	{.name = "out of descriptors: it rests, serves on, and recovers",
		.run = descriptors_run_out,
		.descriptors = 32},
	{.name = "past 1,024 descriptors: served, or refused and counted",
		.run = past_1024_descriptors,
		.descriptors_needed = 1300},
	{.name = NULL},
};
