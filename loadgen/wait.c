/* wait.c - waiting for events, to the millisecond or to the nanosecond. */
#include "loadgen/wait.h"

#include "common/clock.h"

#include <errno.h>
#include <sys/prctl.h>

enum {
	/*
	 * poll, select and epoll sleep up to a thousandth of the timeout longer than
	 * asked, whatever the timer slack (select_estimate_accuracy() in fs/select.c).
	 * After a nap that ends so long before the time, that is 5 us.
	 */
	LONG_NS = 10 * (int)NS_PER_MS,
	NAP_ENDS_BEFORE_NS = 5 * (int)NS_PER_MS,
};

/* The rest of a millisecond is spun away. */
static int wait_and_spin(
	int epoll_fd, struct epoll_event *events, int events_max, uint64_t left_ns)
{
	uint64_t until_ns = clock_now_ns() + left_ns;
	int n = epoll_wait(epoll_fd, events, events_max, (int)(left_ns / NS_PER_MS));

	while (n == 0 && clock_now_ns() < until_ns)
		n = epoll_wait(epoll_fd, events, events_max, 0);
	return n < 0 ? -errno : n;
}

static int wait_exactly(
	int epoll_fd, struct epoll_event *events, int events_max, uint64_t left_ns)
{
	const struct timespec left = {
		.tv_sec = (time_t)(left_ns / NS_PER_S),
		.tv_nsec = (long)(left_ns % NS_PER_S),
	};
	int n = epoll_pwait2(epoll_fd, events, events_max, &left, NULL);

	return n < 0 ? -errno : n;
}

int wait_until(struct waiter *waiter, struct epoll_event *events, int events_max,
	uint64_t until_ns)
{
	if (until_ns == WAIT_FOREVER_NS) {
		int n = epoll_wait(waiter->epoll_fd, events, events_max, -1);

		return n < 0 ? -errno : n;
	}
	uint64_t now_ns = clock_now_ns();
	uint64_t left_ns = until_ns > now_ns ? until_ns - now_ns : 0;

	if (left_ns > LONG_NS)
		left_ns -= NAP_ENDS_BEFORE_NS;
	if (left_ns > 3600 * NS_PER_S)
		left_ns = 3600 * NS_PER_S;
	if (!waiter->spins) {
		int n = wait_exactly(waiter->epoll_fd, events, events_max, left_ns);

		/* Sandboxes that do not know a call answer EPERM in place of ENOSYS. */
		if (n != -ENOSYS && n != -EPERM)
			return n;
		waiter->spins = true;
	}
	return wait_and_spin(waiter->epoll_fd, events, events_max, left_ns);
}

const char *wait_method(const struct waiter *waiter)
{
	return waiter->spins ? "epoll_wait and spinning" : "epoll_pwait2";
}

void wait_without_slack(void)
{
	prctl(PR_SET_TIMERSLACK, 1UL);
}
