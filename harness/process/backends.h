/*
 * backends.h - the backends there are, as the server itself lists them.
 *
 * A backend is named as the server takes it: a built-in or the path of a plug-in, and
 * perhaps options of it, "epoll-et:drain=short-read". All of it together is the name that
 * a trial, a table and a picture know it by; what the options mean only the server knows.
 */
#ifndef HARNESS_PROCESS_BACKENDS_H
#define HARNESS_PROCESS_BACKENDS_H

#include "harness/process/server_peer.h"

#include <stdbool.h>
#include <stddef.h>

enum { BACKENDS_MAX = 32 };

struct backend_entry {
	char name[BACKEND_NAME_BYTES];
	bool variant; /* run only where it is named, or "all" are */
	bool supported;
	char reason[256]; /* "" where it is supported */
};

struct backend_list {
	size_t count;
	const struct launcher *launcher; /* who was asked; must outlive the list */
	struct backend_entry entries[BACKENDS_MAX];
};

/* Runs `muxbench-server --list --json`. 0, or -errno with problem. */
int backends_list(struct backend_list *list, const struct launcher *launcher,
	struct problem *problem);

const struct backend_entry *backends_find(
	const struct backend_list *list, const char *name);

/* A plug-in is told from a built-in by its name: it has a '/' or ends in ".so". */
bool backends_is_plugin(const char *name);

/*
 * Is what a server says it runs what was wanted? The name of a plug-in is its own affair,
 * its options are not.
 */
bool backends_is_wanted(const char *wanted, const char *running);

/*
 * 0 when names can be given to the server: each is in the list, or is a plug-in that can
 * be read; and what has options the server takes with them, which it is asked. -EINVAL
 * with problem otherwise.
 */
int backends_check(const struct backend_list *list, const char *const *names,
	size_t count, struct problem *problem);

/*
 * Asks the server for its list and checks names (room for BACKENDS_MAX). Where *count is 0
 * they become those of the list that are no variants of others; where the only name is
 * "all", the whole list. An exit status, with problem where that is not 0.
 */
int backends_choose(struct backend_list *list, const struct launcher *launcher,
	const char **names, size_t *count, struct problem *problem);

/* 0 when a server comes up with that backend; -ENOTSUP with problem when not. */
int backends_probe(
	const char *name, const struct launcher *launcher, struct problem *problem);

#endif
