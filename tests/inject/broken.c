/*
 * broken.c - the control of tests/commands/inject.bats: a plug-in with the mistakes that
 * servers have, one at a time, so that the tests of the faults are seen to fail.
 *
 * MUXBENCH_BROKEN names the mistake; without it the server is right, and passes. It polls
 * a small table and sends at once what it has read, waiting where the client is slow.
 */
#include "backends/accept.h"
#include "backends/backend.h"
#include "common/clock.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>

enum { ENTRIES_MAX = 256, BUFFER_BYTES = 4096, LISTENER = 0, STOP = 1, FIRST = 2 };

enum mistake {
	MISTAKE_NONE,
	MISTAKE_WAIT_EINTR, /* an interrupted wait is the end */
	MISTAKE_RECV_EINTR, /* an interrupted recv is the end of its connection */
	MISTAKE_SHORT_SEND, /* what a short send left is forgotten */
	MISTAKE_ABORTED,    /* a connection that gave up in the queue is the end */
	MISTAKE_STARVED,    /* a listener without descriptors does not rest */
	MISTAKE_SPURIOUS,   /* nothing to read is the end of its connection */
	MISTAKE_RESET_KEPT, /* a connection that was reset is kept */
	MISTAKE_COUNT,
};

static const char *const mistake_names[MISTAKE_COUNT] = {
	[MISTAKE_NONE] = "none",
	[MISTAKE_WAIT_EINTR] = "wait-eintr",
	[MISTAKE_RECV_EINTR] = "recv-eintr",
	[MISTAKE_SHORT_SEND] = "short-send",
	[MISTAKE_ABORTED] = "aborted",
	[MISTAKE_STARVED] = "starved",
	[MISTAKE_SPURIOUS] = "spurious",
	[MISTAKE_RESET_KEPT] = "reset-kept",
};

struct loop {
	struct server *server;
	struct calls *calls;
	enum mistake mistake;
	int count; /* entries in use */
	struct pollfd entries[ENTRIES_MAX];
	uint64_t listener_resumes_ns; /* 0: it is watched */
};

static enum mistake mistake_asked(void)
{
	const char *name = getenv("MUXBENCH_BROKEN");

	for (int i = 0; name && i < MISTAKE_COUNT; i++)
		if (strcmp(name, mistake_names[i]) == 0)
			return (enum mistake)i;
	return MISTAKE_NONE;
}

static void end_connection(struct loop *loop, int i, bool by_error)
{
	int fd = loop->entries[i].fd;

	if (by_error && loop->mistake == MISTAKE_RESET_KEPT)
		return;
	calls_count(loop->calls, CALL_close);
	close(fd);
	calls_add(&loop->calls->closed, 1);
	if (by_error)
		calls_add(&loop->calls->connection_errors, 1);
	loop->entries[i] = loop->entries[--loop->count];
}

/* All of it, waiting where it must. Whether the connection lives on. */
static bool send_all(
	const struct loop *loop, int fd, const unsigned char *bytes, size_t length)
{
	struct pollfd writable = {.fd = fd, .events = POLLOUT};

	while (length > 0) {
		ssize_t sent = calls_send(loop->calls, fd, bytes, length);

		if (sent == -EAGAIN)
			poll(&writable, 1, 1000);
		if (sent == -EAGAIN || sent == -EINTR)
			continue;
		if (sent < 0)
			return false;
		if (loop->mistake == MISTAKE_SHORT_SEND)
			return true;
		bytes += sent;
		length -= (size_t)sent;
	}
	return true;
}

static void serve_one(struct loop *loop, int i)
{
	unsigned char buffer[BUFFER_BYTES];
	int fd = loop->entries[i].fd;
	ssize_t got = calls_recv(loop->calls, fd, buffer, sizeof(buffer));

	if ((got == -EAGAIN && loop->mistake != MISTAKE_SPURIOUS) ||
		(got == -EINTR && loop->mistake != MISTAKE_RECV_EINTR))
		return;
	if (got <= 0)
		end_connection(loop, i, got < 0);
	else if (!send_all(loop, fd, buffer, (size_t)got))
		end_connection(loop, i, true);
}

static int take_connections(struct loop *loop)
{
	for (;;) {
		int fd = calls_accept(loop->calls, loop->server->listen_fd);
		enum accept_next next = fd >= 0 ? ACCEPT_AGAIN : accept_after_error(fd);

		if (fd >= 0 && loop->count < ENTRIES_MAX) {
			loop->entries[loop->count++] =
				(struct pollfd){.fd = fd, .events = POLLIN};
			calls_add(&loop->calls->accepted, 1);
		} else if (next == ACCEPT_AGAIN && fd != -EINTR &&
			   loop->mistake == MISTAKE_ABORTED) {
			return fd;
		} else if (next == ACCEPT_PAUSE && loop->mistake != MISTAKE_STARVED) {
			calls_add(&loop->calls->accept_pauses, 1);
			loop->entries[LISTENER].fd = -1;
			loop->listener_resumes_ns =
				clock_now_ns() + ACCEPT_PAUSE_MS * NS_PER_MS;
			return 0;
		} else if (next != ACCEPT_AGAIN) {
			return next == ACCEPT_FAIL ? fd : 0;
		}
	}
}

static int wait_and_serve(struct loop *loop)
{
	int timeout_ms = loop->listener_resumes_ns
				 ? clock_timeout_ms(loop->listener_resumes_ns)
				 : -1;

	calls_count(loop->calls, CALL_poll);
	if (poll(loop->entries, (nfds_t)loop->count, timeout_ms) < 0) {
		loop->entries[STOP].revents = 0; /* whatever stands there */
		return errno == EINTR && loop->mistake != MISTAKE_WAIT_EINTR ? 0 : -errno;
	}
	for (int i = loop->count - 1; i >= FIRST; i--)
		if (loop->entries[i].revents)
			serve_one(loop, i);
	if (loop->listener_resumes_ns && clock_now_ns() >= loop->listener_resumes_ns) {
		loop->listener_resumes_ns = 0;
		loop->entries[LISTENER].fd = loop->server->listen_fd;
	}
	return loop->entries[LISTENER].revents ? take_connections(loop) : 0;
}

static int broken_run(struct server *server, const struct backend *self)
{
	struct loop loop = {
		.server = server,
		.calls = server->calls,
		.mistake = mistake_asked(),
		.count = FIRST,
		.entries = {{.fd = server->listen_fd, .events = POLLIN},
			{.fd = server->stop_fd, .events = POLLIN}},
	};
	int error = 0;

	(void)self;
	server->ready(server, "");
	while (error == 0 && !(loop.entries[STOP].revents & POLLIN))
		error = wait_and_serve(&loop);
	for (int i = FIRST; i < loop.count; i++)
		close(loop.entries[i].fd);
	return error;
}

const struct backend muxbench_backend = {
	.abi = BACKEND_ABI,
	.name = "broken",
	.summary = "poll(2) with one mistake, for the tests",
	.run = broken_run,
};
