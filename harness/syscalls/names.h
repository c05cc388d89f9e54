/*
 * names.h - the system calls of this machine: the kernel's numbers and names.
 *
 * The list is made by the Makefile from <sys/syscall.h>, so it is that of the machine
 * this was built for; a call newer than those headers has no name here.
 */
#ifndef HARNESS_SYSCALLS_NAMES_H
#define HARNESS_SYSCALLS_NAMES_H

#include <stddef.h>

/* At least as many as any machine's list is long. */
enum { SYSCALL_NAMES_MAX = 768 };

struct syscall_name {
	long number;
	const char *name;
};

/* The whole list in alphabetical order, *count entries; no number occurs twice. */
const struct syscall_name *syscall_names(size_t *count);

/* The place of a number in the list, or -1. */
int syscall_names_place(long number);

/*
 * The name under which the kernel sees what the C library calls name: where a machine
 * lacks an old call, the library makes the newer one (epoll_wait(2), poll(2)).
 */
const char *syscall_names_in_kernel(const char *name);

#endif
