/* ends.c - A TCP connections on loopback, both ends of each in this process. */
#include "harness/limit/ends.h"

#include "common/net.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#define STAMP_STEP 0x9e3779b97f4a7c15ULL /* odd: connections differ in the first byte */

enum {
	BACKLOG = 16,            /* of which one is used at a time */
	DESCRIPTORS_BESIDE = 32, /* that a process has open besides */
	WAIT_MS = 5000,          /* for what is a matter of microseconds */
	STRANGERS_MAX = 100,     /* who connect to our port meanwhile */
};

static bool same_address(const struct sockaddr_in *a, const struct sockaddr_in *b)
{
	return a->sin_port == b->sin_port && a->sin_addr.s_addr == b->sin_addr.s_addr;
}

static int accept_one(int listener, struct sockaddr_in *from)
{
	struct pollfd waiting = {.fd = listener, .events = POLLIN};
	socklen_t length = sizeof(*from);
	int ready = poll(&waiting, 1, WAIT_MS);

	if (ready <= 0)
		return ready == 0 ? -ETIMEDOUT : -errno;
	int fd = accept4(listener, (struct sockaddr *)from, &length, SOCK_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

/* The end that belongs to client; anyone may have connected to the port. */
static int accept_end_of(int listener, int client)
{
	struct sockaddr_in own, from;
	socklen_t length = sizeof(own);

	if (getsockname(client, (struct sockaddr *)&own, &length) < 0)
		return -errno;
	for (int i = 0; i < STRANGERS_MAX; i++) {
		int fd = accept_one(listener, &from);

		if (fd < 0 && fd != -EAGAIN && fd != -ECONNABORTED)
			return fd;
		if (fd >= 0 && same_address(&own, &from))
			return fd;
		if (fd >= 0)
			close(fd);
	}
	return -ECONNABORTED;
}

/* Nothing ever waits that long: a timeout makes an error of what would be a hang. */
static int set_up(int fd)
{
	struct timeval timeout = {.tv_sec = WAIT_MS / 1000};
	int on = 1;

	return setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) < 0 ||
			       setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout,
				       sizeof(timeout)) < 0 ||
			       setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout,
				       sizeof(timeout)) < 0
		       ? -errno
		       : 0;
}

static int connect_one(struct limit_ends *ends, size_t i, int listener,
	const struct net_address *address)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -errno;
	ends->clients[i] = fd;
	if (connect(fd, (const struct sockaddr *)&address->storage, address->length) < 0)
		return -errno;
	fd = accept_end_of(listener, ends->clients[i]);
	if (fd < 0)
		return fd;
	ends->servers[i] = fd;
	int error = set_up(ends->clients[i]);

	return error < 0 ? error : set_up(ends->servers[i]);
}

static int connect_all(struct limit_ends *ends, struct problem *problem)
{
	struct net_address address;
	int error = net_address_parse(&address, "127.0.0.1", 0, problem);
	int listener = error < 0 ? error : net_listen(&address, BACKLOG, problem);

	if (listener < 0)
		return listener;
	for (size_t i = 0; i < ends->count && error == 0; i++)
		error = connect_one(ends, i, listener, &address);
	close(listener);
	if (error < 0)
		problem_set(problem, error, "cannot connect to this process itself: %s",
			strerror(-error));
	return error;
}

static int check_room(size_t count, struct problem *problem)
{
	uint64_t before, soft, hard;
	int error = net_raise_descriptor_limit(&before, &soft, &hard);

	if (error < 0)
		return problem_set(problem, error,
			"cannot learn how many descriptors "
			"this process may have");
	if (2 * (uint64_t)count + DESCRIPTORS_BESIDE <= soft)
		return 0;
	return problem_set(problem, -EMFILE,
		"descriptors: both ends of %zu connections, RLIMIT_NOFILE %llu", count,
		(unsigned long long)soft);
}

/* Bytes that tell connections and places in a message apart. */
static void fill_requests(struct limit_ends *ends)
{
	for (size_t i = 0; i < ends->count; i++)
		for (size_t at = 0; at < ends->message_bytes; at++)
			ends->requests[i * ends->message_bytes + at] =
				(unsigned char)(31 * i + at);
}

static int make_room(struct limit_ends *ends, struct problem *problem)
{
	ends->clients = malloc(ends->count * sizeof(*ends->clients));
	ends->servers = malloc(ends->count * sizeof(*ends->servers));
	ends->requests = calloc(ends->count, ends->message_bytes);
	ends->echoes = calloc(ends->count, ends->message_bytes);
	ends->answers = calloc(ends->count, ends->message_bytes);
	for (size_t i = 0; ends->clients && ends->servers && i < ends->count; i++)
		ends->clients[i] = ends->servers[i] = -1;
	if (!ends->clients || !ends->servers || !ends->requests || !ends->echoes ||
		!ends->answers)
		return problem_set(problem, -ENOMEM, "out of memory for the messages");
	fill_requests(ends);
	return 0;
}

int limit_ends_open(struct limit_ends *ends, size_t count, size_t message_bytes,
	struct problem *problem)
{
	*ends = (struct limit_ends){.count = count, .message_bytes = message_bytes};
	int error = check_room(count, problem);

	if (error == 0)
		error = make_room(ends, problem);
	return error < 0 ? error : connect_all(ends, problem);
}

static void close_all(const int *fds, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (fds[i] >= 0)
			close(fds[i]);
}

void limit_ends_close(struct limit_ends *ends)
{
	if (ends->clients && ends->servers) {
		close_all(ends->clients, ends->count);
		close_all(ends->servers, ends->count);
	}
	free(ends->clients);
	free(ends->servers);
	free(ends->requests);
	free(ends->echoes);
	free(ends->answers);
	*ends = (struct limit_ends){0};
}

void limit_ends_begin_round(struct limit_ends *ends)
{
	size_t bytes = ends->message_bytes;
	uint64_t stamp = ++ends->rounds;
	size_t stamp_bytes = bytes < sizeof(stamp) ? bytes : sizeof(stamp);

	for (size_t i = 0; i < ends->count; i++, stamp += STAMP_STEP)
		memcpy(ends->requests + i * bytes, &stamp, stamp_bytes);
}

int limit_ends_check(const struct limit_ends *ends, size_t i, struct problem *problem)
{
	size_t bytes = ends->message_bytes, at = 0;
	const unsigned char *request = ends->requests + i * bytes;
	const unsigned char *answer = ends->answers + i * bytes;

	if (memcmp(request, answer, bytes) == 0)
		return 0;
	while (request[at] == answer[at])
		at++;
	return problem_set(problem, -EBADMSG,
		"connection %zu: byte %zu of %zu was 0x%02x, expected 0x%02x", i, at + 1,
		bytes, answer[at], request[at]);
}
