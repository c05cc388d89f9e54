/*
 * no_budget.c - fault: edge-triggered; a connection is served until it has nothing left.
 *
 * Who makes it: those who follow the rule "drain until EAGAIN" to the letter, and those
 * whose level-triggered handler loops "while there is something to read".
 *
 * What goes wrong: who sends as fast as the server reads is never empty. While the hose
 * runs, the loop does not come back to the wait, and all others wait: for milliseconds
 * when the server is lucky, as long as the hose likes when it is not. epoll(7) calls it
 * starvation and leaves the cure, a budget and a list of one's own, to the caller.
 *
 * Caught by: fire-hose-fairness.
 */
#include "tests/servers/loop.h"

static enum fate drain(struct server *server, struct client *client, uint32_t events)
{
	(void)events;
	for (;;) { /* should be: so many times, then client_watch_anew() */
		if (!client_owes(client) && client_read(server, client) == ENDS)
			return ENDS;
		if (!client_owes(client))
			return STAYS;
		if (client_write(server, client) == ENDS)
			return ENDS;
		if (client_owes(client))
			return STAYS;
	}
}

int main(int argc, char **argv)
{
	static const struct steps steps = {
		.read_events = EPOLLIN | EPOLLOUT | EPOLLET,
		.ready = drain,
	};

	return serve(argc, argv, &steps);
}
