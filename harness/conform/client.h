/*
 * client.h - one client of an echo server, who knows every byte that it is owed.
 *
 * What a client sends is a stream of its own (stream.h); what comes back must be the same
 * stream from the start. Sockets never block, and every wait has a deadline. Whatever
 * goes wrong is the verdict of the case: as in scene.h, false means that it is over.
 */
#ifndef HARNESS_CONFORM_CLIENT_H
#define HARNESS_CONFORM_CLIENT_H

#include "harness/conform/stream.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct scene;

enum client_kind {
	CLIENT_PLAIN, /* buffers as the kernel gives them: megabytes in flight */
	/*
	 * As small as they get, on the server's side too: its send buffer grows with the
	 * segment size that the client announces (tcp(7), TCP_MAXSEG). A connection is
	 * stuck after some 100 KiB.
	 */
	CLIENT_SMALL,
	CLIENT_LINES, /* plain, and what it sends are lines */
};

/* Handed out by scene_clients(); may be connected again when it is closed. */
struct client {
	struct scene *scene;
	int fd; /* -1: closed */
	enum client_kind kind;
	uint64_t number; /* in the run, from 1 */
	struct stream_source source;
	uint64_t planned;         /* bytes that the case said it will send, if more */
	uint64_t sent;            /* bytes that the kernel took */
	uint64_t received;        /* bytes that came back, all as they were sent */
	uint64_t urgent_sent;     /* urgent bytes, outside of the stream */
	uint64_t urgent_received; /* of these, found among the others (SO_OOBINLINE) */
	bool ended;               /* after them came the server's FIN */
	/* When the last of them reached this machine's sockets, by client_time_arrivals()
	 * (CLOCK_REALTIME); 0: not told. */
	uint64_t arrived_ns;
};

/* Connects and waits for the handshake; or the two halves of it, for many at once. */
bool client_connect(struct client *client, enum client_kind kind);
bool client_connect_begin(struct client *client, enum client_kind kind);
bool client_connect_end(struct client *client);

/*
 * So many, one after the other, each with an echo of one byte: then it has been accepted,
 * and a short queue of the listener (listen(2), backlog) does not matter.
 */
bool client_connect_all(struct client *clients, size_t count, enum client_kind kind);

/* From here on arrived_ns is filled: the order in which things came to this machine, however
 * late it is looked at (socket(7), SO_TIMESTAMPNS). */
bool client_time_arrivals(struct client *client);

/* One send or recv of at most so many bytes, for what the kernel takes or has by now. */
bool client_send_some(struct client *client, size_t bytes);
bool client_receive_some(struct client *client, size_t bytes);

/*
 * Sends without reading until nothing moves any more, but at most max_bytes: then the
 * server is blocked on its write, unless it takes and keeps without end.
 */
bool client_fill(struct client *client, size_t max_bytes);
/* The same at once for many, each up to byte max_bytes of its stream. */
bool client_fill_all(struct client *clients, size_t count, size_t max_bytes);

/* All of it, without reading or writing meanwhile. */
bool client_send(struct client *client, size_t bytes);
bool client_receive(struct client *client, size_t bytes);

/* Receives until everything that was sent is back. */
bool client_receive_owed(struct client *client);

/* Sends, and receives what comes meanwhile: no deadlock with a server that is full. */
bool client_send_receiving(struct client *client, size_t bytes);

/* The same, until all is back. */
bool client_echo(struct client *client, size_t bytes);

/* Sends so many lines, each with a send of its own, receiving what comes meanwhile. */
bool client_send_lines(struct client *client, size_t lines);

/* One byte of urgent data (tcp(7)), of a client of lines. */
bool client_send_urgent(struct client *client);

/* The last bytes and our FIN together, in one segment when there is room for it. */
bool client_send_and_finish(struct client *client, size_t bytes);

/* Half-close: our FIN, after which we still receive. */
bool client_finish(struct client *client);

/* The server's FIN comes next, and not one byte before it. */
bool client_expect_end(struct client *client);

/* Everything that is owed, and then the end. */
bool client_expect_owed_and_end(struct client *client);

/* Nothing comes for so long: no byte, no end. */
bool client_expect_silence(struct client *client, uint64_t ns);

/* Has the server ended the connection, by FIN or by RST, without a byte of it? */
bool client_was_refused(struct client *client);

/* Waits until something can be read; *ready as in scene_await(). */
bool client_await_bytes(struct client *client, uint64_t until_ns, bool *ready);

void client_close(struct client *client);
/* An RST instead of a FIN (socket(7), SO_LINGER with a time of 0). */
void client_reset(struct client *client);

#endif
