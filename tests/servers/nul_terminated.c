/*
 * nul_terminated.c - fault: what was received is treated as a string.
 *
 * Who makes it: buffer[n] = 0; send(fd, buffer, strlen(buffer)). Typed at a terminal it
 * works for years.
 *
 * What goes wrong: the bytes behind the first zero of each read are lost: pictures,
 * compressed text, numbers in binary, all that a test with "hello" does not send. A
 * message that begins with a zero is not answered at all.
 *
 * Caught by: echo-sizes, dribble.
 */
#include "tests/servers/loop.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

static enum fate read_string(struct server *server, struct client *client)
{
	ssize_t got = recv(client->fd, client->buffer, BUFFER_BYTES - 1, 0);

	(void)server;
	if (got < 0)
		return is_transient(errno) ? STAYS : ENDS;
	client->buffer[got] = '\0';
	client->start = 0;
	client->end = strlen(client->buffer); /* should be: got */
	return got > 0 ? STAYS : ENDS;
}

int main(int argc, char **argv)
{
	static const struct steps steps = {.read = read_string};

	return serve(argc, argv, &steps);
}
