/*
 * pair.h - a fresh server and a fresh load generator, connected and checked: how a
 * measurement over TCP begins and ends.
 */
#ifndef HARNESS_PROCESS_PAIR_H
#define HARNESS_PROCESS_PAIR_H

#include "harness/machine/placement.h"
#include "harness/process/foreign_peer.h"
#include "harness/process/load_peer.h"
#include "harness/process/server_peer.h"
#include "harness/trial/window.h"

#include <stdbool.h>
#include <stdint.h>

struct pair_order {
	const struct launcher *launcher;
	const char *backend;
	/*
	 * Not NULL: the server is that one. It must have one thread, or the pair is
	 * unsupported: nobody knows when several are at rest between two requests.
	 */
	const struct foreign *foreign;
	const struct placement *placement; /* for its cores; NULL only without foreign */
	int server_cpu;                    /* -1: not pinned */
	int load_cpu;
	uint64_t connections_idle;
	uint64_t connections_active;
	uint64_t message_bytes;
	uint64_t seed;
};

struct pair {
	struct peer server, load;
	struct foreign_peer stranger; /* in place of server, with foreign */
	uint64_t connections;         /* that have brought an echo from it */
	bool server_known;            /* hello is what the server said of itself */
	struct server_hello hello;
	uint64_t connect_ns; /* the load generator's time to connect all */
	uint64_t held_ns;    /* from then until the server said that it held them all */
};

/* pair_start() gives 0, a negative errno with problem, or this: window has its status. */
enum { PAIR_DECIDED = 1 };

/*
 * Starts both and waits until the server itself says that it holds every connection. What
 * cannot be marks the window: unsupported, skipped or invalid. pair_end() must follow.
 */
int pair_start(struct pair *pair, const struct pair_order *order, struct window *window,
	struct problem *problem);

/* The process that is to be stopped, and looked at. */
pid_t pair_server_pid(const struct pair *pair);

/* Of whichever server it is, as server_peer_snapshot(). */
int pair_snapshot(struct pair *pair, unsigned settle_ms, struct server_snapshot *snapshot,
	struct problem *problem);

/* The normal end of both. 0, or -errno with problem. */
int pair_stop(struct pair *pair, struct problem *problem);

/* Marks the window failed, with problem and all that the two left behind as reasons. */
void pair_explain(
	struct pair *pair, struct window *window, const struct problem *problem);

/* The end in any case: no process is left. */
void pair_end(struct pair *pair);

#endif
