/*
 * client.h - one client of an echo server, who knows every byte that it is owed.
 *
 * What a client sends is a stream that its seed decides; what comes back must be the same
 * stream from the start. No two clients have one seed, so a byte of someone else's is a
 * wrong byte. Sockets never block, and every wait has a deadline.
 *
 * For use inside a running cmocka test: a wrong byte, an error, an end that comes too
 * early or a deadline that passes fails that test with a line that says which.
 */
#ifndef TESTS_CONTRACT_CLIENT_H
#define TESTS_CONTRACT_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum client_buffers {
	CLIENT_BUFFERS_PLAIN, /* as the kernel gives them: megabytes in flight */
	/*
	 * As small as they get, on the server's side too: its send buffer grows with the
	 * segment size that the client announces (tcp(7), TCP_MAXSEG). A connection is
	 * stuck after some 100 KiB.
	 */
	CLIENT_BUFFERS_SMALL,
};

struct client {
	int fd; /* -1: closed */
	uint64_t seed;
	uint64_t sent;     /* bytes that the kernel took */
	uint64_t received; /* bytes that came back, all as they were sent */
	bool ended;        /* after them came the server's FIN */
};

/* Connects to 127.0.0.1 and waits for the handshake, which needs no accept. */
void client_connect(
	struct client *client, int port, uint64_t seed, enum client_buffers buffers);

/* One send or recv of at most so many bytes; how many it was, 0: none for now. */
size_t client_send_some(struct client *client, size_t bytes);
size_t client_receive_some(struct client *client, size_t bytes);

/*
 * Sends until the kernel takes no more for now. Somewhere there must be an end: a server
 * that takes more than 64 MiB unread keeps it in memory, or drops it.
 */
void client_send_what_fits(struct client *client);

/* All of it, without reading or writing meanwhile. */
void client_send(struct client *client, size_t bytes);
void client_receive(struct client *client, size_t bytes);

/* Receives until everything that was sent is back. */
void client_receive_owed(struct client *client);

/* Sends bytes more, and receives whenever they do not fit. */
void client_send_and_receive(struct client *client, size_t bytes);

/* Sends and receives at once, until bytes more have been sent and all is back. */
void client_echo(struct client *client, size_t bytes);

/* One byte of urgent data (tcp(7)): outside the stream, and not echoed. */
void client_send_urgent(struct client *client);

/* Half-close: our FIN, after which we still receive. */
void client_finish(struct client *client);

/* The server's FIN comes next, and not one byte before it. */
void client_expect_end(struct client *client);

/* Has the server ended the connection, by FIN or by RST, without a byte? */
bool client_was_refused(struct client *client);

/* Waits for that, by FIN or by RST, and not one byte before it. */
void client_expect_refusal(struct client *client);

void client_close(struct client *client);
/* An RST instead of a FIN (socket(7), SO_LINGER with a time of 0). */
void client_reset(struct client *client);

#endif
