/*
 * hup_before_read.c - fault: the bits of the end are looked at before the bytes.
 *
 * Who makes it: nearly every loop that begins with "if (events & (ERR | HUP)) close".
 * POLLHUP says that the peer has hung up, not that everything he sent has been read:
 * pipes and Unix sockets raise it with bytes still in them, some systems do for TCP as
 * well. On Linux a TCP socket has POLLHUP only when both directions are down; the bit
 * that comes with the peer's FIN is EPOLLRDHUP, so that is how the same line does its
 * harm there.
 *
 * What goes wrong: bytes that arrive together with the FIN are never read. Whether they
 * arrive together is a matter of microseconds, so it seems to happen now and then.
 *
 * Caught by: fin-behind-data.
 */
#include "tests/servers/loop.h"

static enum fate close_first(
	struct server *server, struct client *client, uint32_t events)
{
	if (events & (EPOLLERR | EPOLLHUP | EPOLLRDHUP))
		return ENDS;
	return client_ready(server, client, events);
}

int main(int argc, char **argv)
{
	static const struct steps steps = {
		.read_events = EPOLLIN | EPOLLRDHUP,
		.ready = close_first,
	};

	return serve(argc, argv, &steps);
}
