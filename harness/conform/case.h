/*
 * case.h - the cases of the suite: what an echo server must do, one sentence each.
 *
 * They see its sockets and, when the process is known, what the kernel says of it. They
 * judge bytes, counts and ratios; time only ends what would hang.
 */
#ifndef HARNESS_CONFORM_CASE_H
#define HARNESS_CONFORM_CASE_H

#include "harness/conform/scene.h"

#include <stdbool.h>
#include <sys/resource.h>

enum case_needs {
	NEEDS_ADDRESS, /* somewhere to connect to */
	NEEDS_PROCESS, /* to see into it: --spawn or --pid */
	NEEDS_COMMAND, /* a server of its own: --spawn */
};

struct conform_case {
	const char *name; /* for --only; NULL ends a table */
	const char *what; /* must hold, as a sentence */
	enum case_needs needs;
	bool (*run)(struct scene *scene); /* true: passed; as scene.h */
	rlim_t descriptors; /* RLIMIT_NOFILE of its own server; 0: as any other */
	bool judges_run;    /* fails when the server ended in any case before it */
};

extern const struct conform_case cases_bytes[];
extern const struct conform_case cases_ends[];
extern const struct conform_case cases_crowd[];
extern const struct conform_case cases_process[];
extern const struct conform_case cases_own[];

/* All of them in their order; NULL behind the last. */
const struct conform_case *case_at(size_t index);

enum { CASES_MAX = 64 };

#endif
