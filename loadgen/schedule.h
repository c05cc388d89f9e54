/*
 * schedule.h - when the requests of an open loop should be sent.
 *
 * Users do not wait for one another's answers, so an open loop has its sending times from
 * a clock and a seed alone, fixed before the first request: a server that stalls makes
 * nobody ask later, and every request that fell due in the meantime shows how long its
 * user waited. Nothing here looks at the time.
 *
 *	constant	request k is due at k / rate
 *	poisson		the gaps are independent and exponential, -ln(u) / rate, as of
 *			many users who know nothing of each other
 */
#ifndef LOADGEN_SCHEDULE_H
#define LOADGEN_SCHEDULE_H

#include "common/problem.h"
#include "common/random.h"

#include <stdint.h>

#define SCHEDULE_RATE_MAX     10000000  /* requests a second */
#define SCHEDULE_REQUESTS_MAX 100000000 /* in one window */

enum arrival { ARRIVAL_CONSTANT, ARRIVAL_POISSON };

struct schedule {
	uint64_t rate; /* requests a second */
	enum arrival arrival;
	uint64_t start_ns;
	uint64_t index;       /* of the request that is due next */
	uint64_t intended_ns; /* when that is */
	double offset_ns;     /* poisson: the same from start_ns, with its fractions */
	struct random random;
};

/* Sets it to its first request. The same seed gives the same times, whatever start_ns. */
void schedule_start(struct schedule *schedule, uint64_t rate, enum arrival arrival,
	uint64_t seed, uint64_t start_ns);

/* Goes on to the next request; intended_ns never falls. */
void schedule_next(struct schedule *schedule);

/* Goes on to the first request due at end_ns or later; how many it passed. */
uint64_t schedule_skip_until(struct schedule *schedule, uint64_t end_ns);

/* "constant" or "poisson": 0, or -EINVAL with problem, where option names who says so. */
int schedule_arrival_parse(const char *option, const char *text, enum arrival *arrival,
	struct problem *problem);

/* Whether a window is within the limits: 0, or -EINVAL with problem. */
int schedule_check(uint64_t rate, uint64_t duration_ns, struct problem *problem);

#endif
