/*
 * cases_crowd.c - many connections: nobody harms, delays or hears another.
 */
#include "tests/contract/contract.h"

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
 * An RST turns up wherever the server is: waiting, reading (ECONNRESET) or writing
 * (EPIPE, which without MSG_NOSIGNAL is a signal that ends the whole process).
 */
static void reset_at_any_moment(struct contract *contract)
{
	enum { ROUNDS = 12 };
	struct client *bystander =
		contract_connect(contract, BYSTANDER, CLIENT_BUFFERS_PLAIN);
	struct server_snapshot snapshot;

	for (size_t round = 0; round < ROUNDS; round++) {
		struct client *clients =
			contract_connect_many(contract, 0, 6, CLIENT_BUFFERS_SMALL);

		client_reset(&clients[0]); /* at once */
		client_echo(&clients[1], 64);
		client_reset(&clients[1]); /* while it waits for the next request */
		client_send(&clients[2], 100);
		client_reset(&clients[2]); /* while it reads or answers */
		client_finish(&clients[3]);
		client_reset(&clients[3]); /* behind a FIN */
		contract_fill(contract, &clients[4]);
		client_reset(&clients[4]); /* while it owes bytes */
		server_pause(&contract->server);
		client_send(&clients[5], 4000);
		client_finish(&clients[5]);
		client_reset(&clients[5]); /* bytes, FIN and RST in one report */
		server_resume(&contract->server);
		client_echo(bystander, 1000);
		server_await_held(&contract->server, 1);
	}
	server_settle(&contract->server, &snapshot);
	assert_in_range(snapshot.connection_errors, ROUNDS, ROUNDS * 6);
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
 * wait is counted in bytes that the hoses get back between a quiet one's request and its
 * answer.
 */
static void fire_hose(struct contract *contract)
{
	enum { HOSES = 2, ROUNDS = 10, BYTES_MAX = 768 * 1024 };
	struct client *hoses =
		contract_connect_many(contract, 0, HOSES, CLIENT_BUFFERS_PLAIN);
	struct client *quiet = contract_connect(contract, HOSES, CLIENT_BUFFERS_PLAIN);

	for (int round = 0; round < ROUNDS; round++) {
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

/*
 * Who does not take his echo is not read either: then TCP's window closes and his bytes
 * stay in the kernel. The server holds a buffer a connection, does not spin over what it
 * cannot write, and serves the others.
 */
static void stalled_readers(struct contract *contract)
{
	enum { STALLED = 200, BYTES_EACH = 64 * 1024 };
	struct client *bystander =
		contract_connect(contract, BYSTANDER, CLIENT_BUFFERS_PLAIN);
	struct client *stalled = contract->clients;
	struct server_snapshot snapshot;

	client_echo(bystander, 1 << 20);
	uint64_t before = server_resident_bytes(&contract->server);

	contract_connect_many(contract, 0, STALLED, CLIENT_BUFFERS_SMALL);
	/* Stopped, it finds full queues when it wakes: whatever it can hold, it will. */
	server_pause(&contract->server);
	for (size_t i = 0; i < STALLED; i++)
		client_send_what_fits(&stalled[i]);
	server_resume(&contract->server);
	for (size_t i = 0; i < STALLED; i++)
		contract_fill(contract, &stalled[i]);
	server_settle(&contract->server, &snapshot);
	assert_true(snapshot.bytes_rx > snapshot.bytes_tx);

	uint64_t each = (server_resident_bytes(&contract->server) - before) / STALLED;
	if (each > (uint64_t)BYTES_EACH * contract_memory_factor())
		fail_msg("the server holds %ju bytes for each", (uintmax_t)each);
	client_echo(bystander, 1 << 20);
	for (size_t i = 0; i < STALLED; i++)
		client_receive_owed(&stalled[i]);
}

const struct contract_case cases_crowd[] = {
	{.name = "connections that end at once", .run = end_at_once},
	{.name = "600 connections at once are all served", .run = all_at_once},
	{.name = "2,000 come and go: none leaks, none hears another", .run = churn},
	{.name = "reports about numbers that changed hands", .run = stale_reports},
	{.name = "an RST at any moment ends one connection only",
		.run = reset_at_any_moment},
	{.name = "a fire-hose does not keep a quiet client waiting", .run = fire_hose},
	{.name = "200 stalled readers cost a buffer each and no CPU",
		.run = stalled_readers},
	{.name = NULL},
};
