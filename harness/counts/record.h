/*
 * record.h - what `muxbench counts` learns of one backend in one pass.
 */
#ifndef HARNESS_COUNTS_RECORD_H
#define HARNESS_COUNTS_RECORD_H

#include "harness/process/server_peer.h"
#include "harness/trial/counters.h"
#include "harness/trial/window.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum counts_role {
	COUNTS_LOCKSTEP, /* one connection; each request is sent when the server sleeps */
	COUNTS_BATCH,    /* a request on each of several, queued while the server is
			    stopped */
	COUNTS_ROLES
};

/* Large (a histogram is in the window): allocated. */
struct counts_record {
	const char *backend; /* as given on the command line */
	enum counts_role role;
	uint64_t connections_idle;
	uint64_t connections_active;
	uint64_t message_bytes;
	uint64_t requests; /* to be made */
	bool server_known; /* server holds what it said of itself */
	struct server_hello server;
	struct window window; /* kernel_calls: of all names */

	/* Only when window.kernel_counted. */
	struct call_counts syscalls; /* the kernel's count, by name */
	uint64_t waits_restarted;    /* of these, entered again by the kernel itself */
};

/* "lockstep", "batch". */
const char *counts_role_name(enum counts_role role);

/*
 * Holds the kernel's count against the server's own, name by name, and marks the window
 * invalid where they differ.
 *
 * One difference is no mistake: a wait that SIGSTOP interrupted is, by select(2) and
 * poll(2), entered again by the kernel after SIGCONT, and the program never learns of it
 * (signal(7), "Interruption of system calls by stop signals"). So in the batch pass each
 * worker may have one such call; it is counted in waits_restarted.
 */
void counts_record_check(struct counts_record *record);

/* The kernel's count by name; the server's own where the kernel did not count. */
struct call_counts counts_record_calls(const struct counts_record *record);

/* "3", or "301/100" in lowest terms: nothing is rounded. */
enum { COUNTS_RATIO_BYTES = 48 };
void counts_ratio(uint64_t count, uint64_t per, char text[COUNTS_RATIO_BYTES]);

#endif
