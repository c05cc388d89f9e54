/*
 * waitcost_bench.h - what waitcost measures on: N eventfds registered with a poller, K of
 * them readable. See waitcost.h.
 */
#ifndef SERVER_WAITCOST_BENCH_H
#define SERVER_WAITCOST_BENCH_H

#include "server/waitcost.h"

#include <stdbool.h>
#include <stddef.h>

struct waitcost_bench {
	const struct waitcost *what;
	const struct poller_ops *ops;
	void *poller; /* owned */
	struct calls calls;
	int *fds; /* owned; fd_count of them are open */
	size_t fd_count;
	int *ready_fds;    /* owned: the K of them that are readable */
	int *interest_fds; /* owned: those that a pass of changes takes */
	size_t interest_count;
	struct ready *out; /* owned: room for the answer of a wait */
};

/*
 * Opens and registers all, and sees to it that a wait reports what it should. 0, or
 * -errno with problem. bench_close() must follow in either case.
 */
int bench_open(struct waitcost_bench *bench, const struct waitcost *what,
	struct problem *problem);
void bench_close(struct waitcost_bench *bench);

/* 0 when a wait reports exactly the readable ones, else -errno with problem. */
int bench_check(struct waitcost_bench *bench, struct problem *problem);

/* Changes the interest in some of the descriptors. 0 or -errno. */
int bench_watch(struct waitcost_bench *bench, const int *fds, size_t count, unsigned was,
	unsigned want);

/* Whether a wait reports a readable descriptor once only, as an edge. */
bool bench_is_edge(const struct waitcost_bench *bench);

/* Asks for all readable ones to be reported again. 0 or -errno. */
int bench_rearm(struct waitcost_bench *bench);

#endif
