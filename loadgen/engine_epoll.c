/*
 * engine_epoll.c - the load generator over epoll(7): a request costs it one send, one
 * epoll_wait (shared by all that are answered together) and one recv, and no other system
 * call.
 *
 * Connections are watched edge-triggered, for reading and writing at once, from
 * engine_open on. An edge comes when bytes arrive, or when room comes back after a send
 * that fell short, so no epoll_ctl(2) is needed while the clock runs. The price of edges
 * is the duty to use up what an event promises: read until a recv brings less than was
 * asked for, write until a send takes less (epoll(7) allows both in place of EAGAIN). A
 * FIN or a reset may hide behind such a short read, so where the event tells of one, it
 * is read on until it shows.
 */
#include "loadgen/engine_state.h"

#include "common/clock.h"
#include "loadgen/churn.h"

#include <errno.h>
#include <sys/socket.h>

enum { HANGUP = EPOLLRDHUP | EPOLLHUP | EPOLLERR };

/*
 * Into the interest list, or another interest. In churn connections are many and short:
 * there, room to send matters only when it was short.
 */
static int epoll_watch(struct engine *engine, struct connection *c)
{
	int operation = c->watched ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;
	struct epoll_event event = {
		.events = EPOLLIN | EPOLLRDHUP | EPOLLET, .data.ptr = c};

	c->watches_writable = !engine_is_churn(engine) || c->stream.unsent > 0;
	if (c->watches_writable)
		event.events |= EPOLLOUT;
	if (epoll_ctl(engine->waiter.epoll_fd, operation, *c->stream.fd, &event) < 0)
		return -errno;
	c->watched = true;
	return 0;
}

/* Nothing is ever only noted down. */
static int epoll_flush(struct engine *engine)
{
	(void)engine;
	return 0;
}

static int epoll_open(struct engine *engine)
{
	(void)engine; /* its descriptor is the engine's: whoever stops it is in there too
		       */
	return 0;
}

static void epoll_close(struct engine *engine)
{
	(void)engine;
}

static const char *epoll_modes(const struct engine *engine)
{
	(void)engine;
	return "";
}

static uint64_t epoll_now_ns(const struct engine *engine)
{
	(void)engine;
	return clock_now_ns();
}

/* What is unsent waits for an event; one that it was not watched for is asked for. */
static int epoll_send(struct engine *engine, struct connection *c)
{
	int error = stream_send(&c->stream, engine->result);

	if (error == 0 && c->watched && c->stream.unsent > 0 && !c->watches_writable)
		error = epoll_watch(engine, c);
	return error;
}

/* close(2) takes it out of the interest list. */
static void epoll_forget(struct engine *engine, struct connection *c)
{
	(void)engine;
	c->watched = c->watches_writable = false;
}

/* Bytes read, 0 at the end, -EAGAIN when there are none, or another -errno. */
static ssize_t receive_some(int fd, uint8_t *buffer)
{
	ssize_t n;

	do
		n = recv(fd, buffer, ENGINE_SCRATCH_BYTES, 0);
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : n;
}

static void receive(struct engine *engine, struct connection *c, bool hangup)
{
	ssize_t n;

	do {
		n = receive_some(*c->stream.fd, engine->scratch);
		if (n == -EAGAIN)
			return;
		if (n <= 0) {
			engine_ended(engine, c, (int)n);
			return;
		}
		engine_take_bytes(engine, c, engine->scratch, (size_t)n,
			stream_answers(&c->stream, (size_t)n) ? clock_now_ns() : 0);
	} while (stream_is_open(&c->stream) && (n == ENGINE_SCRATCH_BYTES || hangup));
}

static void send_rest(struct engine *engine, struct connection *c)
{
	int error = epoll_send(engine, c);

	if (error < 0)
		engine_lost(engine, c, error);
}

static void advance(struct engine *engine, struct connection *c, uint32_t events)
{
	if (!stream_is_open(&c->stream))
		return;
	if ((events & EPOLLOUT) && c->stream.unsent > 0) {
		if (engine_is_churn(engine))
			churn_writable(engine, c);
		else
			send_rest(engine, c);
	}
	if ((events & (EPOLLIN | HANGUP)) && stream_is_open(&c->stream))
		receive(engine, c, events & HANGUP);
}

/* That a connection has become writable is no news; a quiet one answers EAGAIN. */
static void epoll_look(struct engine *engine)
{
	while (epoll_wait(engine->waiter.epoll_fd, engine->events, ENGINE_EVENTS_MAX, 0) >
		0)
		;
	for (size_t i = 0; i < engine->count; i++)
		if (stream_is_open(&engine->connections[i].stream))
			receive(engine, &engine->connections[i], true);
}

static int epoll_await(struct engine *engine, bool *timed_out)
{
	int n;

	if (engine->more) {
		n = epoll_wait(
			engine->waiter.epoll_fd, engine->events, ENGINE_EVENTS_MAX, 0);
		n = n < 0 ? -errno : n;
	} else if (engine_is_open_loop(engine)) {
		n = wait_until(&engine->waiter, engine->events, ENGINE_EVENTS_MAX,
			engine_wake_ns(engine));
		if (n > 0)
			engine->heard_ns = clock_now_ns();
		*timed_out = n >= 0 && clock_now_ns() >= engine_give_up_ns(engine);
	} else {
		int timeout_ms = engine->stopping ? clock_timeout_ms(engine->deadline_ns)
						  : ENGINE_PATIENCE_S * 1000;

		n = epoll_wait(engine->waiter.epoll_fd, engine->events, ENGINE_EVENTS_MAX,
			timeout_ms);
		n = n < 0 ? -errno : n;
		*timed_out = n == 0 || timeout_ms == 0;
	}
	return n == -EINTR ? 0 : n;
}

static void epoll_handle(
	struct engine *engine, const struct engine_stop *stop, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct connection *c = engine->events[i].data.ptr;

		if (c) {
			advance(engine, c, engine->events[i].events);
			engine_start(engine, engine->completed_ns);
		} else
			engine_ask_stop(engine, stop);
	}
}

static const char *epoll_wait_method(const struct engine *engine)
{
	return wait_method(&engine->waiter);
}

const struct engine_io engine_io_epoll = {
	.name = "epoll",
	.open = epoll_open,
	.close = epoll_close,
	.modes = epoll_modes,
	.watch = epoll_watch,
	.look = epoll_look,
	.now_ns = epoll_now_ns,
	.stamp = engine_mark_sent,
	.send = epoll_send,
	.flush = epoll_flush,
	.forget = epoll_forget,
	.await = epoll_await,
	.handle = epoll_handle,
	.wait_method = epoll_wait_method,
};
