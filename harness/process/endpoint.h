/* endpoint.h - where a server listens: HOST:PORT as people type it, and free ports. */
#ifndef HARNESS_PROCESS_ENDPOINT_H
#define HARNESS_PROCESS_ENDPOINT_H

#include "common/net.h"
#include "common/problem.h"

#include <stddef.h>

enum { ENDPOINT_HOST_BYTES = 256, ENDPOINT_ADDRESSES_MAX = 8 };

/* A name may have several addresses; which one answers is found out by trying. */
struct endpoint {
	struct net_address addresses[ENDPOINT_ADDRESSES_MAX];
	size_t count;
};

/*
 * "127.0.0.1:7", "[::1]:7", "host.example:7" in its two parts. 0 or -EINVAL with problem.
 */
int endpoint_split(const char *text, char host[ENDPOINT_HOST_BYTES], int *port,
	struct problem *problem);

/* The addresses of a host, by number or by name. 0 or -EHOSTUNREACH with problem. */
int endpoint_resolve(
	struct endpoint *endpoint, const char *host, int port, struct problem *problem);

/* Both loopback addresses, for a server that was started here. */
void endpoint_here(struct endpoint *endpoint, int port);

/*
 * A port on which nobody listens, below those that the kernel gives to clients (ip(7),
 * ip_local_port_range): so no client takes it meanwhile, or meets itself there. A number
 * or -errno.
 */
int endpoint_free_port(void);

#endif
