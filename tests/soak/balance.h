/*
 * balance.h - how many clients of each kind there are at once.
 *
 * A soak has two goals, connections and bytes, and one dial: how many of the places go to
 * fire-hoses, who bring bytes, and how many to the short-lived, who bring connections.
 * Every quarter of a second the dial moves a little towards what is further behind: the
 * two rates of that quarter are compared with what is left of the two goals, and once
 * both are reached, with the goals.
 */
#ifndef TESTS_SOAK_BALANCE_H
#define TESTS_SOAK_BALANCE_H

#include "tests/soak/kind.h"

#include <stdbool.h>
#include <stdint.h>

struct balance {
	double goal_connections, goal_bytes;
	double dial; /* 0: no more than one hose; 1: as many as may be */
	uint64_t looked_ns;
	uint64_t connections, bytes; /* at that time */
};

void balance_init(struct balance *balance, double goal_connections, double goal_bytes);

/* Tells what there is by now; may be called at any time, and is cheap. */
void balance_look(
	struct balance *balance, uint64_t now_ns, uint64_t connections, uint64_t bytes);

/* How many of places each kind gets; none for those that cut when it is to be calm. */
void balance_shares(const struct balance *balance, unsigned places, bool calm,
	unsigned shares[KIND_COUNT]);

#endif
