/*
 * foreign_peer.h - a server that tells nothing, seen from outside, in the words of
 * server_peer.h: what it would say itself is left out, not made up.
 *
 * What can be seen: the CPU time of its process and all that it started (tree.h), and
 * when they sleep. What connections it holds cannot: the load generator must have had an
 * echo over every one of them, and says which were lost since.
 */
#ifndef HARNESS_PROCESS_FOREIGN_PEER_H
#define HARNESS_PROCESS_FOREIGN_PEER_H

#include "harness/process/foreign.h"
#include "harness/process/server_peer.h"
#include "harness/process/target.h"
#include "harness/syscalls/kernel_count.h"
#include "harness/syscalls/ptrace_count.h"

#include "common/problem.h"

#include <sched.h>
#include <stdint.h>

struct foreign_peer {
	const struct foreign *foreign; /* NULL: none was started */
	int cancel_fd;
	struct target target;
	struct problem unseen; /* "", or why its process is not known */
};

/* What is started with. */
struct foreign_place {
	const cpu_set_t *cpus; /* that it may use, if it is started here */
	int cpu;               /* the only one of them, or -1 */
	int cancel_fd;
};

/* Of none: foreign_peer_end() on it does nothing. */
void foreign_peer_init(struct foreign_peer *peer);

/*
 * Starts it on a free port, or finds it, and waits until it accepts a connection. Fills
 * hello with what is known: no modes, no limit; worker_tids holds its thread if it has
 * only one. 0, or -errno with problem.
 */
int foreign_peer_start(struct foreign_peer *peer, const struct foreign *foreign,
	const struct foreign_place *place, struct server_hello *hello,
	struct problem *problem);

/*
 * What the process has used. With settle_ms it is awaited, so long, that all of the tree
 * sleeps; settled says whether it did. seen is filled, the server's own counts are not.
 * 0, or -errno with problem: it has ended.
 */
int foreign_peer_snapshot(struct foreign_peer *peer, unsigned settle_ms,
	struct server_snapshot *snapshot, struct problem *problem);

/*
 * Counts in the kernel for every thread of the tree and all that they will start. 0, or
 * -errno with problem.
 */
int foreign_peer_count(const struct foreign_peer *peer, struct kernel_count *count,
	const struct kernel_tracepoint *tracepoint, struct problem *problem);

/*
 * The same by ptrace, where perf is not allowed: a server that was started here, and all
 * that it starts from now on. Whoever is waited for meanwhile needs ptrace_count_serve()
 * as its service (child.h).
 */
int foreign_peer_trace(const struct foreign_peer *peer, struct ptrace_count *count,
	struct problem *problem);

/* The only thread of the tree, or 0: it has several, or is not known. */
pid_t foreign_peer_only_thread(const struct foreign_peer *peer);

/* Whether its process has ended, after waiting so long; then how, "NAME ended: ...". */
bool foreign_peer_has_ended(
	struct foreign_peer *peer, uint64_t wait_ns, char *text, size_t text_size);

/*
 * Lets go of it: one that was started here ends, with everything that it started; one
 * that runs on may first come to rest from the connections it has lost. No other child of
 * this process may be left by then: whatever is below it is taken for the server's.
 */
void foreign_peer_end(struct foreign_peer *peer);

#endif
