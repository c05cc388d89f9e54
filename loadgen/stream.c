/* stream.c - the bytes of one connection. */
#include "loadgen/stream.h"

#include "loadgen/engine.h"

#include <errno.h>
#include <inttypes.h>
#include <sys/socket.h>

/* The request that is nth in the order of sending. */
static struct request *in_flight(const struct stream *stream, size_t nth)
{
	size_t at = stream->first + nth;

	return &stream->ring[at < stream->capacity ? at : at - stream->capacity];
}

struct request *stream_add(struct stream *stream, const struct payload *payload)
{
	struct request *request = in_flight(stream, stream->in_flight);

	request->message =
		payload_message(payload, stream->number, stream->requests_started);
	stream->requests_started++;
	stream->in_flight++;
	stream->unsent++;
	return request;
}

size_t stream_unsent(
	const struct stream *stream, struct iovec *parts, size_t parts_max, size_t *count)
{
	size_t first = stream->in_flight - stream->unsent;
	size_t bytes = 0, skip = stream->sent;

	*count = stream->unsent < parts_max ? stream->unsent : parts_max;
	for (size_t i = 0; i < *count; i++) {
		const uint8_t *message = in_flight(stream, first + i)->message;

		parts[i].iov_base = (uint8_t *)(uintptr_t)message + skip;
		parts[i].iov_len = stream->message_bytes - skip;
		bytes += parts[i].iov_len;
		skip = 0;
	}
	return bytes;
}

void stream_sent(struct stream *stream, size_t bytes)
{
	for (stream->sent += bytes;
		stream->unsent > 0 && stream->sent >= stream->message_bytes;
		stream->unsent--)
		stream->sent -= stream->message_bytes;
}

void stream_unsend(struct stream *stream, size_t bytes)
{
	for (; bytes > stream->sent; stream->unsent++)
		stream->sent += stream->message_bytes;
	stream->sent -= bytes;
}

/* One send(2) or sendmsg(2): bytes taken, or -errno. */
static ssize_t send_parts(int fd, struct iovec *parts, size_t count)
{
	const struct msghdr message = {.msg_iov = parts, .msg_iovlen = count};
	ssize_t n;

	do
		n = count == 1 ? send(fd, parts->iov_base, parts->iov_len, MSG_NOSIGNAL)
			       : sendmsg(fd, &message, MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : n;
}

int stream_send(struct stream *stream, struct engine_result *result)
{
	while (stream->unsent > 0) {
		struct iovec parts[STREAM_PARTS_MAX];
		size_t count;
		size_t bytes = stream_unsent(stream, parts, STREAM_PARTS_MAX, &count);
		ssize_t n = send_parts(*stream->fd, parts, count);

		if (n < 0)
			return n == -EAGAIN ? 0 : (int)n;
		result->bytes_tx += (uint64_t)n;
		stream_sent(stream, (size_t)n);
		if ((size_t)n < bytes)
			return 0;
	}
	return 0;
}

/* Only bytes that were sent can come back. */
static size_t outstanding(const struct stream *stream)
{
	return (stream->in_flight - stream->unsent) * stream->message_bytes +
	       stream->sent - stream->received;
}

/* The number of the request that is nth in flight, from 1, as messages name it. */
static uint64_t request_number(const struct stream *stream, size_t nth)
{
	return stream->requests_started - stream->in_flight + nth + 1;
}

static int too_many(struct stream *stream, size_t surplus, struct engine_result *result)
{
	result->bytes_wrong += surplus;
	engine_result_error(result,
		"connection %" PRIu64 ": %zu bytes more than were sent, in or after its "
		"request %" PRIu64,
		stream->number, surplus, stream->requests_started);
	return -EPROTO;
}

int stream_take(struct stream *stream, const uint8_t *bytes, size_t n,
	struct engine_result *result)
{
	size_t expected = outstanding(stream);

	result->bytes_rx += n;
	if (n > expected)
		return too_many(stream, n - expected, result);
	while (n > 0) {
		/* Mostly it is the first: no division then. */
		bool first = stream->received < stream->message_bytes;
		size_t nth = first ? 0 : stream->received / stream->message_bytes;
		size_t from = stream->received - nth * stream->message_bytes;
		size_t left = stream->message_bytes - from;
		size_t part = n < left ? n : left;
		const uint8_t *sent = in_flight(stream, nth)->message + from;
		size_t at = payload_first_wrong(sent, bytes, part);

		if (at < part) {
			result->bytes_wrong += payload_count_wrong(sent, bytes, part);
			engine_result_error(result,
				"connection %" PRIu64 ", request %" PRIu64
				": byte %zu of %zu is 0x%02x and not 0x%02x",
				stream->number, request_number(stream, nth), from + at,
				stream->message_bytes, bytes[at], sent[at]);
			return -EPROTO;
		}
		stream->received += part;
		bytes += part;
		n -= part;
	}
	return 0;
}

bool stream_pop(struct stream *stream, struct request *answered)
{
	if (stream->in_flight == 0 || stream->received < stream->message_bytes)
		return false;
	*answered = stream->ring[stream->first];
	stream->first = stream->first + 1 < stream->capacity ? stream->first + 1 : 0;
	stream->in_flight--;
	stream->received -= stream->message_bytes;
	return true;
}

uint32_t stream_clear(struct stream *stream)
{
	uint32_t forgotten = stream->in_flight;

	stream->in_flight = stream->unsent = 0;
	stream->sent = stream->received = 0;
	return forgotten;
}
