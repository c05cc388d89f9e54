/*
 * session.h - one trial in progress: what trial.c shares with stranger.c, which does for
 * a server that tells nothing what trial.c asks of ours.
 */
#ifndef HARNESS_TRIAL_SESSION_H
#define HARNESS_TRIAL_SESSION_H

#include "harness/process/foreign_peer.h"
#include "harness/syscalls/ptrace_count.h"
#include "harness/trial/trial.h"

/* Until a peer that breaks down can be seen to end. */
#define SESSION_LAST_WORDS_NS (500 * NS_PER_MS)

/* What one trial in progress consists of. */
struct session {
	struct trial *trial;
	const struct trial_setting *setting;
	struct peer server, load;
	const struct foreign *foreign; /* NULL: server is the server */
	struct foreign_peer stranger;  /* or else this */
	uint64_t held;                 /* of its connections; less those that were lost */
	struct kernel_count kernel;
	struct ptrace_count traced; /* instead of it, where only that is allowed */
	bool is_traced;
	struct problem problem; /* of the step that failed */
};

/* A step gives 0 to go on, SESSION_DECIDED when the trial has its status, or -errno. */
enum { SESSION_DECIDED = 1 };

/* Gives the whole trial a status and the reason for it. SESSION_DECIDED. */
int session_decide(struct session *session, enum trial_status status, const char *reason);

/*
 * The steps of a trial for session->foreign, as those of trial.c: 0, SESSION_DECIDED, or
 * -errno with session->problem.
 */
int stranger_start(struct session *session);

/*
 * A server that tells nothing holds a connection when it has echoed a message over it.
 * The idle ones have theirs behind them, and of those that requests are spread over all.
 */
int stranger_await_echoes(struct session *session);

/* Threads that it starts later inherit it (sched(7)). */
int stranger_set_sched(struct session *session, enum sched_policy policy);

/* The kernel's count, by perf, or if that is refused by ptrace. 0, or -errno with
 * problem. */
int stranger_count(struct session *session, struct problem *problem);

/*
 * After the load of a window: the client knows which connections are gone, and errors may
 * be the server's end. 0, or -EPIPE.
 */
int stranger_check(struct session *session, const struct window *window);

/* How much of what can be seen of a server from outside is known of this window. */
void stranger_judge(const struct session *session, struct window *window);

#endif
