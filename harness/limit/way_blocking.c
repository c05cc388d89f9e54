/*
 * way_blocking.c - connection by connection: send, recv, send, recv.
 *
 * Four system calls a round trip, none of which ever blocks: the bytes are there. With
 * one connection this is the least that calls of one operation each can do.
 */
#include "harness/limit/way.h"

static int round_trip(struct limit_ends *ends, size_t i, struct limit_calls *calls,
	struct problem *problem)
{
	size_t bytes = ends->message_bytes, at = i * bytes;
	int client = ends->clients[i], server = ends->servers[i];
	int error = limit_send(client, ends->requests + at, bytes, calls, problem);

	if (error == 0)
		error = limit_recv(server, ends->echoes + at, bytes, calls, problem);
	if (error == 0)
		error = limit_send(server, ends->echoes + at, bytes, calls, problem);
	if (error == 0)
		error = limit_recv(client, ends->answers + at, bytes, calls, problem);
	return error < 0 ? error : limit_ends_check(ends, i, problem);
}

static int blocking_round(void *state, struct limit_ends *ends, struct limit_calls *calls,
	struct problem *problem)
{
	int error = 0;

	(void)state;
	for (size_t i = 0; i < ends->count && error == 0; i++)
		error = round_trip(ends, i, calls, problem);
	return error;
}

const struct limit_way limit_way_blocking = {
	.name = "blocking",
	.summary = "connection by connection: send, recv, send, recv",
	.round = blocking_round,
};
