/*
 * spins_while_blocked.c - fault: level-triggered, and the interest in reading stays on
 * while nothing can be read.
 *
 * Who makes it: servers that rightly stop reading while they owe, but do so in the
 * handler: the event comes, the handler says "not now" and returns, the event comes.
 *
 * What goes wrong: the bytes are right, the memory is bounded, and one client who sends
 * more than he reads keeps a core busy until he takes his echo.
 *
 * Caught by: stalled-readers-cpu.
 */
#include "tests/servers/loop.h"

static enum fate ready(struct server *server, struct client *client, uint32_t events)
{
	bool owed = client_owes(client);

	if (owed && !(events & ~(uint32_t)EPOLLIN))
		return STAYS; /* not now; should be: without EPOLLIN in the interest */
	if (!owed && client_read(server, client) == ENDS)
		return ENDS;
	if (client_owes(client) && client_write(server, client) == ENDS)
		return ENDS;
	return client_watch(
		server, client, EPOLLIN | (client_owes(client) ? EPOLLOUT : 0U));
}

int main(int argc, char **argv)
{
	static const struct steps steps = {.ready = ready};

	return serve(argc, argv, &steps);
}
