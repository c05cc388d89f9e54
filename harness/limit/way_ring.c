/*
 * way_ring.c - io_uring: a system call carries half a round trip of many connections.
 *
 * A pass queues a send at the one end of each connection, then a recv at the other, and
 * enters the kernel once: every send has delivered its bytes when the recvs are issued,
 * so all of it completes inside that call. The first pass carries the requests, the
 * second the echoes. A send that succeeds leaves no completion; nothing is lost by that,
 * for a recv completes only when all of its message has come.
 *
 * Connections are taken some at a time, so that what a pass touches stays in the caches.
 * How many was chosen by CPU time on a machine that was not quiet: up to 64 looked worse
 * than 128, and 128, 256 and 1,024 could not be told apart.
 */
#include "harness/limit/ring.h"
#include "harness/limit/way.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum {
	CHUNK = 256,         /* connections that a pass takes at most */
	ENTRIES = 2 * CHUNK, /* a send and a recv of each */
};

#define OF_A_SEND (1ULL << 63) /* in user_data; beside it the connection */

/* From one end of every connection to the other. */
struct pass {
	unsigned sender; /* the first registered file; the others of that end follow */
	unsigned receiver;
	const unsigned char *sent;
	unsigned char *received;
};

static void queue(struct limit_ring *ring, uint8_t operation, unsigned file,
	const unsigned char *message, size_t bytes, uint64_t user_data)
{
	struct io_uring_sqe *sqe = limit_ring_sqe(ring);

	sqe->opcode = operation;
	sqe->flags = IOSQE_FIXED_FILE;
	if (user_data & OF_A_SEND)
		sqe->flags |= RING_SQE_SKIP_SUCCESS;
	sqe->fd = (int)file;
	sqe->addr = (uint64_t)(uintptr_t)message;
	sqe->len = (unsigned)bytes;
	sqe->msg_flags = MSG_WAITALL | MSG_NOSIGNAL;
	sqe->user_data = user_data;
}

/* Only a send that failed or was short completes; then its recv never will. */
static int check_completion(
	const struct io_uring_cqe *cqe, size_t bytes, struct problem *problem)
{
	const char *what = cqe->user_data & OF_A_SEND ? "send" : "recv";

	if (cqe->res < 0)
		return problem_set(
			problem, cqe->res, "ring: %s: %s", what, strerror(-cqe->res));
	if (cqe->user_data & OF_A_SEND || (size_t)cqe->res != bytes)
		return problem_set(problem, -EIO, "ring: %s of %d bytes instead of %zu",
			what, cqe->res, bytes);
	return 0;
}

static int collect(struct limit_ring *ring, size_t count, size_t bytes,
	struct limit_calls *calls, struct problem *problem)
{
	struct io_uring_cqe cqe;
	int error = 0;

	for (size_t done = 0; done < count && error == 0;) {
		if (limit_ring_next(ring, &cqe)) {
			error = check_completion(&cqe, bytes, problem);
			done++;
			continue;
		}
		calls->enter++;
		error = limit_ring_wait(ring);
		if (error < 0)
			problem_set(problem, error, "ring: %zu of %zu messages came: %s",
				done, count, strerror(-error));
	}
	return error;
}

static int make_pass(struct limit_ring *ring, const struct pass *pass,
	const struct limit_ends *ends, size_t first, size_t end,
	struct limit_calls *calls, struct problem *problem)
{
	size_t bytes = ends->message_bytes;

	for (size_t i = first; i < end; i++)
		queue(ring, IORING_OP_SEND, pass->sender + (unsigned)i,
			pass->sent + i * bytes, bytes, i | OF_A_SEND);
	for (size_t i = first; i < end; i++)
		queue(ring, IORING_OP_RECV, pass->receiver + (unsigned)i,
			pass->received + i * bytes, bytes, i);
	calls->enter++;
	int error = limit_ring_submit(ring);

	if (error < 0)
		return problem_set(
			problem, error, "ring: cannot submit: %s", strerror(-error));
	return collect(ring, end - first, bytes, calls, problem);
}

static int ring_round(void *state, struct limit_ends *ends, struct limit_calls *calls,
	struct problem *problem)
{
	unsigned count = (unsigned)ends->count;
	const struct pass passes[] = {
		{0, count, ends->requests, ends->echoes},
		{count, 0, ends->echoes, ends->answers},
	};
	int error = 0;

	for (size_t first = 0; first < ends->count && error == 0; first += CHUNK) {
		size_t end = first + CHUNK < ends->count ? first + CHUNK : ends->count;

		for (int p = 0; p < 2 && error == 0; p++)
			error = make_pass(
				state, &passes[p], ends, first, end, calls, problem);
		for (size_t i = first; i < end && error == 0; i++)
			error = limit_ends_check(ends, i, problem);
	}
	return error;
}

/* First all clients, then all servers. */
static int register_ends(
	struct limit_ring *ring, const struct limit_ends *ends, struct problem *problem)
{
	size_t count = ends->count;
	int *fds = malloc(2 * count * sizeof(*fds));
	int error = fds ? 0 : -ENOMEM;

	if (error == 0) {
		memcpy(fds, ends->clients, count * sizeof(*fds));
		memcpy(fds + count, ends->servers, count * sizeof(*fds));
		error = limit_ring_register_files(ring, fds, 2 * count);
	}
	free(fds);
	return error == 0 ? 0
			  : problem_set(problem, error,
				    "cannot register %zu files with a ring: %s",
				    2 * count, strerror(-error));
}

static void ring_close(void *state)
{
	limit_ring_close(state);
	free(state);
}

static int ring_open(void **state, const struct limit_ends *ends, struct problem *problem)
{
	struct limit_ring *ring = calloc(1, sizeof(*ring));

	if (!ring)
		return problem_set(problem, -ENOMEM, "out of memory for a ring");
	int error = limit_ring_open(ring, ENTRIES, problem);

	if (error == 0)
		error = register_ends(ring, ends, problem);
	*state = error == 0 ? ring : NULL;
	if (error < 0)
		ring_close(ring);
	return error;
}

const struct limit_way limit_way_ring = {
	.name = "ring",
	.summary = "io_uring: a call carries half a round trip of up to 256 connections",
	.open = ring_open,
	.round = ring_round,
	.close = ring_close,
};
