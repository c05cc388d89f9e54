/*
 * accept_one_per_edge.c - fault: an edge-triggered listener is asked once an event.
 *
 * Who makes it: level-triggered loops in which someone adds EPOLLET to every descriptor,
 * for speed. One accept a wake-up is right before, and wrong afterwards.
 *
 * What goes wrong: of those who connect while the server is busy only one gets in; the
 * next edge comes with the next newcomer, who gets his predecessor in. The last ones wait
 * until somebody else comes. connect(2) has succeeded for all of them.
 *
 * Caught by: connect-burst.
 */
#include "tests/servers/loop.h"

#include <errno.h>

static void accept_once(struct server *server)
{
	int result = accept_one(server); /* should be: until -EAGAIN */

	if (result != 0 && result != -EAGAIN)
		listener_rest(server);
}

int main(int argc, char **argv)
{
	static const struct steps steps = {
		.listener_events = EPOLLIN | EPOLLET,
		.accept = accept_once,
	};

	return serve(argc, argv, &steps);
}
