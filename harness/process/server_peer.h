/*
 * server_peer.h - what is said to muxbench-server, and what it answers, as functions and
 * structs. For what they return see peer.h.
 */
#ifndef HARNESS_PROCESS_SERVER_PEER_H
#define HARNESS_PROCESS_SERVER_PEER_H

#include "harness/process/peer.h"
#include "harness/trial/counters.h"

#include "common/usage.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum {
	BACKEND_NAME_BYTES = 128, /* with its options */
	SERVER_MODES_MAX = 16,
	SERVER_MODE_BYTES = 48,
	SERVER_WORKERS_MAX = 64,
};

enum server_state { SERVER_READY, SERVER_UNSUPPORTED, SERVER_ERROR };

/* The first thing a server says. */
struct server_hello {
	enum server_state state;
	char reason[sizeof(((struct problem *)0)->text)]; /* where it is not ready */

	/* The rest only when it is ready. */
	char backend[BACKEND_NAME_BYTES]; /* that really runs */
	char modes[SERVER_MODES_MAX][SERVER_MODE_BYTES];
	size_t mode_count;
	pid_t worker_tids[SERVER_WORKERS_MAX];
	size_t worker_count;
	int port;
	char host[80]; /* it listens there; "": where the load looks by itself */
	int cpu;       /* of the workers; -1: not pinned */
	uint64_t connections_max; /* how many it can hold */
	uint64_t descriptors_soft;
	uint64_t fds_limit; /* of the backend, as select's 1024; 0: none */
};

/* What is seen of a server from outside: foreign_peer.h. Of ours nothing. */
struct server_seen {
	bool cpu_known;
	bool children_forgotten; /* CPU time of children is lost when they end */
	size_t processes, threads;
	uint64_t identity; /* as long as it stays the same, so do the threads */
};

struct server_snapshot {
	uint64_t at_ns;
	bool settled; /* all workers asleep, counters standing still */
	uint64_t connections_held;
	struct server_counters counters;
	struct call_counts calls;
	struct usage usage; /* of the workers; of a foreign server, of its whole tree */
	struct server_seen seen;
};

/* cpu -1: not pinned. */
int server_peer_start(struct peer *server, const struct launcher *launcher,
	const char *backend, int cpu, struct problem *problem);
/* 0 in all three states; an error only when none was heard. */
int server_peer_hello(
	struct peer *server, struct server_hello *hello, struct problem *problem);
/* settle_ms 0: at once, else when it is at rest or that much time has passed. */
int server_peer_snapshot(struct peer *server, unsigned settle_ms,
	struct server_snapshot *snapshot, struct problem *problem);

#endif
