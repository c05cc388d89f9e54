/*
 * shared_buffer.c - fault: one buffer for all, also for what could not be written yet.
 *
 * Who makes it: `static char buffer[...]` in a handler, or one in the server's struct. A
 * thread that reads and at once writes everything needs no more; the day on which a
 * write is short, the rest stays in a buffer that the next connection reads into.
 *
 * What goes wrong: a reader who rests gets the bytes of whoever was served meanwhile, in
 * the right number. No count notices; only who compares the bytes.
 *
 * Caught by: slow-readers-isolated.
 */
#include "tests/servers/loop.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>

struct shared {
	char buffer[BUFFER_BYTES]; /* should be: client->buffer */
};

static int prepare(struct server *server)
{
	server->own = calloc(1, sizeof(struct shared));
	return server->own ? 0 : -ENOMEM;
}

static enum fate shared_read(struct server *server, struct client *client)
{
	struct shared *shared = server->own;
	ssize_t got = recv(client->fd, shared->buffer, sizeof(shared->buffer), 0);

	if (got < 0)
		return is_transient(errno) ? STAYS : ENDS;
	client->start = 0;
	client->end = (size_t)got;
	return got > 0 ? STAYS : ENDS;
}

static enum fate shared_write(struct server *server, struct client *client)
{
	struct shared *shared = server->own;
	ssize_t sent = send(client->fd, shared->buffer + client->start,
		client->end - client->start, MSG_NOSIGNAL);

	if (sent < 0)
		return is_transient(errno) ? STAYS : ENDS;
	client->start += (size_t)sent;
	return STAYS;
}

int main(int argc, char **argv)
{
	static const struct steps steps = {
		.prepare = prepare,
		.read = shared_read,
		.write = shared_write,
	};

	return serve(argc, argv, &steps);
}
