/*
 * tally.h - what a crowd of clients has seen. Each crowd writes its own, and the watcher
 * reads them all meanwhile, hence relaxed atomics (they compile to plain additions).
 */
#ifndef TESTS_SOAK_TALLY_H
#define TESTS_SOAK_TALLY_H

#include "tests/soak/kind.h"

#include "common/problem.h"

#include <stdint.h>

struct tally_kind {
	uint64_t finished;       /* connections that ended as their script says */
	uint64_t bytes_verified; /* that came back, each compared */
};

struct tally {
	struct tally_kind kinds[KIND_COUNT];
	uint64_t connections; /* that stood */
	uint64_t bytes_sent;  /* that the kernel took */
	uint64_t bytes_verified;
	uint64_t resets;      /* RST with the connection not at its end */
	uint64_t half_closes; /* FIN sent, everything and the server's FIN came */
	/* Of connections that did not get all back: cut by their script, lost or wrong.
	 */
	uint64_t cut_bytes_sent;
	uint64_t cut_bytes_received;
	uint64_t lost_connections; /* ended or silent before all was back */
	uint64_t lost_bytes;       /* what they were owed */
	uint64_t wrong_connections;
	uint64_t wrong_bytes;
	uint64_t quiet_longest_ns; /* the longest wait of a quiet client for its echo */
	uint64_t live;             /* clients there are now */
	/* Of the first client that was lost or got a wrong byte; only once it stands
	 * still. */
	struct problem first_fault;
};

static inline uint64_t tally_get(const uint64_t *counter)
{
	return __atomic_load_n(counter, __ATOMIC_RELAXED);
}

static inline void tally_set(uint64_t *counter, uint64_t value)
{
	__atomic_store_n(counter, value, __ATOMIC_RELAXED);
}

static inline void tally_add(uint64_t *counter, uint64_t n)
{
	tally_set(counter, tally_get(counter) + n);
}

/* Adds the counters of one to sum (quiet_longest_ns: the longer one), not its fault. */
void tally_sum(struct tally *sum, const struct tally *one);

/* Clients that were lost or got a wrong byte. */
uint64_t tally_faults(const struct tally *tally);

#endif
