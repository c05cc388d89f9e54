/*
 * eof_ignored.c - fault: a read of 0 bytes is taken for "nothing yet".
 *
 * Who makes it: loops that test for n < 0 and n > 0 and have no line for n == 0. Where
 * they are level-triggered they spin, and are mended. Under edge-triggered epoll there
 * is no second event, so 0 goes the way of EAGAIN and nobody notices.
 *
 * What goes wrong: the server never sends its FIN. A client who reads until the end waits
 * for ever, and each one who leaves keeps a descriptor in CLOSE_WAIT on the server.
 *
 * Caught by: half-close.
 */
#include "tests/servers/loop.h"

#include <errno.h>
#include <sys/socket.h>

static enum fate read_without_end(struct server *server, struct client *client)
{
	ssize_t got = recv(client->fd, client->buffer, BUFFER_BYTES, 0);

	if (got < 0)
		return is_transient(errno) ? STAYS : ENDS;
	client->start = 0;
	client->end = (size_t)got;
	if (got == 0)
		return STAYS;                     /* should be: ENDS */
	return client_watch_anew(server, client); /* there may be more than a buffer */
}

int main(int argc, char **argv)
{
	static const struct steps steps = {
		.read_events = EPOLLIN | EPOLLET,
		.read = read_without_end,
	};

	return serve(argc, argv, &steps);
}
