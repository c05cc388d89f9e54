/*
 * sigpipe_dies.c - fault: write(2) to a connection that is gone, with SIGPIPE as it is.
 *
 * Who makes it: those who treat a socket as a file. The second write after the peer's RST
 * is EPIPE and, before that, a signal whose default is to end the process; send(2) has
 * MSG_NOSIGNAL, and signal(SIGPIPE, SIG_IGN) is one line.
 *
 * What goes wrong: one client who leaves in the middle of his answer takes the server and
 * everybody else with him. No core, no message: it is simply not there any more.
 *
 * Caught by: early-close-with-unread-data, survives.
 */
#include "tests/servers/loop.h"

#include <errno.h>
#include <unistd.h>

static enum fate write_as_to_a_file(struct server *server, struct client *client)
{
	ssize_t written = write(client->fd, client->buffer + client->start,
		client->end - client->start); /* should be: send() with MSG_NOSIGNAL */

	(void)server;
	if (written < 0)
		return is_transient(errno) ? STAYS : ENDS;
	client->start += (size_t)written;
	return STAYS;
}

int main(int argc, char **argv)
{
	static const struct steps steps = {.write = write_as_to_a_file};

	return serve(argc, argv, &steps);
}
