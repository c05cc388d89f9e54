/*
 * kernel_count.h - the kernel's own count of the system calls a thread makes: a perf
 * counter on the tracepoint raw_syscalls:sys_enter (perf_event_open(2)).
 *
 * It needs a number that tracefs tells, and a permission. Where either is missing, the
 * reason is kept and nothing is counted; no count is ever made up.
 */
#ifndef HARNESS_SYSCALLS_KERNEL_COUNT_H
#define HARNESS_SYSCALLS_KERNEL_COUNT_H

#include "common/problem.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define KERNEL_COUNT_METHOD "perf raw_syscalls:sys_enter"

enum { KERNEL_COUNT_THREADS_MAX = 1024 };

/* What a run learns once. */
struct kernel_tracepoint {
	bool known;
	uint64_t id;
	struct problem reason; /* why it is not known */
};

struct kernel_count {
	int fds[KERNEL_COUNT_THREADS_MAX]; /* one a thread; owned */
	size_t count;
};

/*
 * Reads the tracepoint's id. Where tracefs is not mounted, one is opened that is mounted
 * nowhere (fsmount(2)), which takes root and leaves nothing behind.
 */
void kernel_tracepoint_find(struct kernel_tracepoint *tracepoint);

/* Counts from here on, for every thread of tids. 0, or -errno with problem. */
int kernel_count_attach(struct kernel_count *count,
	const struct kernel_tracepoint *tracepoint, const pid_t *tids, size_t tid_count,
	struct problem *problem);

/* The same for those, too, that these start from now on, threads and processes. */
int kernel_count_attach_all(struct kernel_count *count,
	const struct kernel_tracepoint *tracepoint, const pid_t *tids, size_t tid_count,
	struct problem *problem);

/*
 * The same for one system call alone, by its number: a filter on the tracepoint. Until it
 * is set, an instant after attaching, all calls count: only differences mean something.
 */
int kernel_count_attach_number(struct kernel_count *count,
	const struct kernel_tracepoint *tracepoint, const pid_t *tids, size_t tid_count,
	long number, struct problem *problem);

/* The sum over the threads since attaching. 0, or -errno with problem. */
int kernel_count_read(
	const struct kernel_count *count, uint64_t *calls, struct problem *problem);

void kernel_count_detach(struct kernel_count *count);

#endif
