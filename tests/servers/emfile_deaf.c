/*
 * emfile_deaf.c - fault: an edge-triggered listener gives up at EMFILE, and that was its
 * only event.
 *
 * Who makes it: the same loop as emfile_spins.c with EPOLLET added, which indeed cures
 * the spinning: edge-triggered epoll reports that connections came, not that they wait.
 *
 * What goes wrong: those who were in the queue at EMFILE stay there when others leave and
 * there is room. Only one more newcomer wakes the listener, so on a quiet site the queue
 * waits until morning.
 *
 * Caught by: emfile.
 */
#include "tests/servers/loop.h"

static void accept_what_there_is(struct server *server)
{
	while (accept_one(server) == 0)
		continue;
	/* should be: after an error other than EAGAIN it tries again, by a timer */
}

int main(int argc, char **argv)
{
	static const struct steps steps = {
		.listener_events = EPOLLIN | EPOLLET,
		.accept = accept_what_there_is,
	};

	return serve(argc, argv, &steps);
}
