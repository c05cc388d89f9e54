/*
 * edge_not_resumed.c - fault: edge-triggered; after it was blocked on a write, nobody
 * goes back to reading.
 *
 * Who makes it: loops that drain as they should, and stop reading while they owe, as they
 * should, with one branch for EPOLLIN and an else for EPOLLOUT. The bytes that came
 * meanwhile had their edge meanwhile.
 *
 * What goes wrong: a reader who rests once and then goes on gets what was owed, and then
 * nothing, though he sent more. No quick client ever sees it.
 *
 * Caught by: echo-16mib-slow-reader, slow-readers-isolated.
 */
#include "tests/servers/loop.h"

enum { TURNS_MAX = 8 }; /* buffers an event, so that others have their turn */

static enum fate drain(struct server *server, struct client *client)
{
	for (int turns = 0; turns < TURNS_MAX; turns++) {
		if (client_read(server, client) == ENDS)
			return ENDS;
		if (!client_owes(client))
			return STAYS; /* empty: the next byte brings an edge */
		if (client_write(server, client) == ENDS)
			return ENDS;
		if (client_owes(client))
			return STAYS; /* full: room brings an edge */
	}
	return client_watch_anew(server, client);
}

static enum fate write_or_read(
	struct server *server, struct client *client, uint32_t events)
{
	if (client_owes(client))
		return events & ~(uint32_t)EPOLLIN ? client_write(server, client) : STAYS;
	return drain(server, client); /* should be: also when it has ceased to owe */
}

int main(int argc, char **argv)
{
	static const struct steps steps = {
		.read_events = EPOLLIN | EPOLLOUT | EPOLLET,
		.ready = write_or_read,
	};

	return serve(argc, argv, &steps);
}
