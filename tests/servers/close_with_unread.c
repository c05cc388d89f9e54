/*
 * close_with_unread.c - fault: closes while there are bytes that it never read.
 *
 * Who makes it: servers that know from EPOLLRDHUP that nothing new will come, answer what
 * they have read in full, and then close, sure to have been polite. Also those that
 * refuse a request by its first line and close on the body.
 *
 * What goes wrong: close(2) with unread bytes in the socket sends RST instead of FIN (RFC
 * 1122, 4.2.2.13; RFC 2525, 2.17). The peer's kernel then throws away what it has
 * received and not yet handed over: the RST overtakes the answer and destroys it.
 *
 * Caught by: half-close-while-blocked.
 */
#include "tests/servers/loop.h"

static enum fate answer_once_then_close(
	struct server *server, struct client *client, uint32_t events)
{
	if (client_ready(server, client, events) == ENDS)
		return ENDS;
	return events & EPOLLRDHUP && !client_owes(client) ? ENDS : STAYS;
}

int main(int argc, char **argv)
{
	static const struct steps steps = {
		.read_events = EPOLLIN | EPOLLRDHUP,
		.ready = answer_once_then_close,
	};

	return serve(argc, argv, &steps);
}
