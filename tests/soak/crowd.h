/*
 * crowd.h - one thread with its clients, of all kinds at once, on one epoll(7).
 *
 * The watcher orders what the crowd does, and sees in the crowd's tally that it is done.
 * The warm-up has twice as many clients as storm and calm: a server that takes the next
 * ones before it has seen the last ones' ends needs more descriptors, and memory for
 * them, than there are clients at once.
 */
#ifndef TESTS_SOAK_CROWD_H
#define TESTS_SOAK_CROWD_H

#include "tests/soak/balance.h"
#include "tests/soak/client.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

enum crowd_order {
	CROWD_REST,    /* bring everybody to an end; done when no client is live */
	CROWD_WARM_UP, /* every place once, all stalled at the same time */
	CROWD_STORM,   /* every kind at once */
	CROWD_CALM,    /* the same without those that cut */
	CROWD_LEAVE,   /* rest, and end the thread */
};

/* What a crowd is given; the pool must outlive it. */
struct crowd_settings {
	unsigned index; /* of the crowd: decides source addresses and client numbers */
	unsigned crowds;
	unsigned places;  /* that the warm-up fills */
	unsigned clients; /* at once in storm and calm: fewer */
	int port;
	const uint8_t *pool;
	uint64_t seed;
	uint64_t patience_ns;
	double goal_connections, goal_bytes; /* of this crowd */
};

struct crowd {
	struct tally tally; /* read by the watcher meanwhile */
	uint64_t order;     /* an enum crowd_order, atomic */
	uint64_t obeyed;    /* the last order taken up, atomic */
	uint64_t unable;    /* errno that kept a client from starting, atomic; 0: none */

	/* The rest is its thread's. */
	pthread_t thread;
	struct crowd_settings settings;
	struct client_world world;
	struct balance balance;
	struct client *clients; /* places of them */
	unsigned live[KIND_COUNT];
	uint64_t next_number;
	uint64_t warm_connections,
		warm_bytes; /* before the storm: no part of its goals */
	uint64_t ticked_ns;
};

/* Starts the thread, at rest. 0 or -errno. */
int crowd_start(struct crowd *crowd, const struct crowd_settings *settings);

void crowd_command(struct crowd *crowd, enum crowd_order order);

/* Whether the last order has been taken up and no client is left. */
bool crowd_is_empty(const struct crowd *crowd);

/* Orders it to leave, and waits until its thread has ended. */
void crowd_end(struct crowd *crowd);

#endif
