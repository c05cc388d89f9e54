/*
 * cases_limits.c - at the end of what there is: descriptors, and bits in an fd_set.
 */
#include "tests/contract/contract.h"

#include "common/clock.h"
#include "common/exit_status.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/* How often a second a counter grew between two snapshots. */
static double rate(uint64_t before, uint64_t after, const struct server_snapshot *first,
	const struct server_snapshot *last)
{
	return (double)(after - before) * (double)NS_PER_S /
	       (double)(last->at_ns - first->at_ns);
}

/* for the servers of the next cases, their own included */
enum { FEW_DESCRIPTORS = 32, ROOM_DESCRIPTORS = 64 };

/*
 * Connects more clients than can be held, and waits until the server holds as many as it
 * can. A snapshot itself needs a few descriptors for a moment, so none is asked for
 * often.
 */
static void connect_too_many(struct contract *contract, struct server_snapshot *snapshot)
{
	enum { LOOK_AGAIN_US = 150000 };
	uint64_t deadline = deadline_ns(), held_before;

	contract_connect_many(contract, 0, FEW_DESCRIPTORS, CLIENT_BUFFERS_PLAIN);
	for (size_t i = 0; i < FEW_DESCRIPTORS; i++)
		client_send(&contract->clients[i], 64);
	server_ask(&contract->server, 0, snapshot);
	do {
		held_before = snapshot->held;
		usleep(LOOK_AGAIN_US);
		server_ask(&contract->server, 0, snapshot);
	} while ((snapshot->held != held_before || snapshot->accept_pauses == 0) &&
		 clock_now_ns() < deadline);
	assert_true(snapshot->accept_pauses > 0);
	assert_in_range(
		snapshot->held, contract->server.connections_max, FEW_DESCRIPTORS - 1);
}

/*
 * accept(2) gives EMFILE and leaves the connection in the queue, so the listener stays
 * readable: a level-triggered loop that only tries again spins at 100 % CPU, and an
 * edge-triggered one that does not try again goes deaf.
 */
static void descriptors_run_out(struct contract *contract)
{
	enum { LOOK_US = 500000 };
	enum { TRIES_MAX = 50, CALLS_MAX = 500 }; /* a second */
	struct server_process *server = &contract->server;
	struct client *clients = contract->clients;
	struct server_snapshot first, last;

	connect_too_many(contract, &first);
	size_t held = (size_t)first.held, waiting = FEW_DESCRIPTORS - held;

	for (size_t i = 0; i < held; i++)
		client_receive_owed(&clients[i]);
	server_ask(server, 0, &first);
	usleep(LOOK_US);
	server_ask(server, 0, &last);
	assert_int_equal(last.held, held);
	assert_true(
		rate(first.accept_pauses, last.accept_pauses, &first, &last) < TRIES_MAX);
	assert_true(rate(first.calls[CALL_accept4], last.calls[CALL_accept4], &first,
			    &last) < TRIES_MAX);
	assert_true(rate(server_calls_total(&first), server_calls_total(&last), &first,
			    &last) < CALLS_MAX);

	for (size_t i = 0; i < held; i++)
		client_echo(&clients[i], 1000);
	for (size_t i = 0; i < waiting; i++)
		client_close(&clients[i]);
	/* Nobody pokes the server: those in the queue sent their bytes long ago. */
	for (size_t i = held; i < FEW_DESCRIPTORS; i++)
		client_receive_owed(&clients[i]);
	for (size_t i = waiting; i < FEW_DESCRIPTORS; i++)
		client_echo(&clients[i], 64);
}

/*
 * A multishot accept knows the limit of the time when it was asked for, so a lower one
 * did not stop it (and direct descriptors know only their table). More come, until it
 * ends. Asked for again it meets the lower limit, for those who leave have higher
 * numbers; and then that is raised.
 */
static void limit_was_known(struct contract *contract, size_t stay)
{
	enum { REST_US = 250000 }; /* it has tried again meanwhile */
	struct client *clients = contract->clients;
	struct server_snapshot snapshot;
	uint64_t deadline = deadline_ns();

	contract_connect_many(
		contract, stay, ROOM_DESCRIPTORS - stay, CLIENT_BUFFERS_PLAIN);
	do {
		server_ask(&contract->server, 0, &snapshot);
		usleep(1000);
	} while (snapshot.accept_pauses == 0 && clock_now_ns() < deadline);
	assert_true(snapshot.accept_pauses > 0);
	assert_in_range(snapshot.held, stay, ROOM_DESCRIPTORS - 1);
	size_t waiting = (size_t)snapshot.held;

	for (size_t i = waiting; i < ROOM_DESCRIPTORS; i++)
		client_send(&clients[i], 64 + i);
	for (size_t i = stay; i < waiting; i++)
		client_close(&clients[i]);
	usleep(REST_US);
	server_limit_descriptors(&contract->server, ROOM_DESCRIPTORS);
	for (size_t i = waiting; i < ROOM_DESCRIPTORS; i++)
		client_receive_owed(&clients[i]);
	for (size_t i = 0; i < stay; i++)
		client_receive_owed(&clients[i]);
}

/*
 * The strict form: room comes without anything that the server could notice. Its limit is
 * lowered and raised again from outside; no socket, signal or command tells it. Whoever
 * tries again only when something happens leaves them in the queue for ever.
 */
static void room_comes_unnoticed(struct contract *contract)
{
	enum { CLIENTS = 20, FEWER_DESCRIPTORS = 20 };
	struct server_process *server = &contract->server;
	struct client *clients = contract->clients;
	struct server_snapshot snapshot;

	server_settle(server, &snapshot);
	assert_true(server_descriptors(server) < FEWER_DESCRIPTORS);
	server_limit_descriptors(server, FEWER_DESCRIPTORS);
	contract_connect_many(contract, 0, CLIENTS, CLIENT_BUFFERS_PLAIN);
	for (size_t i = 0; i < CLIENTS; i++)
		client_send(&clients[i], 64 + i);
	uint64_t deadline = deadline_ns();

	do {
		server_ask(server, 0, &snapshot);
		usleep(1000);
	} while (snapshot.accept_pauses == 0 && snapshot.held < CLIENTS &&
		 clock_now_ns() < deadline);
	if (snapshot.held == CLIENTS) {
		assert_true(server_has_ring(server));
		limit_was_known(contract, CLIENTS);
		return;
	}
	assert_true(snapshot.accept_pauses > 0);
	assert_in_range(snapshot.held, 1, CLIENTS - 1);
	for (size_t i = 0; i < snapshot.held; i++)
		client_receive_owed(&clients[i]);
	usleep(20000); /* so that whatever else it had to do is done */
	server_limit_descriptors(server, ROOM_DESCRIPTORS);
	for (size_t i = 0; i < CLIENTS; i++)
		client_receive_owed(&clients[i]);
	server_ask(server, 0, &snapshot);
	assert_int_equal(snapshot.held, CLIENTS);
}

/* It holds as many as it said it can, and still has what a snapshot needs to look. */
static void just_as_many_as_it_said(struct contract *contract)
{
	struct server_process *server = &contract->server;
	size_t count = (size_t)server->connections_max;
	struct server_snapshot snapshot;

	assert_in_range(count, 1, ROOM_DESCRIPTORS);
	contract_connect_many(contract, 0, count, CLIENT_BUFFERS_PLAIN);
	server_await_held(server, count);
	for (size_t i = 0; i < count; i++)
		client_echo(&contract->clients[i], 1000);
	for (int i = 0; i < 10; i++) {
		server_settle(server, &snapshot);
		assert_true(snapshot.has_usage);
	}
	assert_int_equal(snapshot.held, count);
	assert_int_equal(snapshot.accept_pauses, 0);
}

/* Waits until so many connections were accepted or refused. */
static void await_decisions(struct server_process *server, uint64_t connections,
	struct server_snapshot *snapshot)
{
	enum { LOOK_AGAIN_US = 20000 };
	uint64_t deadline = deadline_ns();

	do {
		usleep(LOOK_AGAIN_US);
		server_ask(server, 0, snapshot);
	} while (snapshot->held + snapshot->refused < connections &&
		 clock_now_ns() < deadline);
	assert_int_equal(snapshot->held + snapshot->refused, connections);
}

/* Closes those that the server has refused; how many. */
static size_t close_refused(struct client *clients, size_t count)
{
	size_t refused = 0;

	for (size_t i = 0; i < count; i++)
		if (client_was_refused(&clients[i])) {
			client_close(&clients[i]);
			refused++;
		}
	return refused;
}

static void echo_with_all(struct client *clients, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (clients[i].fd >= 0)
			client_echo(&clients[i], 100);
}

/*
 * FD_SET() of 1024 or more writes past the end of the C library's fd_set. A backend that
 * has such a limit refuses these connections and counts them; any other serves them.
 */
static void past_1024_descriptors(struct contract *contract)
{
	enum { CLIENTS = 1100, SERVED_MIN = 900, GONE = 10 };
	struct server_process *server = &contract->server;
	struct client *clients =
		contract_connect_many(contract, 0, CLIENTS, CLIENT_BUFFERS_PLAIN);
	struct server_snapshot snapshot;

	await_decisions(server, CLIENTS, &snapshot);
	if (server->fds_limit > 0)
		assert_in_range(snapshot.held, SERVED_MIN, server->fds_limit - 1);
	else
		assert_int_equal(snapshot.held, CLIENTS);
	assert_int_equal(close_refused(clients, CLIENTS), snapshot.refused);
	echo_with_all(clients, CLIENTS);

	/* and when some have gone, others are welcome again */
	for (size_t i = 0; i < GONE; i++)
		client_close(&clients[i]);
	server_await_held(server, snapshot.held - GONE);
	contract_connect_many(contract, 0, GONE, CLIENT_BUFFERS_PLAIN);
	echo_with_all(clients, CLIENTS);
}

/*
 * Containers forbid it (EPERM), old kernels do not know it (ENOSYS), and the limit of
 * locked memory may not allow it (ENOMEM). Nothing else takes its place: the server says
 * that it is unsupported, and why.
 */
static void ring_cannot_be_made(struct contract *contract)
{
	static const int errors[] = {EPERM, ENOSYS, ENOMEM};
	struct server_process *server = &contract->server;

	for (size_t i = 0; i < sizeof(errors) / sizeof(*errors); i++) {
		server_launch(
			server, &(struct server_settings){.backend = contract->backend,
					.ring_error = errors[i]});
		json_t *event = server_event(server, "unsupported");
		const char *reason = json_string_value(json_object_get(event, "reason"));

		if (!reason || !strstr(reason, strerror(errors[i])))
			fail_msg("'%s' does not say '%s'", reason ? reason : "",
				strerror(errors[i]));
		json_decref(event);
		server_expect_status(server, EXIT_STATUS_CANNOT_RUN);
		server_discard(server);
	}
}

const struct contract_case cases_limits[] = {
	{.name = "out of descriptors: it rests, serves on, and recovers",
		.run = descriptors_run_out,
		.rows = ROW(1),
		.descriptors = FEW_DESCRIPTORS},
	{.name = "room that comes unnoticed is found",
		.run = room_comes_unnoticed,
		.rows = ROW(1),
		.descriptors = ROOM_DESCRIPTORS},
	{.name = "with just as many connections as it said, it settles",
		.run = just_as_many_as_it_said,
		.rows = ROW(1),
		.descriptors = ROOM_DESCRIPTORS},
	{.name = "past 1,024 descriptors: served, or refused and counted",
		.run = past_1024_descriptors,
		.rows = ROW(14),
		.descriptors_needed = 1300},
	{.name = "no ring to be had: unsupported, with the reason",
		.run = ring_cannot_be_made,
		.rows = ROW(17),
		.starts_server = true,
		.ends_server = true},
	{.name = NULL},
};
