/*
 * listener.h - whose a listening socket is: the process behind an address of this
 * machine, found in /proc/net/tcp and /proc/PID/fd (proc(5)).
 */
#ifndef HARNESS_PROCESS_LISTENER_H
#define HARNESS_PROCESS_LISTENER_H

#include "common/net.h"
#include "common/problem.h"

#include <sys/types.h>

/*
 * The process that listens there; of several that share the socket, as a server and its
 * workers do, the one that all others descend from. Its id, or a negative errno with a
 * problem that says why it is not known: it runs on another machine or in another
 * network namespace, belongs to another user, or nobody is first among them.
 */
pid_t listener_find(const struct net_address *address, struct problem *problem);

#endif
