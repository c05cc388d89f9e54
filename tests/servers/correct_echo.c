/*
 * correct_echo.c - no fault: every step of loop.c as it is.
 *
 * A suite that fails everybody would find all the faults in this folder as well. This
 * server, on the same skeleton as the others, passes every case; so whatever another one
 * fails, it fails for the step that it has replaced.
 *
 * It is short because loop.c is the server. What to look for there:
 *
 *  - a connection does not read while it owes, so a reader who rests is not read, and
 *    TCP's window tells his sending side to wait;
 *  - one read and one write an event, and then the others have their turn;
 *  - only recv and send say how a connection is; an event is a hint to ask them;
 *  - EMFILE makes the listener rest for a moment, instead of spinning or giving up.
 */
#include "tests/servers/loop.h"

int main(int argc, char **argv)
{
	static const struct steps steps = {0};

	return serve(argc, argv, &steps);
}
