/*
 * engine_uring.c - the load generator over a ring of its own, io_uring(7).
 *
 * Each connection has one recv that lasts (multishot): whenever bytes arrive, the kernel
 * puts them into a buffer of the ring of provided buffers and posts a completion. All
 * that a batch of completions lets start is noted down as sends, and goes to the kernel
 * with the very call that waits for the next batch: so many answers that came together
 * cost one system call, and one answer alone costs one.
 *
 * A request's time begins just before the call that hands its send in, and ends when the
 * call that brought its last byte has returned: both are read once for a whole batch.
 *
 * With one request in flight a send that takes everything posts no completion
 * (CQE_SKIP_SUCCESS): the echo tells. MSG_WAITALL makes the kernel itself go on with a
 * send that fell short, and what is short nevertheless is posted and sent again. With
 * several in flight two sends could overtake each other, so there the next one waits for
 * the completion of the one before. Bytes count as sent once they are noted down: their
 * echo may be here before the completion is.
 *
 * Connections that stay are in the ring's table of descriptors, by their index: then no
 * operation has to look up and hold its file. Those of churn come and go too fast for it.
 *
 * The kernel holds a connection that it receives on, past close(2): what is given up is
 * cancelled first, or no reset would go out. A completion that was under way meanwhile
 * carries the old generation and is dropped; its buffer is given back all the same.
 *
 * What is missing on a kernel is not made up for: the engine then does not run (probe).
 */
#include "loadgen/engine_state.h"

#include "common/clock.h"
#include "loadgen/churn.h"
#include "loadgen/connections.h"
#include "loadgen/uring/ring.h"

#include <errno.h>
#include <liburing.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	BUFFERS_MIN = 64, /* each a power of two: the rings need that */
	BUFFERS_MAX = 512,
	BUFFER_BYTES_MIN = 512,
	BUFFER_BYTES_MAX = 64 * 1024,
	BUFFER_POOL_BYTES_MAX = 8 * 1024 * 1024,
	SUBMISSIONS_MIN = 256,
	SUBMISSIONS_MAX = 2048,

	/*
	 * What one completion can bring about at most: a recv again, and so many starts,
	 * of which each of churn's takes a recv and a poll.
	 */
	ROOM = 2 * ENGINE_START_AT_ONCE + 4,
	STAMPS_MAX = 4096, /* requests that wait for the time of their send */

	BUSY_NAP_NS = 1000 * 1000, /* then a kernel out of memory is asked again */
	BUSY_NAPS_MAX = 5000,
};

#define WAIT_MAX_NS (3600 * NS_PER_S)

enum operation { OP_RECV, OP_SEND, OP_WRITABLE, OP_STOP };

/* What a send of several messages needs to last until it is handed in. */
struct parts {
	struct msghdr message;
	struct iovec *list; /* in struct uring's lists */
};

struct uring {
	struct io_uring ring;
	bool is_open;
	bool direct; /* connections are in the ring's table of descriptors */
	int error;   /* of a hand-in that failed for good, until await() tells it */
	struct ring_buffers buffers;

	struct parts *parts; /* owned, one a connection; NULL with one in flight */
	struct iovec *lists; /* owned */
	size_t parts_max;

	struct request *stamps[STAMPS_MAX]; /* noted down, and not handed in yet */
	size_t stamp_count;
	char modes[160];
};

static unsigned power_of_two(uint64_t wanted, unsigned min, unsigned max)
{
	unsigned power = min;

	while (power < wanted && power < max)
		power *= 2;
	return power;
}

/* ---- noting down, and handing in ---- */

static uint64_t token(
	const struct engine *engine, const struct connection *c, enum operation operation)
{
	return (uint64_t)(c - engine->connections) << 32 |
	       (uint64_t)(c->generation & 0xffffff) << 8 | (uint64_t)operation;
}

/* Requests that are noted down are sent now. */
static void stamp_all(struct engine *engine)
{
	struct uring *uring = engine->uring;
	uint64_t now_ns;

	if (uring->stamp_count == 0)
		return;
	now_ns = clock_now_ns();
	for (size_t i = 0; i < uring->stamp_count; i++)
		engine_mark_sent(engine, uring->stamps[i], now_ns);
	uring->stamp_count = 0;
}

/* Hands in without waiting. A kernel out of memory is asked again for some seconds. */
static int uring_flush(struct engine *engine)
{
	const struct timespec nap = {.tv_nsec = BUSY_NAP_NS};
	struct uring *uring = engine->uring;

	stamp_all(engine);
	for (int naps = 0; io_uring_sq_ready(&uring->ring) > 0; naps++) {
		int submitted = io_uring_submit(&uring->ring);

		if (submitted >= 0 || submitted == -EINTR)
			continue;
		if ((submitted != -EAGAIN && submitted != -EBUSY) ||
			naps == BUSY_NAPS_MAX)
			return uring->error = submitted;
		nanosleep(&nap, NULL);
	}
	return 0;
}

/* Room in the queue for so many more. NULL after an error, which await() tells. */
static struct io_uring_sqe *next_entry(struct engine *engine)
{
	if (io_uring_sq_space_left(&engine->uring->ring) == 0)
		uring_flush(engine);
	return io_uring_get_sqe(&engine->uring->ring);
}

/* The operation is on that connection. */
static void set_connection(const struct engine *engine, struct io_uring_sqe *entry,
	const struct connection *c, enum operation operation)
{
	if (engine->uring->direct) {
		entry->fd = (int)(c - engine->connections);
		entry->flags |= IOSQE_FIXED_FILE;
	}
	io_uring_sqe_set_data64(entry, token(engine, c, operation));
}

/* Bytes that arrive on the connection, again and again. */
static int uring_watch(struct engine *engine, struct connection *c)
{
	struct io_uring_sqe *entry;

	if (c->watched)
		return 0;
	entry = next_entry(engine);
	if (!entry)
		return engine->uring->error;
	io_uring_prep_recv_multishot(entry, *c->stream.fd, NULL, 0, 0);
	entry->flags |= IOSQE_BUFFER_SELECT;
	entry->buf_group = RING_BUFFER_GROUP;
	set_connection(engine, entry, c, OP_RECV);
	c->watched = true;
	return 0;
}

/* Notes down that what is unsent be sent. 0 or -errno. */
static int note_send(struct engine *engine, struct connection *c)
{
	enum { FLAGS = MSG_NOSIGNAL | MSG_WAITALL };
	struct uring *uring = engine->uring;
	struct iovec one;
	struct parts *parts =
		uring->parts ? &uring->parts[c - engine->connections] : NULL;
	struct iovec *list = parts ? parts->list : &one;
	struct io_uring_sqe *entry = next_entry(engine);
	size_t count;

	if (!entry)
		return uring->error;
	c->asked = stream_unsent(&c->stream, list, uring->parts_max, &count);
	if (count == 1) {
		io_uring_prep_send(
			entry, *c->stream.fd, list->iov_base, list->iov_len, FLAGS);
	} else {
		parts->message = (struct msghdr){.msg_iov = list, .msg_iovlen = count};
		io_uring_prep_sendmsg(entry, *c->stream.fd, &parts->message, FLAGS);
	}
	if (!parts)
		entry->flags |= IOSQE_CQE_SKIP_SUCCESS;
	set_connection(engine, entry, c, OP_SEND);
	c->sending = true;
	stream_sent(&c->stream, c->asked);
	engine->result->bytes_tx += c->asked;
	return 0;
}

/*
 * While a connection of churn does not stand, it is as with epoll: a plain send, whose
 * success proves that it does, and a look for room where there was none.
 */
static int send_connecting(struct engine *engine, struct connection *c)
{
	uint64_t sent_before = engine->result->bytes_tx;
	int error = stream_send(&c->stream, engine->result);

	if (error < 0 || c->stream.unsent == 0)
		return error;
	if (engine->result->bytes_tx > sent_before)
		return note_send(engine, c);
	struct io_uring_sqe *entry = next_entry(engine);

	if (!entry)
		return engine->uring->error;
	io_uring_prep_poll_add(entry, *c->stream.fd, POLLOUT);
	io_uring_sqe_set_data64(entry, token(engine, c, OP_WRITABLE));
	c->watches_writable = true;
	return 0;
}

static int uring_send(struct engine *engine, struct connection *c)
{
	int error = 0;

	if (engine_is_churn(engine) && c->phase == CHURN_CONNECTING)
		error = send_connecting(engine, c);
	else if (c->stream.unsent > 0 && !(engine->uring->parts && c->sending))
		error = note_send(engine, c);
	/* In lockstep nothing is put off: what comes next waits for its effect. */
	if (error == 0 && engine->window->lockstep_tid)
		error = uring_flush(engine);
	return error;
}

static uint64_t uring_now_ns(const struct engine *engine)
{
	return engine->now_ns;
}

static void uring_stamp(struct engine *engine, struct request *request, uint64_t now_ns)
{
	struct uring *uring = engine->uring;

	(void)now_ns;
	if (uring->stamp_count == STAMPS_MAX)
		stamp_all(engine);
	uring->stamps[uring->stamp_count++] = request;
}

/* An operation that holds the connection would keep it open past close(2). */
static void uring_forget(struct engine *engine, struct connection *c)
{
	if (c->watched || c->watches_writable ||
		(c->sending && c->stream.in_flight > 0)) {
		uring_flush(engine);
		ring_cancel(&engine->uring->ring, *c->stream.fd);
	}
	if (engine->uring->direct) {
		const int none = -1;

		io_uring_register_files_update(&engine->uring->ring,
			(unsigned)(c - engine->connections), &none, 1);
	}
	c->generation++;
	c->watched = c->watches_writable = c->sending = false;
}

/* ---- what comes ---- */

/* What was cut short by a signal, or given up by the kernel, is asked for again. */
static bool is_passing(int error)
{
	return error == -EINTR || error == -EAGAIN || error == -ECANCELED;
}

/* A recv has ended: for want of buffers, which are there again by now, or at the end. */
static void receive_ended(struct engine *engine, struct connection *c, int result)
{
	int error = 0;

	c->watched = false;
	if (result == 0 || (result < 0 && result != -ENOBUFS && !is_passing(result))) {
		engine_ended(engine, c, result);
		return;
	}
	error = uring_watch(engine, c);
	if (error < 0)
		engine_lost(engine, c, error);
}

static void on_recv(struct engine *engine, struct connection *c, bool current,
	const struct io_uring_cqe *cqe)
{
	struct uring *uring = engine->uring;
	bool has_buffer = cqe->flags & IORING_CQE_F_BUFFER;
	unsigned id = cqe->flags >> IORING_CQE_BUFFER_SHIFT;
	uint32_t generation = c->generation;

	if (current && has_buffer && cqe->res > 0)
		engine_take_bytes(engine, c, ring_buffers_at(&uring->buffers, id),
			(size_t)cqe->res, engine->now_ns);
	if (has_buffer)
		ring_buffers_give(&uring->buffers, id);
	if (current && c->generation == generation && !(cqe->flags & IORING_CQE_F_MORE))
		receive_ended(engine, c, cqe->res);
}

/* A send is over: short or failed, or (several in flight) as it was meant. */
static void on_send(struct engine *engine, struct connection *c, int result)
{
	size_t sent = result > 0 ? (size_t)result : 0;
	int error = 0;

	c->sending = false;
	if (result < 0 && !is_passing(result)) {
		engine_lost(engine, c, result);
		return;
	}
	stream_unsend(&c->stream, c->asked - sent);
	engine->result->bytes_tx -= c->asked - sent;
	if (c->stream.unsent > 0)
		error = note_send(engine, c);
	if (error < 0)
		engine_lost(engine, c, error);
}

/*
 * Whoever can stop a window is in the engine's epoll set, as with the other engine (which
 * leaves out regular files: they are always readable). Here the set itself is polled.
 */
static int watch_stop(struct engine *engine)
{
	struct io_uring_sqe *entry = next_entry(engine);

	if (!entry)
		return engine->uring->error;
	io_uring_prep_poll_multishot(entry, engine->waiter.epoll_fd, POLLIN);
	io_uring_sqe_set_data64(entry, OP_STOP);
	return 0;
}

static void on_stop(struct engine *engine, const struct engine_stop *stop,
	const struct io_uring_cqe *cqe)
{
	/* The next edge comes only when this one is taken. */
	if (epoll_wait(engine->waiter.epoll_fd, engine->events, ENGINE_EVENTS_MAX, 0) > 0)
		engine_ask_stop(engine, stop);
	if (cqe->res < 0 && !is_passing(cqe->res))
		engine->uring->error = cqe->res;
	else if (!(cqe->flags & IORING_CQE_F_MORE))
		watch_stop(engine);
}

static void on_completion(struct engine *engine, const struct engine_stop *stop,
	const struct io_uring_cqe *cqe)
{
	enum operation operation = cqe->user_data & 0xff;
	struct connection *c = &engine->connections[cqe->user_data >> 32];
	bool current = stream_is_open(&c->stream) &&
		       (cqe->user_data >> 8 & 0xffffff) == (c->generation & 0xffffff);

	switch (operation) {
	case OP_RECV:
		on_recv(engine, c, current, cqe);
		break;
	case OP_SEND:
		if (current)
			on_send(engine, c, cqe->res);
		break;
	case OP_WRITABLE:
		if (current) {
			c->watches_writable = false;
			churn_writable(engine, c);
		}
		break;
	case OP_STOP:
		on_stop(engine, stop, cqe);
	}
}

static void uring_handle(
	struct engine *engine, const struct engine_stop *stop, size_t count)
{
	struct io_uring *ring = &engine->uring->ring;
	struct io_uring_cqe *cqe;

	for (size_t i = 0; i < count && io_uring_peek_cqe(ring, &cqe) == 0; i++) {
		const struct io_uring_cqe copy = *cqe;

		io_uring_cqe_seen(ring, cqe);
		if (io_uring_sq_space_left(ring) < ROOM && uring_flush(engine) < 0)
			return;
		on_completion(engine, stop, &copy);
		if (stop)
			engine_start(engine, engine->completed_ns);
	}
}

/* ---- waiting ---- */

/* How long there is nothing to do but wait. */
static uint64_t wait_ns(const struct engine *engine, uint64_t now_ns)
{
	uint64_t until_ns;

	if (engine_is_open_loop(engine))
		until_ns = engine_wake_ns(engine);
	else if (engine->stopping)
		until_ns = engine->deadline_ns;
	else
		return ENGINE_PATIENCE_S * NS_PER_S;
	if (until_ns <= now_ns)
		return 0;
	return until_ns - now_ns < WAIT_MAX_NS ? until_ns - now_ns : WAIT_MAX_NS;
}

/* Hands in, takes what is there, and (unless there is) waits. 0 or -errno. */
static int enter(struct engine *engine, uint64_t timeout_ns)
{
	struct io_uring *ring = &engine->uring->ring;
	struct __kernel_timespec timeout = {
		.tv_sec = (long long)(timeout_ns / NS_PER_S),
		.tv_nsec = (long long)(timeout_ns % NS_PER_S),
	};
	struct io_uring_cqe *cqe;
	int error = timeout_ns == 0 ? io_uring_submit_and_get_events(ring)
				    : io_uring_submit_and_wait_timeout(
					      ring, &cqe, 1, &timeout, NULL);

	switch (error) {
	case -ETIME:
	case -EINTR:
		return 0;
	case -EAGAIN: /* no memory: what is noted down stays */
	case -EBUSY:
		return io_uring_cq_ready(ring) > 0 ? 0 : uring_flush(engine);
	default:
		return error < 0 ? error : 0;
	}
}

static int uring_await(struct engine *engine, bool *timed_out)
{
	struct uring *uring = engine->uring;

	if (uring->error < 0)
		return uring->error;
	stamp_all(engine);
	uint64_t begin_ns = clock_now_ns();
	uint64_t timeout_ns = engine->more ? 0 : wait_ns(engine, begin_ns);
	int error = enter(engine, timeout_ns);

	if (error < 0)
		return error;
	int ready = (int)io_uring_cq_ready(&uring->ring);

	engine->now_ns = clock_now_ns();
	if (engine_is_open_loop(engine)) {
		if (ready > 0)
			engine->heard_ns = engine->now_ns;
		*timed_out = !engine->more && engine->now_ns >= engine_give_up_ns(engine);
	} else
		*timed_out = !engine->more && ready == 0 &&
			     engine->now_ns >= begin_ns + timeout_ns;
	return ready;
}

static void uring_look(struct engine *engine)
{
	int error = uring_flush(engine);

	engine->now_ns = clock_now_ns();
	do {
		if (error == 0)
			error = io_uring_get_events(&engine->uring->ring);
		uring_handle(engine, NULL, io_uring_cq_ready(&engine->uring->ring));
	} while (error >= 0 && io_uring_cq_ready(&engine->uring->ring) > 0);
	uring_flush(engine);
}

static const char *uring_wait_method(const struct engine *engine)
{
	(void)engine;
	return "io_uring_enter";
}

/* ---- opening and closing ---- */

/* Several messages in one send need their list until it is handed in. 0 or -ENOMEM. */
static int parts_open(struct engine *engine)
{
	struct uring *uring = engine->uring;

	uring->parts_max = engine->setup.pipeline < STREAM_PARTS_MAX
				   ? engine->setup.pipeline
				   : STREAM_PARTS_MAX;
	if (uring->parts_max == 1)
		return 0;
	uring->parts = calloc(engine->count, sizeof(*uring->parts));
	uring->lists = calloc(engine->count * uring->parts_max, sizeof(*uring->lists));
	if (!uring->parts || !uring->lists)
		return -ENOMEM;
	for (size_t i = 0; i < engine->count; i++)
		uring->parts[i].list = uring->lists + i * uring->parts_max;
	return 0;
}

/*
 * As few buffers as keep a batch of answers apart, as small as takes an answer whole: all
 * of them pass through the processor's cache in turn. Too few are no fault, only slower.
 */
static void choose_buffers(struct engine *engine)
{
	struct uring *uring = engine->uring;
	uint64_t answer = engine->setup.message_bytes * engine->setup.pipeline;

	uring->buffers.bytes = power_of_two(answer, BUFFER_BYTES_MIN, BUFFER_BYTES_MAX);
	uring->buffers.count = power_of_two(engine->busy_max, BUFFERS_MIN, BUFFERS_MAX);
	while (uring->buffers.count > BUFFERS_MIN &&
		uring->buffers.count * uring->buffers.bytes > BUFFER_POOL_BYTES_MAX)
		uring->buffers.count /= 2;
}

static int uring_open(struct engine *engine)
{
	struct uring *uring = calloc(1, sizeof(*uring));
	unsigned submissions =
		power_of_two(engine->count + ROOM, SUBMISSIONS_MIN, SUBMISSIONS_MAX);

	if (!uring)
		return -ENOMEM;
	engine->uring = uring;
	choose_buffers(engine);
	int error = parts_open(engine);

	if (error == 0)
		error = ring_open(&uring->ring, submissions, 2 * submissions);
	if (error < 0)
		return error;
	uring->is_open = true;
	/* A table longer than the limit of descriptors is refused: then it is none. */
	uring->direct = !engine_is_churn(engine) &&
			io_uring_register_files(&uring->ring, engine->setup.set->fds,
				(unsigned)engine->count) == 0;
	snprintf(uring->modes, sizeof(uring->modes),
		"SINGLE_ISSUER DEFER_TASKRUN REGISTERED_RING RECV_MULTISHOT "
		"BUFFER_RING_%ux%u%s%s",
		uring->buffers.count, uring->buffers.bytes,
		uring->direct ? " DIRECT_DESCRIPTORS" : "",
		uring->parts ? "" : " CQE_SKIP_SUCCESS");
	error = ring_buffers_open(&uring->buffers, &uring->ring);
	return error < 0 ? error : watch_stop(engine);
}

static void uring_close(struct engine *engine)
{
	struct uring *uring = engine->uring;

	if (!uring)
		return;
	if (uring->is_open) {
		/* The end of the ring is worked off later, and would hold sockets. */
		ring_cancel(&uring->ring, -1);
		if (uring->direct)
			io_uring_unregister_files(&uring->ring);
		io_uring_queue_exit(&uring->ring);
	}
	ring_buffers_close(&uring->buffers);
	free(uring->parts);
	free(uring->lists);
	free(uring);
	engine->uring = NULL;
}

static const char *uring_modes(const struct engine *engine)
{
	return engine->uring->modes;
}

const struct engine_io engine_io_uring = {
	.name = "io_uring",
	.probe = ring_probe,
	.open = uring_open,
	.close = uring_close,
	.modes = uring_modes,
	.watch = uring_watch,
	.look = uring_look,
	.now_ns = uring_now_ns,
	.stamp = uring_stamp,
	.send = uring_send,
	.flush = uring_flush,
	.forget = uring_forget,
	.await = uring_await,
	.handle = uring_handle,
	.wait_method = uring_wait_method,
};
