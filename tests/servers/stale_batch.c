/*
 * stale_batch.c - fault: answers are written at the end of a batch, to whoever has the
 * number by then.
 *
 * Who makes it: loops that gather their writes and flush them once a turn, with a list of
 * descriptors. It is the same mistake as an array of events in which a later one belongs
 * to a connection that an earlier one has closed (epoll(7), Q6 and "Possible pitfalls"),
 * and as an io_uring completion that is matched by descriptor alone.
 *
 * What goes wrong: a client sends and is reset; in the same batch somebody connects and
 * gets the number that became free; the answer goes to him. He sees bytes that
 * another sent. It takes a busy server, so no test at the desk finds it.
 *
 * Caught by: churn-no-crosstalk.
 */
#include "tests/servers/loop.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct answers {
	int count;
	struct answer {
		int fd; /* should be: the connection, struck out when it ends */
		size_t length;
		char bytes[BUFFER_BYTES];
	} list[BATCH_MAX];
};

static int prepare(struct server *server)
{
	server->own = calloc(1, sizeof(struct answers));
	return server->own ? 0 : -ENOMEM;
}

static enum fate read_now(struct server *server, struct client *client, uint32_t events)
{
	struct answers *answers = server->own;

	if (client_owes(client))
		return client_ready(server, client, events);
	if (client_read(server, client) == ENDS)
		return ENDS;
	if (client_owes(client)) {
		struct answer *answer = &answers->list[answers->count++];

		answer->fd = client->fd;
		answer->length = client->end;
		memcpy(answer->bytes, client->buffer, client->end);
		client->end = 0;
	}
	return events & (EPOLLERR | EPOLLHUP) ? ENDS : STAYS; /* reset: gone for good */
}

static void write_later(struct server *server)
{
	struct answers *answers = server->own;

	for (int i = 0; i < answers->count; i++) {
		struct answer *answer = &answers->list[i];
		struct client *client = server->clients[answer->fd];

		if (!client)
			continue;
		memcpy(client->buffer, answer->bytes, answer->length);
		client->start = 0;
		client->end = answer->length;
		if (client_ready(server, client, EPOLLOUT) == ENDS)
			client_end(server, client);
	}
	answers->count = 0;
}

int main(int argc, char **argv)
{
	static const struct steps steps = {
		.prepare = prepare,
		.ready = read_now,
		.batch_done = write_later,
	};

	return serve(argc, argv, &steps);
}
