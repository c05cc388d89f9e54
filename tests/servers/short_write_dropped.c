/*
 * short_write_dropped.c - fault: what a short write did not take is forgotten.
 *
 * Who makes it: most first servers, and many an example on the web: send(2) is called
 * like a function that sends. On a blocking socket it nearly is; on a non-blocking one it
 * takes what fits into the socket's buffer, says how much, and the rest is the caller's.
 *
 * What goes wrong: nothing, as long as messages are small and readers quick, so it passes
 * every quick look. A reader who rests while megabytes are under way gets a stream
 * with holes in it.
 *
 * Caught by: echo-16mib-slow-reader, half-close-while-blocked.
 */
#include "tests/servers/loop.h"

#include <errno.h>
#include <sys/socket.h>

static enum fate write_and_forget(struct server *server, struct client *client)
{
	ssize_t sent = send(client->fd, client->buffer + client->start,
		client->end - client->start, MSG_NOSIGNAL);

	(void)server;
	if (sent < 0 && !is_transient(errno))
		return ENDS;
	client->start = client->end; /* should be: += sent */
	return STAYS;
}

int main(int argc, char **argv)
{
	static const struct steps steps = {.write = write_and_forget};

	return serve(argc, argv, &steps);
}
