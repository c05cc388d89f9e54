/* net.h - addresses, listeners and descriptor limits. */
#ifndef COMMON_NET_H
#define COMMON_NET_H

#include "common/problem.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

struct net_address {
	struct sockaddr_storage storage; /* AF_INET or AF_INET6 */
	socklen_t length;
};

/* A numeric address ("127.0.0.1", "::1") and a port; never asks a name server. */
int net_address_parse(
	struct net_address *address, const char *text, int port, struct problem *problem);

/* "127.0.0.1" or "::1" into text, the port into *port. */
void net_address_format(
	const struct net_address *address, char *text, size_t text_size, int *port);

bool net_address_is_loopback(const struct net_address *address);

/*
 * A bound, listening, non-blocking, close-on-exec TCP socket with TCP_NODELAY set:
 * accepted sockets inherit that, so no call a connection is spent on it. backlog is cut
 * by the kernel to net.core.somaxconn (listen(2)). On return address holds the port that
 * was really bound. The descriptor (the caller closes it) or -errno with problem.
 */
int net_listen(struct net_address *address, int backlog, struct problem *problem);

/*
 * Raises the soft RLIMIT_NOFILE to the hard one (getrlimit(2)). *soft and *hard are what
 * is then in force; *soft_before is what it was.
 */
int net_raise_descriptor_limit(uint64_t *soft_before, uint64_t *soft, uint64_t *hard);

/* Sets the soft RLIMIT_NOFILE to soft, which must not be above the hard one. 0 or -errno.
 */
int net_lower_descriptor_limit(uint64_t soft);

/* How many descriptors this process holds now, or -errno. */
int net_descriptors_open(void);

#endif
