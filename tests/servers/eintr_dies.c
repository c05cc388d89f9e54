/*
 * eintr_dies.c - fault: a wait that was interrupted is taken for one that failed.
 *
 * Who makes it: if (epoll_wait(...) < 0) { perror("epoll_wait"); exit(1); }. "I have no
 * signal handler, so there is no EINTR" is believed by many; but epoll_wait(2) also ends
 * with EINTR when the process was stopped and continued (signal(7), at its end).
 *
 * What goes wrong: Ctrl-Z and fg, a debugger or strace that attaches, a container that is
 * paused, a laptop's lid: the server is gone, with "Interrupted system call" as a
 * farewell.
 *
 * Caught by: stop-cont, survives.
 */
#include "tests/servers/loop.h"

#include <stdio.h>

static int wait_or_give_up(
	struct server *server, struct epoll_event *events, int timeout_ms)
{
	int count = epoll_wait(server->epoll, events, BATCH_MAX, timeout_ms);

	if (count < 0)
		perror("epoll_wait"); /* should be: 0 if errno is EINTR */
	return count;
}

int main(int argc, char **argv)
{
	static const struct steps steps = {.wait = wait_or_give_up};

	return serve(argc, argv, &steps);
}
