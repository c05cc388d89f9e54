/*
 * window.h - one measured window of a trial: what was read at both ends, and its status.
 */
#ifndef HARNESS_TRIAL_WINDOW_H
#define HARNESS_TRIAL_WINDOW_H

#include "harness/process/load_peer.h"
#include "harness/process/server_peer.h"

#include <stdbool.h>
#include <stdint.h>

/* In rising order of weight: a trial has the heaviest of its windows. */
enum trial_status {
	TRIAL_OK,
	TRIAL_SKIPPED,     /* the backend or a limit does not allow that many */
	TRIAL_UNSUPPORTED, /* this machine cannot run the backend */
	TRIAL_INVALID,     /* measured, but not to be trusted */
	TRIAL_FAILED,      /* a program broke down */
	TRIAL_STATUS_COUNT
};

enum window_role { WINDOW_TIMED, WINDOW_COUNTED, WINDOW_COUNT };

/* A reason may quote all that a program wrote on its stderr. */
enum {
	WINDOW_REASONS_MAX = 8,
	WINDOW_REASON_BYTES = CHILD_SAID_MAX + 64,
	WINDOW_NOTE_BYTES = 160,
};

/*
 * What is said of a window beside its status. The first three withdraw its latency, the
 * first two its throughput as well; CPU and counts stand. The others only warn.
 */
enum window_flag {
	WINDOW_LATENCY_INVALID,  /* open loop: requests were sent too late */
	WINDOW_CLIENT_SATURATED, /* the client had no CPU time left */
	WINDOW_OVERLOAD,         /* open loop: the server could not keep up */
	WINDOW_HALVES_DIFFER,    /* a warning: the cost drifted inside the window */
	WINDOW_CLIENT_BOUND,     /* a warning: the client was the bottleneck */
	WINDOW_FLAG_COUNT
};

/* How kernel_method begins when the kernel did not count; the reason follows. */
#define KERNEL_METHOD_NONE "none: "

/* Raw: differences and rates are derived where they are needed. */
struct window {
	enum trial_status status;
	size_t reason_count; /* the first is for the status */
	char reasons[WINDOW_REASONS_MAX][WINDOW_REASON_BYTES];
	bool flags[WINDOW_FLAG_COUNT];
	char notes[WINDOW_FLAG_COUNT][WINDOW_NOTE_BYTES]; /* why, a sentence a flag */

	/*
	 * The server is not one of ours (foreign.h): what only it could count, its
	 * counters and its calls, is not known; nor, perhaps, is the rest.
	 */
	bool foreign;
	bool cpu_unknown;
	bool switches_unknown; /* context switches and run delay: threads came or went */
	char cpu_method[WINDOW_NOTE_BYTES]; /* how, or "none: " and why not; "": ours */

	bool measured; /* the rest was filled */
	struct server_snapshot before, after;
	bool halved; /* middle was taken, about half way, while requests ran */
	struct server_snapshot middle;
	bool steal_known;
	uint64_t steal_ns; /* taken by the hypervisor from the cpus of the trial */
	struct load_result load;
	bool kernel_counted;
	uint64_t kernel_calls; /* if it was counted */
	char kernel_method[WINDOW_REASON_BYTES];
};

/*
 * Gives a window a reason, and a status if that weighs more than the one it has: then the
 * reason becomes the first.
 */
void window_mark(struct window *window, enum trial_status status, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Sets a flag and says why. */
void window_flag(struct window *window, enum window_flag flag, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Whether an ok window's latency, and its requests a second, may be shown. */
bool window_latency_stands(const struct window *window);
bool window_throughput_stands(const struct window *window);

/* The latency that counts: response time in an open loop, else service time. */
const struct histogram *window_latency(const struct window *window);

/* From the one end to the other, of a measured window. */
struct usage window_server_usage(const struct window *window);
struct server_counters window_server_counters(const struct window *window);
struct call_counts window_calls(const struct window *window);

/* "ok", "invalid" and so on; "timed", "counted". */
const char *trial_status_name(enum trial_status status);
const char *window_role_name(enum window_role role);
/* "latency_invalid" and so on. */
const char *window_flag_name(enum window_flag flag);

#endif
