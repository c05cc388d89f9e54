/*
 * keeper.h - the end of a stranger's family when this process is killed.
 *
 * A child dies with its parent (PR_SET_PDEATHSIG), but what the child has forked does
 * not: workers of a server would live on. The keeper is a small process that waits for
 * this one to end, in whatever way, and then ends the group and the tree of the server.
 */
#ifndef HARNESS_PROCESS_KEEPER_H
#define HARNESS_PROCESS_KEEPER_H

#include "common/problem.h"

#include <sys/types.h>

struct keeper {
	pid_t pid; /* 0: none */
	int fd;    /* its end tells the keeper; owned */
};

/* From here on over root, which leads its process group. 0, or -errno with problem. */
int keeper_start(struct keeper *keeper, pid_t root, struct problem *problem);

/* The server has been ended: the keeper has nothing left to do. */
void keeper_end(struct keeper *keeper);

#endif
