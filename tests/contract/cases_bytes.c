/*
 * cases_bytes.c - one connection: every byte comes back, in order, and the end after it.
 */
#include "tests/contract/contract.h"

#include "backends/echo.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

/* A clean end is no error: a FIN must not be counted as one. */
static void expect_no_errors(struct contract *contract)
{
	struct server_snapshot snapshot;

	server_await_held(&contract->server, 0);
	server_ask(&contract->server, 0, &snapshot);
	assert_int_equal(snapshot.connection_errors, 0);
	assert_int_equal(snapshot.bytes_rx, snapshot.bytes_tx);
}

/* recv fills a buffer of 32 KiB: one byte less, just that, one more, and many times it.
 */
static void sizes(struct contract *contract)
{
	static const size_t sizes[] = {1, 63, 64, 65, 4096, 32767, 32768, 32769, 1 << 20};
	uint64_t sum = 0;
	struct server_snapshot snapshot;

	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		struct client *client =
			contract_connect(contract, i, CLIENT_BUFFERS_PLAIN);

		client_echo(client, sizes[i]);
		client_echo(client, sizes[i]);
		sum += client->received;
	}
	server_settle(&contract->server, &snapshot);
	assert_int_equal(snapshot.bytes_rx, sum);
	assert_int_equal(snapshot.bytes_tx, sum);
}

/*
 * What waits when the server wakes is just a buffer, or just what one event may move
 * (echo.h): a loop that ends there must know whether anything is left, a FIN included.
 */
static void boundary_sizes(struct contract *contract)
{
	static const size_t boundaries[] = {ECHO_BUFFER_BYTES, 2 * ECHO_BUFFER_BYTES,
		ECHO_BUDGET_BYTES / 2, ECHO_BUDGET_BYTES};
	struct client *client = contract->clients;

	for (size_t i = 0; i < sizeof(boundaries) / sizeof(*boundaries); i++)
		for (size_t bytes = boundaries[i] - 1; bytes <= boundaries[i] + 1;
			bytes++) {
			contract_connect(contract, 0, CLIENT_BUFFERS_PLAIN);
			client_echo(client, 100000); /* it gets a larger window so */
			server_pause(&contract->server);
			client_send(client, bytes);
			server_resume(&contract->server);
			client_receive_owed(client);
			server_pause(&contract->server);
			client_send(client, bytes);
			client_finish(client);
			server_resume(&contract->server);
			client_receive_owed(client);
			client_expect_end(client);
			client_close(client);
		}
	expect_no_errors(contract);
}

static void many_mebibytes(struct contract *contract)
{
	struct client *client = contract_connect(contract, 0, CLIENT_BUFFERS_PLAIN);

	client_echo(client, 16 << 20);
	client_send_and_receive(client, 16 << 20);
	client_finish(client);
	client_receive_owed(client);
	client_expect_end(client);
}

/*
 * send(2) takes what fits into the socket's buffer, so nearly every write is short; and
 * while the reader rests, the server must wait for room instead of for more to read.
 */
static void slow_reader(struct contract *contract)
{
	enum { TOTAL = 16 << 20, PIECE = 4096, REST_EVERY = 1 << 20, REST_US = 2000 };
	struct client *client = contract_connect(contract, 0, CLIENT_BUFFERS_SMALL);
	uint64_t rest_at = REST_EVERY;

	contract_fill(contract, client);
	while (client->received < TOTAL) {
		size_t unsent = TOTAL - client->sent;
		size_t owed = client->sent - client->received;

		if (owed == 0)
			client_send(client, unsent < PIECE ? unsent : PIECE);
		else
			client_receive(client, owed < PIECE ? owed : PIECE);
		client_send_some(client, TOTAL - client->sent);
		if (client->received >= rest_at) {
			usleep(REST_US);
			rest_at += REST_EVERY;
		}
	}
	assert_int_equal(client->sent, TOTAL);
}

/*
 * Each request is read by itself and small, so what does not fit into the socket any more
 * is a part of an answer as often as a whole one: sizes differ from client to client.
 */
static void small_requests_unread(struct contract *contract)
{
	enum { CLIENTS = 32, ROUNDS = 450, BYTES_MIN = 500, BYTES_STEP = 16 };
	struct client *clients =
		contract_connect_many(contract, 0, CLIENTS, CLIENT_BUFFERS_SMALL);
	struct server_snapshot snapshot;

	for (int round = 0; round < ROUNDS; round++) {
		for (size_t i = 0; i < CLIENTS; i++)
			client_send_some(&clients[i], BYTES_MIN + i * BYTES_STEP);
		server_settle(&contract->server, &snapshot);
	}
	assert_true(snapshot.bytes_rx > snapshot.bytes_tx);
	for (size_t i = 0; i < CLIENTS; i++) {
		client_finish(&clients[i]);
		client_receive_owed(&clients[i]);
		client_expect_end(&clients[i]);
	}
}

/* shutdown(SHUT_WR) closes one direction: recv gives 0, and the other still works. */
static void half_close(struct contract *contract)
{
	static const size_t sizes[] = {0, 1, 100, 32768, 200000};

	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		struct client *client =
			contract_connect(contract, i, CLIENT_BUFFERS_PLAIN);

		client_send(client, sizes[i]);
		client_finish(client);
		client_receive_owed(client);
		client_expect_end(client);
		client_close(client);
	}
	expect_no_errors(contract);
}

/*
 * Bytes and FIN are both there at the first look: one event announces the two, and a
 * short read does not mean that nothing lies behind it.
 */
static void fin_right_behind_the_bytes(struct contract *contract)
{
	for (size_t i = 0; i < 20; i++) {
		struct client *client =
			contract_connect(contract, i, CLIENT_BUFFERS_PLAIN);

		client_echo(client, 64);
		server_pause(&contract->server);
		client_send(client, 1 + i * 100);
		client_finish(client);
		server_resume(&contract->server);
		client_receive_owed(client);
		client_expect_end(client);
		client_close(client);
	}
	expect_no_errors(contract);
}

/* The FIN waits behind bytes that the server cannot read yet, for it owes others. */
static void half_close_while_blocked(struct contract *contract)
{
	struct client *client = contract_connect(contract, 0, CLIENT_BUFFERS_SMALL);

	contract_fill(contract, client);
	client_finish(client);
	client_receive_owed(client);
	client_expect_end(client);
	client_close(client);
	expect_no_errors(contract);
}

/* A segment a byte, some of which the server finds together. */
static void dribble(struct contract *contract)
{
	enum { BYTES = 3000 };
	struct client *client = contract_connect(contract, 0, CLIENT_BUFFERS_PLAIN);

	for (int i = 0; i < BYTES; i++) {
		client_send(client, 1);
		if (i % 3 == 0)
			client_receive_some(client, 1);
		if (i % 100 == 0)
			client_receive_owed(client);
	}
	client_receive_owed(client);
}

/* TCP keeps no message boundaries: many messages wait in one recv, or half a one. */
static void pipelined(struct contract *contract)
{
	enum { UNREAD = 2000, MESSAGES = 20000 };
	struct client *client = contract_connect(contract, 0, CLIENT_BUFFERS_PLAIN);

	for (size_t i = 0; i < UNREAD; i++)
		client_send(client, 1 + i % 60);
	for (size_t i = 0; i < MESSAGES; i++)
		client_send_and_receive(client, 1 + i % 60);
	client_receive_owed(client);
	client_finish(client);
	client_expect_end(client);
}

/*
 * recv stops at the urgent mark, so a read is short though bytes lie behind it; the
 * urgent byte itself is kept out of the stream (tcp(7), SO_OOBINLINE).
 */
static void urgent_byte(struct contract *contract)
{
	struct client *client = contract_connect(contract, 0, CLIENT_BUFFERS_PLAIN);

	for (int i = 0; i < 10; i++) {
		server_pause(&contract->server);
		client_send(client, 1000);
		client_send_urgent(client);
		client_send(client, 500);
		server_resume(&contract->server);
		client_receive_owed(client);
	}
	client_send_urgent(client);
	client_echo(client, 100);
	client_send_urgent(client);
	client_finish(client);
	client_expect_end(client);
}

/* SIGSTOP and SIGCONT end epoll_wait(2) and io_uring_enter(2) with EINTR (signal(7)). */
static void stopped_and_continued(struct contract *contract)
{
	struct client *quiet = contract_connect(contract, 0, CLIENT_BUFFERS_PLAIN);
	struct client *busy = contract_connect(contract, 1, CLIENT_BUFFERS_PLAIN);
	struct server_snapshot snapshot;

	for (int i = 0; i < 10; i++) {
		server_settle(&contract->server, &snapshot);
		server_pause(&contract->server);
		server_resume(&contract->server);
		client_echo(quiet, 64);

		client_send(busy, 100000);
		server_pause(&contract->server);
		server_resume(&contract->server);
		client_receive_owed(busy);
	}
}

const struct contract_case cases_bytes[] = {
	{.name = "echoes 1 byte to 1 MiB byte for byte", .run = sizes, .rows = ROW(9)},
	{.name = "just a buffer, just a budget, waiting at the wake",
		.of_variants = true,
		.run = boundary_sizes,
		.rows = ROW(5) | ROW(9)},
	{.name = "16 MiB there and back", .run = many_mebibytes, .rows = ROW(9)},
	{.name = "16 MiB to a reader who is slow and rests",
		.of_variants = true,
		.run = slow_reader,
		.rows = ROW(7) | ROW(8) | ROW(9)},
	{.name = "half-close returns everything before the FIN",
		.of_variants = true,
		.run = half_close,
		.rows = ROW(5)},
	{.name = "a FIN right behind the bytes is not overlooked",
		.of_variants = true,
		.run = fin_right_behind_the_bytes,
		.rows = ROW(5)},
	{.name = "half-close while the server is blocked on its write",
		.of_variants = true,
		.run = half_close_while_blocked,
		.rows = ROW(6) | ROW(8)},
	{.name = "a dribble of single bytes", .run = dribble, .rows = ROW(9)},
	{.name = "20,000 small messages in a row, 2,000 of them unread",
		.run = pipelined,
		.rows = ROW(9)},
	{.name = "small requests of who does not read: no part of an answer is lost",
		.run = small_requests_unread,
		.rows = ROW(7) | ROW(8)},
	{.name = "an urgent byte leaves the others as they are",
		.of_variants = true,
		.run = urgent_byte,
		.rows = ROW(10)},
	{.name = "stopped and continued, it goes on",
		.run = stopped_and_continued,
		.rows = ROW(3)},
	{.name = NULL},
};
