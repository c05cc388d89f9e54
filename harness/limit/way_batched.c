/*
 * way_batched.c - step by step: all requests are sent, then all are received, then all
 * echoes are sent, then all are received.
 *
 * Four system calls a round trip as well, but the same one again and again: the kernel's
 * path stays in the caches, and so it is for a server whose wait brought many at once.
 */
#include "harness/limit/way.h"

static int send_all(const int *fds, const unsigned char *messages,
	const struct limit_ends *ends, struct limit_calls *calls, struct problem *problem)
{
	size_t bytes = ends->message_bytes;
	int error = 0;

	for (size_t i = 0; i < ends->count && error == 0; i++)
		error = limit_send(fds[i], messages + i * bytes, bytes, calls, problem);
	return error;
}

static int recv_all(const int *fds, unsigned char *messages,
	const struct limit_ends *ends, struct limit_calls *calls, struct problem *problem)
{
	size_t bytes = ends->message_bytes;
	int error = 0;

	for (size_t i = 0; i < ends->count && error == 0; i++)
		error = limit_recv(fds[i], messages + i * bytes, bytes, calls, problem);
	return error;
}

static int batched_round(void *state, struct limit_ends *ends, struct limit_calls *calls,
	struct problem *problem)
{
	int error = send_all(ends->clients, ends->requests, ends, calls, problem);

	(void)state;
	if (error == 0)
		error = recv_all(ends->servers, ends->echoes, ends, calls, problem);
	if (error == 0)
		error = send_all(ends->servers, ends->echoes, ends, calls, problem);
	if (error == 0)
		error = recv_all(ends->clients, ends->answers, ends, calls, problem);
	for (size_t i = 0; i < ends->count && error == 0; i++)
		error = limit_ends_check(ends, i, problem);
	return error;
}

const struct limit_way limit_way_batched = {
	.name = "batched",
	.summary = "all requests sent, all received, all echoes sent, all received",
	.round = batched_round,
};
