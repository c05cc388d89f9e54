/*
 * placement.h - on which cores server and load generator run.
 *
 * On one core the two take turns and a wake-up costs little: the quietest ruler for what
 * the server itself costs. On two cores each echo wakes the other core twice, and that
 * may cost more than the work. Results of different placements are never comparable.
 */
#ifndef HARNESS_MACHINE_PLACEMENT_H
#define HARNESS_MACHINE_PLACEMENT_H

#include "common/problem.h"

#include <sched.h>
#include <stddef.h>
#include <sys/types.h>

enum placement_kind { PLACEMENT_SAME_CORE, PLACEMENT_CROSS_CORE, PLACEMENT_NONE };

/*
 * Who gets a core that several want. FIFO is real time: while server or load want to run,
 * nothing of the ordinary kind does, which keeps other work out of the windows.
 */
enum sched_policy { SCHED_POLICY_OTHER, SCHED_POLICY_FIFO };

struct placement {
	enum placement_kind kind;
	int server_cpu; /* -1: not pinned */
	int load_cpu;
	enum sched_policy sched;
	cpu_set_t allowed; /* what this process was given at its start */
	size_t allowed_count;
};

/* "same-core" and so on; -EINVAL with problem when there is none of that name. */
int placement_parse(const char *name, enum placement_kind *kind, struct problem *problem);
/* As given on the command line. */
const char *placement_name(enum placement_kind kind);
/* As read in a sentence. */
const char *placement_words(enum placement_kind kind);

/* Takes the last allowed cores. 0, or -ENODEV with problem when there are too few. */
int placement_choose(
	struct placement *placement, enum placement_kind kind, struct problem *problem);

/*
 * Moves this process off the cores of the measurement, if others are left to it. Children
 * are to be given placement->allowed. 0, 1 when it must share, or -errno.
 */
int placement_step_aside(const struct placement *placement);

/* "other" or "fifo"; -EINVAL with problem when there is none of that name. */
int sched_parse(const char *name, enum sched_policy *policy, struct problem *problem);
const char *sched_name(enum sched_policy policy);

/* Whether this process may give that policy to others: 0, or -EPERM with problem. */
int sched_probe(enum sched_policy policy, struct problem *problem);

/* Gives it to a thread, or to all threads of a process. 0, or -errno with problem. */
int sched_set_thread(pid_t tid, enum sched_policy policy, struct problem *problem);
int sched_set_process(pid_t pid, enum sched_policy policy, struct problem *problem);

#endif
