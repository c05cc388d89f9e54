/* accept.h - what a failed accept means for the listener (accept(2), "Error handling").
 */
#ifndef BACKENDS_ACCEPT_H
#define BACKENDS_ACCEPT_H

#include "backends/backend.h"

enum accept_next {
	ACCEPT_AGAIN, /* that one connection is gone; the next may be fine */
	ACCEPT_EMPTY, /* nobody waits */
	ACCEPT_PAUSE, /* no descriptors or memory, or forbidden: rest, or spin at 100 % */
	ACCEPT_FAIL,  /* the listener itself is broken */
};

enum {
	ACCEPT_BUDGET =
		256, /* connections one event may take before others get their turn */
	ACCEPT_PAUSE_MS = 100, /* how long a starved listener rests */
};

/* error is a negative errno that accept gave. */
enum accept_next accept_after_error(int error);

/*
 * Tells the server (struct server.starved) what it has not been told: that its listener
 * must rest, error being why, or with 0 that nobody waits any more. *starved is what was
 * told last, false at the start.
 */
void accept_starved(struct server *server, bool *starved, int error);

#endif
