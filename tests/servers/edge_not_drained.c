/*
 * edge_not_drained.c - fault: edge-triggered, and one read an event.
 *
 * Who makes it: the commonest mistake with EPOLLET. The event says that bytes came, once;
 * what one recv leaves in the socket is not announced again (epoll(7), "Level-triggered
 * and edge-triggered").
 *
 * What goes wrong: a message larger than the buffer is answered in part, and the client
 * who waits for the rest before he sends more waits for ever. Had he sent more, all would
 * have come; so it fails only with those who wait for their answer.
 *
 * Caught by: echo-sizes, echo-16mib-slow-reader, stop-cont.
 */
#include "tests/servers/loop.h"

static enum fate read_once(struct server *server, struct client *client, uint32_t events)
{
	(void)events;
	if (client_owes(client) && client_write(server, client) == ENDS)
		return ENDS;
	if (client_owes(client))
		return STAYS; /* the edge of EPOLLOUT will come */
	if (client_read(server, client) == ENDS)
		return ENDS;
	/* should be: read and write until one of them says EAGAIN */
	return client_owes(client) ? client_write(server, client) : STAYS;
}

int main(int argc, char **argv)
{
	static const struct steps steps = {
		.read_events = EPOLLIN | EPOLLOUT | EPOLLET,
		.ready = read_once,
	};

	return serve(argc, argv, &steps);
}
