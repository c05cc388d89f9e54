/*
 * counters.h - what server and load generator count, as they report it.
 *
 * The server counts from its start, so a window is the difference of two snapshots.
 * A new counter is a member here, a line in the table of counters.c, and a line in
 * results/README.md.
 */
#ifndef HARNESS_TRIAL_COUNTERS_H
#define HARNESS_TRIAL_COUNTERS_H

#include "common/problem.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* By the server's worker threads, cumulative. */
struct server_counters {
	uint64_t bytes_rx;
	uint64_t bytes_tx;
	uint64_t wakeups; /* returns from a wait */
	uint64_t events;  /* what those brought */
	uint64_t eagain_accept;
	uint64_t eagain_recv;
	uint64_t eagain_send;
	uint64_t wait_bytes; /* handed to or by the kernel in waits */
	uint64_t connection_errors;
	uint64_t accept_pauses;
	/* Where there is a completion queue; else null, or not there at all (older runs).
	 */
	uint64_t cq_overflows;
	bool has_cq_overflows;
};

/* By the load generator, of one window. */
struct load_counters {
	uint64_t requests_completed;
	uint64_t errors;
	uint64_t bytes_wrong;
	uint64_t bytes_rx;
	uint64_t bytes_tx;
	uint64_t connections_lost;
	/* These may be left out or null, and are then 0. */
	uint64_t connections_opened; /* churn */
	uint64_t requests_intended;  /* open loop: fell due in the window */
};

enum { CALL_NAMES_MAX = 48, CALL_NAME_BYTES = 32 };

/* System calls by the kernel's names, in the order reported. */
struct call_counts {
	size_t length;
	struct call_count {
		char name[CALL_NAME_BYTES];
		uint64_t count;
	} calls[CALL_NAMES_MAX];
};

/* Each from_json: 0, or -EBADMSG with a line that names what is wrong. */
int server_counters_from_json(
	const json_t *object, struct server_counters *counters, struct problem *problem);
int load_counters_from_json(
	const json_t *object, struct load_counters *counters, struct problem *problem);
int call_counts_from_json(
	json_t *object, struct call_counts *counts, struct problem *problem);

struct server_counters server_counters_difference(
	const struct server_counters *before, const struct server_counters *after);

/* Only the calls whose count grew. */
struct call_counts call_counts_difference(
	const struct call_counts *before, const struct call_counts *after);

/* The count under that name, 0 when there is none. */
uint64_t call_counts_get(const struct call_counts *counts, const char *name);

uint64_t call_counts_total(const struct call_counts *counts);

/*
 * The counters{} of a trial record: the bytes are the server's. server NULL: it told
 * nothing, so all of its members are null.
 */
json_t *counters_to_json(
	const struct server_counters *server, const struct load_counters *load);
json_t *call_counts_to_json(const struct call_counts *counts);

#endif
