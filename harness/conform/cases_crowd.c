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

/* close(2) frees a number, and the next accept gives it to a stranger. */
static bool churn(struct scene *scene)
{
	enum { CONNECTIONS = 2000 };
	struct client *bystander = scene_clients(scene, 1);

	return bystander && client_connect(bystander, CLIENT_PLAIN) &&
	       client_echo(bystander, 64) && visits_make(scene, CONNECTIONS) &&
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
enum { HOSE_FILL_MAX_BYTES = 64 << 20, HOSE_BYTES_MAX = 4 << 20 };

static uint64_t hoses_received(const struct client *hoses)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < HOSES; i++)
		sum += hoses[i].received;
	return sum;
}

/*
 * Megabytes wait for the server on each hose. Then everything that was answered already
 * is read, so that what comes from here on is answered from here on; and for as long as
 * the server finds more, it is not stopped by a reader who is slow.
 */
static bool hoses_aim(struct client *hoses)
{
	for (size_t i = 0; i < HOSES; i++)
		if (!client_fill(&hoses[i], HOSE_FILL_MAX_BYTES))
			return false;
	for (size_t i = 0; i < HOSES; i++) {
		uint64_t before;

		do {
			before = hoses[i].received;
			if (!client_receive_some(&hoses[i], HOSE_PIECE_BYTES))
				return false;
		} while (hoses[i].received > before);
	}
	return true;
}

/* Reads and sends as fast as one can, until the quiet one has its answer. */
static bool hoses_run(struct scene *scene, struct client *hoses, struct client *quiet)
{
	uint64_t until_ns = scene_until(scene);
	bool answered = false;

	for (size_t turn = 0; !answered; turn++) {
		struct client *hose = &hoses[turn % HOSES];

		if (!client_receive_some(hose, HOSE_PIECE_BYTES) ||
			(turn % 4 < HOSES && !client_send_some(hose, HOSE_PIECE_BYTES)) ||
			!client_await_bytes(quiet, 0, &answered))
			return false;
		if (!answered && clock_now_ns() >= until_ns)
			return scene_fail(scene, "the quiet client to be answered",
				"nothing for as long as it is waited");
	}
	return client_receive_owed(quiet);
}

static int compare_u64(const void *left, const void *right)
{
	uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;

	return (a > b) - (a < b);
}

/*
 * A loop that serves a descriptor until EAGAIN serves a hose for as long as its owner
 * likes. How long the others wait is counted in bytes that the hoses get back between a
 * quiet one's request and its answer; the median of some rounds, for on a busy machine
 * any one of them can be unlucky.
 */
static bool fire_hose(struct scene *scene)
{
	struct client *hoses = scene_clients(scene, HOSES);
	struct client *quiet = scene_clients(scene, 1);
	uint64_t served[HOSE_ROUNDS];
	char most[HUMAN_BYTES], seen[HUMAN_BYTES];

	if (!hoses || !quiet || !client_connect_all(hoses, HOSES, CLIENT_PLAIN) ||
		!client_connect(quiet, CLIENT_PLAIN) || !client_echo(quiet, 64))
		return false;
	for (int round = 0; round < HOSE_ROUNDS; round++) {
		scene_doing(scene, "round %d", round + 1);
		if (!hoses_aim(hoses) || !client_send(quiet, 64))
			return false;
		uint64_t before = hoses_received(hoses);

		if (!hoses_run(scene, hoses, quiet))
			return false;
		served[round] = hoses_received(hoses) - before;
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
