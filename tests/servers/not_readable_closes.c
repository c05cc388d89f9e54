/*
 * not_readable_closes.c - fault: an event that is not EPOLLIN is taken for an error.
 *
 * Who makes it: a line of one much-copied example says that an event with EPOLLERR,
 * EPOLLHUP or without EPOLLIN is an error on the descriptor. Its author watched for
 * nothing but EPOLLIN, so he was right. Those who copied it and later added EPOLLOUT are
 * not.
 *
 * What goes wrong: as soon as a reader who was slow makes room, the event that says so
 * closes his connection.
 *
 * Caught by: echo-16mib-slow-reader, half-close-while-blocked.
 */
#include "tests/servers/loop.h"

static enum fate close_unless_readable(
	struct server *server, struct client *client, uint32_t events)
{
	if (events & (EPOLLERR | EPOLLHUP) || !(events & EPOLLIN))
		return ENDS;
	return client_ready(server, client, events);
}

int main(int argc, char **argv)
{
	static const struct steps steps = {.ready = close_unless_readable};

	return serve(argc, argv, &steps);
}
