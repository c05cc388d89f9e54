/*
 * usage.h - what a process has used so far, by the kernel's account (proc(5)).
 *
 * CPU time is the exact run time of the scheduler, in ns. Its split into user and system
 * comes from the timer tick (10 ms steps): good over a window, not exact.
 */
#ifndef COMMON_USAGE_H
#define COMMON_USAGE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct usage {
	uint64_t cpu_ns;
	uint64_t user_ticks_ns; /* as the ticks sampled it; see usage_split() */
	uint64_t sys_ticks_ns;
	uint64_t ctx_switches_voluntary;   /* slept */
	uint64_t ctx_switches_involuntary; /* was taken off its core */
	uint64_t run_delay_ns;             /* ready to run, waiting for a core */
	uint64_t rss_max_bytes;            /* the peak so far, not a difference */
};

/*
 * Sums over the threads of process pid but skip_tid (0: none is skipped). Of the calling
 * process the CPU time is exact; of another one a thread that is running at this moment
 * may lack up to one timer tick. A thread that has ended is no longer in the sum: it only
 * grows while none does. Two descriptors must be free. 0, or -errno (-ESRCH: no such
 * process).
 */
int usage_read(pid_t pid, pid_t skip_tid, struct usage *usage);

/* after - before; rss_max_bytes is after's. */
struct usage usage_difference(const struct usage *before, const struct usage *after);

/* cpu_ns of a difference split as its ticks say. False: no tick fell into it. */
bool usage_split(const struct usage *difference, uint64_t *user_ns, uint64_t *sys_ns);

/* The state letter of a thread as in proc_pid_stat(5), 'S' for asleep; or -errno. */
int usage_thread_state(pid_t pid, pid_t tid);

/* All threads of process pid but skip_tid are asleep. Two descriptors must be free. */
bool usage_threads_asleep(pid_t pid, pid_t skip_tid);

#endif
