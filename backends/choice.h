/*
 * choice.h - a backend as people choose it: its name, or a plug-in's path, and what is
 * wanted of it behind colons, "epoll-et:drain=short-read:batch=64".
 *
 *	drain=once|short-read|eagain  how long it goes on with a ready descriptor: see
 *	                              enum drain in backend.h
 *	budget=BYTES                  read or written before others get their turn; not
 *	                              with drain=once, which ends before any budget
 *	batch=N                       events to take from one wait
 *	anything else                 the backend's own variants, as wait=epoll_pwait2
 *
 * The first three are readiness_run()'s. What is not given is as ever. What a backend
 * would not heed, or what would lose bytes, is refused: nothing runs under a name that
 * says more than it does. All that was given becomes part of the backend's name, as it
 * was typed, wherever the server tells it.
 */
#ifndef BACKENDS_CHOICE_H
#define BACKENDS_CHOICE_H

#include "backends/backend.h"
#include "common/problem.h"

enum {
	CHOICE_NAME_BYTES = 128,
	CHOICE_BATCH_MAX = 4096,
	CHOICE_BUDGET_BYTES_MAX = 1 << 30,
};

struct choice {
	struct backend backend; /* a copy, whose name is the member name */
	char name[CHOICE_NAME_BYTES];
	enum drain drain;    /* DRAIN_DEFAULT: not given */
	size_t budget_bytes; /* 0: not given */
	int batch_max;       /* 0: not given */
};

/* 0, or -errno with problem: see registry_find(); -EINVAL also for a wrong option. The
 * choice must stay where it is. */
int choice_find(const char *text, struct choice *choice, struct problem *problem);

/* How many bytes of text are the name or path, before the options. */
size_t choice_name_length(const char *text);

#endif
