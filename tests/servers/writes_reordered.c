/*
 * writes_reordered.c - fault: new bytes are tried at once, though older ones still wait.
 *
 * Who makes it: servers with an output queue and a short cut: "send directly; only what
 * does not fit is queued". The short cut must not be taken while the queue holds
 * anything. Two sends of one connection in flight under io_uring reorder in the same way.
 *
 * What goes wrong: as soon as a slow reader makes room, the bytes that have just come
 * overtake those in the queue. The number of bytes is right, and so are all of them,
 * except for the order.
 *
 * Caught by: echo-16mib-slow-reader.
 */
#include "tests/servers/loop.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

enum { PIECE_BYTES = BUFFER_BYTES / 4 };

/* How many bytes the socket took; 0 for none now; -1: the connection is gone. */
static ssize_t send_some(int fd, const char *bytes, size_t length)
{
	ssize_t sent = send(fd, bytes, length, MSG_NOSIGNAL);

	return sent < 0 && is_transient(errno) ? 0 : sent;
}

static enum fate read_piece(struct client *client)
{
	char piece[PIECE_BYTES];
	ssize_t got = recv(client->fd, piece, sizeof(piece), 0);

	if (got < 0)
		return is_transient(errno) ? STAYS : ENDS;
	if (got == 0)
		return ENDS; /* nothing is owed: see ready() */
	/* should be: only if !client_owes(client) */
	ssize_t sent = send_some(client->fd, piece, (size_t)got);

	if (sent < 0)
		return ENDS;
	memcpy(client->buffer + client->end, piece + sent, (size_t)(got - sent));
	client->end += (size_t)(got - sent);
	return STAYS;
}

/* A piece an event, so that others have their turn. */
static enum fate write_piece(struct client *client)
{
	size_t owed = client->end - client->start;
	ssize_t sent = send_some(client->fd, client->buffer + client->start,
		owed < PIECE_BYTES ? owed : PIECE_BYTES);

	if (sent < 0)
		return ENDS;
	client->start += (size_t)sent;
	return STAYS;
}

static enum fate ready(struct server *server, struct client *client, uint32_t events)
{
	/* The end is read, and awaited, only when everything is written. */
	bool end_waits = events & EPOLLRDHUP && client_owes(client);

	if (events & EPOLLIN && !end_waits && read_piece(client) == ENDS)
		return ENDS;
	if (client_owes(client) && write_piece(client) == ENDS)
		return ENDS;
	client->end -= client->start;
	memmove(client->buffer, client->buffer + client->start, client->end);
	client->start = 0;
	bool room = client->end + PIECE_BYTES <= BUFFER_BYTES;
	bool owes = client_owes(client);

	return client_watch(server, client,
		(room && !(end_waits && owes) ? EPOLLIN | EPOLLRDHUP : 0U) |
			(owes ? EPOLLOUT : 0U));
}

int main(int argc, char **argv)
{
	static const struct steps steps = {
		.read_events = EPOLLIN | EPOLLRDHUP,
		.ready = ready,
	};

	return serve(argc, argv, &steps);
}
