/*
 * stale_table.c - fault: what a connection owes is kept in a table by descriptor, and a
 * new one finds what the last one left there.
 *
 * Who makes it: servers with an array of connections indexed by descriptor, which saves
 * an allocation a connection. The entry is set up when the number is first seen; close(2)
 * gives the number back, accept(2) hands it out again, the entry stays as it was.
 *
 * What goes wrong: who leaves while bytes are owed to him leaves them to the next one,
 * who is greeted with the rest of a stranger's conversation.
 *
 * Caught by: churn-no-crosstalk.
 */
#include "tests/servers/loop.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

struct entry {
	size_t start, end;
	char bytes[BUFFER_BYTES];
};

struct table {
	struct entry *by_descriptor[DESCRIPTORS_MAX];
};

static int prepare(struct server *server)
{
	server->own = calloc(1, sizeof(struct table));
	return server->own ? 0 : -ENOMEM;
}

static enum fate open_with_entry(struct server *server, struct client *client)
{
	struct table *table = server->own;
	struct entry **entry = &table->by_descriptor[client->fd];

	if (!*entry)
		*entry = calloc(1, sizeof(**entry));
	if (!*entry)
		return ENDS;
	/* should be: and start = end = 0, for it is not new to everyone */
	return client_watch(server, client, EPOLLIN);
}

static enum fate entry_read(struct entry *entry, int fd)
{
	ssize_t got = recv(fd, entry->bytes, sizeof(entry->bytes), 0);

	if (got < 0)
		return is_transient(errno) ? STAYS : ENDS;
	entry->start = 0;
	entry->end = (size_t)got;
	return got > 0 ? STAYS : ENDS;
}

static enum fate entry_write(struct entry *entry, int fd)
{
	ssize_t sent = send(
		fd, entry->bytes + entry->start, entry->end - entry->start, MSG_NOSIGNAL);

	if (sent < 0)
		return is_transient(errno) ? STAYS : ENDS;
	entry->start += (size_t)sent;
	return STAYS;
}

static enum fate ready(struct server *server, struct client *client, uint32_t events)
{
	struct table *table = server->own;
	struct entry *entry = table->by_descriptor[client->fd];

	(void)events;
	if (entry->start == entry->end && entry_read(entry, client->fd) == ENDS)
		return ENDS;
	if (entry->start < entry->end && entry_write(entry, client->fd) == ENDS)
		return ENDS;
	return client_watch(
		server, client, entry->start < entry->end ? EPOLLOUT : EPOLLIN);
}

int main(int argc, char **argv)
{
	static const struct steps steps = {
		.prepare = prepare,
		.opened = open_with_entry,
		.ready = ready,
	};

	return serve(argc, argv, &steps);
}
