/*
 * cases_end.c - the end of a server: nobody loses a byte that it took, and nobody, nor
 * anything else, keeps it longer than a second. And what it says of hard times before.
 *
 * The one time asserted here, from a stop to the exit, is what the contract itself limits
 * (STOP_FLUSH_MS); the bounds are far enough from it for a noisy machine.
 */
#include "tests/contract/contract.h"

#include "backends/backend.h"
#include "common/clock.h"

#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum {
	/* the flush, and time for a slow machine to close what is left */
	EXIT_MAX_MS = 2 * STOP_FLUSH_MS,
	/* where nobody need be waited for: well before the flush would end */
	EXIT_QUIET_MAX_MS = STOP_FLUSH_MS * 3 / 4,
	SMALL_PIECE = 100,
};

/* Receives until the server's FIN; an RST fails the test, as a wrong byte does. */
static void receive_to_the_end(struct client *client)
{
	struct pollfd readable = {.fd = client->fd, .events = POLLIN};

	while (!client->ended) {
		if (poll(&readable, 1, DEADLINE_S * 1000) <= 0)
			fail_msg("client %ju waits in vain for the end",
				(uintmax_t)client->seed);
		client_receive_some(client, SIZE_MAX);
	}
}

/* It has taken what could not be written back: the connection is blocked on its write. */
static void make_it_owe(struct contract *contract, struct client *client)
{
	struct server_snapshot before, now;

	server_settle(&contract->server, &before);
	do {
		assert_true(client->sent < 64 << 20);
		client_send_some(client, 4096);
		server_settle(&contract->server, &now);
	} while (now.bytes_rx - before.bytes_rx == now.bytes_tx - before.bytes_tx);
}

static void expect_exit_within(
	struct contract *contract, uint64_t since_ns, unsigned limit_ms)
{
	server_expect_exit(&contract->server);
	uint64_t took_ms = (clock_now_ns() - since_ns) / NS_PER_MS;

	if (took_ms > (uint64_t)limit_ms * contract_memory_factor())
		fail_msg("it took %ju ms to end, and should take %u at most",
			(uintmax_t)took_ms, limit_ms);
}

/* Stops the server. When an idle client sees its FIN, nothing more is taken of anybody.
 */
static void stop_seen(struct contract *contract, struct client *idle)
{
	server_signal(&contract->server, SIGTERM);
	client_expect_end(idle);
	client_close(idle);
}

/*
 * close(2) over unread bytes sends an RST in place of the FIN, and what was sent but has
 * not arrived is dropped (RFC 1122, 4.2.2.13). All of these clients have requests in the
 * server's receive buffer that it has not read and will not read any more.
 */
static void unread_requests(struct contract *contract)
{
	enum { CLIENTS = 10 };
	struct client *clients =
		contract_connect_many(contract, 0, CLIENTS, CLIENT_BUFFERS_SMALL);
	struct client *bystander =
		contract_connect(contract, CLIENTS, CLIENT_BUFFERS_PLAIN);
	struct server_snapshot snapshot;
	uint64_t received = 0, sent = 0;

	for (size_t i = 0; i < CLIENTS; i++)
		contract_fill(contract, &clients[i]);
	server_settle(&contract->server, &snapshot);
	stop_seen(contract, bystander);
	for (size_t i = 0; i < CLIENTS; i++) {
		receive_to_the_end(&clients[i]);
		received += clients[i].received;
		sent += clients[i].sent;
		client_close(&clients[i]);
	}
	assert_int_equal(received, snapshot.bytes_rx);
	assert_true(sent > received); /* or nothing was unread, and nothing tested */
	json_decref(server_event(&contract->server, "stopped"));
	server_expect_exit(&contract->server);
}

/* Who is not done sending when the end comes may be so in peace, and reads it all then.
 */
static void requests_after_the_stop(struct contract *contract)
{
	enum { PIECES = 20, PIECE_BYTES = 3000, REST_US = 3000 };
	struct client *client = contract_connect(contract, 0, CLIENT_BUFFERS_SMALL);
	struct client *bystander = contract_connect(contract, 1, CLIENT_BUFFERS_PLAIN);
	struct server_snapshot snapshot;

	contract_fill(contract, client);
	server_settle(&contract->server, &snapshot);
	stop_seen(contract, bystander);
	client_receive(client, snapshot.bytes_rx - client->received);
	for (int i = 0; i < PIECES; i++) {
		client_send(client, PIECE_BYTES);
		usleep(REST_US);
	}
	client_finish(client);
	client_expect_end(client);
	assert_int_equal(client->received, snapshot.bytes_rx);
	json_decref(server_event(&contract->server, "stopped"));
	server_expect_exit(&contract->server);
}

/* They need not close before it ends, however long they would stay. */
static void idle_clients_stay(struct contract *contract)
{
	enum { CLIENTS = 900 };
	struct client *clients =
		contract_connect_many(contract, 0, CLIENTS, CLIENT_BUFFERS_PLAIN);

	for (size_t i = 0; i < CLIENTS; i += 3)
		client_echo(&clients[i], 64);
	server_await_held(&contract->server, CLIENTS);
	uint64_t stop_ns = clock_now_ns();

	server_signal(&contract->server, SIGTERM);
	expect_exit_within(contract, stop_ns, EXIT_QUIET_MAX_MS);
	for (size_t i = 0; i < CLIENTS; i++)
		client_expect_end(&clients[i]);
}

/* Neither who does not read nor who does not stop sending is waited for any longer. */
static void stalled_readers_and_a_hose(struct contract *contract)
{
	enum { STALLED = 100, IDLE = 800, HOSE = STALLED + IDLE };
	static const char bytes[4096];
	struct pollfd events = {.fd = contract->server.events.fd};

	contract_connect_many(contract, 0, STALLED, CLIENT_BUFFERS_SMALL);
	contract_connect_many(contract, STALLED, IDLE, CLIENT_BUFFERS_PLAIN);
	contract_connect(contract, HOSE, CLIENT_BUFFERS_PLAIN);
	for (size_t i = 0; i < STALLED; i++)
		contract_fill(contract, &contract->clients[i]);
	server_await_held(&contract->server, HOSE + 1);
	uint64_t stop_ns = clock_now_ns();

	server_signal(&contract->server, SIGTERM);
	while (poll(&events, 1, 0) == 0 && clock_now_ns() - stop_ns < 5 * NS_PER_S)
		if (send(contract->clients[HOSE].fd, bytes, sizeof(bytes), MSG_NOSIGNAL) <
			0)
			usleep(1000); /* full, or the end */
	expect_exit_within(contract, stop_ns, EXIT_MAX_MS);
}

/*
 * Settling waits for a worker that sleeps. This one is held by its tracer, so it never
 * does; what is asked for would be a minute's wait, and the signal ends it.
 */
static void stop_while_it_settles(struct contract *contract)
{
	enum { ANSWER_MS = 5000 };
	struct server_process *server = &contract->server;
	struct pollfd events = {.fd = server->events.fd, .events = POLLIN};
	pid_t tid = server->worker_tid;
	int status;

	if (ptrace(PTRACE_SEIZE, tid, NULL, NULL) < 0) {
		print_message("# not tested: ptrace is forbidden here\n");
		server_stop(server);
		return;
	}
	assert_int_equal(ptrace(PTRACE_INTERRUPT, tid, NULL, NULL), 0);
	assert_int_equal(waitpid(tid, &status, __WALL), tid);
	server_command(server, "{\"cmd\":\"snapshot\",\"settle_ms\":60000}");
	usleep(50000); /* it is under way */
	server_signal(server, SIGTERM);
	int answered = poll(&events, 1, ANSWER_MS);

	/* before anything can fail: who is traced cannot be ended behind a failed test */
	assert_int_equal(ptrace(PTRACE_DETACH, tid, NULL, NULL), 0);
	assert_int_equal(answered, 1);
	json_t *event = server_event(server, "snapshot");

	assert_true(json_is_false(json_object_get(event, "settled")));
	json_decref(event);
	json_decref(server_event(server, "stopped"));
	server_expect_exit(server);
}

/* Nobody reads what it answers, so its pipe is full: it ends all the same. */
static void stop_while_nobody_reads_it(struct contract *contract)
{
	enum { ASKED = 300 };

	for (int i = 0; i < ASKED; i++)
		server_command(&contract->server, "{\"cmd\":\"snapshot\"}");
	usleep(100000);
	uint64_t stop_ns = clock_now_ns();

	server_signal(&contract->server, SIGTERM);
	expect_exit_within(contract, stop_ns, EXIT_MAX_MS);
}

/* How many lines of the server's stderr hold text. */
static int count_logged(const struct server_process *server, const char *text)
{
	char log[16384] = "";
	int count = 0;

	assert_true(pread(server->log_fd, log, sizeof(log) - 1, 0) >= 0);
	for (const char *at = log; (at = strstr(at, text)); at++)
		count++;
	return count;
}

static void await_logged(const struct server_process *server, const char *text)
{
	uint64_t deadline = deadline_ns();

	while (count_logged(server, text) == 0) {
		if (clock_now_ns() > deadline)
			fail_msg("no line on stderr holds '%s'", text);
		usleep(1000);
	}
}

enum { FEW_DESCRIPTORS = 32 };

/* One line when the listener begins to rest, one when it is over: not one a try. */
static void starving_is_logged_once(struct contract *contract)
{
	enum { PAUSES = 5 };
	struct server_process *server = &contract->server;
	struct client *clients =
		contract_connect_many(contract, 0, FEW_DESCRIPTORS, CLIENT_BUFFERS_PLAIN);
	uint64_t deadline = deadline_ns();
	struct server_snapshot snapshot;

	do {
		usleep(50000);
		server_ask(server, 0, &snapshot);
	} while (snapshot.accept_pauses < PAUSES && clock_now_ns() < deadline);
	assert_true(snapshot.accept_pauses >= PAUSES);
	assert_int_equal(count_logged(server, "cannot accept: Too many open files"), 1);
	assert_int_equal(count_logged(server, "accepting again"), 0);

	for (size_t i = 0; i < FEW_DESCRIPTORS / 2; i++)
		client_close(&clients[i]);
	await_logged(server, "accepting again");
	for (size_t i = FEW_DESCRIPTORS / 2; i < FEW_DESCRIPTORS; i++)
		client_echo(&clients[i], 64);
	assert_int_equal(count_logged(server, "cannot accept"), 1);
	assert_int_equal(count_logged(server, "accepting again"), 1);
}

/* The counter of a snapshot, or -1: null, for the mechanism is absent. */
static int64_t ask_cq_overflows(struct contract *contract)
{
	server_command(&contract->server, "{\"cmd\":\"snapshot\"}");
	json_t *event = server_event(&contract->server, "snapshot");
	const json_t *value =
		json_object_get(json_object_get(event, "counters"), "cq_overflows");
	int64_t overflows = json_is_integer(value) ? json_integer_value(value) : -1;

	assert_non_null(value);
	json_decref(event);
	return overflows;
}

/*
 * More results at once than a completion queue holds: some wait in the kernel, and more
 * operations follow than a submission queue holds. Nothing is lost, and it is counted:
 * null where there is no such queue, and where it is small, not 0.
 */
static void queues_overflow(struct contract *contract)
{
	enum { CLIENTS = 600, ROUNDS = 3 };
	const char *backend = contract->server.backend;
	struct client *clients = contract->clients;

	server_pause(&contract->server);
	contract_connect_many(contract, 0, CLIENTS, CLIENT_BUFFERS_PLAIN);
	server_resume(&contract->server);
	for (int round = 0; round < ROUNDS; round++) {
		server_pause(&contract->server);
		for (size_t i = 0; i < CLIENTS; i++)
			client_send(&clients[i], 1 + i);
		server_resume(&contract->server);
		for (size_t i = 0; i < CLIENTS; i++)
			client_receive_owed(&clients[i]);
	}
	int64_t overflows = ask_cq_overflows(contract);

	assert_int_equal(overflows >= 0, strncmp(backend, "io_uring", 8) == 0);
	if (strcmp(backend, "io_uring-small") == 0 ||
		strcmp(backend, "io_uring-poll-small") == 0)
		assert_true(overflows >= ROUNDS);
	else if (strncmp(backend, "io_uring-small-", 15) != 0)
		assert_true(overflows <= 0);
}

/*
 * Bytes that come while a connection is blocked on its write are an event only to an
 * edge-triggered poller, and to it no reason to try the write again.
 */
static void arrivals_while_blocked(struct contract *contract)
{
	enum { ARRIVALS = 20, MORE = 8192 };
	struct client *client = contract_connect(contract, 0, CLIENT_BUFFERS_SMALL);
	struct server_snapshot before, after;

	make_it_owe(contract, client);
	/* until no byte moves: arrivals acknowledge, and the send buffer may grow by it
	 */
	do {
		assert_true(client->sent < 64 << 20);
		client_send_some(client, MORE);
		server_settle(&contract->server, &before);
		for (int i = 0; i < ARRIVALS; i++) {
			client_send(client, SMALL_PIECE);
			server_settle(&contract->server, &after);
		}
	} while (after.bytes_tx > before.bytes_tx);
	assert_int_equal(after.calls[CALL_sendto], before.calls[CALL_sendto]);
	assert_int_equal(after.eagain_send, before.eagain_send);
	client_receive_owed(client);
}

const struct contract_case cases_end[] = {
	{.name = "a stop with requests unread: every byte that was taken, then the FIN",
		.of_variants = true,
		.run = unread_requests,
		.rows = ROW(18),
		.ends_server = true},
	{.name = "requests after the stop are thrown away, without an RST",
		.run = requests_after_the_stop,
		.rows = ROW(18),
		.ends_server = true},
	{.name = "a stop does not wait for 900 idle clients to close",
		.run = idle_clients_stay,
		.rows = ROW(18),
		.ends_server = true,
		.descriptors_needed = 1000},
	{.name = "a stop with stalled readers and a hose: exit 0 within its time",
		.run = stalled_readers_and_a_hose,
		.rows = ROW(7) | ROW(12) | ROW(18),
		.ends_server = true,
		.descriptors_needed = 1000},
	{.name = "SIGTERM does not wait until the server has settled",
		.run = stop_while_it_settles,
		.rows = ROW(18),
		.ends_server = true},
	{.name = "SIGTERM does not wait until its answers are read",
		.run = stop_while_nobody_reads_it,
		.rows = ROW(18),
		.ends_server = true},
	{.name = "out of descriptors: one line when it begins, one when it is over",
		.run = starving_is_logged_once,
		.rows = ROW(1),
		.descriptors = FEW_DESCRIPTORS},
	{.name = "queues that overflow lose nothing, and it is counted",
		.run = queues_overflow,
		.rows = ROW(16)},
	{.name = "bytes that arrive while a write is blocked are no reason to write",
		.of_variants = true,
		.run = arrivals_while_blocked,
		.rows = ROW(7)},
	{.name = NULL},
};
