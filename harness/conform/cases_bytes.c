/*
 * cases_bytes.c - one connection or two: every byte comes back, in order, and no other.
 */
#include "harness/conform/case.h"

#include "harness/human.h"

static bool echo_size(struct scene *scene, struct client *client, size_t size)
{
	char text[HUMAN_BYTES];

	human_count(size, text, sizeof(text));
	scene_doing(scene, "message of %s bytes", text);
	return client_echo(client, size);
}

/* Buffers are powers of two: one byte less than each, just that, and one more. */
static bool echo_sizes(struct scene *scene)
{
	enum { LARGEST_LOG2 = 20 };
	static const uint64_t quiet_ns = 20 * NS_PER_MS;
	struct client *client = scene_clients(scene, 1);

	if (!client || !client_connect(client, CLIENT_PLAIN))
		return false;
	for (int log2 = 0; log2 <= LARGEST_LOG2; log2++)
		for (int beside = -1; beside <= 1; beside++) {
			size_t size = (1UL << log2) + (size_t)beside;

			if (size > 0 && !echo_size(scene, client, size))
				return false;
		}
	return client_expect_silence(client, quiet_ns);
}

/* A segment a byte, some of which the server finds together. */
static bool dribble(struct scene *scene)
{
	enum { BYTES = 3000 };
	struct client *client = scene_clients(scene, 1);

	if (!client || !client_connect(client, CLIENT_PLAIN))
		return false;
	client->planned = BYTES;
	for (int i = 0; i < BYTES; i++) {
		if (!client_send(client, 1) ||
			(i % 3 == 0 && !client_receive_some(client, 1)) ||
			(i % 100 == 0 && !client_receive_owed(client)))
			return false;
	}
	return client_receive_owed(client);
}

/* TCP keeps no message boundaries: many lines wait in one recv, or half a one. */
static bool pipelined_lines(struct scene *scene)
{
	enum { LINES = 20000 };
	struct client *client = scene_clients(scene, 1);

	return client && client_connect(client, CLIENT_LINES) &&
	       client_send_lines(client, LINES) && client_receive_owed(client);
}

/* Their pieces alternate, on their way there and on their way back. */
static bool two_at_once(struct scene *scene)
{
	enum { PIECES = 400, RECEIVE_EVERY = 5 };
	struct client *clients = scene_clients(scene, 2);

	if (!clients || !client_connect_all(clients, 2, CLIENT_PLAIN))
		return false;
	for (size_t i = 0; i < PIECES; i++) {
		if (!client_send(&clients[i % 2], 1 + i * 7 % 1500))
			return false;
		if (i % RECEIVE_EVERY == 0 &&
			!client_receive_owed(&clients[i / RECEIVE_EVERY % 2]))
			return false;
	}
	return client_receive_owed(&clients[0]) && client_receive_owed(&clients[1]);
}

/* No banner, no prompt, no time-out of a moment, before and behind an echo. */
static bool stays_silent(struct scene *scene)
{
	static const uint64_t silence_ns = 300 * NS_PER_MS;
	struct client *client = scene_clients(scene, 1);

	return client && client_connect(client, CLIENT_PLAIN) &&
	       client_expect_silence(client, silence_ns) && client_echo(client, 100) &&
	       client_expect_silence(client, silence_ns) && client_echo(client, 100);
}

/* Bytes, the mark and bytes; where it can be stopped meanwhile, the server finds all. */
static bool send_around_mark(struct scene *scene, struct client *client)
{
	bool stops = scene->target->pid > 0;

	if (stops && target_stop(scene->target) < 0)
		return scene_skip(scene, "cannot stop the server");
	if (!client_send(client, 1000) || !client_send_urgent(client) ||
		!client_send(client, 500))
		return false;
	return !stops || target_continue(scene->target) == 0 ||
	       scene_fail(scene, "the server to run", "it is gone");
}

/*
 * recv stops at the urgent mark, so a read is short though bytes lie behind it. The
 * urgent byte itself may come among the others or not (tcp(7), SO_OOBINLINE).
 */
static bool urgent_data(struct scene *scene)
{
	enum { ROUNDS = 20 };
	struct client *client = scene_clients(scene, 1);

	if (!client || !client_connect(client, CLIENT_LINES))
		return false;
	for (int i = 0; i < ROUNDS; i++) {
		scene_doing(scene, "round %d", i + 1);
		if (!send_around_mark(scene, client) || !client_receive_owed(client))
			return false;
	}
	scene_doing(scene, "a mark before a message, and one before the FIN");
	return client_send_urgent(client) && client_echo(client, 100) &&
	       client_send_urgent(client) && client_finish(client) &&
	       client_expect_end(client);
}

/*
 * send(2) takes what fits into the socket's buffer, so nearly every write is short; and
 * while the reader rests, the server must wait for room instead of for more to read.
 */
static bool slow_reader(struct scene *scene)
{
	enum { TOTAL = 16 << 20, PIECE = 4096, REST_EVERY = 1 << 20 };
	static const uint64_t rest_ns = 2 * NS_PER_MS;
	struct client *client = scene_clients(scene, 1);
	uint64_t rest_at = REST_EVERY;

	if (!client || !client_connect(client, CLIENT_SMALL))
		return false;
	client->planned = TOTAL;
	if (!client_fill(client, TOTAL))
		return false;
	while (client->received < TOTAL) {
		size_t unsent = TOTAL - client->sent;
		size_t owed = client->sent - client->received;

		if (owed == 0 && !client_send(client, unsent < PIECE ? unsent : PIECE))
			return false;
		if (owed > 0 && !client_receive(client, owed < PIECE ? owed : PIECE))
			return false;
		unsent = TOTAL - client->sent;
		if (unsent > 0 &&
			!client_send_some(client, unsent < PIECE ? unsent : PIECE))
			return false;
		if (client->received < rest_at)
			continue;
		rest_at += REST_EVERY;
		if (!scene_rest(scene, rest_ns))
			return false;
	}
	return true;
}

const struct conform_case cases_bytes[] = {
	{.name = "echo-sizes",
		.what = "messages of 1 byte to 1 MiB, of sizes around each power of two, "
			"come back byte for byte",
		.run = echo_sizes},
	{.name = "dribble",
		.what = "3,000 single bytes, a segment each, come back in order",
		.run = dribble},
	{.name = "pipelined-lines",
		.what = "20,000 short lines that do not wait for one another come back",
		.run = pipelined_lines},
	{.name = "two-at-once-interleaved",
		.what = "two clients whose pieces alternate each get their own bytes",
		.run = two_at_once},
	{.name = "stays-silent",
		.what = "nothing comes unasked, and an idle connection is left open",
		.run = stays_silent},
	{.name = "urgent-data",
		.what = "the bytes around urgent marks come back (the urgent byte itself "
			"is not judged)",
		.run = urgent_data},
	{.name = "echo-16mib-slow-reader",
		.what = "16 MiB come back to a reader with small buffers who rests",
		.run = slow_reader},
	{.name = NULL},
};
