/*
 * child.h - launching a program and being sure that it ends.
 *
 * A child talks over three pipes, dies with this process (PR_SET_PDEATHSIG) and has a
 * process group of its own, so that Ctrl-C in a terminal reaches only the harness, which
 * then ends its children in order; what is left of the group ends with the child. It gets
 * no other descriptor and no privilege (privileges.h). Every wait has a deadline. No
 * shell is involved.
 */
#ifndef HARNESS_PROCESS_CHILD_H
#define HARNESS_PROCESS_CHILD_H

#include "common/problem.h"

#include <sched.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/types.h>

enum { CHILD_SAID_MAX = 4096 };

struct child_command {
	const char *file;        /* with a slash: a path; without: PATH is searched */
	const char *const *argv; /* ends with NULL */
	const char *directory;   /* to run in; NULL: where the harness runs */
	const cpu_set_t *cpus;   /* that it may use; NULL: those of the harness */
	const struct rlimit *descriptors; /* its RLIMIT_NOFILE; NULL: the harness's */
	bool mute; /* its stdout is /dev/null: a pipe that nobody reads would fill up */
};

/* What else must be attended to while a child is waited for. */
struct child_service {
	int fd; /* serve() is due when it is readable; -1: never */
	void (*serve)(void *context);
	void *context;
};

/* All of it but service is owned by child_start() and child_end(). */
struct child {
	pid_t pid;       /* 0: none, or ended and reaped */
	int pidfd;       /* readable once the process has ended (pidfd_open(2)) */
	int in;          /* write end of its stdin; -1: closed */
	int out;         /* read end of its stdout; -1: mute */
	int err;         /* read end of its stderr, non-blocking; -1 after its end */
	int wait_status; /* as waitpid(2) gives it, once pid is 0 */
	char said[CHILD_SAID_MAX + 1]; /* the last of its stderr, ended with a NUL */
	size_t said_bytes;
	struct child_service service; /* none, until the owner sets it */
};

/* A child that was never started: child_end() on it does nothing. */
void child_init(struct child *child);

/* 0 once the program runs, or -errno of whatever failed, exec included, with problem. */
int child_start(struct child *child, const struct child_command *command,
	struct problem *problem);

enum child_event {
	CHILD_OUTPUT, /* its stdout is readable, or at its end */
	CHILD_ENDED,  /* the process has ended and nothing is left to read */
};

/*
 * Waits for an event of the child, collecting its stderr meanwhile. An enum child_event,
 * -ETIMEDOUT, -ECANCELED when cancel_fd (-1: none) is readable, or -errno.
 */
int child_await(struct child *child, int cancel_fd, uint64_t deadline_ns);

/* Waits for the end and reaps; 0 (also when it had ended before) or as child_await(). */
int child_wait(struct child *child, int cancel_fd, uint64_t deadline_ns);

/* Whether the process has ended; it is not reaped. */
bool child_has_ended(const struct child *child);

/* Tells the child to stop by closing its stdin; its other pipes stay open. */
void child_close_input(struct child *child);

/*
 * Ends the child whatever it does: end of file on its stdin, SIGKILL when it has not
 * ended within grace_ns, all descriptors closed. said and wait_status stay readable.
 */
void child_end(struct child *child, uint64_t grace_ns);

/* True when it ended with exit status 0. */
bool child_succeeded(const struct child *child);

/* How a child that has ended did so: "exit status 1", "killed by signal 11 (...)". */
void child_describe_end(const struct child *child, char *text, size_t text_size);

#endif
