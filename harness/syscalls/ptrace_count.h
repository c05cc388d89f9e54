/*
 * ptrace_count.h - the system calls of threads by number, as a debugger sees them: every
 * entry stops the thread until this process lets it go on (ptrace(2)).
 *
 * For an ordinary user whom perf refuses: to trace one's own child is allowed nearly
 * everywhere. It costs two stops a call, so times mean nothing while it is attached;
 * counts are as exact as perf's.
 *
 * A stopped thread waits for us, and so whatever this process waits for may wait for that
 * thread: ptrace_count_serve() must be called whenever fd is readable.
 */
#ifndef HARNESS_SYSCALLS_PTRACE_COUNT_H
#define HARNESS_SYSCALLS_PTRACE_COUNT_H

#include "harness/syscalls/names.h"

#include "common/problem.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define PTRACE_COUNT_METHOD "ptrace"

enum { PTRACE_COUNT_THREADS_MAX = 256 };

struct ptrace_count {
	int fd; /* readable when a thread has stopped; owned */
	size_t count;
	struct ptrace_thread {
		pid_t tid;
		bool counting; /* its next call will be seen */
		bool stopped;  /* by a stop signal, until SIGCONT */
		bool gone;     /* it has ended */
	} threads[PTRACE_COUNT_THREADS_MAX];
	uint64_t total;
	uint64_t by_name[SYSCALL_NAMES_MAX]; /* at the places of syscall_names() */
	int error;                           /* the first that serving met, or 0 */
};

/*
 * Counts from here on. The threads belong to a child of this process; a wait in which one
 * sleeps is interrupted and begins again. 0, or -errno with problem.
 */
int ptrace_count_attach(struct ptrace_count *count, const pid_t *tids, size_t tid_count,
	struct problem *problem);

/*
 * The same of a whole family: what these threads start from now on is traced from its
 * first instruction. More than PTRACE_COUNT_THREADS_MAX in all are an error that
 * ptrace_count_check() gives.
 */
int ptrace_count_attach_all(struct ptrace_count *count, const pid_t *tids,
	size_t tid_count, struct problem *problem);

/* Takes note of every stop and lets the threads go on. context is a ptrace_count. */
void ptrace_count_serve(void *context);

/* Whether a stop signal holds all threads. */
bool ptrace_count_all_stopped(const struct ptrace_count *count);

/* 0 when everything was seen until now, or -errno with problem. */
int ptrace_count_check(struct ptrace_count *count, struct problem *problem);

/* After ptrace_count_attach(): lets the threads run on, unseen. */
void ptrace_count_detach(struct ptrace_count *count);

#endif
