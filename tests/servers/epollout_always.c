/*
 * epollout_always.c - fault: every connection is watched for room to write, always.
 *
 * Who makes it: those who register EPOLLIN | EPOLLOUT once and think of it as "tell me
 * everything". Level-triggered, a socket with room is ready now, and now, and now.
 *
 * What goes wrong: nothing that a client could see but the heat. The wait never waits:
 * one idle connection keeps a core busy, and select(2), poll(2) and epoll then all look
 * equally bad.
 *
 * Caught by: idle-cpu.
 */
#include "tests/servers/loop.h"

int main(int argc, char **argv)
{
	/* should be: EPOLLOUT only while something is owed */
	static const struct steps steps = {.read_events = EPOLLIN | EPOLLOUT};

	return serve(argc, argv, &steps);
}
