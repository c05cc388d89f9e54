/*
 * cases_resets.c - an RST in every state that a connection can be in. Only that client
 * goes: nobody else notices, no descriptor stays behind, and what the server counts as
 * ended by an error is what was.
 *
 * What the kernel then says (tcp(7)): what had arrived can still be read; after that recv
 * gives ECONNRESET, or 0 where a FIN came first; send gives ECONNRESET or EPIPE, and
 * without MSG_NOSIGNAL a signal with it that ends the whole process.
 */
#include "tests/contract/contract.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum {
	ROUNDS = 6,
	EACH = 8,                    /* clients that are reset in a round */
	BYSTANDER = CLIENTS_MAX - 1, /* the slot of one who must not notice anything */
};

/* What a round does with its clients, the server running or stopped. */
typedef void reset_round(struct contract *contract, struct client *clients);

/* Rounds of it; in each EACH connections end, by an error at least errors_min of them. */
static void reset_in_rounds(
	struct contract *contract, reset_round *round, unsigned errors_min)
{
	struct client *bystander =
		contract_connect(contract, BYSTANDER, CLIENT_BUFFERS_PLAIN);
	struct server_snapshot before, after;

	client_echo(bystander, 64);
	server_settle(&contract->server, &before);
	int descriptors = server_descriptors(&contract->server);

	for (int i = 0; i < ROUNDS; i++) {
		round(contract, contract->clients);
		client_echo(bystander, 100000);
		server_await_held(&contract->server, 1);
	}
	server_settle(&contract->server, &after);
	assert_int_equal(server_descriptors(&contract->server), descriptors);
	assert_int_equal(after.accepted - before.accepted, ROUNDS * EACH);
	assert_in_range(after.connection_errors, ROUNDS * errors_min, ROUNDS * EACH);
}

static void reset_all(struct client *clients)
{
	for (size_t i = 0; i < EACH; i++)
		client_reset(&clients[i]);
}

/* Linux keeps a connection that was reset in the queue: accept gives a dead socket. */
static void round_before_accept(struct contract *contract, struct client *clients)
{
	server_pause(&contract->server);
	contract_connect_many(contract, 0, EACH, CLIENT_BUFFERS_PLAIN);
	for (size_t i = 0; i < EACH; i += 2)
		client_send(&clients[i], 100);
	reset_all(clients);
	server_resume(&contract->server);
}

static void before_accept(struct contract *contract)
{
	reset_in_rounds(contract, round_before_accept, EACH);
}

/* Between two who were reset waits one who was not. */
static void among_others_in_the_queue(struct contract *contract)
{
	enum { CLIENTS = 200 };
	struct client *clients = contract->clients;
	struct server_snapshot snapshot;

	server_pause(&contract->server);
	contract_connect_many(contract, 0, CLIENTS, CLIENT_BUFFERS_PLAIN);
	for (size_t i = 0; i < CLIENTS; i++)
		client_send(&clients[i], 1 + i);
	for (size_t i = 0; i < CLIENTS; i += 2)
		client_reset(&clients[i]);
	server_resume(&contract->server);
	for (size_t i = 1; i < CLIENTS; i += 2)
		client_receive_owed(&clients[i]);
	server_await_held(&contract->server, CLIENTS / 2);
	server_ask(&contract->server, 0, &snapshot);
	assert_int_equal(snapshot.connection_errors, CLIENTS / 2);
}

static void round_waiting(struct contract *contract, struct client *clients)
{
	contract_connect_many(contract, 0, EACH, CLIENT_BUFFERS_PLAIN);
	for (size_t i = 0; i < EACH; i++)
		client_echo(&clients[i], 64);
	reset_all(clients);
}

static void while_it_waits(struct contract *contract)
{
	reset_in_rounds(contract, round_waiting, EACH);
}

/* The server reads them, and what it cannot do is answer. */
static void round_unread(struct contract *contract, struct client *clients)
{
	contract_connect_many(contract, 0, EACH, CLIENT_BUFFERS_PLAIN);
	for (size_t i = 0; i < EACH; i++)
		client_echo(&clients[i], 64);
	server_pause(&contract->server);
	for (size_t i = 0; i < EACH; i++)
		client_send(&clients[i], i % 2 ? 100 : 50000);
	reset_all(clients);
	server_resume(&contract->server);
}

static void with_bytes_unread(struct contract *contract)
{
	reset_in_rounds(contract, round_unread, EACH);
}

/* Only half of them are unread by then: the server may be anywhere in its step. */
static void round_running(struct contract *contract, struct client *clients)
{
	contract_connect_many(contract, 0, EACH, CLIENT_BUFFERS_PLAIN);
	for (size_t i = 0; i < EACH; i++) {
		client_send(&clients[i], 20000);
		client_reset(&clients[i]);
	}
}

static void while_it_reads_or_answers(struct contract *contract)
{
	reset_in_rounds(contract, round_running, EACH);
}

static void round_blocked(struct contract *contract, struct client *clients)
{
	contract_connect_many(contract, 0, EACH, CLIENT_BUFFERS_SMALL);
	contract_fill_many(contract, clients, EACH);
	reset_all(clients);
}

static void while_blocked_on_a_write(struct contract *contract)
{
	reset_in_rounds(contract, round_blocked, EACH);
}

/* Our FIN has come, and the server is blocked; or goes on, perhaps to the very end. */
static void round_half_closed(struct contract *contract, struct client *clients)
{
	contract_connect_many(contract, 0, EACH, CLIENT_BUFFERS_SMALL);
	contract_fill_many(contract, clients, EACH);
	for (size_t i = 0; i < EACH; i++) {
		client_finish(&clients[i]);
		if (i % 2)
			client_receive(&clients[i], i * 1000);
	}
	reset_all(clients);
}

static void during_a_half_close(struct contract *contract)
{
	reset_in_rounds(contract, round_half_closed, EACH / 2);
}

/* FIN and RST together; half of them behind bytes. */
static void round_behind_fin(struct contract *contract, struct client *clients)
{
	contract_connect_many(contract, 0, EACH, CLIENT_BUFFERS_PLAIN);
	for (size_t i = 0; i < EACH; i++)
		client_echo(&clients[i], 64);
	server_pause(&contract->server);
	for (size_t i = 0; i < EACH; i++) {
		if (i % 2)
			client_send(&clients[i], 4000);
		client_finish(&clients[i]);
	}
	reset_all(clients);
	server_resume(&contract->server);
}

static void right_behind_a_fin(struct contract *contract)
{
	reset_in_rounds(contract, round_behind_fin, EACH / 2);
}

/* In one batch with requests of others, some of whom got the numbers of the dead. */
static void many_in_one_batch(struct contract *contract)
{
	enum { CLIENTS = 400, CLIENTS_ROUNDS = 3 };
	struct client *clients =
		contract_connect_stopped(contract, CLIENTS, CLIENT_BUFFERS_PLAIN);
	struct server_snapshot snapshot;

	for (size_t round = 0; round < CLIENTS_ROUNDS; round++) {
		server_pause(&contract->server);
		for (size_t i = 0; i < CLIENTS; i++) {
			client_send(&clients[i], 1 + i);
			if (i % 4 == round)
				client_reset(&clients[i]);
		}
		for (size_t i = round; i < CLIENTS; i += 4) {
			contract_connect(contract, i, CLIENT_BUFFERS_PLAIN);
			client_send(&clients[i], 1 + i);
		}
		server_resume(&contract->server);
		for (size_t i = 0; i < CLIENTS; i++)
			client_receive_owed(&clients[i]);
	}
	server_await_held(&contract->server, CLIENTS);
	server_settle(&contract->server, &snapshot);
	assert_int_equal(
		snapshot.connection_errors, CLIENTS / 4 * (size_t)CLIENTS_ROUNDS);
}

const struct contract_case cases_resets[] = {
	{.name = "an RST before accept", .run = before_accept, .rows = ROW(2) | ROW(4)},
	{.name = "every second one in the accept queue was reset",
		.run = among_others_in_the_queue,
		.rows = ROW(2) | ROW(4)},
	{.name = "an RST while it waits for the next request",
		.run = while_it_waits,
		.rows = ROW(4)},
	{.name = "an RST with bytes unread", .run = with_bytes_unread, .rows = ROW(4)},
	{.name = "an RST while it reads or answers",
		.run = while_it_reads_or_answers,
		.rows = ROW(4)},
	{.name = "an RST while it is blocked on its write",
		.run = while_blocked_on_a_write,
		.rows = ROW(4)},
	{.name = "an RST during a half-close",
		.run = during_a_half_close,
		.rows = ROW(4) | ROW(6)},
	{.name = "an RST right behind a FIN",
		.of_variants = true,
		.run = right_behind_a_fin,
		.rows = ROW(4)},
	{.name = "100 RSTs in one batch with 300 requests and 100 newcomers",
		.run = many_in_one_batch,
		.rows = ROW(4) | ROW(11)},
	{.name = NULL},
};
