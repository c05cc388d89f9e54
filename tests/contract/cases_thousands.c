/*
 * cases_thousands.c - as many connections as the benchmark holds: what an idle one costs,
 * what a stalled one keeps, and more results at once than any queue has places for.
 */
#include "tests/contract/contract.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum {
	THOUSANDS =
		10000, /* more than the 8,192 places of io_uring.c's completion queue */
	BYSTANDER = CLIENTS_MAX - 1,
	LOOK_US = 300000, /* how long is looked whether nothing happens */
};

/* So many, or as many as a backend with a limit can hold. */
static size_t as_many_as_it_holds(const struct contract *contract, size_t wanted)
{
	size_t most = (size_t)contract->server.connections_max;

	return most < wanted ? most : wanted;
}

/*
 * Looks for a while: not a call, not a wake-up, by the server's account; and by the
 * kernel's its worker was never switched in. A look itself must cost the worker nothing.
 */
static bool nothing_happens(struct contract *contract)
{
	struct server_snapshot before, after;

	server_settle(&contract->server, &before);
	uint64_t switches = server_worker_switches(&contract->server);

	usleep(LOOK_US);
	server_ask(&contract->server, 0, &after);
	return server_calls_total(&after) == server_calls_total(&before) &&
	       after.wakeups == before.wakeups &&
	       server_worker_switches(&contract->server) == switches;
}

/*
 * The same where TCP still moves bytes from one kernel buffer to another (a window that
 * opens, a probe), which edge-triggered pollers tell: nothing happens soon.
 */
static bool comes_to_rest(struct contract *contract)
{
	enum { LOOKS = 8 };

	for (int look = 0; look < LOOKS; look++)
		if (nothing_happens(contract))
			return true;
	return false;
}

static void idle_thousands(struct contract *contract)
{
	size_t count = as_many_as_it_holds(contract, THOUSANDS);

	contract_connect_stopped(contract, count, CLIENT_BUFFERS_PLAIN);
	assert_true(nothing_happens(contract));
	client_echo(&contract->clients[count - 1], 1000);
	assert_true(nothing_happens(contract));
}

/* Each has one request in flight, and all of them are there when the server wakes. */
static void ask_all_at_once(struct contract *contract, size_t count)
{
	struct client *clients = contract->clients;

	server_pause(&contract->server);
	for (size_t i = 0; i < count; i++)
		client_send(&clients[i], 1 + i % 100);
	server_resume(&contract->server);
	for (size_t i = 0; i < count; i++)
		client_receive_owed(&clients[i]);
}

static void results_of_thousands(struct contract *contract)
{
	enum { ROUNDS = 2 };
	size_t count = as_many_as_it_holds(contract, THOUSANDS);
	struct server_snapshot snapshot;

	contract_connect_stopped(contract, count, CLIENT_BUFFERS_PLAIN);
	for (int round = 0; round < ROUNDS; round++)
		ask_all_at_once(contract, count);
	server_settle(&contract->server, &snapshot);
	assert_int_equal(snapshot.bytes_rx, snapshot.bytes_tx);
	assert_int_equal(snapshot.held, count);
	assert_int_equal(snapshot.connection_errors, 0);
}

/* The same where results do overflow the queue; a server that counts that must see it. */
static void overflow_of_thousands(struct contract *contract)
{
	struct server_snapshot snapshot;

	results_of_thousands(contract);
	server_ask(&contract->server, 0, &snapshot);
	/* a thread of the kernel fills the queue while the server empties it */
	if (strcmp(contract->server.backend, "io_uring-sqpoll") == 0)
		return;
	if (snapshot.counts_overflows)
		assert_true(snapshot.cq_overflows > 0);
}

/*
 * A pool of buffers is smaller than this: a read that finds none ends with ENOBUFS, and
 * must be asked for again when there is one. Nobody here sends a second time to be heard.
 */
static void more_than_a_pool(struct contract *contract)
{
	enum { ROUNDS = 3, CLIENTS = 1000, BYTES = 8192 };
	struct client *clients =
		contract_connect_stopped(contract, CLIENTS, CLIENT_BUFFERS_PLAIN);

	for (int round = 0; round < ROUNDS; round++) {
		server_pause(&contract->server);
		for (size_t i = 0; i < CLIENTS; i++)
			client_send(&clients[i], BYTES);
		server_resume(&contract->server);
		for (size_t i = 0; i < CLIENTS; i++)
			client_receive_owed(&clients[i]);
	}
}

/*
 * Four who do not read must not keep the buffers of a pool, be it of four. 300 others ask
 * all at once, again and again, for less than a buffer, just one and more than one, and
 * each is served by what he sent once: a recv that found no buffer is asked for again.
 */
static void busy_beside_stalled_readers(struct contract *contract)
{
	enum { STALLED = 4, BUSY = 300, ROUNDS = 12 };
	static const size_t sizes[] = {64, 64, 1024, 3000};
	struct client *stalled =
		contract_connect_many(contract, 0, STALLED, CLIENT_BUFFERS_SMALL);
	struct client *busy =
		contract_connect_many(contract, STALLED, BUSY, CLIENT_BUFFERS_PLAIN);

	server_await_held(&contract->server, STALLED + BUSY);
	contract_fill_many(contract, stalled, STALLED);
	for (size_t round = 0; round < ROUNDS; round++) {
		server_pause(&contract->server);
		for (size_t i = 0; i < BUSY; i++)
			client_send(&busy[i], sizes[(round + i) % 4]);
		server_resume(&contract->server);
		for (size_t i = 0; i < BUSY; i++)
			client_receive_owed(&busy[i]);
	}
	for (size_t i = 0; i < STALLED; i++) {
		client_finish(&stalled[i]);
		client_receive_owed(&stalled[i]);
		client_expect_end(&stalled[i]);
	}
}

/*
 * Who does not take his echo is not read either: then TCP's window closes and his bytes
 * stay in the kernel. The server holds a buffer a connection, does not spin over what it
 * cannot write, and serves the others.
 */
static void stalled_readers(struct contract *contract)
{
	enum { STALLED = 1000, BYTES_EACH = 64 * 1024 };
	struct client *bystander =
		contract_connect(contract, BYSTANDER, CLIENT_BUFFERS_PLAIN);
	size_t count = as_many_as_it_holds(contract, STALLED + 1) - 1;
	struct client *stalled = contract->clients;
	struct server_snapshot snapshot;

	client_echo(bystander, 1 << 20);
	uint64_t before = server_private_bytes(&contract->server);

	/* Stopped, it finds full queues when it wakes: whatever it can hold, it will. */
	server_pause(&contract->server);
	contract_connect_many(contract, 0, count, CLIENT_BUFFERS_SMALL);
	for (size_t i = 0; i < count; i++)
		client_send_what_fits(&stalled[i]);
	server_resume(&contract->server);
	contract_fill_many(contract, stalled, count);
	server_settle(&contract->server, &snapshot);
	assert_true(snapshot.bytes_rx - snapshot.bytes_tx >= count);
	assert_true(comes_to_rest(contract));

	uint64_t each = (server_private_bytes(&contract->server) - before) / count;
	if (each > (uint64_t)BYTES_EACH * contract_memory_factor())
		fail_msg("the server holds %ju bytes for each", (uintmax_t)each);
	client_echo(bystander, 1 << 20);
	for (size_t i = 0; i < count; i++)
		client_finish(&stalled[i]);
	for (size_t i = 0; i < count; i++) {
		client_receive_owed(&stalled[i]);
		client_expect_end(&stalled[i]);
	}
}

const struct contract_case cases_thousands[] = {
	{.name = "10,000 idle connections: not one wake-up",
		.run = idle_thousands,
		.descriptors_needed = THOUSANDS + 100},
	{.name = "10,000 requests at once: nothing is lost",
		.run = results_of_thousands,
		.rows = ROW(16),
		.descriptors_needed = THOUSANDS + 100},
	{.name = "10,000 at once where the kernel queues results at will",
		.run = overflow_of_thousands,
		.rows = ROW(16),
		.preload = "tests/faults/plain_ring.so",
		.descriptors_needed = THOUSANDS + 100},
	{.name = "1,000 at once read more than a pool of buffers has",
		.run = more_than_a_pool,
		.rows = ROW(15),
		.descriptors_needed = 1100},
	{.name = "300 busy beside 4 stalled readers: nobody waits for a buffer",
		.run = busy_beside_stalled_readers,
		.rows = ROW(7) | ROW(15),
		.descriptors_needed = 400},
	{.name = "1,000 stalled readers cost a buffer each and no CPU",
		.run = stalled_readers,
		.rows = ROW(6) | ROW(7),
		.descriptors_needed = 1100},
	{.name = NULL},
};
