/*
 * blocking_send.c - fault: one thread serves all, and its sends block.
 *
 * Who makes it: tutorials of select and poll that never call fcntl(O_NONBLOCK): readiness
 * to read is asked for, readiness to write is taken for granted. Helpers of the kind
 * send_all() make it complete.
 *
 * What goes wrong: the first client who sends much and does not read fills both sockets'
 * buffers; the server sleeps in send(2) until he reads, and with it everyone else.
 * It need not be an attack: a laptop that is closed in the middle of a download will do.
 *
 * Caught by: slow-readers-isolated.
 */
#include "tests/servers/loop.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>

static enum fate open_blocking(struct server *server, struct client *client)
{
	if (fcntl(client->fd, F_SETFL, 0) < 0)
		return ENDS;
	return client_watch(server, client, EPOLLIN);
}

static enum fate send_all(struct server *server, struct client *client)
{
	(void)server;
	while (client_owes(client)) {
		ssize_t sent = send(client->fd, client->buffer + client->start,
			client->end - client->start, MSG_NOSIGNAL);

		if (sent < 0 && errno != EINTR)
			return ENDS;
		client->start += sent > 0 ? (size_t)sent : 0;
	}
	return STAYS;
}

int main(int argc, char **argv)
{
	static const struct steps steps = {.opened = open_blocking, .write = send_all};

	return serve(argc, argv, &steps);
}
