/*
 * victim.h - the server that faults are injected into: started with --control, with a
 * library preloaded and perhaps behind other programs, asked, stopped, and judged by what
 * it and the library said.
 */
#ifndef TESTS_INJECT_VICTIM_H
#define TESTS_INJECT_VICTIM_H

#include "common/jsonl.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct victim_setup {
	const char *server;  /* the program */
	const char *backend; /* a name or the path of a plug-in */
	const char *shim;    /* to be preloaded; NULL: nothing */
	const char *faults;  /* the shim's MUXBENCH_SHIM */
	char **launcher; /* words in front of the server's, NULL-terminated: strace ... */
};

struct victim {
	pid_t child_pid; /* what was started: the launcher, if there is one */
	pid_t pid;       /* the server, as its ready event says */
	int port;
	int commands_fd; /* its stdin */
	int log_fd;      /* a memory file: its stderr, and the shim's last words */
	struct jsonl_reader events;
};

struct victim_snapshot {
	bool settled;
	uint64_t accepted, refused, held, errors, pauses;
	uint64_t bytes_rx, bytes_tx;
	uint64_t calls; /* all that the worker has made */
};

/* Each: 0, or -errno with problem. */
int victim_start(
	struct victim *victim, const struct victim_setup *setup, struct problem *problem);
int victim_ask(
	struct victim *victim, struct victim_snapshot *snapshot, struct problem *problem);
/* stop, stopped, exit status 0. */
int victim_stop(struct victim *victim, struct problem *problem);

/* How many descriptors it holds. */
int victim_descriptors(const struct victim *victim);

/* The number behind "shim: NAME " in its log, after its end; 0: no such line. */
uint64_t victim_injected(const struct victim *victim, const char *name);

/* All that it wrote on stderr, to fd. */
void victim_print_log(const struct victim *victim, int fd);

/* Ends it the hard way if it still runs, and frees everything. */
void victim_discard(struct victim *victim);

#endif
