/*
 * eof_drops_pending.c - fault: recv gives 0 while bytes wait to be written; it closes.
 *
 * Who makes it: servers that read ahead into a queue (here of 64 KiB, so memory is not
 * the trouble) and close where they read, without a look at what the writing side still
 * owes.
 *
 * What goes wrong: a quick reader never notices. One who reads slowly, or begins to read
 * only when he has sent everything, loses the end of the stream: the server closed while
 * it was blocked on him.
 *
 * Caught by: half-close-while-blocked.
 */
#include "tests/servers/loop.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

struct queue {
	size_t length;
	char bytes[4 * BUFFER_BYTES];
};

static enum fate open_with_queue(struct server *server, struct client *client)
{
	client->own = calloc(1, sizeof(struct queue));
	return client->own ? client_watch(server, client, EPOLLIN) : ENDS;
}

static enum fate queue_read(struct queue *queue, int fd)
{
	ssize_t got = recv(fd, queue->bytes + queue->length,
		sizeof(queue->bytes) - queue->length, 0);

	if (got < 0)
		return is_transient(errno) ? STAYS : ENDS;
	if (got == 0)
		return ENDS; /* should be: once all that is owed is written */
	queue->length += (size_t)got;
	return STAYS;
}

static enum fate queue_write(struct queue *queue, int fd)
{
	ssize_t sent = send(fd, queue->bytes, queue->length, MSG_NOSIGNAL);

	if (sent < 0)
		return is_transient(errno) ? STAYS : ENDS;
	queue->length -= (size_t)sent;
	memmove(queue->bytes, queue->bytes + sent, queue->length);
	return STAYS;
}

static enum fate ready(struct server *server, struct client *client, uint32_t events)
{
	struct queue *queue = client->own;

	(void)events;
	if (queue->length < sizeof(queue->bytes) && queue_read(queue, client->fd) == ENDS)
		return ENDS;
	if (queue->length > 0 && queue_write(queue, client->fd) == ENDS)
		return ENDS;
	return client_watch(server, client,
		(queue->length < sizeof(queue->bytes) ? EPOLLIN : 0U) |
			(queue->length > 0 ? EPOLLOUT : 0U));
}

int main(int argc, char **argv)
{
	static const struct steps steps = {.opened = open_with_queue, .ready = ready};

	return serve(argc, argv, &steps);
}
