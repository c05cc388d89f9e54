/*
 * client.h - one client of the soak: connects, follows its script, verifies each byte.
 *
 * Nothing blocks. What a client waits for is its interest in the crowd's epoll(7) and two
 * times of its own (when it may send, when it may read again). Who sends and does not
 * wait for the echo, reads slowly or ends in the middle differs from the others by its
 * script only.
 *
 * The ends that clients make leave ports free: RST (SO_LINGER 0, socket(7)) wherever the
 * client is the first to close. Source addresses are spread over 127/8, for connect(2)
 * looks long for a port when an address has few left.
 */
#ifndef TESTS_SOAK_CLIENT_H
#define TESTS_SOAK_CLIENT_H

#include "tests/soak/kind.h"
#include "tests/soak/tally.h"
#include "tests/soak/tape.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

enum { CLIENT_SCRATCH_BYTES = 128 * 1024 };

/* What the clients of one crowd share; owned by the crowd. */
struct client_world {
	int epoll_fd;
	struct sockaddr_in target;
	uint32_t source_net; /* host order: addresses are source_net + 0..4095 */
	const uint8_t *pool; /* of tapes */
	uint8_t *scratch;    /* CLIENT_SCRATCH_BYTES that every read goes into */
	struct tally *tally;
	uint64_t seed;
	uint64_t
		patience_ns; /* who is owed bytes and hears nothing for so long is lost */
	uint64_t now_ns;     /* kept fresh by the crowd */
};

enum client_phase { CLIENT_CONNECTING, CLIENT_TALKING, CLIENT_FINISHED /* FIN sent */ };

struct client {
	int fd; /* -1: the place is free */
	int kind;
	enum client_phase phase;
	bool hurried;      /* ended early by the crowd: its script does not count */
	unsigned interest; /* that epoll has */
	uint64_t number;   /* of the run; decides script and tape */
	struct script script;
	struct tape tape;
	uint64_t sent, received;
	uint64_t started_ns;
	uint64_t asked_ns;    /* when the message under way was sent */
	uint64_t progress_ns; /* when it last got on, or had nothing to wait for */
	uint64_t send_due_ns, read_due_ns; /* not before these */
};

/* 0, or -errno when this machine has no descriptor, port or memory left for it. */
int client_start(
	struct client *client, struct client_world *world, int kind, uint64_t number);

/* Serves what epoll reported; events 0: its time has come. It may have ended after. */
void client_step(struct client *client, struct client_world *world, unsigned events);

/* Looks at its times; to be called every millisecond or so. */
void client_tick(struct client *client, struct client_world *world);

/* Come to an end: no more pauses, nothing more is begun, what is owed is still awaited.
 */
void client_hurry(struct client *client, struct client_world *world);

#endif
