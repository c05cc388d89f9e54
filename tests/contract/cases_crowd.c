/*
 * cases_crowd.c - many connections: nobody harms, delays or hears another.
 */
#include "tests/contract/contract.h"

#include "backends/echo.h"
#include "common/clock.h"

#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

enum { BYSTANDER = CLIENTS_MAX - 1 }; /* the slot of one who must not notice anything */

/* Connections that end before their first byte: recv gives 0 at once. */
static void end_at_once(struct contract *contract)
{
	enum { CLIENTS = 100 };
	struct client *clients =
		contract_connect_many(contract, 0, CLIENTS, CLIENT_BUFFERS_PLAIN);

	for (size_t i = 0; i < CLIENTS; i++)
		client_finish(&clients[i]);
	for (size_t i = 0; i < CLIENTS; i++)
		client_expect_end(&clients[i]);
	contract_close_clients(contract);
	contract_connect_many(contract, 0, CLIENTS, CLIENT_BUFFERS_PLAIN);
	contract_close_clients(contract);
	server_await_held(&contract->server, 0);
}

/*
 * The listener is announced once for all that queue up. An edge-triggered poller does not
 * tell again, so accept must be called until EAGAIN; and more become ready at once than
 * one wait brings.
 */
static void all_at_once(struct contract *contract)
{
	enum { CLIENTS = 600 };
	struct client *clients = contract->clients;

	server_pause(&contract->server);
	contract_connect_many(contract, 0, CLIENTS, CLIENT_BUFFERS_PLAIN);
	server_resume(&contract->server);
	server_await_held(&contract->server, CLIENTS);
	for (int round = 0; round < 2; round++) {
		server_pause(&contract->server);
		for (size_t i = 0; i < CLIENTS; i++)
			client_send(&clients[i], 64);
		server_resume(&contract->server);
		for (size_t i = 0; i < CLIENTS; i++)
			client_receive_owed(&clients[i]);
	}
}

/* Ends a connection in one of the ways that there are. */
static void end_somehow(struct client *client, size_t way)
{
	switch (way % 4) {
	case 0:
		client_close(client);
		break;
	case 1:
		client_reset(client);
		break;
	case 2:
		client_finish(client);
		client_expect_end(client);
		client_close(client);
		break;
	case 3: /* with bytes on their way to us: the kernel answers them with RST */
		client_send(client, 100);
		client_close(client);
		break;
	}
}

/* close(2) frees a number, and the next accept gives it to a stranger. */
static void churn(struct contract *contract)
{
	enum { CONNECTIONS = 2000, OVERLAP = 4 };
	struct server_snapshot snapshot;

	contract_connect(contract, BYSTANDER, CLIENT_BUFFERS_PLAIN);
	client_echo(&contract->clients[BYSTANDER], 64);
	server_settle(&contract->server, &snapshot);
	int descriptors = server_descriptors(&contract->server);

	for (size_t i = 0; i < CONNECTIONS; i++) {
		size_t slot = i % OVERLAP;

		if (i >= OVERLAP)
			end_somehow(&contract->clients[slot], i / OVERLAP);
		struct client *client =
			contract_connect(contract, slot, CLIENT_BUFFERS_PLAIN);
		client_echo(client, 1 + i % 300);
	}
	for (size_t slot = 0; slot < OVERLAP; slot++)
		client_close(&contract->clients[slot]);
	server_await_held(&contract->server, 1);
	client_echo(&contract->clients[BYSTANDER], 64);
	server_settle(&contract->server, &snapshot);
	assert_int_equal(snapshot.accepted, CONNECTIONS + 1);
	assert_int_equal(server_descriptors(&contract->server), descriptors);
}

/*
 * While the server is stopped, connections end with bytes unread and others come, so one
 * wait brings the ends, the listener and the newcomers' bytes, about numbers that change
 * hands meanwhile. A report on a number is a hint about who had it (epoll(7), Q6).
 */
static void stale_reports(struct contract *contract)
{
	enum { ROUNDS = 12, CLIENTS = 32 };
	struct client *clients =
		contract_connect_many(contract, 0, CLIENTS, CLIENT_BUFFERS_PLAIN);

	for (size_t i = 0; i < CLIENTS; i++)
		client_echo(&clients[i], 64);
	for (size_t round = 0; round < ROUNDS; round++) {
		server_pause(&contract->server);
		for (size_t i = round % 3; i < CLIENTS; i += 1 + round % 4) {
			client_send(&clients[i], 200);
			if (i % 2)
				client_reset(&clients[i]);
			else
				client_close(&clients[i]);
		}
		for (size_t i = 0; i < CLIENTS; i++) {
			if (clients[i].fd < 0)
				contract_connect(contract, i, CLIENT_BUFFERS_PLAIN);
			client_send(&clients[i], 100 + i);
		}
		server_resume(&contract->server);
		for (size_t i = 0; i < CLIENTS; i++)
			client_receive_owed(&clients[i]);
	}
	server_await_held(&contract->server, CLIENTS);
}

/*
 * The server closes numbers while it owes bytes on them (the reset is found by its send),
 * and strangers get them in the same batch. An operation of the former owner that is
 * still under way, a recv above all, must not eat what the stranger sends: neither his
 * first bytes nor those that he sends when all is quiet again. Some come and go unseen.
 */
static void numbers_of_the_blocked(struct contract *contract)
{
	enum { ROUNDS = 6, CLIENTS = 24, SHORT_LIVED = 3 };
	struct client *clients = contract->clients;
	struct server_snapshot snapshot;

	for (size_t round = 0; round < ROUNDS; round++) {
		contract_connect_many(contract, 0, CLIENTS, CLIENT_BUFFERS_SMALL);
		contract_fill_many(contract, clients, CLIENTS);
		server_pause(&contract->server);
		for (size_t i = 0; i < CLIENTS; i++) {
			if (i % 2)
				client_reset(&clients[i]);
			else
				client_close(&clients[i]);
			if (i % SHORT_LIVED == 0) {
				contract_connect(contract, i, CLIENT_BUFFERS_PLAIN);
				client_send(&clients[i], 50);
				client_close(&clients[i]);
			}
			contract_connect(contract, i, CLIENT_BUFFERS_PLAIN);
			client_send(&clients[i], 100 + i);
		}
		server_resume(&contract->server);
		for (size_t i = 0; i < CLIENTS; i++)
			client_receive_owed(&clients[i]);
		server_await_held(&contract->server, CLIENTS);
		server_settle(&contract->server, &snapshot);
		for (size_t i = 0; i < CLIENTS; i++) {
			client_echo(&clients[i], 100 + i);
			client_finish(&clients[i]);
			client_expect_end(&clients[i]);
		}
		contract_close_clients(contract);
		server_await_held(&contract->server, 0);
	}
}

/* Takes all that was served, for a server that is stopped; then fills its queues. */
static void hose_refill(struct client *hose)
{
	for (int empty = 0; empty < 2; empty++) {
		while (client_receive_some(hose, SIZE_MAX) > 0)
			empty = 0;
		usleep(1000); /* what was in flight meanwhile */
	}
	client_send_what_fits(hose);
}

/* Sends and reads as fast as one can, until another has its answer. */
static void hose_until_answered(
	struct client *hoses, size_t hoses_count, struct client *other)
{
	struct pollfd pollfd = {.fd = other->fd, .events = POLLIN};
	uint64_t deadline = deadline_ns();

	while (poll(&pollfd, 1, 0) == 0 && clock_now_ns() < deadline)
		for (size_t i = 0; i < hoses_count; i++) {
			client_receive_some(&hoses[i], 16 * 1024);
			client_send_some(&hoses[i], 16 * 1024);
		}
	client_receive_owed(other);
}

/*
 * Megabytes wait for the server when it wakes, and more keep coming: a loop that serves a
 * descriptor until EAGAIN serves this one as long as its owner likes. How long the others
 * wait is counted in bytes that the hoses get back between a quiet one's request, which
 * is there when the server wakes, and its answer. Of the two quiet ones one is older than
 * the hoses and one younger, for some pollers go by number.
 */
static void fire_hose(struct contract *contract)
{
	enum { HOSES = 2, ROUNDS = 10, QUIET_OLD = HOSES, QUIET_YOUNG };
	enum { BYTES_MAX = 2 * ECHO_BUDGET_BYTES * HOSES };
	struct client *hoses = contract->clients;

	contract_connect(contract, QUIET_OLD, CLIENT_BUFFERS_PLAIN);
	contract_connect_many(contract, 0, HOSES, CLIENT_BUFFERS_PLAIN);
	contract_connect(contract, QUIET_YOUNG, CLIENT_BUFFERS_PLAIN);
	for (int round = 0; round < ROUNDS; round++) {
		struct client *quiet = &contract->clients[QUIET_OLD + round % 2];

		server_pause(&contract->server);
		hose_refill(&hoses[0]);
		hose_refill(&hoses[1]);
		uint64_t before = hoses[0].received + hoses[1].received;

		client_send(quiet, 64);
		server_resume(&contract->server);
		hose_until_answered(hoses, HOSES, quiet);
		uint64_t served = hoses[0].received + hoses[1].received - before;

		if (served > BYTES_MAX)
			fail_msg("the quiet client waited for %ju bytes of the hoses",
				(uintmax_t)served);
	}
}

const struct contract_case cases_crowd[] = {
	{.name = "connections that end at once",
		.run = end_at_once,
		.rows = ROW(5) | ROW(11)},
	{.name = "600 connections at once are all served",
		.of_variants = true,
		.run = all_at_once,
		.rows = ROW(13)},
	{.name = "2,000 come and go: none leaks, none hears another",
		.run = churn,
		.rows = ROW(11)},
	{.name = "reports about numbers that changed hands",
		.run = stale_reports,
		.rows = ROW(11)},
	{.name = "strangers get the numbers of those whom it owed bytes",
		.of_variants = true,
		.run = numbers_of_the_blocked,
		.rows = ROW(4) | ROW(11)},
	{.name = "a fire-hose does not keep a quiet client waiting",
		.of_variants = true,
		.run = fire_hose,
		.rows = ROW(12)},
	{.name = NULL},
};
