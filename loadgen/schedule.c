/* schedule.c - when the requests of an open loop should be sent. */
#include "loadgen/schedule.h"

#include "common/clock.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>

static const char *const arrival_names[] = {
	[ARRIVAL_CONSTANT] = "constant",
	[ARRIVAL_POISSON] = "poisson",
};

/* index / rate, whole seconds apart so that no product leaves 64 bits. */
static uint64_t constant_offset_ns(const struct schedule *schedule)
{
	uint64_t whole_s = schedule->index / schedule->rate;
	uint64_t rest = schedule->index % schedule->rate;

	return whole_s * NS_PER_S + rest * NS_PER_S / schedule->rate;
}

/* Exponential with mean 1 / rate: u is uniform in (0, 1], with the 53 bits of a double.
 */
static double exponential_gap_ns(struct schedule *schedule)
{
	uint64_t bits = random_next(&schedule->random) >> 11;
	double u = (double)(bits + 1) * 0x1p-53;

	return -log(u) / (double)schedule->rate * (double)NS_PER_S;
}

static void set_intended(struct schedule *schedule)
{
	uint64_t offset_ns;

	if (schedule->arrival == ARRIVAL_POISSON) {
		schedule->offset_ns += exponential_gap_ns(schedule);
		offset_ns = (uint64_t)schedule->offset_ns;
	} else {
		offset_ns = constant_offset_ns(schedule);
	}
	schedule->intended_ns = schedule->start_ns + offset_ns;
}

void schedule_start(struct schedule *schedule, uint64_t rate, enum arrival arrival,
	uint64_t seed, uint64_t start_ns)
{
	*schedule = (struct schedule){
		.rate = rate,
		.arrival = arrival,
		.start_ns = start_ns,
		.random = {.state = seed},
	};
	set_intended(schedule);
}

void schedule_next(struct schedule *schedule)
{
	schedule->index++;
	set_intended(schedule);
}

uint64_t schedule_skip_until(struct schedule *schedule, uint64_t end_ns)
{
	uint64_t before = schedule->index;

	while (schedule->intended_ns < end_ns)
		schedule_next(schedule);
	return schedule->index - before;
}

int schedule_arrival_parse(const char *option, const char *text, enum arrival *arrival,
	struct problem *problem)
{
	for (size_t i = 0; i < sizeof(arrival_names) / sizeof(*arrival_names); i++)
		if (strcmp(text, arrival_names[i]) == 0) {
			*arrival = (enum arrival)i;
			return 0;
		}
	return problem_set(
		problem, -EINVAL, "%s is constant or poisson, not '%.40s'", option, text);
}

int schedule_check(uint64_t rate, uint64_t duration_ns, struct problem *problem)
{
	if (rate == 0 || rate > SCHEDULE_RATE_MAX)
		return problem_set(problem, -EINVAL,
			"the rate must be from 1 to %d requests a second",
			SCHEDULE_RATE_MAX);
	if (duration_ns / NS_PER_S >= SCHEDULE_REQUESTS_MAX / rate)
		return problem_set(problem, -EINVAL,
			"%" PRIu64 " requests a second for %.0f s are more than the %d "
			"that one window may have",
			rate, (double)duration_ns / (double)NS_PER_S,
			SCHEDULE_REQUESTS_MAX);
	return 0;
}
