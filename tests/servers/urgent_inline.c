/*
 * urgent_inline.c - no fault for this suite: urgent bytes are put into the stream and
 * echoed with it.
 *
 * Who does it: those who set SO_OOBINLINE to be rid of urgent data, as RFC 6093 advises.
 * An echo protocol (RFC 862) knows nothing of urgent data, so a server may keep the byte
 * apart, as TCP's sockets do by default, or take it for one like the others.
 *
 * It is here because a suite may fail a server for a fault, and must not for a choice:
 * what lies around the urgent byte comes back, so urgent-data passes.
 */
#include "tests/servers/loop.h"

#include <sys/socket.h>

static enum fate open_inline(struct server *server, struct client *client)
{
	if (setsockopt(client->fd, SOL_SOCKET, SO_OOBINLINE, &(int){1}, sizeof(int)) < 0)
		return ENDS;
	return client_watch(server, client, EPOLLIN);
}

int main(int argc, char **argv)
{
	static const struct steps steps = {.opened = open_inline};

	return serve(argc, argv, &steps);
}
