/* balance.c - how many clients of each kind there are at once. */
#include "tests/soak/balance.h"

#include "common/clock.h"

#define LOOK_EVERY_NS (NS_PER_S / 4)
#define DIAL_STEP     (1.0 / 32)
#define HOSES_MOST    0.4 /* of the places of the short-lived */
#define LEFT_LEAST    0.05

void balance_init(struct balance *balance, double goal_connections, double goal_bytes)
{
	*balance = (struct balance){
		.goal_connections = goal_connections,
		.goal_bytes = goal_bytes,
		.dial = 0.25,
	};
}

/* What is left of a goal, but never nothing: when both are reached, both go on. */
static double left_of(double goal, uint64_t done)
{
	double left = goal - (double)done;

	return left > goal * LEFT_LEAST ? left : goal * LEFT_LEAST;
}

void balance_look(
	struct balance *balance, uint64_t now_ns, uint64_t connections, uint64_t bytes)
{
	if (now_ns - balance->looked_ns < LOOK_EVERY_NS)
		return;
	/* How much of what is left the last quarter has done. */
	double by_connections = (double)(connections - balance->connections) /
				left_of(balance->goal_connections, connections);
	double by_bytes =
		(double)(bytes - balance->bytes) / left_of(balance->goal_bytes, bytes);

	balance->dial += by_bytes < by_connections ? DIAL_STEP : -DIAL_STEP;
	if (balance->dial < 0)
		balance->dial = 0;
	if (balance->dial > 1)
		balance->dial = 1;
	balance->looked_ns = now_ns;
	balance->connections = connections;
	balance->bytes = bytes;
}

/* Of n places that many, at least one. */
static unsigned part(unsigned n, double share)
{
	unsigned count = (unsigned)(n * share);

	return count > 0 ? count : 1;
}

void balance_shares(const struct balance *balance, unsigned places, bool calm,
	unsigned shares[KIND_COUNT])
{
	double hoses = balance->dial * HOSES_MOST;

	for (int kind = 0; kind < KIND_COUNT; kind++) {
		double share = (double)kinds[kind].places / KIND_PLACES;

		switch (kinds[kind].role) {
		case ROLE_SHORT:
			shares[kind] = part(places, share * (1 - hoses));
			break;
		case ROLE_BULK:
			/* three of four places belong to those two roles */
			shares[kind] = part(places, hoses * 3 / 4);
			break;
		case ROLE_STEADY:
			shares[kind] = part(places, share);
			break;
		case ROLE_WARM_UP:
			shares[kind] = 0;
			break;
		}
		if (calm && kinds[kind].cuts)
			shares[kind] = 0;
	}
}
