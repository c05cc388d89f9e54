/*
 * wait.h - waiting for events, to the millisecond or to the nanosecond.
 *
 * epoll_wait(2) knows milliseconds only: an open loop of 1,000 requests a second would
 * send each of them half a millisecond late. epoll_pwait2(2) (Linux 5.11) takes
 * nanoseconds; where it is missing, the last millisecond is spun away, asking for events
 * all the while.
 */
#ifndef LOADGEN_WAIT_H
#define LOADGEN_WAIT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/epoll.h>

#define WAIT_FOREVER_NS UINT64_MAX

struct waiter {
	int epoll_fd; /* the caller's */
	bool spins;   /* epoll_pwait2 is missing; may also be set to do without it */
};

/*
 * Until there are events, or until_ns has come: how many, 0, or -errno. It may return 0
 * early: the kernel lets a sleep last 0.1 % longer, to wake for several at once, and
 * so a long one is made of two.
 */
int wait_until(struct waiter *waiter, struct epoll_event *events, int events_max,
	uint64_t until_ns);

/* How it waits, for the record. */
const char *wait_method(const struct waiter *waiter);

/* Asks the kernel to end this thread's sleeps on time and not up to 50 us later. */
void wait_without_slack(void);

#endif
