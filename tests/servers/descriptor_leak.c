/*
 * descriptor_leak.c - fault: the connection is shut down, its descriptor is not closed.
 *
 * Who makes it: those who take shutdown(2) for the end of a socket. It ends the
 * connection; the number in the process stays taken until close(2). The same comes of a
 * dup(2) for a FILE of its own, or of an early return between accept and the table.
 *
 * What goes wrong: every client is served and sees a clean end. After so many of them as
 * RLIMIT_NOFILE allows, which may be a day or a month, nobody gets in any more.
 *
 * Caught by: descriptor-leak.
 */
#include "tests/servers/loop.h"

#include <stdlib.h>
#include <sys/socket.h>

static void end_without_close(struct server *server, struct client *client)
{
	watch_epoll(server, client->fd, client->interest, 0);
	shutdown(client->fd, SHUT_RDWR); /* should be: close() */
	server->clients[client->fd] = NULL;
	free(client);
}

int main(int argc, char **argv)
{
	static const struct steps steps = {.end = end_without_close};

	return serve(argc, argv, &steps);
}
