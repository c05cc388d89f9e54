/*
 * short_read_drained.c - fault: edge-triggered; a read shorter than the buffer is taken
 * for the last one.
 *
 * Who makes it: those who save the recv that would say EAGAIN. epoll(7) itself allows it
 * for streams (Q9), and it spares one call in four.
 *
 * What goes wrong: a read is short also where urgent data was sent, for it stops at the
 * mark (tcp(7)), and in front of a FIN. What lies behind was announced together with what
 * was read, and no edge comes for it. With a FIN it takes both in one event.
 *
 * Caught by: urgent-data.
 */
#include "tests/servers/loop.h"

enum { TURNS_MAX = 8 }; /* buffers an event, so that others have their turn */

static enum fate drain(struct server *server, struct client *client, uint32_t events)
{
	bool drained = false;

	(void)events;
	for (int turns = 0; turns < TURNS_MAX; turns++) {
		if (!client_owes(client)) {
			if (drained)
				return STAYS; /* should be: only after EAGAIN */
			if (client_read(server, client) == ENDS)
				return ENDS;
			drained = client->end < BUFFER_BYTES;
		}
		if (!client_owes(client))
			return STAYS;
		if (client_write(server, client) == ENDS)
			return ENDS;
		if (client_owes(client))
			return STAYS; /* full: room brings an edge */
	}
	return client_watch_anew(server, client);
}

int main(int argc, char **argv)
{
	static const struct steps steps = {
		.read_events = EPOLLIN | EPOLLOUT | EPOLLET,
		.ready = drain,
	};

	return serve(argc, argv, &steps);
}
