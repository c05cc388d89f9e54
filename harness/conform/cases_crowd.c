/*
 * cases_crowd.c - many connections: nobody harms, delays or hears another.
 */
#include "harness/conform/case.h"

#include "harness/conform/visits.h"
#include "harness/human.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool echo_each(struct scene *scene, struct client *clients, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		scene_doing(scene, "client %zu of %zu", i + 1, count);
		if (!client_echo(&clients[i], 64))
			return false;
	}
	scene_doing(scene, "%s", "");
	return true;
}

/*
 * The listener is announced once for all that queue up. An edge-triggered poller does not
 * tell again, so accept must be called until EAGAIN.
 */
static bool connect_burst(struct scene *scene)
{
	enum { CLIENTS = 256 };
	struct client *clients = scene_clients(scene, CLIENTS);

	if (!clients)
		return false;
	for (size_t i = 0; i < CLIENTS; i++)
		if (!client_connect_begin(&clients[i], CLIENT_PLAIN))
			return false;
	for (size_t i = 0; i < CLIENTS; i++) {
		scene_doing(scene, "client %zu of %d", i + 1, CLIENTS);
		if (!client_connect_end(&clients[i]) || !client_send(&clients[i], 64))
			return false;
	}
	for (size_t i = 0; i < CLIENTS; i++) {
		scene_doing(scene, "client %zu of %d", i + 1, CLIENTS);
		if (!client_receive_owed(&clients[i]))
			return false;
	}
	return echo_each(scene, clients, CLIENTS);
}

/* No more newcomers at once than the shortest queue of a listener takes. */
enum { STALE_CLIENTS = 32, STALE_NEWCOMERS = 4 };

/* While the server is stopped: some end with bytes unread, and others take their place.
 */
static bool change_hands(struct client *clients, size_t round)
{
	for (size_t i = 0; i < STALE_NEWCOMERS; i++) {
		struct client *client =
			&clients[(round + i * (1 + round % 7)) % STALE_CLIENTS];

		if (client->fd < 0)
			continue; /* the same one again */
		if (!client_send(client, 200))
			return false;
		if (i % 2)
			client_reset(client);
		else
			client_close(client);
	}
	for (size_t i = 0; i < STALE_CLIENTS; i++)
		if ((clients[i].fd < 0 && !client_connect(&clients[i], CLIENT_PLAIN)) ||
			!client_send(&clients[i], 100 + i))
			return false;
	return true;
}

/*
 * So that one wait brings the ends, the listener and the newcomers' bytes, about numbers
 * that change hands meanwhile. A report on a number is a hint about who had it (epoll(7),
 * Q6).
 */
static bool churn_in_one_batch(struct scene *scene)
{
	enum { ROUNDS = 40 };
	struct client *clients = scene_clients(scene, STALE_CLIENTS);

	if (!clients || !client_connect_all(clients, STALE_CLIENTS, CLIENT_PLAIN))
		return false;
	for (size_t round = 0; round < ROUNDS; round++) {
		scene_doing(scene, "in one batch, round %zu", round + 1);
		int error = target_stop(scene->target);

		if (error < 0)
			return scene_skip(
				scene, "the server does not stop: %s", strerror(-error));
		if (!change_hands(clients, round))
			return false;
		if (target_continue(scene->target) < 0)
			return scene_fail(scene, "the server to run", "it is gone");
		for (size_t i = 0; i < STALE_CLIENTS; i++)
			if (!client_receive_owed(&clients[i]))
				return false;
	}
	return true;
}

/* Bytes are owed to a connection that ends by RST: its successor must not get them. */
static bool churn_while_owed(struct scene *scene)
{
	enum { ROUNDS = 4, CLIENTS = 8, FILL_MAX_BYTES = 1 << 20 };
	struct client *clients = scene_clients(scene, CLIENTS);

	if (!clients)
		return false;
	for (int round = 0; round < ROUNDS; round++) {
		scene_doing(scene, "behind a reset with bytes owed, round %d", round + 1);
		if (!client_connect_all(clients, CLIENTS, CLIENT_SMALL) ||
			!client_fill_all(clients, CLIENTS, FILL_MAX_BYTES))
			return false;
		for (size_t i = 0; i < CLIENTS; i++)
			client_reset(&clients[i]);
		if (!client_connect_all(clients, CLIENTS, CLIENT_PLAIN))
			return false;
		for (size_t i = 0; i < CLIENTS; i++) {
			if (!client_echo(&clients[i], 1000 + i))
				return false;
			client_close(&clients[i]);
		}
	}
	return true;
}

/* close(2) frees a number, and the next accept gives it to a stranger. */
static bool churn(struct scene *scene)
{
	enum { CONNECTIONS = 2000 };
	struct client *bystander = scene_clients(scene, 1);

	return bystander && client_connect(bystander, CLIENT_PLAIN) &&
	       client_echo(bystander, 64) && visits_make(scene, CONNECTIONS) &&
	       churn_while_owed(scene) &&
	       (!target_can_stop(scene->target) || churn_in_one_batch(scene)) &&
	       client_echo(bystander, 64);
}

static bool many_idle(struct scene *scene)
{
	enum { REQUESTS = 200 };
	size_t count = (size_t)scene->connections_idle;
	struct client *idle = scene_clients(scene, count);
	struct client *active = scene_clients(scene, 1);
	char text[HUMAN_BYTES];

	if (!idle || !active || !client_connect_all(idle, count, CLIENT_PLAIN) ||
		!echo_each(scene, idle, count) || !client_connect(active, CLIENT_PLAIN))
		return false;
	human_count(count, text, sizeof(text));
	scene_doing(scene, "the active one beside %s", text);
	for (int i = 0; i < REQUESTS; i++)
		if (!client_echo(active, 64))
			return false;
	return echo_each(scene, idle, count) && scene_note(scene, "%s idle", text);
}

/* ---- hoses ---- */

enum { HOSES = 2, HOSE_ROUNDS = 9, HOSE_PIECE_BYTES = 64 * 1024 };
enum { HOSE_FILL_MAX_BYTES = 64 << 20, HOSE_BYTES_MAX = 1 << 20 };

static uint64_t hoses_received(const struct client *hoses)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < HOSES; i++)
		sum += hoses[i].received;
	return sum;
}

/* Takes all that was served, also what was on its way meanwhile. */
static bool hoses_drain(struct scene *scene, struct client *hoses)
{
	for (size_t i = 0, empty = 0; empty < 2 * HOSES; i++) {
		struct client *hose = &hoses[i % HOSES];
		uint64_t before = hose->received;

		if (!client_receive_some(hose, HOSE_PIECE_BYTES))
			return false;
		empty = hose->received > before ? 0 : empty + 1;
		if (empty == HOSES && !scene_rest(scene, NS_PER_MS))
			return false;
	}
	return true;
}

/*
 * The quiet one's request behind megabytes that wait for the server on the hoses. With
 * the server stopped meanwhile it is certain that they wait; without a process to stop,
 * they are what it has not read because it could not write, and some of that it takes
 * while the echo of the rest is read.
 */
static bool hoses_aim(struct scene *scene, struct client *hoses, struct client *quiet)
{
	struct target *target = scene->target;
	bool stops = target_can_stop(target);

	if (stops && target_stop(target) < 0)
		return scene_skip(scene, "cannot stop the server");
	if (stops && !hoses_drain(scene, hoses))
		return false;
	if (!client_fill(&hoses[0], HOSE_FILL_MAX_BYTES) ||
		!client_fill(&hoses[1], HOSE_FILL_MAX_BYTES) ||
		(!stops && !hoses_drain(scene, hoses)) || !client_send(quiet, 64))
		return false;
	if (stops && target_continue(target) < 0)
		return scene_fail(scene, "the server to run", "it is gone");
	return true;
}

/* Reads as fast as one can, and sends on; *moved: there was something to read. */
static bool hoses_turn(struct client *hoses, bool *moved)
{
	uint64_t before = hoses_received(hoses);

	for (size_t i = 0; i < HOSES; i++)
		if (!client_receive_some(&hoses[i], HOSE_PIECE_BYTES))
			return false;
	*moved = hoses_received(hoses) > before;
	return true;
}

/* What came before the answer but was not read yet, when this process had to wait for a
 * core; *later_bytes: read in vain, for it came after it. */
static bool hoses_catch_up(
	struct client *hoses, uint64_t answered_ns, uint64_t *later_bytes)
{
	*later_bytes = 0;
	for (size_t i = 0; i < HOSES; i++) {
		uint64_t before;

		do {
			before = hoses[i].received;
			if (!client_receive_some(&hoses[i], HOSE_PIECE_BYTES))
				return false;
		} while (hoses[i].received > before && hoses[i].arrived_ns <= answered_ns);
		*later_bytes += hoses[i].received - before;
	}
	return true;
}

/*
 * Until the quiet one has its answer, and *served_bytes that came before it. What is read
 * comes first: a server that is stopped by a full send buffer turns to others, and that
 * would be our merit.
 */
static bool hoses_run(struct scene *scene, struct client *hoses, struct client *quiet,
	uint64_t *served_bytes)
{
	uint64_t before = hoses_received(hoses), later_bytes;
	uint64_t until_ns = scene_until(scene);
	bool answered = false, moved;

	for (size_t turn = 0; !answered; turn++) {
		if (!hoses_turn(hoses, &moved) ||
			(!moved && !client_send_some(
					   &hoses[turn % HOSES], HOSE_PIECE_BYTES)) ||
			!client_await_bytes(quiet, 0, &answered))
			return false;
		if (!answered && clock_now_ns() >= until_ns)
			return scene_fail(scene, "the quiet client to be answered",
				"nothing for as long as it is waited");
	}
	if (!client_receive_owed(quiet) ||
		!hoses_catch_up(hoses, quiet->arrived_ns, &later_bytes))
		return false;
	*served_bytes = hoses_received(hoses) - before - later_bytes;
	return true;
}

static int compare_u64(const void *left, const void *right)
{
	uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;

	return (a > b) - (a < b);
}

/*
 * A loop that serves a descriptor until EAGAIN serves a hose for as long as its owner
 * likes. How long the others wait is counted in bytes that the hoses get back between a
 * quiet one's request and its answer, by the order in which they arrive; the median of
 * some rounds, for a thread of a busy machine can be unlucky in any one of them.
 */
static bool fire_hose(struct scene *scene)
{
	struct client *hoses = scene_clients(scene, HOSES);
	struct client *quiet = scene_clients(scene, 1);
	uint64_t served[HOSE_ROUNDS];
	char most[HUMAN_BYTES], seen[HUMAN_BYTES];

	if (!hoses || !quiet || !client_connect_all(hoses, HOSES, CLIENT_PLAIN) ||
		!client_connect(quiet, CLIENT_PLAIN) || !client_echo(quiet, 64) ||
		!client_time_arrivals(&hoses[0]) || !client_time_arrivals(&hoses[1]) ||
		!client_time_arrivals(quiet))
		return false;
	for (int round = 0; round < HOSE_ROUNDS; round++) {
		scene_doing(scene, "round %d", round + 1);
		if (!hoses_aim(scene, hoses, quiet) ||
			!hoses_run(scene, hoses, quiet, &served[round]))
			return false;
	}
	qsort(served, HOSE_ROUNDS, sizeof(served[0]), compare_u64);
	human_count(served[HOSE_ROUNDS / 2], seen, sizeof(seen));
	human_count(HOSE_BYTES_MAX, most, sizeof(most));
	scene_doing(scene, "median of %d rounds", HOSE_ROUNDS);
	if (served[HOSE_ROUNDS / 2] <= HOSE_BYTES_MAX)
		return scene_note(scene, "%s bytes of the hoses came first", seen);
	char expected[128];

	snprintf(expected, sizeof(expected),
		"a quiet client's answer before %s bytes more of the hoses", most);
	return scene_fail(scene, expected, "%s bytes", seen);
}

/* Who does not take his echo is waited for, but not by everybody. */
static bool slow_readers(struct scene *scene)
{
	enum { SLOW = 20, FILL_MAX_BYTES = 4 << 20 };
	struct client *slow = scene_clients(scene, SLOW);
	struct client *bystander = scene_clients(scene, 1);

	if (!slow || !bystander || !client_connect(bystander, CLIENT_PLAIN) ||
		!client_connect_all(slow, SLOW, CLIENT_SMALL))
		return false;
	scene_doing(scene, "a bystander, when %d readers have stopped", SLOW);
	if (!client_fill_all(slow, SLOW, FILL_MAX_BYTES) ||
		!client_echo(bystander, 1 << 20))
		return false;
	scene_doing(scene, "a newcomer");
	struct client *newcomer = scene_clients(scene, 1);

	if (!newcomer || !client_connect(newcomer, CLIENT_PLAIN) ||
		!client_echo(newcomer, 100000))
		return false;
	for (size_t i = 0; i < SLOW; i++) {
		scene_doing(scene, "slow reader %zu goes on", i + 1);
		if (!client_receive_owed(&slow[i]))
			return false;
	}
	return true;
}

const struct conform_case cases_crowd[] = {
	{.name = "connect-burst",
		.what = "256 connect at once, and all are served",
		.run = connect_burst},
	{.name = "churn-no-crosstalk",
		.what = "2,000 come and go fast, and nobody hears another",
		.run = churn},
	{.name = "many-idle-beside-active",
		.what = "many idle connections (--idle), and one that works",
		.run = many_idle},
	{.name = "fire-hose-fairness",
		.what = "a quiet client is answered beside hoses that never stop",
		.run = fire_hose},
	{.name = "slow-readers-isolated",
		.what = "readers who have stopped do not stop others, and lose nothing",
		.run = slow_readers},
	{.name = NULL},
};
