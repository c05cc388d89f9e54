/*
 * eof_drops_read.c - fault: reads until the socket is empty, and an end in that same loop
 * makes it forget what the loop has gathered.
 *
 * Who makes it: the read loop of many edge-triggered examples: while ((n = recv()) > 0)
 * gather; if (n == 0) close; else answer. It was written with a client in mind who waits
 * for his answer before he leaves.
 *
 * What goes wrong: bytes and FIN that are both there at the first look are taken in one
 * go, the last recv is 0, and nobody is answered. Alone, a FIN is handled well.
 *
 * Caught by: fin-behind-data.
 */
#include "tests/servers/loop.h"

#include <errno.h>
#include <sys/socket.h>

static enum fate gather(struct server *server, struct client *client)
{
	size_t length = 0;
	ssize_t got = 1;

	(void)server;
	while (got > 0 && length < BUFFER_BYTES) {
		got = recv(client->fd, client->buffer + length, BUFFER_BYTES - length, 0);
		length += got > 0 ? (size_t)got : 0;
	}
	if (got == 0)
		return ENDS; /* should be: only if length is 0 as well */
	if (got < 0 && !is_transient(errno))
		return ENDS;
	client->start = 0;
	client->end = length;
	return STAYS;
}

int main(int argc, char **argv)
{
	static const struct steps steps = {.read = gather};

	return serve(argc, argv, &steps);
}
