/*
 * stream.h - the bytes of one connection: requests go out one behind the other, and their
 * echoes come back in the same order.
 *
 * So what comes is compared with what was sent by its position in the stream alone; where
 * one recv ends and the next begins means nothing, and neither does where a message ends.
 */
#ifndef LOADGEN_STREAM_H
#define LOADGEN_STREAM_H

#include "loadgen/payload.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#define STREAM_PARTS_MAX 64 /* messages handed to the kernel in one call */

struct engine_result;

struct request {
	const uint8_t *message; /* in the payload */
	uint64_t intended_ns;   /* open loop: when it should have been sent */
	uint64_t sent_ns;       /* just before its first send */
};

struct stream {
	int *fd;         /* in the set it belongs to; -1: not open, or given up */
	uint64_t number; /* of the whole run: in messages, and it picks the bytes */
	uint64_t requests_started;
	size_t message_bytes;
	struct request *ring; /* what is in flight, capacity at most; the engine's */
	uint32_t capacity;
	uint32_t first;
	uint32_t in_flight;
	uint32_t unsent; /* of these the last ones, which are not wholly sent */
	size_t sent;     /* bytes of the first unsent one */
	size_t received; /* bytes that came back of those in flight */
};

static inline bool stream_is_open(const struct stream *stream)
{
	return *stream->fd >= 0;
}

static inline bool stream_has_room(const struct stream *stream)
{
	return stream->in_flight < stream->capacity;
}

/* Puts a request behind the others; there must be room. The caller sets its times. */
struct request *stream_add(struct stream *stream, const struct payload *payload);

/*
 * What is unsent, from its first byte, as parts of one call, parts_max at most: their
 * bytes in all. They point into the payload, and so stay valid.
 */
size_t stream_unsent(const struct stream *stream, struct iovec *parts, size_t parts_max,
	size_t *count);

/* So many bytes of it went out; or, of those that seemed to, so many did not after all.
 */
void stream_sent(struct stream *stream, size_t bytes);
void stream_unsend(struct stream *stream, size_t bytes);

/*
 * Sends what the socket takes of what is unsent, all of it with one call if it can; the
 * rest waits for the connection to become writable. 0, or -errno when the connection is
 * lost. Counts result->bytes_tx.
 */
int stream_send(struct stream *stream, struct engine_result *result);

/* Whether n bytes more will answer a request: then the time matters. */
static inline bool stream_answers(const struct stream *stream, size_t n)
{
	return stream->in_flight > 0 && stream->received + n >= stream->message_bytes;
}

/*
 * Compares n bytes that came with those that were sent. 0, or -EPROTO with an error in
 * result when they differ or there are more of them. Counts bytes_rx and bytes_wrong.
 */
int stream_take(struct stream *stream, const uint8_t *bytes, size_t n,
	struct engine_result *result);

/* Takes the first request off, if all of its echo has come. */
bool stream_pop(struct stream *stream, struct request *answered);

/* Forgets what is in flight; how many requests that was. */
uint32_t stream_clear(struct stream *stream);

#endif
