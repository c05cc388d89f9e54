/*
 * meter.h - the kernel's count of a thread's system calls by name, made by
 * whichever means this machine and this user allow.
 *
 * perf counts without stopping anything: one counter for all calls, and one for each
 * number there is, so that no call can hide. ptrace stops at each call and gives the
 * same integers.
 */
#ifndef HARNESS_COUNTS_METER_H
#define HARNESS_COUNTS_METER_H

#include "harness/process/child.h"
#include "harness/syscalls/kernel_count.h"
#include "harness/syscalls/names.h"
#include "harness/syscalls/ptrace_count.h"
#include "harness/trial/counters.h"

#include <stdbool.h>
#include <stdint.h>

enum counts_method { COUNTS_METHOD_AUTO, COUNTS_METHOD_PERF, COUNTS_METHOD_PTRACE };

/* Calls so far; only differences mean something. */
struct counts_reading {
	uint64_t total;
	uint64_t by_name[SYSCALL_NAMES_MAX]; /* at the places of syscall_names() */
};

/* Large: allocated, not on a stack. */
struct counts_meter {
	bool attached;
	enum counts_method method; /* that is in use while attached */
	struct kernel_count total; /* of perf */
	struct kernel_count by_name[SYSCALL_NAMES_MAX];
	struct ptrace_count traced; /* of ptrace */
};

/* "auto", "perf" or "ptrace"; -EINVAL with problem when it is none of these. */
int counts_method_parse(
	const char *name, enum counts_method *method, struct problem *problem);
const char *counts_method_name(enum counts_method method);

/*
 * Counts from here on: by the method, or by perf and else by ptrace. 0, or -errno with
 * problem, which says why by no means.
 */
int counts_meter_attach(struct counts_meter *meter, enum counts_method method,
	const struct kernel_tracepoint *tracepoint, const pid_t *tids, size_t tid_count,
	struct problem *problem);

/* How it counts, as records tell it; while attached. */
const char *counts_meter_words(const struct counts_meter *meter);

/* What a child that is waited for must be given while the meter is attached. */
struct child_service counts_meter_service(struct counts_meter *meter);

/* Whether a stop signal holds the thread: pid is its process. */
bool counts_meter_stopped(struct counts_meter *meter, pid_t pid, pid_t tid);

int counts_meter_read(struct counts_meter *meter, struct counts_reading *reading,
	struct problem *problem);

/* Does nothing when it is not attached. */
void counts_meter_detach(struct counts_meter *meter);

/* after - before by name; what has no name becomes "other". */
struct call_counts counts_reading_difference(
	const struct counts_reading *before, const struct counts_reading *after);

#endif
