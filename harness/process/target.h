/*
 * target.h - somebody else's server: one that runs already, or one that is started here.
 *
 * A server that was started here ends with everything that it started (tree.h), whatever
 * happens: it dies with this process, orphans come to us (PR_SET_CHILD_SUBREAPER), and a
 * keeper sees to its group. Only what leaves the group and outlives its parents can stay
 * behind when this process is killed.
 */
#ifndef HARNESS_PROCESS_TARGET_H
#define HARNESS_PROCESS_TARGET_H

#include "common/net.h"
#include "common/problem.h"
#include "harness/process/child.h"
#include "harness/process/endpoint.h"
#include "harness/process/keeper.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/types.h>

struct target {
	struct net_address address; /* the one that answered */
	pid_t pid;                  /* of the server; 0: not known */
	bool spawned;               /* by us: child is it */
	bool stopped;               /* by SIGSTOP of ours */
	struct child child;
	struct keeper keeper; /* of what it forks, should this process be killed */
};

/* What a server is started with. */
struct target_command {
	char *const *words;               /* with {port} in them */
	const struct rlimit *descriptors; /* NULL: the harness's */
	const cpu_set_t *cpus;            /* that it may use; NULL: the harness's */
	bool mute;                        /* nobody will read its output */
};

/*
 * Finds the first address that takes a connection within timeout_ns. 0, -ECANCELED, or
 * -errno with problem.
 */
int target_find(struct target *target, const struct endpoint *endpoint,
	uint64_t timeout_ns, int cancel_fd, struct problem *problem);

/* Starts a server on a free port and waits until it accepts. As above. */
int target_spawn(struct target *target, const struct target_command *command,
	uint64_t timeout_ns, int cancel_fd, struct problem *problem);

/*
 * Is this connection one with itself? The kernel may give a client just the port that it
 * connects to when nobody listens there, and an echo of that kind is perfect.
 */
bool target_met_itself(int fd);

/* Reads away what a server that we started writes, so that it never waits for us. */
void target_drain(struct target *target);

/*
 * Has the process ended? Waits up to so long for it, for a socket closes a little before
 * its process is gone. False too when no process is known.
 */
bool target_ended(struct target *target, uint64_t wait_ns);

/* "killed by signal 11 (...)" or "exit status 1" or "gone", and its last words. */
void target_describe_end(const struct target *target, char *text, size_t text_size);

/* Is a process known that this user may stop? */
bool target_can_stop(const struct target *target);

/* SIGSTOP and SIGCONT for the whole tree; stop waits for it. 0 or -errno. */
int target_stop(struct target *target);
int target_continue(struct target *target);

/* Lets go of it; ends one that we started, with all its descendants. */
void target_end(struct target *target);

#endif
