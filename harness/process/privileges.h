/*
 * privileges.h - what this program may do that an ordinary user may not, and how soon it
 * cannot any more.
 *
 * People start muxbench with sudo(8) because counting in the kernel takes it. For the
 * rest it does not: so before it looks at its options it becomes the user who called sudo
 * for good, and keeps two capabilities at most (capabilities(7)). Its children, and the
 * plug-ins in them, have none, and cannot win any back.
 */
#ifndef HARNESS_PROCESS_PRIVILEGES_H
#define HARNESS_PROCESS_PRIVILEGES_H

#include "common/problem.h"

/* As bits of a set. */
enum privilege {
	PRIVILEGE_NONE = 0,
	PRIVILEGE_COUNT = 1 << 0, /* system calls of other processes: CAP_PERFMON */
	PRIVILEGE_FIFO = 1 << 1,  /* real-time priority for them: CAP_SYS_NICE */
};

/*
 * Started through sudo by an ordinary user, this process becomes that user and keeps only
 * the privileges of a set. Otherwise, root by itself or no root at all, it stays what it
 * is. 0, or -errno with problem: then it must not go on.
 */
int privileges_drop(unsigned keep, struct problem *problem);

/* Of those that privileges_drop() kept, keeps only these. */
void privileges_keep_only(unsigned keep);

/*
 * In a child before exec: nothing is passed on, and no program that it starts can have
 * more (PR_SET_NO_NEW_PRIVS). 0, or -1 with errno.
 */
int privileges_give_up(void);

#endif
