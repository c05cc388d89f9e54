/*
 * rdhup_closes.c - fault: a client who has finished sending is taken for one who left.
 *
 * Who makes it: servers that ask epoll for EPOLLRDHUP, because a man page calls it
 * useful for detecting a peer's shutdown, and close at once when they see it. A browser
 * never half-closes; `nc -N`, ssh and many a protocol do: shutdown(SHUT_WR) is how a
 * client says "that was all, now your answer".
 *
 * What goes wrong: what was read just now and did not fit, and all that was not read yet,
 * is lost; for the unread part the kernel even sends RST, which may destroy what
 * was already on its way.
 *
 * Caught by: half-close-while-blocked.
 */
#include "tests/servers/loop.h"

static enum fate serve_then_close(
	struct server *server, struct client *client, uint32_t events)
{
	enum fate fate = client_ready(server, client, events);

	return events & EPOLLRDHUP ? ENDS : fate;
}

int main(int argc, char **argv)
{
	static const struct steps steps = {
		.read_events = EPOLLIN | EPOLLRDHUP,
		.ready = serve_then_close,
	};

	return serve(argc, argv, &steps);
}
