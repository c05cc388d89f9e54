/* client.c - one client of an echo server, who knows every byte that it is owed. */
#include "tests/contract/client.h"

#include "common/clock.h"
#include "common/random.h"
#include "tests/contract/server_process.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

enum {
	PIECE_BYTES = 64 * 1024,
	UNREAD_MAX_BYTES = 64 << 20,
	WORD_BYTES = sizeof(uint64_t),
};

/* The bytes [offset, offset + length) of the stream of a seed. */
static void stream_bytes(
	uint64_t seed, uint64_t offset, unsigned char *bytes, size_t length)
{
	/* splitmix64 can start at any word: its state is a multiple of a constant. */
	static const uint64_t step = 0x9e3779b97f4a7c15ULL;
	struct random random = {.state = seed * 0xd1342543de82ef95ULL};
	size_t skip = offset % WORD_BYTES;

	random.state += offset / WORD_BYTES * step;
	while (length > 0) {
		uint64_t word = random_next(&random);
		size_t count = WORD_BYTES - skip < length ? WORD_BYTES - skip : length;

		memcpy(bytes, (const unsigned char *)&word + skip, count);
		bytes += count;
		length -= count;
		skip = 0;
	}
}

static void set_option(int fd, int level, int option, int value)
{
	assert_int_equal(setsockopt(fd, level, option, &value, sizeof(value)), 0);
}

/* Waits for one of events; fails with what was waited for. */
static void await(const struct client *client, short events, const char *what)
{
	struct pollfd pollfd = {.fd = client->fd, .events = events};
	int ready;

	do
		ready = poll(&pollfd, 1, DEADLINE_S * 1000);
	while (ready < 0 && errno == EINTR);
	if (ready <= 0)
		fail_msg("client %ju waits in vain to %s: sent %ju, received %ju",
			(uintmax_t)client->seed, what, (uintmax_t)client->sent,
			(uintmax_t)client->received);
}

static void fail_with_errno(const struct client *client, const char *what)
{
	fail_msg("client %ju, after %ju sent and %ju received: %s: %s",
		(uintmax_t)client->seed, (uintmax_t)client->sent,
		(uintmax_t)client->received, what, strerror(errno));
}

void client_connect(
	struct client *client, int port, uint64_t seed, enum client_buffers buffers)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int error = 0;
	socklen_t length = sizeof(error);

	*client = (struct client){.seed = seed};
	client->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	assert_true(client->fd >= 0);
	set_option(client->fd, IPPROTO_TCP, TCP_NODELAY, 1);
	if (buffers == CLIENT_BUFFERS_SMALL) {
		/* before connect: the window and the segment size go with the SYN */
		set_option(client->fd, SOL_SOCKET, SO_RCVBUF, 8192);
		set_option(client->fd, SOL_SOCKET, SO_SNDBUF, 8192);
		set_option(client->fd, IPPROTO_TCP, TCP_MAXSEG, 536);
	}
	if (connect(client->fd, (struct sockaddr *)&address, sizeof(address)) < 0 &&
		errno != EINPROGRESS)
		fail_with_errno(client, "connect");
	await(client, POLLOUT, "connect");
	getsockopt(client->fd, SOL_SOCKET, SO_ERROR, &error, &length);
	errno = error;
	if (error)
		fail_with_errno(client, "connect");
}

size_t client_send_some(struct client *client, size_t bytes)
{
	unsigned char piece[PIECE_BYTES];
	size_t length = bytes < sizeof(piece) ? bytes : sizeof(piece);

	stream_bytes(client->seed, client->sent, piece, length);
	ssize_t n = send(client->fd, piece, length, MSG_NOSIGNAL);

	if (n < 0 && errno == EAGAIN)
		return 0;
	if (n < 0)
		fail_with_errno(client, "send");
	client->sent += (uint64_t)n;
	return (size_t)n;
}

size_t client_receive_some(struct client *client, size_t bytes)
{
	unsigned char piece[PIECE_BYTES], expected[PIECE_BYTES];
	size_t length = bytes < sizeof(piece) ? bytes : sizeof(piece);
	ssize_t n = recv(client->fd, piece, length, 0);

	if (n < 0 && errno == EAGAIN)
		return 0;
	if (n < 0)
		fail_with_errno(client, "recv");
	if (n == 0)
		client->ended = true;
	stream_bytes(client->seed, client->received, expected, (size_t)n);
	for (ssize_t i = 0; i < n; i++)
		if (piece[i] != expected[i])
			fail_msg("client %ju: byte %ju came back wrong",
				(uintmax_t)client->seed,
				(uintmax_t)client->received + (uintmax_t)i);
	client->received += (uint64_t)n;
	if (client->received > client->sent)
		fail_msg("client %ju got more than it sent", (uintmax_t)client->seed);
	return (size_t)n;
}

void client_send_what_fits(struct client *client)
{
	while (client_send_some(client, SIZE_MAX) > 0)
		if (client->sent - client->received > UNREAD_MAX_BYTES)
			fail_msg("client %ju: no end of what is taken and not answered",
				(uintmax_t)client->seed);
}

void client_send(struct client *client, size_t bytes)
{
	for (size_t sent = 0; sent < bytes;) {
		await(client, POLLOUT, "send");
		sent += client_send_some(client, bytes - sent);
	}
}

static void fail_if_ended(const struct client *client)
{
	if (client->ended)
		fail_msg("client %ju: the server ended after %ju of %ju bytes",
			(uintmax_t)client->seed, (uintmax_t)client->received,
			(uintmax_t)client->sent);
}

void client_receive(struct client *client, size_t bytes)
{
	for (size_t received = 0; received < bytes;) {
		await(client, POLLIN, "receive");
		received += client_receive_some(client, bytes - received);
		fail_if_ended(client);
	}
}

void client_receive_owed(struct client *client)
{
	client_receive(client, client->sent - client->received);
}

void client_echo(struct client *client, size_t bytes)
{
	size_t unsent = bytes;

	while (unsent > 0) {
		await(client, POLLIN | POLLOUT, "send or receive");
		unsent -= client_send_some(client, unsent);
		client_receive_some(client, PIECE_BYTES);
		fail_if_ended(client);
	}
	client_receive_owed(client);
}

void client_send_and_receive(struct client *client, size_t bytes)
{
	size_t unsent = bytes - client_send_some(client, bytes);

	while (unsent > 0) {
		await(client, POLLIN | POLLOUT, "send or receive");
		client_receive_some(client, PIECE_BYTES);
		fail_if_ended(client);
		unsent -= client_send_some(client, unsent);
	}
}

void client_send_urgent(struct client *client)
{
	await(client, POLLOUT, "send urgent data");
	if (send(client->fd, "!", 1, MSG_OOB | MSG_NOSIGNAL) != 1)
		fail_with_errno(client, "send urgent data");
}

void client_finish(struct client *client)
{
	if (shutdown(client->fd, SHUT_WR) < 0)
		fail_with_errno(client, "shutdown");
}

void client_expect_end(struct client *client)
{
	await(client, POLLIN, "receive the end");
	if (client_receive_some(client, PIECE_BYTES) > 0 || !client->ended)
		fail_msg("client %ju: bytes instead of the end", (uintmax_t)client->seed);
}

bool client_was_refused(struct client *client)
{
	char byte;
	ssize_t n = recv(client->fd, &byte, 1, 0);

	if (n > 0 || (n < 0 && errno != EAGAIN && errno != ECONNRESET))
		fail_with_errno(client, "neither refused nor left in peace");
	return n == 0 || errno == ECONNRESET;
}

void client_expect_refusal(struct client *client)
{
	await(client, POLLIN, "be refused");
	if (!client_was_refused(client))
		fail_msg("client %ju was not refused", (uintmax_t)client->seed);
}

void client_close(struct client *client)
{
	if (client->fd >= 0)
		close(client->fd);
	client->fd = -1;
}

void client_reset(struct client *client)
{
	struct linger at_once = {.l_onoff = 1, .l_linger = 0};

	setsockopt(client->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
	client_close(client);
}
