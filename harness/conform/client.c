/* client.c - one client of an echo server, who knows every byte that it is owed. */
#include "harness/conform/client.h"

#include "harness/conform/diagnosis.h"
#include "harness/conform/scene.h"
#include "harness/human.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PIECE_BYTES = 64 * 1024, URGENT_BYTE = '!' };

/* When nothing has moved for so long, a connection is stuck. */
#define STUCK_NS      (60 * NS_PER_MS)
#define FILL_AGAIN_NS (5 * NS_PER_MS)

static const char every_byte[] = "every byte to come back as it was sent";

/* "10 of 64 bytes" into text. */
static void describe_progress(const struct client *client, char text[80])
{
	char received[HUMAN_BYTES], sent[HUMAN_BYTES];

	human_count(client->received, received, sizeof(received));
	human_count(client->sent, sent, sizeof(sent));
	snprintf(text, 80, "%s of %s bytes", received, sent);
}

static bool fail_with_errno(struct client *client, const char *call)
{
	int error = errno;
	char progress[80];

	if (strcmp(call, "connect") == 0)
		return scene_fail(
			client->scene, "a connection", "connect: %s", strerror(error));
	describe_progress(client, progress);
	return scene_fail(client->scene, "the connection to stay", "%s: %s, after %s",
		call, strerror(error), progress);
}

/* Waits for one of events; what is what is expected of the server. */
static bool await(struct client *client, short events, const char *what)
{
	struct scene *scene = client->scene;
	char progress[80], waited[HUMAN_BYTES];
	bool ready;

	if (!scene_await(scene, client->fd, events, scene_until(scene), &ready))
		return false;
	if (ready)
		return true;
	describe_progress(client, progress);
	human_ns((double)scene->timeout_ns, waited, sizeof(waited));
	return scene_fail(scene, what, "nothing for %s, after %s", waited, progress);
}

/* ---- connecting ---- */

static bool set_option(struct client *client, int level, int option, int value)
{
	if (setsockopt(client->fd, level, option, &value, sizeof(value)) == 0)
		return true;
	return scene_skip(client->scene, "setsockopt: %s", strerror(errno));
}

static bool set_options(struct client *client)
{
	if (!set_option(client, IPPROTO_TCP, TCP_NODELAY, 1))
		return false;
	/* before connect: the window and the segment size go with the SYN */
	return client->kind != CLIENT_SMALL ||
	       (set_option(client, SOL_SOCKET, SO_RCVBUF, 8192) &&
		       set_option(client, SOL_SOCKET, SO_SNDBUF, 8192) &&
		       set_option(client, IPPROTO_TCP, TCP_MAXSEG, 536));
}

bool client_connect_begin(struct client *client, enum client_kind kind)
{
	struct scene *scene = client->scene;
	const struct net_address *address = &scene->target->address;
	uint64_t number = ++*scene->clients_made;
	int fd = socket(address->storage.ss_family,
		SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return scene_skip(scene, "no socket for the client: %s", strerror(errno));
	*client = (struct client){
		.scene = scene,
		.fd = fd,
		.kind = kind,
		.number = number,
		.source = {.seed = (scene->seed << 32) + number,
			.kind = kind == CLIENT_LINES ? STREAM_LINES : STREAM_BYTES},
	};
	if (!set_options(client))
		return false;
	if (connect(fd, (const struct sockaddr *)&address->storage, address->length) <
			0 &&
		errno != EINPROGRESS)
		return fail_with_errno(client, "connect");
	return true;
}

bool client_connect_end(struct client *client)
{
	int error = 0;
	socklen_t length = sizeof(error);

	if (!await(client, POLLOUT, "a connection"))
		return false;
	getsockopt(client->fd, SOL_SOCKET, SO_ERROR, &error, &length);
	errno = error;
	if (error == 0 && target_met_itself(client->fd))
		errno = error = ECONNREFUSED;
	return error == 0 || fail_with_errno(client, "connect");
}

bool client_connect(struct client *client, enum client_kind kind)
{
	return client_connect_begin(client, kind) && client_connect_end(client);
}

/* ---- one send, one recv ---- */

/* Sends bytes that lie ready; flags as send(2). */
static bool send_ready(
	struct client *client, const uint8_t *bytes, size_t length, int flags)
{
	ssize_t n = send(client->fd, bytes, length, flags | MSG_NOSIGNAL);

	if (n < 0)
		return errno == EAGAIN || errno == EINTR ||
		       fail_with_errno(client, "send");
	client->sent += (uint64_t)n;
	return true;
}

bool client_send_some(struct client *client, size_t bytes)
{
	uint8_t piece[PIECE_BYTES];
	size_t length = bytes < sizeof(piece) ? bytes : sizeof(piece);

	stream_bytes(&client->source, client->sent, piece, length);
	return send_ready(client, piece, length, 0);
}

/* Takes urgent bytes out, which no stream of lines has; how many bytes are left. */
static size_t take_out_urgent(struct client *client, uint8_t *bytes, size_t length)
{
	size_t kept = 0;

	for (size_t i = 0; i < length; i++) {
		if (bytes[i] == URGENT_BYTE &&
			client->urgent_received < client->urgent_sent)
			client->urgent_received++;
		else
			bytes[kept++] = bytes[i];
	}
	return kept;
}

static bool verify(struct client *client, uint8_t *bytes, size_t length)
{
	char text[400];

	if (client->urgent_sent > 0)
		length = take_out_urgent(client, bytes, length);
	size_t right =
		stream_first_wrong(&client->source, client->received, bytes, length);
	uint64_t owed = client->sent - client->received;

	if (right > owed)
		right = (size_t)owed;
	client->received += right;
	if (right == length)
		return true;
	diagnose(client, bytes + right, length - right, text, sizeof(text));
	return scene_fail(client->scene, every_byte, "%s", text);
}

bool client_time_arrivals(struct client *client)
{
	const int on = 1;

	if (setsockopt(client->fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof(on)) < 0)
		return fail_with_errno(client, "SO_TIMESTAMPNS");
	return true;
}

static void note_arrival(struct client *client, struct msghdr *message)
{
	struct timespec time;
	struct cmsghdr *header = CMSG_FIRSTHDR(message);

	for (; header; header = CMSG_NXTHDR(message, header)) {
		if (header->cmsg_level != SOL_SOCKET ||
			header->cmsg_type != SCM_TIMESTAMPNS)
			continue;
		memcpy(&time, CMSG_DATA(header), sizeof(time));
		client->arrived_ns =
			(uint64_t)time.tv_sec * NS_PER_S + (uint64_t)time.tv_nsec;
	}
}

bool client_receive_some(struct client *client, size_t bytes)
{
	uint8_t piece[PIECE_BYTES];
	uint8_t control[CMSG_SPACE(sizeof(struct timespec))];
	size_t length = bytes < sizeof(piece) ? bytes : sizeof(piece);
	struct iovec into = {.iov_base = piece, .iov_len = length};
	struct msghdr message = {.msg_iov = &into,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control)};
	ssize_t n = recvmsg(client->fd, &message, 0);

	if (n < 0)
		return errno == EAGAIN || errno == EINTR ||
		       fail_with_errno(client, "recv");
	if (n == 0 && length > 0)
		client->ended = true;
	note_arrival(client, &message);
	return verify(client, piece, (size_t)n);
}

/* ---- all of it ---- */

static bool still_open(struct client *client)
{
	char progress[80];

	if (!client->ended)
		return true;
	describe_progress(client, progress);
	return scene_fail(
		client->scene, every_byte, "the server's FIN after %s", progress);
}

/* What the kernel takes at this moment. */
static bool send_what_fits(struct client *client, uint64_t end)
{
	uint64_t before;

	do {
		before = client->sent;
		if (client->sent < end &&
			!client_send_some(client, (size_t)(end - client->sent)))
			return false;
	} while (client->sent > before);
	return true;
}

/* Each up to the same place in its stream. */
static bool fill(struct client *clients, size_t count, uint64_t end)
{
	uint64_t moved_ns = clock_now_ns();
	struct scene *scene = clients->scene;

	while (clock_now_ns() < moved_ns + STUCK_NS) {
		bool full = true;

		for (size_t i = 0; i < count; i++) {
			uint64_t before = clients[i].sent;

			if (!send_what_fits(&clients[i], end))
				return false;
			if (clients[i].sent > before)
				moved_ns = clock_now_ns();
			full &= clients[i].sent >= end;
		}
		if (full)
			return true;
		if (!scene_rest(scene, FILL_AGAIN_NS))
			return false;
	}
	return true;
}

bool client_fill(struct client *client, size_t max_bytes)
{
	return fill(client, 1, client->sent + max_bytes);
}

bool client_fill_all(struct client *clients, size_t count, size_t max_bytes)
{
	return fill(clients, count, max_bytes);
}

bool client_send(struct client *client, size_t bytes)
{
	uint64_t end = client->sent + bytes;

	while (client->sent < end)
		if (!await(client, POLLOUT, "what is sent to be taken") ||
			!client_send_some(client, (size_t)(end - client->sent)))
			return false;
	return true;
}

bool client_receive(struct client *client, size_t bytes)
{
	uint64_t end = client->received + bytes;

	while (client->received < end)
		if (!await(client, POLLIN, every_byte) ||
			!client_receive_some(client, (size_t)(end - client->received)) ||
			!still_open(client))
			return false;
	return true;
}

bool client_receive_owed(struct client *client)
{
	return client_receive(client, (size_t)(client->sent - client->received));
}

bool client_send_receiving(struct client *client, size_t bytes)
{
	uint64_t end = client->sent + bytes;

	client->planned = end;
	while (client->sent < end)
		if (!await(client, POLLIN | POLLOUT, every_byte) ||
			!client_send_some(client, (size_t)(end - client->sent)) ||
			!client_receive_some(client, PIECE_BYTES) || !still_open(client))
			return false;
	return true;
}

bool client_echo(struct client *client, size_t bytes)
{
	return client_send_receiving(client, bytes) && client_receive_owed(client);
}

bool client_connect_all(struct client *clients, size_t count, enum client_kind kind)
{
	for (size_t i = 0; i < count; i++)
		if (!client_connect(&clients[i], kind) || !client_echo(&clients[i], 1))
			return false;
	return true;
}

/* The rest of the line that begins at the next byte to send. */
static size_t next_line(const struct client *client, uint8_t *line, size_t size)
{
	stream_bytes(&client->source, client->sent, line, size);
	const uint8_t *end = memchr(line, '\n', size);

	return end ? (size_t)(end - line) + 1 : size;
}

bool client_send_lines(struct client *client, size_t lines)
{
	uint8_t line[1024];

	for (size_t sent = 0; sent < lines;) {
		size_t length = next_line(client, line, sizeof(line));
		uint64_t before = client->sent;

		if (!await(client, POLLIN | POLLOUT, every_byte) ||
			!send_ready(client, line, length, 0) ||
			!client_receive_some(client, PIECE_BYTES) || !still_open(client))
			return false;
		sent += client->sent - before == length && line[length - 1] == '\n';
	}
	return true;
}

bool client_send_urgent(struct client *client)
{
	static const uint8_t byte = URGENT_BYTE;

	if (!await(client, POLLOUT, "what is sent to be taken"))
		return false;
	if (send(client->fd, &byte, 1, MSG_OOB | MSG_NOSIGNAL) != 1)
		return fail_with_errno(client, "send");
	client->urgent_sent++;
	return true;
}

bool client_send_and_finish(struct client *client, size_t bytes)
{
	uint8_t piece[PIECE_BYTES];
	size_t length = bytes < sizeof(piece) ? bytes : sizeof(piece);

	stream_bytes(&client->source, client->sent, piece, length);
	return await(client, POLLOUT, "what is sent to be taken") &&
	       send_ready(client, piece, length, MSG_MORE) && client_finish(client);
}

/* ---- the end ---- */

bool client_finish(struct client *client)
{
	return shutdown(client->fd, SHUT_WR) == 0 || fail_with_errno(client, "shutdown");
}

bool client_expect_end(struct client *client)
{
	while (!client->ended)
		if (!await(client, POLLIN, "the server's FIN behind the last byte") ||
			!client_receive_some(client, PIECE_BYTES))
			return false;
	return true;
}

bool client_expect_owed_and_end(struct client *client)
{
	return client_receive_owed(client) && client_expect_end(client);
}

bool client_expect_silence(struct client *client, uint64_t ns)
{
	bool ready;

	if (!scene_await(client->scene, client->fd, POLLIN, clock_now_ns() + ns, &ready))
		return false;
	if (!ready)
		return true;
	if (!client_receive_some(client, PIECE_BYTES))
		return false;
	return !client->ended ||
	       scene_fail(client->scene, "an idle connection to be left open",
		       "the server's FIN");
}

bool client_was_refused(struct client *client)
{
	uint8_t byte;
	ssize_t n = recv(client->fd, &byte, 1, MSG_PEEK);

	return n == 0 || (n < 0 && errno != EAGAIN);
}

bool client_await_bytes(struct client *client, uint64_t until_ns, bool *ready)
{
	return scene_await(client->scene, client->fd, POLLIN, until_ns, ready);
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

	if (client->fd >= 0)
		setsockopt(client->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
	client_close(client);
}
