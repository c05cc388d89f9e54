/*
 * peer.h - a program that is launched and talked to in JSON lines: commands on its
 * stdin, answers and events on its stdout. server_peer.h and load_peer.h make typed
 * functions of this, and nothing else uses it.
 *
 * All functions that wait return 0 or a negative errno with a problem that names the
 * program: -ETIMEDOUT no answer in time, -EPIPE the program ended, -EBADMSG it said
 * something else, -EREMOTEIO it reported an error of its own, -ECANCELED the run is being
 * interrupted (the only one without a problem).
 */
#ifndef HARNESS_PROCESS_PEER_H
#define HARNESS_PROCESS_PEER_H

#include "harness/process/child.h"

#include "common/jsonl.h"

#include <stdbool.h>
#include <stdint.h>

enum { PEER_PROTOCOL = 1 };

/* What launching needs to know; lives as long as the peers. */
struct launcher {
	const char *directory; /* where the programs lie */
	const cpu_set_t *cpus; /* that they may use */
	int cancel_fd;         /* readable when the run is to stop; -1: never */
};

/*
 * Finds this program's folder (into directory, of PATH_MAX bytes), ignores SIGPIPE, opens
 * *cancel_fd (the caller closes it) and fills launcher from them. 0 or -errno with
 * problem; then *cancel_fd is -1.
 */
int launcher_open(struct launcher *launcher, char *directory, const cpu_set_t *cpus,
	int *cancel_fd, struct problem *problem);

struct peer {
	const char *name; /* of the program */
	int cancel_fd;
	bool reported; /* it said "error", or nonsense: why it ends is known */
	struct child child;
	struct jsonl_reader reader;
};

/* A peer that was never started: peer_end() on it does nothing. */
void peer_init(struct peer *peer);

/* argv[0] is the program's name, a literal. peer_end() must follow, also on an error. */
int peer_start(struct peer *peer, const struct launcher *launcher,
	const char *const *argv, struct problem *problem);

/* Waits for one line; the object is the caller's. */
int peer_hear_line(
	struct peer *peer, uint64_t wait_ns, json_t **object, struct problem *problem);

/* The same for a line with an event in it, which *event names, owned by *answer. */
int peer_hear_event(struct peer *peer, uint64_t wait_ns, json_t **answer,
	const char **event, struct problem *problem);

/* The same for the one event that is due: another one is an error. */
int peer_hear(struct peer *peer, const char *due, uint64_t wait_ns, json_t **answer,
	struct problem *problem);

/* 0 if the event that was heard is the one that is due; else the answer is released. */
int peer_expect(struct peer *peer, const char *due, const char *event, json_t **answer,
	struct problem *problem);

/* Sends command, whose ownership it takes; what it answers is heard later. */
int peer_tell(struct peer *peer, json_t *command, struct problem *problem);

/* Sends command, whose ownership it takes, and hears the answer that is due. */
int peer_ask(struct peer *peer, json_t *command, const char *due, uint64_t wait_ns,
	json_t **answer, struct problem *problem);

/*
 * The end of an answer: releases it. error is what reading its members gave; when it is
 * not 0, what->text goes to problem behind the program's name. Returns error.
 */
int peer_taken(struct peer *peer, json_t *answer, int error, const struct problem *what,
	struct problem *problem);

/* Why an event says that something is not so; owned by the event. */
const char *peer_reason(const json_t *event);

/* 0, or -EBADMSG when the program is of another build. */
int peer_check_protocol(const json_t *hello, struct problem *problem);

/*
 * The normal end: {"cmd":"stop"}, {"event":"stopped"}, exit status 0. It ignores the
 * cancel descriptor, being short; peer_end() must still follow.
 */
int peer_stop(struct peer *peer, struct problem *problem);

/* The end in any case; the process is gone afterwards, its last words are kept. */
void peer_end(struct peer *peer);

#endif
