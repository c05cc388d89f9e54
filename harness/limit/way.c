/* way.c - the list of ways, and the steps that the plain ones share. */
#include "harness/limit/way.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

static const struct limit_way *const ways[LIMIT_WAYS] = {
	&limit_way_blocking,
	&limit_way_batched,
	&limit_way_ring,
};

const struct limit_way *limit_way_at(size_t index)
{
	return ways[index];
}

const struct limit_way *limit_way_find(const char *name)
{
	for (size_t i = 0; i < LIMIT_WAYS; i++)
		if (strcmp(ways[i]->name, name) == 0)
			return ways[i];
	return NULL;
}

uint64_t limit_calls_total(const struct limit_calls *calls)
{
	return calls->send + calls->recv + calls->enter;
}

/* -EAGAIN is how a socket says that its timeout has passed (socket(7), SO_RCVTIMEO). */
static int fail(const char *what, int error, struct problem *problem)
{
	return problem_set(problem, error, "%s: %s", what,
		error == -EAGAIN ? "nothing moved for seconds" : strerror(-error));
}

int limit_send(int fd, const unsigned char *message, size_t bytes,
	struct limit_calls *calls, struct problem *problem)
{
	for (size_t done = 0; done < bytes;) {
		ssize_t n = send(fd, message + done, bytes - done, MSG_NOSIGNAL);

		calls->send++;
		if (n < 0 && errno != EINTR)
			return fail("send", -errno, problem);
		done += n > 0 ? (size_t)n : 0;
	}
	return 0;
}

int limit_recv(int fd, unsigned char *message, size_t bytes, struct limit_calls *calls,
	struct problem *problem)
{
	for (size_t done = 0; done < bytes;) {
		ssize_t n = recv(fd, message + done, bytes - done, MSG_WAITALL);

		calls->recv++;
		if (n == 0)
			return fail("recv", -ECONNRESET, problem);
		if (n < 0 && errno != EINTR)
			return fail("recv", -errno, problem);
		done += n > 0 ? (size_t)n : 0;
	}
	return 0;
}
