/*
 * connect.h - opening connections at machine speed, one after the other.
 *
 * One at a time is not the slow way: over loopback a connect(2) runs the whole handshake
 * itself, with nobody to wait for (measured: 22 us each, accepted by a server on another
 * core, 19.3 of them CPU time of this thread, whether 12,000 or 1,000 share a source
 * address; 256 at once over epoll took 23.6 us). And it is the careful way: a crowd of
 * handshakes racing for the last place in a server's backlog leaves connections that only
 * the client believes in.
 */
#ifndef LOADGEN_CONNECT_H
#define LOADGEN_CONNECT_H

#include "common/net.h"
#include "common/problem.h"

#include <stdbool.h>
#include <stdint.h>

/* What connections have in common. Plain values: copy it freely. */
struct connector {
	struct net_address target;
	uint64_t timeout_ns; /* for one connection, from its first attempt */
	bool loopback;
	/*
	 * IPv4 loopback only: the sources are spread over 127.0.0.0/8, because one pair
	 * of addresses has no more connections than ephemeral ports (28,232).
	 */
	bool spread_sources;
};

void connector_init(struct connector *connector, const struct net_address *target,
	uint64_t timeout_ns);

/*
 * Opens connection `number` of the run: it decides the source address. The socket is
 * non-blocking and close-on-exec, has TCP_NODELAY, and a linger time of 0: however it is
 * closed, even by a kill, it sends RST and leaves nothing in TIME_WAIT. The descriptor
 * (the caller closes it), or -errno with a problem that says what to do.
 */
int connector_open(
	const struct connector *connector, uint64_t number, struct problem *problem);

/*
 * The same in steps, for who has other things to do meanwhile: a socket for connection
 * `number`, and its handshake begun, which may already be over. Each: the descriptor or
 * 0, or -errno.
 */
int connector_socket(const struct connector *connector, uint64_t number);
int connector_begin(const struct connector *connector, int fd);

/*
 * Without a listener, a connect to a port of the ephemeral range may pick that very port
 * as its source and meet itself: TCP's simultaneous open. An echo that is always right.
 */
bool connector_met_itself(const struct connector *connector, int fd);

/* Says why connection `number` could not be opened, and what to do; returns error. */
int connector_problem(const struct connector *connector, uint64_t number, int error,
	struct problem *problem);

#endif
