/*
 * greeting.c - fault: the server speaks first.
 *
 * Who makes it: servers made from an SMTP, FTP or chat example; ones that print a
 * banner "for debugging". An echo protocol has no first word (RFC 862).
 *
 * What goes wrong: every byte that comes back is shifted by the greeting. A benchmark
 * that only counts bytes takes the greeting for the answer, and from then on measures
 * each request by the answer to the one before.
 *
 * Caught by: stays-silent, echo-sizes.
 */
#include "tests/servers/loop.h"

#include <string.h>

static enum fate open_with_greeting(struct server *server, struct client *client)
{
	static const char greeting[] = "220 ready\r\n";

	client->end = strlen(greeting); /* should be: nothing owed */
	memcpy(client->buffer, greeting, client->end);
	return client_watch(server, client, EPOLLOUT);
}

int main(int argc, char **argv)
{
	static const struct steps steps = {.opened = open_with_greeting};

	return serve(argc, argv, &steps);
}
