/*
 * unbounded_buffer.c - fault: whatever is read is kept until the reader takes it.
 *
 * Who makes it: servers with an output queue a connection and no limit on it; libraries
 * whose write() takes everything and reports nothing, used without a look at the
 * high-water mark.
 *
 * What goes wrong: the bytes are all right. But a client who sends and never reads is a
 * client who decides how much memory the server needs: TCP would have stopped him, had
 * the server stopped reading. A few of them end the process.
 *
 * Caught by: stalled-readers-memory.
 */
#include "tests/servers/loop.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>

struct queue {
	size_t start, end, capacity;
	bool finished; /* the FIN has been read: write the rest, then close */
	char bytes[];
};

/* Makes room for a buffer more; there is no size at which it would refuse. */
static struct queue *queue_with_room(struct queue *queue)
{
	size_t capacity = queue ? queue->capacity * 2 : 4 * BUFFER_BYTES;

	if (queue && queue->capacity - queue->end >= BUFFER_BYTES)
		return queue;
	struct queue *larger = realloc(queue, sizeof(*queue) + capacity);

	if (larger && !queue)
		*larger = (struct queue){0};
	if (larger)
		larger->capacity = capacity;
	return larger;
}

static enum fate queue_read(struct client *client)
{
	struct queue *queue = queue_with_room(client->own);

	if (!queue)
		return ENDS;
	client->own = queue;
	ssize_t got = recv(client->fd, queue->bytes + queue->end, BUFFER_BYTES, 0);

	if (got < 0)
		return is_transient(errno) ? STAYS : ENDS;
	queue->finished = got == 0;
	queue->end += (size_t)got;
	return STAYS;
}

static enum fate queue_write(struct client *client)
{
	struct queue *queue = client->own;
	ssize_t sent = send(client->fd, queue->bytes + queue->start,
		queue->end - queue->start, MSG_NOSIGNAL);

	if (sent < 0)
		return is_transient(errno) ? STAYS : ENDS;
	queue->start += (size_t)sent;
	if (queue->start == queue->end)
		queue->start = queue->end = 0;
	return STAYS;
}

static enum fate read_always(
	struct server *server, struct client *client, uint32_t events)
{
	struct queue *queue = client->own;

	if (events & ~(uint32_t)EPOLLOUT && !(queue && queue->finished) &&
		queue_read(client) == ENDS)
		return ENDS;
	queue = client->own;
	if (queue->start < queue->end && queue_write(client) == ENDS)
		return ENDS;
	bool owes = queue->start < queue->end;

	if (queue->finished && !owes)
		return ENDS;
	return client_watch(
		server, client, (queue->finished ? 0 : EPOLLIN) | (owes ? EPOLLOUT : 0U));
}

int main(int argc, char **argv)
{
	static const struct steps steps = {.ready = read_always};

	return serve(argc, argv, &steps);
}
