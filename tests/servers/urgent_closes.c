/*
 * urgent_closes.c - fault: urgent data is taken for an error on the connection.
 *
 * Who makes it: programs that fill select's third set "for exceptions", or watch EPOLLPRI
 * together with EPOLLERR, and close on either. The exceptional condition of a TCP socket
 * is none: it is the urgent mark (select(2), poll(2)).
 *
 * What goes wrong: a client who sends one byte with MSG_OOB, perhaps by a flag that he
 * did not understand, is cut off, with all that he had sent and not had back.
 *
 * Caught by: urgent-data.
 */
#include "tests/servers/loop.h"

static enum fate close_on_exception(
	struct server *server, struct client *client, uint32_t events)
{
	if (events & EPOLLPRI)
		return ENDS; /* should be: recv() with MSG_OOB, or not watched at all */
	return client_ready(server, client, events);
}

int main(int argc, char **argv)
{
	static const struct steps steps = {
		.read_events = EPOLLIN | EPOLLPRI,
		.ready = close_on_exception,
	};

	return serve(argc, argv, &steps);
}
