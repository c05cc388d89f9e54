/*
 * ring_off_by_one.c - fault: the two ends of a ring buffer disagree where it wraps.
 *
 * Who makes it: home-made ring buffers. A common trick leaves one slot empty to tell full
 * from empty; another counts what is used. Here the writing end does the one and the
 * reading end the other.
 *
 * What goes wrong: nothing in the first 65,535 bytes of a connection. Then one byte that
 * nobody sent, and everything behind it one place too late. Tests with small messages,
 * or a new connection for each, stay green.
 *
 * Caught by: echo-sizes, two-at-once-interleaved.
 */
#include "tests/servers/loop.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>

enum { RING_BYTES = 64 * 1024 };

struct ring {
	size_t in, out; /* where the next byte is put, and where it is taken */
	size_t used;
	char bytes[RING_BYTES];
};

static size_t smaller(size_t a, size_t b)
{
	return a < b ? a : b;
}

static enum fate ring_fill(struct ring *ring, int fd)
{
	size_t room = smaller(BUFFER_BYTES - ring->used, RING_BYTES - 1 - ring->in);
	ssize_t got = recv(fd, ring->bytes + ring->in, room, 0);

	if (got < 0)
		return is_transient(errno) ? STAYS : ENDS;
	ring->in += (size_t)got;
	ring->used += (size_t)got;
	if (ring->in == RING_BYTES - 1) /* should be: RING_BYTES, as below */
		ring->in = 0;
	return got > 0 ? STAYS : ENDS;
}

static enum fate ring_empty(struct ring *ring, int fd)
{
	size_t contiguous = smaller(ring->used, RING_BYTES - ring->out);
	ssize_t sent = send(fd, ring->bytes + ring->out, contiguous, MSG_NOSIGNAL);

	if (sent < 0)
		return is_transient(errno) ? STAYS : ENDS;
	ring->out += (size_t)sent;
	ring->used -= (size_t)sent;
	if (ring->out == RING_BYTES)
		ring->out = 0;
	return STAYS;
}

static enum fate open_with_ring(struct server *server, struct client *client)
{
	client->own = calloc(1, sizeof(struct ring));
	return client->own ? client_watch(server, client, EPOLLIN) : ENDS;
}

static enum fate ready(struct server *server, struct client *client, uint32_t events)
{
	struct ring *ring = client->own;

	(void)events;
	if (!ring->used && ring_fill(ring, client->fd) == ENDS)
		return ENDS;
	if (ring->used && ring_empty(ring, client->fd) == ENDS)
		return ENDS;
	return client_watch(server, client, ring->used ? EPOLLOUT : EPOLLIN);
}

int main(int argc, char **argv)
{
	static const struct steps steps = {.opened = open_with_ring, .ready = ready};

	return serve(argc, argv, &steps);
}
