/*
 * cases_ends.c - how a connection ends, and what that must not do to what is owed, nor to
 * anybody else.
 */
#include "harness/conform/case.h"

#include "harness/human.h"

/* As much as a case sends to a server that seems never to be stuck. */
enum { FILL_MAX_BYTES = 8 << 20 };

/* shutdown(SHUT_WR) closes one direction: recv gives 0, and the other still works. */
static bool half_close(struct scene *scene)
{
	static const size_t sizes[] = {0, 1, 100, 32768, 200000, 1 << 20};
	struct client *client = scene_clients(scene, 1);

	if (!client)
		return false;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		char size[HUMAN_BYTES];

		human_count(sizes[i], size, sizeof(size));
		scene_doing(scene, "%s bytes before the FIN", size);
		if (!client_connect(client, CLIENT_PLAIN) ||
			!client_send_receiving(client, sizes[i]) ||
			!client_finish(client) || !client_expect_owed_and_end(client))
			return false;
		client_close(client);
	}
	return true;
}

/*
 * The FIN waits behind bytes that the server cannot read yet, for it owes others; or it
 * finds the FIN while it still has bytes to write, if it read ahead. How far servers read
 * ahead differs, so there are many amounts, and the reader begins late.
 */
static bool half_close_while_blocked(struct scene *scene)
{
	enum { AMOUNTS = 16, AMOUNT_STEP_BYTES = 16 * 1024 };
	static const uint64_t rest_ns = 50 * NS_PER_MS;
	struct client *clients = scene_clients(scene, AMOUNTS + 1);

	if (!clients || !client_connect_all(clients, AMOUNTS + 1, CLIENT_SMALL))
		return false;
	for (size_t i = 0; i <= AMOUNTS; i++) {
		size_t most = i < AMOUNTS ? (i + 1) * AMOUNT_STEP_BYTES : FILL_MAX_BYTES;

		if (!client_fill(&clients[i], most) || !client_finish(&clients[i]))
			return false;
	}
	if (!scene_rest(scene, rest_ns))
		return false;
	for (size_t i = 0; i <= AMOUNTS; i++)
		if (!client_expect_owed_and_end(&clients[i]))
			return false;
	return true;
}

/*
 * Bytes and FIN in one segment, for the first time or behind an echo: one event announces
 * the two, and a short read does not mean that nothing lies behind it.
 */
static bool fin_behind_data(struct scene *scene)
{
	enum { CLIENTS = 4, ROUNDS = 40 };
	struct client *clients = scene_clients(scene, CLIENTS);

	for (size_t round = 0; clients && round < ROUNDS; round++) {
		for (size_t i = 0; i < CLIENTS; i++) {
			size_t bytes = 1 + (round * CLIENTS + i) * 8;

			scene_doing(scene, "%zu bytes and the FIN", bytes);
			if (!client_connect(&clients[i], CLIENT_PLAIN) ||
				(i % 2 && !client_echo(&clients[i], 64)) ||
				!client_send_and_finish(&clients[i], bytes))
				return false;
		}
		for (size_t i = 0; i < CLIENTS; i++) {
			if (!client_expect_owed_and_end(&clients[i]))
				return false;
			client_close(&clients[i]);
		}
	}
	return clients != NULL;
}

/* One connection after the other, each in another state when its RST comes. */
static bool reset_somehow(struct client *client, int way)
{
	if (!client_connect(client, CLIENT_SMALL))
		return false;
	switch (way) {
	case 0: /* at once */
		return true;
	case 1: /* while the server waits for the next request */
		return client_echo(client, 64);
	case 2: /* while it reads or answers */
		return client_send(client, 100);
	case 3: /* behind a FIN */
		return client_finish(client);
	case 4: /* while it owes bytes */
		return client_fill(client, FILL_MAX_BYTES);
	default: /* bytes, FIN and RST behind one another */
		return client_send(client, 4000) && client_finish(client);
	}
}

/*
 * An RST turns up wherever the server is: waiting, reading (ECONNRESET) or writing
 * (EPIPE, which without MSG_NOSIGNAL is a signal that ends the whole process).
 */
static bool reset_leaves_others(struct scene *scene)
{
	enum { ROUNDS = 5, WAYS = 6 };
	struct client *bystander = scene_clients(scene, 1);
	struct client *client = scene_clients(scene, 1);

	if (!bystander || !client || !client_connect(bystander, CLIENT_PLAIN))
		return false;
	for (int round = 0; round < ROUNDS; round++) {
		scene_doing(scene, "round %d", round + 1);
		for (int way = 0; way < WAYS; way++) {
			if (!reset_somehow(client, way))
				return false;
			client_reset(client);
		}
		scene_doing(scene, "a bystander in round %d", round + 1);
		if (!client_echo(bystander, 1000))
			return false;
	}
	return true;
}

/* close(2) with bytes unread sends an RST, and the server may be about to write. */
static bool close_early(struct scene *scene, struct client *client, int way)
{
	bool ready;

	if (!client_connect(client, CLIENT_PLAIN) || !client_send(client, 20000))
		return false;
	if (way % 2 && !client_finish(client))
		return false;
	/* Some of it is there, more is on its way. Who never answers fails elsewhere. */
	if (way % 3 && !client_await_bytes(client, scene_until(scene), &ready))
		return false;
	client_close(client);
	return true;
}

static bool early_close(struct scene *scene)
{
	enum { CLIENTS = 60 };
	struct client *bystander = scene_clients(scene, 1);
	struct client *client = scene_clients(scene, 1);

	if (!bystander || !client || !client_connect(bystander, CLIENT_PLAIN))
		return false;
	for (int i = 0; i < CLIENTS; i++) {
		scene_doing(scene, "client %d", i + 1);
		if (!close_early(scene, client, i))
			return false;
		scene_doing(scene, "a bystander, after client %d", i + 1);
		if (!client_echo(bystander, 1000))
			return false;
	}
	scene_doing(scene, "a newcomer");
	return client_connect(client, CLIENT_PLAIN) && client_echo(client, 1000);
}

const struct conform_case cases_ends[] = {
	{.name = "half-close",
		.what = "after our FIN every byte still comes back, and then the "
			"server's",
		.run = half_close},
	{.name = "half-close-while-blocked",
		.what = "so too when the FIN waits behind bytes that cannot be answered "
			"yet",
		.run = half_close_while_blocked},
	{.name = "fin-behind-data",
		.what = "bytes and FIN in one segment: neither is overlooked",
		.run = fin_behind_data},
	{.name = "reset-leaves-others",
		.what = "an RST, whatever the server is doing, ends one connection only",
		.run = reset_leaves_others},
	{.name = "early-close-with-unread-data",
		.what = "who closes with the echo unread harms nobody",
		.run = early_close},
	{.name = NULL},
};
