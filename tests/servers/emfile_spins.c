/*
 * emfile_spins.c - fault: accept says EMFILE, and the loop tries again at once.
 *
 * Who makes it: nearly everyone. accept(2) with no descriptor left takes nothing from the
 * queue, so a level-triggered listener stays readable: wait, accept, EMFILE, wait,
 * without end. Some print a line each time and fill the disk as well.
 *
 * What goes wrong: those who are connected are still served, so it looks alive; it burns
 * a core for as long as the crowd stays, on an hour when there is none to spare.
 *
 * Caught by: emfile.
 */
#include "tests/servers/loop.h"

static void accept_what_there_is(struct server *server)
{
	while (accept_one(server) == 0)
		continue;
	/* should be: after an error other than EAGAIN the listener rests */
}

int main(int argc, char **argv)
{
	static const struct steps steps = {.accept = accept_what_there_is};

	return serve(argc, argv, &steps);
}
