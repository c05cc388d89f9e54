/*
 * ends.h - A TCP connections on loopback, both ends of each in this process.
 *
 * Who owns both ends knows when bytes are there: it has just sent them. So it waits for
 * nobody, and what is left of an echo is the kernel's work for the bytes alone.
 */
#ifndef HARNESS_LIMIT_ENDS_H
#define HARNESS_LIMIT_ENDS_H

#include "common/problem.h"

#include <stddef.h>
#include <stdint.h>

/*
 * A message in flight must fit into the buffers of its sockets, as nobody reads while one
 * thread sends: 32 KiB do with every default (tcp(7), tcp_rmem and tcp_wmem).
 */
#define LIMIT_MESSAGE_BYTES_MAX (32 << 10)
/* In flight on all connections together. */
#define LIMIT_FLIGHT_BYTES_MAX (64 << 20)

/* Message i of an array of messages begins at i * message_bytes. */
struct limit_ends {
	size_t count;
	size_t message_bytes;
	int *clients; /* blocking, TCP_NODELAY, a timeout on both directions; owned */
	int *servers; /* the other end of clients[i]; owned */
	unsigned char *requests; /* sent by clients; owned */
	unsigned char *echoes;   /* what servers received and send back; owned */
	unsigned char *answers;  /* what clients received; owned */
	uint64_t rounds;         /* begun so far */
};

/*
 * Connects them. 0, -EMFILE when the limit on descriptors has no room for both ends of
 * all, or another -errno; with problem. limit_ends_close() must follow in any case.
 */
int limit_ends_open(struct limit_ends *ends, size_t count, size_t message_bytes,
	struct problem *problem);
void limit_ends_close(struct limit_ends *ends);

/* Gives every request new bytes: of no other connection, and of no round before. */
void limit_ends_begin_round(struct limit_ends *ends);

/* Whether the answer on connection i is its request. 0, or -EBADMSG with problem. */
int limit_ends_check(const struct limit_ends *ends, size_t i, struct problem *problem);

#endif
