/*
 * econnreset_dies.c - fault: an error on one connection ends the program.
 *
 * Who makes it: every example with a die("recv"). It is honest in a lecture: something
 * failed that the lecture does not speak of. As a server it is a remote off switch.
 *
 * What goes wrong: a client whose program crashes, or who closes with bytes unread, sends
 * RST; recv says ECONNRESET, which is news about him alone.
 *
 * Caught by: reset-leaves-others, survives.
 */
#include "tests/servers/loop.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

static enum fate read_or_die(struct server *server, struct client *client)
{
	ssize_t got = recv(client->fd, client->buffer, BUFFER_BYTES, 0);

	(void)server;
	if (got < 0 && !is_transient(errno)) {
		perror("recv");
		exit(EXIT_FAILURE); /* should be: return ENDS */
	}
	client->start = 0;
	client->end = got > 0 ? (size_t)got : 0;
	return got == 0 ? ENDS : STAYS;
}

int main(int argc, char **argv)
{
	static const struct steps steps = {.read = read_or_die};

	return serve(argc, argv, &steps);
}
