/*
 * tree.h - a process and all that it started, seen through /proc (proc(5)).
 *
 * A server may fork a child a connection: what it costs is what all of them cost. To the
 * tree of a process belong its descendants, and its process group, which those keep whose
 * parent has ended.
 */
#ifndef HARNESS_PROCESS_TREE_H
#define HARNESS_PROCESS_TREE_H

#include "common/usage.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Sums over a tree. Processes that end while they are looked at are left out. */
struct tree_census {
	size_t processes; /* those that nobody has waited for (zombies) too */
	size_t descriptors;
	uint64_t memory_bytes; /* proportional set size: shared pages are shared out */
};

/*
 * 0, -ESRCH when there is no such process, or -errno when this user may not see into one
 * of them. A zombie has neither descriptors nor memory.
 */
int tree_census(pid_t root, struct tree_census *census);

/* Is this process one of the tree? */
bool tree_contains(pid_t root, pid_t pid);

/* CPU time of those that live now, exact to the ns. 0, or -ESRCH. */
int tree_cpu_ns(pid_t root, uint64_t *cpu_ns);

/* What a tree has used until now, and who is in it. */
struct tree_usage {
	/*
	 * CPU time is that of tree_cpu_ns() and of those who have ended and were waited
	 * for: these in ticks of 10 ms, as proc_pid_stat(5) has it. Switches and delay
	 * are those of the threads that live; rss_max_bytes is the sum of the peaks.
	 */
	struct usage usage;
	size_t processes, threads;
	uint64_t identity; /* as long as it stays the same, so do the threads */
	/*
	 * Who ignores SIGCHLD waits for nobody, and what its children used is told to
	 * nobody either when they end (wait(2)).
	 */
	bool children_forgotten;
};

/* 0, -ESRCH, or -errno when this user may not see into one of them. */
int tree_usage(pid_t root, struct tree_usage *usage);

/*
 * The threads of all processes into tids, no more than max of them. How many there are,
 * which may be more, or -errno.
 */
int tree_threads(pid_t root, pid_t *tids, size_t max);

/* Does no thread run, wait for a core to run on, or for whoever traces it? */
bool tree_sleeps(pid_t root);

/* Sends the signal to each. 0 when root got it, or -errno. */
int tree_signal(pid_t root, int signal_number);

/*
 * SIGSTOP to each, those too that are forked meanwhile, until every thread of all is
 * stopped. 0, -ESRCH, -EPERM, or -ETIMEDOUT.
 */
int tree_stop(pid_t root);

/* Ends, with SIGKILL, and reaps all descendants of root but not root itself. */
void tree_kill_below(pid_t root);

#endif
