/* streams.c - clients of an echo server, many at once. */
#include "tests/inject/streams.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { SCRATCH_BYTES = 64 * 1024 };

/* ---- what a stream is
 * ------------------------------------------------------------------ */

/* The byte at a place of a stream: no two streams agree for long. */
static unsigned char byte_at(uint64_t seed, size_t place)
{
	struct random word = {seed + place / 8 * 0xd1342543de82ef95ULL};

	return (unsigned char)(random_next(&word) >> place % 8 * 8);
}

/* Tiny ones, those about a buffer long, long ones. */
static size_t draw_total(struct random *random)
{
	switch (random_below(random, 10)) {
	case 0:
	case 1:
	case 2:
	case 3:
		return 1 + random_below(random, 64);
	case 4:
	case 5:
		return 32 * 1024 - 1 + random_below(random, 3);
	case 6:
	case 7:
	case 8:
		return 1 + random_below(random, 128 * 1024);
	default:
		return 512 * 1024 + random_below(random, 512 * 1024);
	}
}

static void draw(struct stream *stream, struct random *random)
{
	static const size_t pieces[] = {7, 64, 1460, 16 * 1024, SCRATCH_BYTES};
	static const size_t mouthfuls[] = {100, 1460, SCRATCH_BYTES, SCRATCH_BYTES};

	*stream = (struct stream){
		.fd = -1,
		.seed = random_next(random),
		.total_bytes = draw_total(random),
		.piece_bytes = pieces[random_below(random, 5)],
		.mouthful_bytes = mouthfuls[random_below(random, 4)],
		.half_closes = random_below(random, 2) == 0,
	};
	if (stream->total_bytes < 2048 && random_below(random, 2) == 0)
		stream->piece_bytes = 1;
	/* Crumbs out of a megabyte would take all day. */
	while (stream->total_bytes / stream->piece_bytes > 2048)
		stream->piece_bytes *= 4;
	while (stream->total_bytes / stream->mouthful_bytes > 2048)
		stream->mouthful_bytes *= 4;
}

/* ---- its socket
 * ------------------------------------------------------------------------ */

static int connect_to(int port, bool small_window)
{
	struct sockaddr_in to = {
		.sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int on = 1, small = 4096, segment = 536;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -errno;
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	if (small_window) {
		/* Of a window below a segment the sender waits for more, 200 ms and up.
		 */
		setsockopt(fd, IPPROTO_TCP, TCP_MAXSEG, &segment, sizeof(segment));
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
	}
	if (connect(fd, (const struct sockaddr *)&to, sizeof(to)) < 0 ||
		fcntl(fd, F_SETFL, O_NONBLOCK) < 0) {
		int error = -errno;

		close(fd);
		return error;
	}
	return fd;
}

static int begin_next(struct streams *streams, struct stream *stream)
{
	draw(stream, &streams->random);
	stream->fd = connect_to(streams->port, stream->mouthful_bytes < SCRATCH_BYTES);
	streams->begun++;
	return stream->fd < 0 ? stream->fd : 0;
}

static void end_one(struct stream *stream, uint64_t *outcome)
{
	close(stream->fd);
	stream->fd = -1;
	(*outcome)++;
}

/* The server has ended it: after the last byte of a half-closed one it should. */
static void on_end(struct streams *streams, struct stream *stream, bool by_fin)
{
	bool whole = stream->received_bytes == stream->total_bytes;

	if (whole && stream->finished && by_fin) {
		streams->half_closed++;
		end_one(stream, &streams->served);
		return;
	}
	end_one(stream, &streams->lost);
}

/* 0: nothing more for now, or it has ended; else something moved. */
static size_t send_some(struct streams *streams, struct stream *stream)
{
	unsigned char piece[SCRATCH_BYTES];
	size_t length = stream->total_bytes - stream->sent_bytes;

	if (length > stream->piece_bytes)
		length = stream->piece_bytes;
	if (length > SCRATCH_BYTES)
		length = SCRATCH_BYTES;
	for (size_t i = 0; i < length; i++)
		piece[i] = byte_at(stream->seed, stream->sent_bytes + i);
	ssize_t sent = send(stream->fd, piece, length, MSG_NOSIGNAL);

	if (sent < 0 && errno != EAGAIN && errno != EINTR)
		on_end(streams, stream, false);
	if (sent <= 0)
		return 0;
	stream->sent_bytes += (size_t)sent;
	if (stream->sent_bytes == stream->total_bytes && stream->half_closes)
		stream->finished = shutdown(stream->fd, SHUT_WR) == 0;
	return (size_t)sent;
}

static void receive_some(struct streams *streams, struct stream *stream)
{
	unsigned char mouthful[SCRATCH_BYTES];
	size_t length = stream->mouthful_bytes < SCRATCH_BYTES ? stream->mouthful_bytes
							       : SCRATCH_BYTES;
	ssize_t got = recv(stream->fd, mouthful, length, 0);

	if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR)) {
		on_end(streams, stream, got == 0);
		return;
	}
	for (ssize_t i = 0; i < got; i++) {
		bool due = stream->received_bytes < stream->sent_bytes;

		if (!due || mouthful[i] != byte_at(stream->seed, stream->received_bytes))
			streams->wrong_bytes++;
		else
			streams->bytes++;
		stream->received_bytes++;
	}
	if (stream->received_bytes == stream->total_bytes && !stream->half_closes)
		end_one(stream, &streams->served);
}

/* ---- all of them
 * ----------------------------------------------------------------------- */

void streams_begin(struct streams *streams, int port, uint64_t seed, uint64_t count)
{
	*streams = (struct streams){.port = port, .count = count, .random = {seed}};
	for (int i = 0; i < STREAMS_OPEN_MAX; i++)
		streams->open[i].fd = -1;
}

static int fill_places(struct streams *streams, struct problem *problem)
{
	for (int i = 0; i < STREAMS_OPEN_MAX && streams->begun < streams->count; i++) {
		if (streams->open[i].fd >= 0)
			continue;
		int error = begin_next(streams, &streams->open[i]);

		if (error < 0)
			return problem_set(
				problem, error, "connect: %s", strerror(-error));
	}
	return 0;
}

int streams_step(struct streams *streams, int timeout_ms, struct problem *problem)
{
	struct pollfd waits[STREAMS_OPEN_MAX];
	int error = fill_places(streams, problem);

	if (error < 0)
		return error;
	if (streams->served + streams->lost == streams->count)
		return 0;
	for (int i = 0; i < STREAMS_OPEN_MAX; i++) {
		struct stream *stream = &streams->open[i];
		bool sends = stream->sent_bytes < stream->total_bytes;

		waits[i] = (struct pollfd){
			.fd = stream->fd,
			.events = (short)(POLLIN | (sends ? POLLOUT : 0)),
		};
	}
	if (poll(waits, STREAMS_OPEN_MAX, timeout_ms) < 0 && errno != EINTR)
		return problem_set(problem, -errno, "poll: %s", strerror(errno));
	for (int i = 0; i < STREAMS_OPEN_MAX; i++) {
		struct stream *stream = &streams->open[i];

		if (stream->fd >= 0 && waits[i].revents & POLLOUT)
			send_some(streams, stream);
		if (stream->fd >= 0 && waits[i].revents & ~POLLOUT)
			receive_some(streams, stream);
	}
	return 1;
}

void streams_describe_stuck(const struct streams *streams, struct problem *problem)
{
	for (int i = 0; i < STREAMS_OPEN_MAX; i++) {
		const struct stream *stream = &streams->open[i];

		if (stream->fd < 0)
			continue;
		problem_set(problem, -ETIMEDOUT,
			"nothing moves: a stream of %zu bytes%s has sent %zu and %zu are "
			"back",
			stream->total_bytes, stream->finished ? ", half-closed," : "",
			stream->sent_bytes, stream->received_bytes);
		return;
	}
	problem_set(problem, -ETIMEDOUT, "nothing moves");
}

void streams_end(struct streams *streams)
{
	for (int i = 0; i < STREAMS_OPEN_MAX; i++)
		if (streams->open[i].fd >= 0)
			close(streams->open[i].fd);
}
