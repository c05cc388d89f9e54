/*
 * subject.h - the server under soak: muxbench-server with a backend, which also tells its
 * own counters, or any program that echoes on a port it is given. Started, watched from
 * outside by what /proc says of it, and ended.
 */
#ifndef TESTS_SOAK_SUBJECT_H
#define TESTS_SOAK_SUBJECT_H

#include "harness/process/peer.h"

#include "common/problem.h"

#include <stdbool.h>
#include <stdint.h>

enum { SUBJECT_WORDS_MAX = 32, SUBJECT_BACKEND_BYTES = 64 };

struct subject {
	struct peer peer; /* of a foreign program only the child in it */
	bool tells;       /* it is muxbench-server: it has counters */
	int port;
	char backend[SUBJECT_BACKEND_BYTES]; /* that really runs; "" for a foreign one */
	char *words_copy;                    /* owned: the command of a foreign one */
};

/* What the server itself counts, since its start. */
struct subject_counters {
	bool settled;
	uint64_t accepted, closed, refused, held;
	uint64_t bytes_rx, bytes_tx;
	uint64_t connection_errors, accept_pauses;
};

/* What the kernel says of its process now. */
struct subject_state {
	int descriptors;
	uint64_t private_dirty_bytes; /* smaps_rollup: memory that is its alone */
	uint64_t resident_bytes;
	uint64_t cpu_ns;
	uint64_t busy_ns; /* the same and waiting for a core: running, if there were more
			   */
};

/*
 * Starts muxbench-server with a backend. 0, -ENOTSUP when this machine cannot run it, or
 * another -errno, with problem. subject_end() must follow in any case.
 */
int subject_start(struct subject *subject, const struct launcher *launcher,
	const char *backend, struct problem *problem);

/*
 * Starts a foreign server: words with blanks between, no shell, {port} in them replaced
 * by a free port, and waits until it can be connected to.
 */
int subject_start_foreign(struct subject *subject, const struct launcher *launcher,
	const char *command, struct problem *problem);

/*
 * Sleeps until deadline_ns while it lives, taking what it says. 0; -EPIPE with problem
 * when it has ended; -ECANCELED when the soak is being interrupted.
 */
int subject_await(struct subject *subject, uint64_t deadline_ns, struct problem *problem);

/* Asks muxbench-server; settle_ms as in the protocol. 0 or -errno with problem. */
int subject_counters(struct subject *subject, unsigned settle_ms,
	struct subject_counters *counters, struct problem *problem);

/* 0, or -errno with problem. */
int subject_look(const struct subject *subject, struct subject_state *state,
	struct problem *problem);

/* Ends it; muxbench-server is asked to, and 0 then means that it ended as it should. */
int subject_end(struct subject *subject, struct problem *problem);

#endif
