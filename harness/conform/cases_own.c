/*
 * cases_own.c - what is done to a server that was started for it: a limit of descriptors,
 * and the end.
 */
#include "harness/conform/case.h"

#include "harness/conform/gauge.h"
#include "harness/human.h"

#include <signal.h>
#include <string.h>

/* ---- out of descriptors ---- */

enum { FEW_DESCRIPTORS = 64, CROWD = FEW_DESCRIPTORS + 16, GONE = 40 };

/* What became of each when all descriptors were taken. */
enum fate { WAITS, SERVED, REFUSED };

struct crowd {
	struct client *clients;
	enum fate fates[CROWD];
	size_t count[REFUSED + 1]; /* by fate */
};

/* Looks once at those who wait. *changed: some do not any more. */
static bool crowd_look(struct crowd *crowd, bool *changed)
{
	*changed = false;
	for (size_t i = 0; i < CROWD; i++) {
		struct client *client = &crowd->clients[i];

		if (crowd->fates[i] != WAITS)
			continue;
		if (client_was_refused(client))
			crowd->fates[i] = REFUSED;
		else if (!client_receive_some(client, 64))
			return false;
		else if (client->received == client->sent)
			crowd->fates[i] = SERVED;
		*changed |= crowd->fates[i] != WAITS;
	}
	memset(crowd->count, 0, sizeof(crowd->count));
	for (size_t i = 0; i < CROWD; i++)
		crowd->count[crowd->fates[i]]++;
	return true;
}

/* Until nothing has changed for a while. */
static bool crowd_settle(struct scene *scene, struct crowd *crowd)
{
	enum { LOOKS = 10 };
	static const uint64_t look_again_ns = 50 * NS_PER_MS;
	bool changed;

	for (int quiet = 0; quiet < LOOKS; quiet++) {
		if (!crowd_look(crowd, &changed) || !scene_rest(scene, look_again_ns))
			return false;
		if (changed)
			quiet = 0;
	}
	return true;
}

static bool crowd_gather(struct scene *scene, struct crowd *crowd)
{
	crowd->clients = scene_clients(scene, CROWD);
	if (!crowd->clients)
		return false;
	for (size_t i = 0; i < CROWD; i++)
		if (!client_connect(&crowd->clients[i], CLIENT_PLAIN) ||
			!client_send(&crowd->clients[i], 64))
			return false;
	if (!crowd_settle(scene, crowd))
		return false;
	if (crowd->count[SERVED] == CROWD)
		return scene_skip(scene,
			"with %d descriptors a process it serves %d clients: none is "
			"scarce",
			FEW_DESCRIPTORS, CROWD);
	if (crowd->count[SERVED] > 0)
		return true;
	return scene_fail(scene, "some clients to be served", "none of %d", CROWD);
}

static bool echo_with_served(struct crowd *crowd)
{
	for (size_t i = 0; i < CROWD; i++)
		if (crowd->fates[i] == SERVED && !client_echo(&crowd->clients[i], 1000))
			return false;
	return true;
}

/* Some leave; how many may come instead. */
static size_t crowd_leave(struct crowd *crowd)
{
	size_t gone = 0;

	for (size_t i = 0; i < CROWD && gone < GONE; i++) {
		if (crowd->fates[i] != SERVED)
			continue;
		client_close(&crowd->clients[i]);
		crowd->fates[i] = REFUSED; /* of no more interest */
		gone++;
	}
	return gone;
}

/* Nobody pokes the server: these have connected and sent their bytes long ago. */
static bool expect_waiting_served(struct scene *scene, struct crowd *crowd, size_t room)
{
	size_t number = 0;

	for (size_t i = 0; i < CROWD && number < room; i++) {
		if (crowd->fates[i] != WAITS)
			continue;
		scene_doing(scene, "number %zu of %zu who wait, when there is room",
			++number, crowd->count[WAITS]);
		if (!client_receive_owed(&crowd->clients[i]))
			return false;
	}
	scene_doing(scene, "a newcomer, when there is room");
	struct client *newcomer = scene_clients(scene, 1);

	return newcomer &&
	       (room <= crowd->count[WAITS] || (client_connect(newcomer, CLIENT_PLAIN) &&
						       client_echo(newcomer, 64)));
}

/*
 * accept(2) gives EMFILE and leaves the connection in the queue, so the listener stays
 * readable: a level-triggered loop that only tries again spins at 100 % CPU, and an
 * edge-triggered one that does not try again goes deaf.
 */
static bool emfile(struct scene *scene)
{
	enum { PERCENT_MAX = 20 };
	static const uint64_t window_ns = NS_PER_S;
	struct crowd crowd = {0};
	double percent;

	if (!crowd_gather(scene, &crowd))
		return false;
	if (!gauge_cpu_percent(scene, window_ns, &percent))
		return false;
	if (percent >= PERCENT_MAX)
		return scene_fail(scene,
			"less than 20 % of a core while no descriptor is left", "%.1f %%",
			percent);
	scene_doing(scene, "those who are served, while others wait");
	if (!echo_with_served(&crowd))
		return false;
	size_t served = crowd.count[SERVED], room = crowd_leave(&crowd);

	if (!expect_waiting_served(scene, &crowd, room))
		return false;
	return scene_note(scene, "%zu served, %zu waited, %zu refused, %.1f %% of a core",
		served, crowd.count[WAITS], crowd.count[REFUSED], percent);
}

/* ---- more of them than an fd_set has bits ---- */

enum { MANY_DESCRIPTORS = 1300, MANY_CLIENTS = 1100 };

/* One more, who is served or refused, and soon. */
static bool serve_or_refuse(struct client *client, size_t *refused)
{
	bool ready;

	if (!client_connect(client, CLIENT_PLAIN) || !client_send(client, 64) ||
		!client_await_bytes(client, scene_until(client->scene), &ready))
		return false;
	if (!client_was_refused(client))
		return client_receive_owed(client);
	client_close(client);
	++*refused;
	return true;
}

/*
 * FD_SET() of 1024 or more writes past the end of the C library's fd_set (select(2)). Who
 * uses that must refuse such connections; the others serve them.
 */
static bool past_1024(struct scene *scene)
{
	struct client *clients = scene_clients(scene, MANY_CLIENTS);
	size_t refused = 0;

	if (!clients)
		return false;
	for (size_t i = 0; i < MANY_CLIENTS; i++) {
		scene_doing(scene, "client %zu", i + 1);
		if (!serve_or_refuse(&clients[i], &refused))
			return false;
	}
	for (size_t i = 0; i < MANY_CLIENTS; i++) {
		scene_doing(scene, "client %zu once more, beside all others", i + 1);
		if (clients[i].fd >= 0 && !client_echo(&clients[i], 100))
			return false;
	}
	if (refused == MANY_CLIENTS)
		return scene_fail(scene, "some clients to be served", "none");
	return scene_note(
		scene, "%zu served, %zu refused", MANY_CLIENTS - refused, refused);
}

/* ---- the end ---- */

#define END_MAX_NS (2 * NS_PER_S)

/* Waits until no more of its echo comes on its own: the server has taken all of it. */
static bool await_taken(struct scene *scene, struct client *client, size_t bytes)
{
	static const uint64_t look_ns = 100 * NS_PER_MS;

	return client_send(client, bytes) && scene_rest(scene, look_ns);
}

/* SIGTERM, and how it ends; *took_ns is how long that was. */
static bool terminate(struct scene *scene, uint64_t *took_ns)
{
	struct target *target = scene->target;
	uint64_t began_ns = clock_now_ns();

	/* The process alone, as service managers do first; who has children tells them.
	 */
	if (kill(target->pid, SIGTERM) < 0)
		return scene_fail(scene, "the server to run", "it is gone");
	while (!target_ended(target, 0)) {
		if (clock_now_ns() - began_ns > END_MAX_NS)
			return scene_fail(
				scene, "its end within 2 s of SIGTERM", "it goes on");
		if (!scene_rest(scene, NS_PER_MS))
			return false;
	}
	*took_ns = clock_now_ns() - began_ns;
	return true;
}

/*
 * Three clients: one idle, one whose echo waits in its own buffer, and one whose echo is
 * still on the server's side, in the kernel at least, for it fits into a send buffer: it
 * was read, so it is owed. Who serves each client in a process of its own may go on doing
 * so; then the clients finish it.
 */
static bool sigterm(struct scene *scene)
{
	enum { IDLE, WAITING, OWED, CLIENTS };
	enum { WAITING_BYTES = 20000, OWED_BYTES = 20000 };
	struct client *clients = scene_clients(scene, CLIENTS);
	uint64_t took_ns = 0;
	char took[HUMAN_BYTES], end[400];

	if (!clients || !client_connect(&clients[IDLE], CLIENT_PLAIN) ||
		!client_connect(&clients[WAITING], CLIENT_PLAIN) ||
		!client_connect(&clients[OWED], CLIENT_SMALL))
		return false;
	for (size_t i = 0; i < CLIENTS; i++)
		if (!client_echo(&clients[i], 64))
			return false;
	if (!await_taken(scene, &clients[WAITING], WAITING_BYTES) ||
		!await_taken(scene, &clients[OWED], OWED_BYTES) ||
		!terminate(scene, &took_ns))
		return false;
	scene_doing(scene, "bytes owed at SIGTERM");
	if (!client_receive_owed(&clients[WAITING]) ||
		!client_receive_owed(&clients[OWED]))
		return false;
	human_ns((double)took_ns, took, sizeof(took));
	target_describe_end(scene->target, end, sizeof(end));
	return scene_note(scene, "%s after %s", end, took);
}

const struct conform_case cases_own[] = {
	{.name = "emfile",
		.what = "out of descriptors it rests, serves on, and takes those who "
			"wait "
			"as soon as there is room",
		.needs = NEEDS_COMMAND,
		.run = emfile,
		.descriptors = FEW_DESCRIPTORS},
	{.name = "past-1024-descriptors",
		.what = "of 1,100 clients each is served or refused, and all served go "
			"on",
		.needs = NEEDS_COMMAND,
		.run = past_1024,
		.descriptors = MANY_DESCRIPTORS},
	{.name = "sigterm",
		.what = "SIGTERM ends it within 2 s, and what it owes arrives",
		.needs = NEEDS_COMMAND,
		.run = sigterm},
	{.name = NULL},
};
