/*
 * sigterm_ignored.c - fault: SIGTERM does nothing.
 *
 * Who makes it: programs that ignore or block all signals for fear of SIGPIPE; ones whose
 * handler sets a flag that a sleeping loop never looks at; and any that run as process 1
 * of a container, where the kernel has no default action for them.
 *
 * What goes wrong: each restart takes the whole grace period, ten or thirty seconds, and
 * ends with SIGKILL: whatever was owed to anybody is lost.
 *
 * Caught by: sigterm.
 */
#include "tests/servers/loop.h"

#include <errno.h>
#include <signal.h>
#include <sys/signalfd.h>

/* SIGTERM stays blocked, as in loop.c, but nobody takes it: it is pending for ever. */
static int take_only_sigint(struct server *server)
{
	sigset_t signals;

	sigemptyset(&signals);
	sigaddset(&signals, SIGINT); /* should be: and SIGTERM */
	return signalfd(server->signals, &signals, 0) < 0 ? -errno : 0;
}

int main(int argc, char **argv)
{
	static const struct steps steps = {.prepare = take_only_sigint};

	return serve(argc, argv, &steps);
}
