/*
 * io_uring_multishot.c - io_uring(7) as it is meant to be used today: one accept brings
 * every connection, one recv every request of a connection, and a result names the buffer
 * that the kernel took from a pool. Nothing is asked for twice, so an echo is one result
 * and one send, and a batch of echoes one io_uring_enter, which hands in the sends and
 * waits for the next requests.
 *
 * The variants are at the end of this file, each a table:
 * - io_uring-multishot;
 * - io_uring-direct: the same, but connections live in a table of the ring, not in the
 *   process's (direct descriptors), and a send that went well posts no result;
 * - io_uring-sqpoll: as the first, but a thread of the kernel takes what is queued.
 *
 * THE BUFFERS. One pool serves thousands of connections, so nobody may keep a buffer.
 * It is lent: the send of what it holds must not wait (MSG_DONTWAIT), so it is over when
 * the enter that hands it in is, and the buffer goes back. What did not fit, and what the
 * kernel had received for the same connection meanwhile, is copied into the connection's
 * own backlog; its recv is cancelled, for who does not take his echo is not read; and the
 * backlog is sent by a send that waits. Then the recv is asked for anew.
 *
 * A recv that finds no buffer ends (ENOBUFS, before it has taken a byte). Its connection
 * waits in a queue, and is asked for again in its turn when there is a buffer. An enter
 * carries out what it is handed before results of older recvs can take the buffers again,
 * so whoever is at the head of that queue is served: nobody waits for ever.
 *
 * BULK. A buffer that came full means that more was there than fits. Its connection is
 * then served like one of io_uring.c, by recvs of 32 KiB into its backlog, until one
 * brings less than a buffer of the pool: a fire-hose gets its turn once a round, and the
 * pool is for small requests.
 *
 * THE BACKLOG is as large as all that can come: a recv is cancelled at the latest when
 * BACKLOG_MANY bytes are owed, and until it has ended, the buffers that it still fills
 * are kept, so these are never more than the pool has. Memory is used only where bytes
 * ever stood (buffers.h).
 *
 * SILENCE. With CQE_SKIP_SUCCESS a send posts no result when it succeeds. A short one
 * must not count as success, or its rest is lost: MSG_WAITALL makes it fail (as the
 * result then says, with what it sent). A failure is in the completion queue when the
 * enter that handed the send in returns; whoever is not there by then has been sent. Only
 * while results overflow into the kernel this cannot be seen, and is not concluded.
 *
 * ROOM. Results are worked off as long as the submission queue has places for whatever
 * one can cause; the rest stays where it is until the queue has been handed in.
 */
#include "backends/accept.h"
#include "backends/backend.h"
#include "backends/buffers.h"
#include "backends/echo.h"
#include "backends/uring.h"
#include "backends/uring_pool.h"
#include "common/clock.h"

#include <assert.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	NOBODY = -1,
	NO_BUFFER = 0xffff,
	ROOM = 4,                /* places that working off one result may take */
	BACKLOG_MANY = 8 * 1024, /* owed so much, a connection is not read */
	POOL_BUFFER_BYTES = 1024,
	TABLE_SPARE = 12, /* descriptors that a server needs besides its connections */
	/* So many may be taken by one multishot accept: net.core.somaxconn's default. */
	ACCEPT_BURST = 4096,
	/* Linux 6.8; newer than the headers of liburing 2.3: gives a direct descriptor a
	 * number among the process's own. */
	OPCODE_FIXED_FD_INSTALL = 54,
};

/* What is different between the backends of this file. */
struct variant {
	const struct uring_plan *plan;
	struct uring_queues queues;
	unsigned pool_buffers; /* a power of two */
	bool direct;           /* connections are in the ring's own table */
	bool silent_sends;     /* a send that went well posts no result */
	bool inline_sends;     /* the enter that hands in a send carries it out */
	bool single_recvs;     /* each recv brings one result, and is asked for again */
};

/* Those before OP_RECV are under way at most once each. */
enum operation {
	OP_ACCEPT,
	OP_STOP,
	OP_ACCEPT_PAUSE,
	OP_NEWCOMER, /* somebody waits for a place in the table */
	OP_LOOK,
	OP_RECV,    /* multishot, into the pool; or one, into the backlog */
	OP_LEND,    /* a send out of the pool, that does not wait */
	OP_SEND,    /* a send out of the backlog, that waits */
	OP_CANCEL,  /* of its recv */
	OP_CLOSE,   /* of a direct descriptor */
	OP_INSTALL, /* of a direct descriptor among the process's own */
};

struct connection {
	uint32_t generation;
	int fd;                /* of the process; direct: NOBODY until the server stops */
	int starved_behind_it; /* while it is starved: the next one, or NOBODY */
	int error;             /* why it ended: 0 after a FIN, else -errno */
	uint32_t start, end;   /* owed, in its backlog */
	int place;             /* of the backlog, or NOBODY: it has none now */
	uint32_t lent_bytes;   /* with lending: so many */
	uint32_t lent_at;      /* with lending, silently: its place in loop.lent */
	uint16_t lent;         /* with lending: of this buffer */
	uint16_t kept;         /* the last of the buffers kept for it, or NO_BUFFER */
	bool held;
	bool receiving;   /* a multishot recv is under way */
	bool cancelling;  /* and is being cancelled */
	bool reading;     /* a recv into the backlog is under way */
	bool lending;     /* a send out of the pool is */
	bool lend_failed; /* and its result has been seen in the queue */
	bool sending;     /* a send out of the backlog is */
	bool starved;     /* waits for a buffer; outlives the connection, see starve() */
	bool bulk;        /* read by single recvs */
	bool ended;       /* nothing more will come from it */
	bool finished;    /* our FIN is out */
	bool heard;       /* bytes came after that */
};

struct loop {
	struct server *server;
	struct calls *calls;
	const struct variant *variant;
	struct uring uring;
	struct uring_pool pool;
	struct connection
		*connections;    /* by slot: descriptor number, or place in the table */
	unsigned char *backlogs; /* by place, backlog_blocks of buffers.h each */
	unsigned backlog_blocks;
	int *places_free; /* a stack: who was used last is in the cache, and has memory */
	int places_free_count;
	uint16_t *kept_before; /* by buffer: the one kept before it, or NO_BUFFER */
	int *lent; /* slots whose silent sends were not concluded, each once */
	unsigned lent_count;
	unsigned inline_results; /* that the next enter brings by itself */
	int slots;               /* how many there are */
	int slots_top;           /* one more than the highest ever used */
	int slots_used;
	int starved_first, starved_last; /* or NOBODY */
	bool busy;    /* there is something to do before the next result */
	bool starved; /* see accept_starved() */
	bool stop_asked;
	bool stopping;
	int stop_next;         /* when stopping: the next slot to be told */
	bool look_due;         /* when stopping: it is time to look for the quiet ones */
	uint64_t stop_ends_ns; /* when stopping: closes whoever is left */
	struct __kernel_timespec after[OP_RECV]; /* of those that are timeouts */
};

/* ---- asking ---- */

static bool has_room(const struct loop *loop)
{
	return io_uring_sq_space_left(&loop->uring.ring) >= ROOM;
}

/* Only where has_room() was true: then there is always one. */
static struct io_uring_sqe *next_sqe(struct loop *loop)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&loop->uring.ring);

	assert(sqe);
	return sqe;
}

/* The end of what asks for an operation of a connection. */
static void set_target(const struct loop *loop, struct io_uring_sqe *sqe,
	enum operation operation, int slot, unsigned flags)
{
	io_uring_sqe_set_flags(
		sqe, flags | (loop->variant->direct ? IOSQE_FIXED_FILE : 0));
	io_uring_sqe_set_data64(
		sqe, uring_token(operation, slot, loop->connections[slot].generation));
}

/*
 * A place for what it owes, from now until backlog_empty(). Not one of its own: slots of
 * a table are given out in turn, so all of them would come to have memory.
 */
static unsigned char *backlog_of(struct loop *loop, int slot)
{
	struct connection *connection = &loop->connections[slot];

	if (connection->place == NOBODY)
		connection->place = loop->places_free[--loop->places_free_count];
	return buffers_at(loop->backlogs, connection->place * (int)loop->backlog_blocks);
}

/* Its first bytes are left free: for what a lent buffer turns out to owe before them. */
static void backlog_empty(struct loop *loop, struct connection *connection)
{
	connection->start = connection->end = POOL_BUFFER_BYTES;
	if (connection->place == NOBODY || connection->reading || connection->sending)
		return;
	loop->places_free[loop->places_free_count++] = connection->place;
	connection->place = NOBODY;
}

static bool owes(const struct connection *connection)
{
	return connection->start < connection->end;
}

/*
 * Sends what a buffer holds out of it. The bytes are counted as a call is, before: the
 * worker may sleep in the very enter that sends them, and whoever looks at it then must
 * find them. What turns out not to have been sent is taken back.
 */
static void lend(struct loop *loop, int slot, unsigned buffer, uint32_t bytes)
{
	const struct variant *variant = loop->variant;
	struct connection *connection = &loop->connections[slot];
	struct io_uring_sqe *sqe = next_sqe(loop);

	io_uring_prep_send(sqe, slot, uring_pool_at(&loop->pool, buffer), bytes,
		MSG_DONTWAIT | MSG_NOSIGNAL | (variant->silent_sends ? MSG_WAITALL : 0));
	set_target(loop, sqe, OP_LEND, slot,
		variant->silent_sends ? IOSQE_CQE_SKIP_SUCCESS : 0);
	connection->lending = true;
	connection->lent = (uint16_t)buffer;
	connection->lent_bytes = bytes;
	if (variant->silent_sends) {
		connection->lent_at = loop->lent_count;
		loop->lent[loop->lent_count++] = slot;
	} else if (variant->inline_sends) {
		loop->inline_results++;
	}
	calls_add(&loop->calls->bytes_tx, bytes);
}

static void send_backlog(struct loop *loop, int slot)
{
	struct connection *connection = &loop->connections[slot];
	struct io_uring_sqe *sqe = next_sqe(loop);

	io_uring_prep_send(sqe, slot, backlog_of(loop, slot) + connection->start,
		connection->end - connection->start, MSG_NOSIGNAL);
	set_target(loop, sqe, OP_SEND, slot, 0);
	connection->sending = true;
}

static void receive(struct loop *loop, int slot)
{
	struct io_uring_sqe *sqe = next_sqe(loop);

	if (loop->variant->single_recvs)
		io_uring_prep_recv(sqe, slot, NULL, POOL_BUFFER_BYTES, 0);
	else
		io_uring_prep_recv_multishot(sqe, slot, NULL, 0, 0);
	sqe->buf_group = URING_POOL_GROUP;
	set_target(loop, sqe, OP_RECV, slot, IOSQE_BUFFER_SELECT);
	loop->connections[slot].receiving = true;
}

static void read_bulk(struct loop *loop, int slot)
{
	struct connection *connection = &loop->connections[slot];
	struct io_uring_sqe *sqe = next_sqe(loop);

	io_uring_prep_recv(sqe, slot, backlog_of(loop, slot) + connection->start,
		ECHO_BUFFER_BYTES, 0);
	set_target(loop, sqe, OP_RECV, slot, 0);
	connection->reading = true;
}

/* Who is received from, and must not be for now, is not. */
static void cancel_receiving(struct loop *loop, int slot)
{
	struct connection *connection = &loop->connections[slot];

	if (!connection->receiving || connection->cancelling)
		return;
	struct io_uring_sqe *sqe = next_sqe(loop);

	io_uring_prep_cancel64(
		sqe, uring_token(OP_RECV, slot, connection->generation), 0);
	io_uring_sqe_set_data64(
		sqe, uring_token(OP_CANCEL, slot, connection->generation));
	connection->cancelling = true;
}

/* A direct descriptor has no number, and what a stop does needs one. */
static void install(struct loop *loop, int slot)
{
	struct io_uring_sqe *sqe = next_sqe(loop);

	io_uring_prep_rw(OPCODE_FIXED_FD_INSTALL, sqe, slot, NULL, 0, 0);
	set_target(loop, sqe, OP_INSTALL, slot, 0);
}

static void accept_next(struct loop *loop)
{
	const struct server *server = loop->server;
	struct io_uring_sqe *sqe = next_sqe(loop);

	/* No SOCK_NONBLOCK: io_uring would answer EAGAIN instead of waiting. */
	if (!loop->variant->direct)
		io_uring_prep_multishot_accept(
			sqe, server->listen_fd, NULL, NULL, SOCK_CLOEXEC);
	else if (loop->slots - loop->slots_used > ACCEPT_BURST)
		io_uring_prep_multishot_accept_direct(
			sqe, server->listen_fd, NULL, NULL, 0);
	else
		io_uring_prep_accept_direct(sqe, server->listen_fd, NULL, NULL, 0,
			IORING_FILE_INDEX_ALLOC - 1); /* it adds 1 */
	io_uring_sqe_set_data64(sqe, uring_token(OP_ACCEPT, 0, 0));
}

static void wait_for_time(struct loop *loop, enum operation operation, int ms)
{
	struct io_uring_sqe *sqe = next_sqe(loop);

	loop->after[operation] = uring_timespec(ms);
	io_uring_prep_timeout(sqe, &loop->after[operation], 0, 0);
	io_uring_sqe_set_data64(sqe, uring_token(operation, 0, 0));
}

static void wait_for_readable(struct loop *loop, enum operation operation, int fd)
{
	struct io_uring_sqe *sqe = next_sqe(loop);

	io_uring_prep_poll_add(sqe, fd, POLLIN);
	io_uring_sqe_set_data64(sqe, uring_token(operation, 0, 0));
}

/* ---- connections ---- */

/* What stays of it when it ends: the place in the queue of the starved, who else could
 * be behind it, and the generation. */
static void connection_reset(struct connection *connection, int fd)
{
	*connection = (struct connection){
		.generation = connection->generation,
		.starved = connection->starved,
		.starved_behind_it = connection->starved_behind_it,
		.start = POOL_BUFFER_BYTES,
		.end = POOL_BUFFER_BYTES,
		.place = NOBODY,
		.kept = NO_BUFFER,
		.fd = fd,
	};
}

/* Waits for a buffer, behind those who do. Whoever ends meanwhile is passed over. */
static void starve(struct loop *loop, int slot)
{
	struct connection *connection = &loop->connections[slot];

	if (connection->starved)
		return;
	connection->starved = true;
	connection->starved_behind_it = NOBODY;
	if (loop->starved_first == NOBODY)
		loop->starved_first = slot;
	else
		loop->connections[loop->starved_last].starved_behind_it = slot;
	loop->starved_last = slot;
}

/* Nothing of it is under way. */
static void connection_close(struct loop *loop, int slot)
{
	struct connection *connection = &loop->connections[slot];

	assert(connection->place == NOBODY); /* backlog_empty() came before */
	if (connection->fd >= 0)
		calls_close(loop->calls, connection->fd);
	if (loop->variant->direct) {
		struct io_uring_sqe *sqe = next_sqe(loop);

		io_uring_prep_close_direct(sqe, (unsigned)slot);
		io_uring_sqe_set_flags(sqe, IOSQE_CQE_SKIP_SUCCESS);
		io_uring_sqe_set_data64(sqe, uring_token(OP_CLOSE, 0, 0));
	}
	if (connection->error < 0)
		calls_add(&loop->calls->connection_errors, 1);
	calls_add_closed(loop->calls);
	loop->slots_used--;
	connection->generation++;
	connection_reset(connection, NOBODY);
}

/* Our FIN goes out. What still comes is read and thrown away. */
static void connection_finish(struct loop *loop, int slot)
{
	struct connection *connection = &loop->connections[slot];

	calls_shutdown(loop->calls, connection->fd, SHUT_WR);
	connection->finished = true;
}

static void connection_end(struct connection *connection, int error)
{
	connection->ended = true;
	connection->error = error;
}

/* Its turn to be read: by a recv of many results, if there is a buffer for the first. */
static void connection_read(struct loop *loop, int slot)
{
	struct connection *connection = &loop->connections[slot];

	if (connection->bulk)
		read_bulk(loop, slot);
	else if (!connection->starved && loop->pool.available > 0)
		receive(loop, slot);
	else
		starve(loop, slot);
}

/*
 * Something waits for the sends that the next enter carries out: it must not wait for
 * anything else. Where a thread carries them out, their results wake us.
 */
static void hurry(struct loop *loop)
{
	loop->busy = loop->busy || loop->variant->inline_sends;
}

/* Something of it has come to its end: what it does next, if that was the last. */
static void connection_continue(struct loop *loop, int slot)
{
	struct connection *connection = &loop->connections[slot];

	if (connection->lending) {
		if (!connection->receiving || owes(connection) || loop->stopping)
			hurry(loop);
		return;
	}
	if (connection->sending)
		return;
	if (owes(connection) && connection->error == 0) {
		send_backlog(loop, slot);
		return;
	}
	backlog_empty(loop, connection);
	if (loop->stopping && !connection->finished && connection->fd >= 0)
		connection_finish(loop, slot);
	if (connection->ended && connection->receiving)
		cancel_receiving(loop, slot);
	else if (connection->ended)
		connection_close(loop, slot);
	else if (!connection->receiving && !connection->reading)
		connection_read(loop, slot);
}

/* A new connection: served from now on, or refused for a number that has no place. */
static void connection_open(struct loop *loop, int slot)
{
	struct connection *connection;

	if (slot >= loop->slots) {
		calls_add(&loop->calls->refused, 1);
		calls_close(loop->calls, slot);
		return;
	}
	connection = &loop->connections[slot];
	connection_reset(connection, loop->variant->direct ? NOBODY : slot);
	connection->held = true;
	if (slot >= loop->slots_top)
		loop->slots_top = slot + 1;
	loop->slots_used++;
	calls_add(&loop->calls->accepted, 1);
	if (loop->stopping && loop->variant->direct)
		install(loop, slot);
	connection_continue(loop, slot);
}

/* ---- bytes ---- */

/* Errors that say "not now": the connection lives and wants the same again. */
static bool is_transient(int result)
{
	return result == -EAGAIN || result == -EINTR || result == -ECANCELED;
}

/* Behind what it owes already. A recv that is being cancelled does not get its buffers
 * back before it has ended. */
static void backlog_add(struct loop *loop, int slot, unsigned buffer, uint32_t bytes)
{
	struct connection *connection = &loop->connections[slot];

	memcpy(backlog_of(loop, slot) + connection->end,
		uring_pool_at(&loop->pool, buffer), bytes);
	connection->end += bytes;
	if (connection->sending || connection->bulk ||
		connection->end - connection->start > BACKLOG_MANY)
		cancel_receiving(loop, slot);
	if (connection->cancelling && connection->receiving) {
		loop->kept_before[buffer] = connection->kept;
		connection->kept = (uint16_t)buffer;
	} else {
		uring_pool_put(&loop->pool, buffer);
	}
}

static void put_kept(struct loop *loop, struct connection *connection)
{
	while (connection->kept != NO_BUFFER) {
		unsigned buffer = connection->kept;

		connection->kept = loop->kept_before[buffer];
		uring_pool_put(&loop->pool, buffer);
	}
}

/* A buffer of the pool holds bytes of his. */
static void on_buffer(struct loop *loop, int slot, unsigned buffer, uint32_t bytes)
{
	struct connection *connection = &loop->connections[slot];

	if (loop->stopping || connection->error < 0) {
		connection->heard = true;
		uring_pool_put(&loop->pool, buffer);
		return;
	}
	if (bytes == POOL_BUFFER_BYTES)
		connection->bulk = true;
	if (connection->lending || connection->sending || owes(connection)) {
		backlog_add(loop, slot, buffer, bytes);
		return;
	}
	lend(loop, slot, buffer, bytes);
	if (connection->bulk)
		cancel_receiving(loop, slot);
	else if (!connection->receiving && !connection->starved &&
		 loop->pool.available > 0)
		receive(loop, slot); /* the next is awaited while this one is sent */
}

/* The bytes are in his backlog. */
static void on_bulk(struct loop *loop, struct connection *connection, uint32_t bytes)
{
	if (loop->stopping) {
		connection->heard = true;
		return;
	}
	connection->end += bytes;
	connection->bulk = bytes >= POOL_BUFFER_BYTES;
}

static void on_recv(struct loop *loop, int slot, int result, unsigned flags)
{
	struct connection *connection = &loop->connections[slot];

	if (!(flags & IORING_CQE_F_MORE))
		connection->receiving = connection->reading = false;
	if (result > 0)
		calls_add(&loop->calls->bytes_rx, (uint64_t)result);
	if (flags & IORING_CQE_F_BUFFER) {
		unsigned buffer = uring_pool_take(&loop->pool, flags);

		if (result > 0)
			on_buffer(loop, slot, buffer, (uint32_t)result);
		else
			uring_pool_put(&loop->pool, buffer);
	} else if (result > 0) {
		on_bulk(loop, connection, (uint32_t)result);
	}
	if (result == -ENOBUFS)
		starve(loop, slot);
	else if (result <= 0 && !is_transient(result) && !connection->ended)
		connection_end(connection, result);
	if (!connection->receiving) {
		connection->cancelling = false;
		put_kept(loop, connection);
	}
	connection_continue(loop, slot);
}

/* What a send gave: so many bytes are out, or the connection has ended. */
static uint32_t bytes_sent(struct loop *loop, struct connection *connection, int result)
{
	if (result == -EAGAIN)
		calls_add(&loop->calls->eagain_send, 1);
	if (result < 0 && !is_transient(result))
		connection_end(connection, result);
	return result > 0 ? (uint32_t)result : 0;
}

/* Its silent send is concluded: the last of the list takes its place. */
static void forget_lent(struct loop *loop, const struct connection *connection)
{
	int last = loop->lent[--loop->lent_count];

	loop->lent[connection->lent_at] = last;
	loop->connections[last].lent_at = connection->lent_at;
}

/* The buffer goes back; what of it was not sent comes before all else that is owed. */
static void on_lent(struct loop *loop, int slot, int result)
{
	struct connection *connection = &loop->connections[slot];
	uint32_t sent = bytes_sent(loop, connection, result);
	uint32_t rest = connection->lent_bytes - sent;

	if (loop->variant->silent_sends)
		forget_lent(loop, connection);
	connection->lending = connection->lend_failed = false;
	if (rest > 0) {
		calls_add(&loop->calls->bytes_tx, -(uint64_t)rest);
		connection->start -= rest;
		memcpy(backlog_of(loop, slot) + connection->start,
			uring_pool_at(&loop->pool, connection->lent) + sent, rest);
		cancel_receiving(loop, slot);
	}
	uring_pool_put(&loop->pool, connection->lent);
	connection_continue(loop, slot);
}

static void on_send(struct loop *loop, int slot, int result)
{
	struct connection *connection = &loop->connections[slot];

	uint32_t sent = bytes_sent(loop, connection, result);

	calls_add(&loop->calls->bytes_tx, sent);
	connection->sending = false;
	connection->start += sent;
	connection_continue(loop, slot);
}

/* ---- the listener ---- */

/* An accept that would wait says nothing, so the listener is asked: only when starved. */
static bool nobody_waits(struct loop *loop)
{
	struct pollfd listener = {.fd = loop->server->listen_fd, .events = POLLIN};

	calls_count(loop->calls, CALL_poll);
	return poll(&listener, 1, 0) == 0;
}

/* A table that is full drops whom it cannot take, so nobody is accepted then. */
static bool table_is_full(const struct loop *loop)
{
	return loop->variant->direct && loop->slots_used >= loop->slots;
}

static void accept_pause(struct loop *loop, int error)
{
	calls_add(&loop->calls->accept_pauses, 1);
	accept_starved(loop->server, &loop->starved, error);
	wait_for_time(loop, OP_ACCEPT_PAUSE, ACCEPT_PAUSE_MS);
}

/* The accept has ended: it is asked for again, now or after a rest. */
static int accept_again(struct loop *loop, int result)
{
	/* e.g. ENFILE: in spite of ACCEPT_BURST; the kernel has closed that connection */
	if (result < 0 && table_is_full(loop))
		calls_add(&loop->calls->refused, 1);
	if (table_is_full(loop)) {
		if (nobody_waits(loop))
			wait_for_readable(loop, OP_NEWCOMER, loop->server->listen_fd);
		else
			accept_pause(loop, -EMFILE);
		return 0;
	}
	switch (result >= 0 || result == -ECANCELED ? ACCEPT_AGAIN
						    : accept_after_error(result)) {
	case ACCEPT_PAUSE:
		accept_pause(loop, result);
		return 0;
	case ACCEPT_FAIL:
		return result;
	default:
		accept_next(loop);
		return 0;
	}
}

static int on_accept(struct loop *loop, int result, unsigned flags)
{
	if (result >= 0)
		connection_open(loop, result);
	if (loop->stopping)
		return 0;
	if (result >= 0 && loop->starved && nobody_waits(loop))
		accept_starved(loop->server, &loop->starved, 0);
	return flags & IORING_CQE_F_MORE ? 0 : accept_again(loop, result);
}

/* ---- the end ---- */

/* A poll that could not be had (ENOMEM) is no reason to stop. */
static void on_stop_notice(struct loop *loop, int result)
{
	loop->stop_asked = result >= 0;
	if (loop->stop_asked)
		return;
	uring_rest(&loop->uring);
	wait_for_readable(loop, OP_STOP, loop->server->stop_fd);
}

static bool stop_is_over(const struct loop *loop)
{
	return loop->calls->accepted == loop->calls->closed ||
	       clock_now_ns() >= loop->stop_ends_ns;
}

/* A timer has run out; or it could not be had (ENOMEM), then there is a rest instead. */
static int on_time(struct loop *loop, enum operation operation, int result)
{
	if (result != -ETIME)
		uring_rest(&loop->uring);
	if (operation == OP_LOOK)
		loop->look_due = true;
	else if (!loop->stopping)
		return accept_again(loop, 0);
	return 0;
}

/* It has a number now. Where there is none to be had, it ends without the ceremony. */
static void on_install(struct loop *loop, int slot, int result)
{
	struct connection *connection = &loop->connections[slot];

	connection->fd = result;
	if (result < 0)
		connection_end(connection, 0);
	connection_continue(loop, slot);
}

/*
 * Has he said nothing since our FIN, and acknowledged all that we sent? With nothing
 * unread, and no result come meanwhile but those of the recvs that this look has ended,
 * nothing of his is on its way to be heard either.
 */
static bool is_quiet(
	struct loop *loop, const struct connection *connection, unsigned ended)
{
	return connection->held && connection->finished && !connection->heard &&
	       !connection->ended &&
	       calls_unacknowledged(loop->calls, connection->fd) <= 0 &&
	       calls_unread(loop->calls, connection->fd) <= 0 &&
	       io_uring_cq_ready(&loop->uring.ring) <= ended;
}

/* Ends who is quiet: his recv ends as if he had closed, and he is closed then. */
static void end_quiet(struct loop *loop)
{
	unsigned ended = 0;

	for (int slot = 0; slot < loop->slots_top && !stop_is_over(loop); slot++)
		if (is_quiet(loop, &loop->connections[slot], ended)) {
			calls_shutdown(loop->calls, loop->connections[slot].fd, SHUT_RD);
			ended++;
		}
	loop->look_due = false;
	wait_for_time(loop, OP_LOOK, STOP_LOOK_MS);
}

/* No new connections, and whatever is read from now on is thrown away. */
static void begin_stop(struct loop *loop)
{
	struct io_uring_sqe *sqe = next_sqe(loop);

	io_uring_prep_cancel64(sqe, uring_token(OP_ACCEPT, 0, 0), 0);
	io_uring_sqe_set_data64(sqe, uring_token(OP_CLOSE, 0, 0));
	loop->stopping = true;
	loop->stop_ends_ns = clock_now_ns() + STOP_FLUSH_MS * NS_PER_MS;
	wait_for_time(loop, OP_LOOK, STOP_LOOK_MS);
}

/* Our FIN to everybody who is owed nothing, as far as there is room to ask for that. */
static void continue_stop(struct loop *loop)
{
	for (; loop->stop_next < loop->slots_top && has_room(loop); loop->stop_next++) {
		if (!loop->connections[loop->stop_next].held)
			continue;
		if (loop->variant->direct)
			install(loop, loop->stop_next);
		else
			connection_continue(loop, loop->stop_next);
	}
	if (loop->stop_next < loop->slots_top)
		loop->busy = true;
}

/* ---- results ---- */

static int on_loop_result(
	struct loop *loop, enum operation operation, int result, unsigned flags)
{
	switch (operation) {
	case OP_ACCEPT:
		return on_accept(loop, result, flags);
	case OP_STOP:
		on_stop_notice(loop, result);
		return 0;
	case OP_NEWCOMER:
		return loop->stopping ? 0 : accept_again(loop, 0);
	default:
		return on_time(loop, operation, result);
	}
}

static void on_connection_result(
	struct loop *loop, enum operation operation, int slot, int result, unsigned flags)
{
	switch (operation) {
	case OP_RECV:
		on_recv(loop, slot, result, flags);
		break;
	case OP_LEND:
		on_lent(loop, slot, result);
		break;
	case OP_SEND:
		on_send(loop, slot, result);
		break;
	case OP_INSTALL:
		on_install(loop, slot, result);
		break;
	case OP_CANCEL: /* where it came too late or too early, the next result asks again
			 */
		loop->connections[slot].cancelling = false;
		break;
	default:
		break;
	}
}

/* The connection that a result belongs to lives. */
static bool is_current(const struct loop *loop, uint64_t token)
{
	const struct connection *connection = &loop->connections[uring_token_fd(token)];

	return connection->held && (connection->generation & URING_GENERATION_MASK) ==
					   uring_token_generation(token);
}

static int on_completion(struct loop *loop, const struct io_uring_cqe *cqe)
{
	enum operation operation = uring_token_operation(cqe->user_data);

	if (operation < OP_RECV)
		return on_loop_result(loop, operation, cqe->res, cqe->flags);
	if (operation != OP_CLOSE && is_current(loop, cqe->user_data))
		on_connection_result(loop, operation, uring_token_fd(cqe->user_data),
			cqe->res, cqe->flags);
	return 0;
}

/* Those whose results are in the queue have failed. */
static void find_failed_sends(struct loop *loop)
{
	struct io_uring_cqe *cqe;
	unsigned head;

	io_uring_for_each_cqe(&loop->uring.ring, head, cqe)
	{
		if (uring_token_operation(cqe->user_data) == OP_LEND)
			loop->connections[uring_token_fd(cqe->user_data)].lend_failed =
				true;
	}
}

/* All others that were handed in have been sent. */
static void conclude_sends(struct loop *loop)
{
	if (loop->lent_count == 0 || io_uring_sq_ready(&loop->uring.ring) > 0 ||
		io_uring_cq_has_overflow(&loop->uring.ring))
		return;
	find_failed_sends(loop);
	for (unsigned i = loop->lent_count; i-- > 0;) {
		const struct connection *connection = &loop->connections[loop->lent[i]];

		if (connection->lend_failed)
			continue;
		if (!has_room(loop)) {
			loop->busy = true;
			return;
		}
		on_lent(loop, loop->lent[i], (int)connection->lent_bytes);
	}
}

/* As many results as there is room for. */
static int complete(struct loop *loop)
{
	struct io_uring *ring = &loop->uring.ring;
	unsigned ready = io_uring_cq_ready(ring), count = 0;
	unsigned head = *ring->cq.khead, mask = *ring->cq.kring_mask;
	int error = 0;

	while (count < ready && error == 0 && has_room(loop)) {
		error = on_completion(loop, &ring->cq.cqes[(head + count) & mask]);
		count++;
	}
	io_uring_cq_advance(ring, count);
	calls_add(&loop->calls->events, count);
	return error;
}

/* In their turn, as many as there are buffers. */
static void feed_starved(struct loop *loop)
{
	unsigned buffers = loop->pool.available;

	while (loop->starved_first != NOBODY && buffers > 0 && has_room(loop)) {
		int slot = loop->starved_first;
		struct connection *connection = &loop->connections[slot];

		loop->starved_first = connection->starved_behind_it;
		connection->starved = false;
		if (!connection->held || connection->receiving || connection->reading)
			continue;
		connection_continue(loop, slot);
		buffers--;
	}
	if (loop->starved_first == NOBODY)
		return;
	if (loop->pool.available > 0)
		loop->busy = true;
	else
		hurry(loop);
}

/* One enter and all that it brought. It sleeps only when everything has been asked. */
static int wait_and_complete(struct loop *loop)
{
	bool may_sleep = !loop->busy;
	unsigned results = loop->inline_results;

	loop->inline_results = 0;
	int error = uring_enter(&loop->uring, may_sleep ? results + 1 : 0);

	if (may_sleep)
		calls_add(&loop->calls->wakeups, 1);
	uring_count_overflow(&loop->uring);
	loop->busy =
		loop->variant->inline_sends && io_uring_sq_ready(&loop->uring.ring) > 0;
	conclude_sends(loop);
	if (error == 0)
		error = complete(loop);
	if (loop->stopping)
		continue_stop(loop);
	feed_starved(loop);
	return error;
}

static int serve(struct loop *loop)
{
	int error = 0;

	wait_for_readable(loop, OP_STOP, loop->server->stop_fd);
	accept_next(loop);
	while (error == 0 && !loop->stop_asked)
		error = wait_and_complete(loop);
	if (error < 0)
		return error;
	while (error == 0 && !has_room(loop))
		error = wait_and_complete(loop);
	begin_stop(loop);
	while (error == 0 && !stop_is_over(loop)) {
		error = wait_and_complete(loop);
		if (loop->look_due && has_room(loop))
			end_quiet(loop);
	}
	return error;
}

/*
 * For those whom the flush left. A pending operation keeps the socket alive past close(),
 * and the end of the ring is worked off later by the kernel: shutdown() first, so that
 * every peer sees the end now.
 */
static void close_all(struct loop *loop)
{
	for (int slot = 0; slot < loop->slots_top; slot++) {
		const struct connection *connection = &loop->connections[slot];

		if (!connection->held)
			continue;
		if (connection->fd >= 0) {
			calls_shutdown(loop->calls, connection->fd, SHUT_RDWR);
			calls_close(loop->calls, connection->fd);
		}
		calls_add_closed(loop->calls);
	}
}

/* ---- set-up ---- */

/* The head, and the most that can come behind it. */
static unsigned backlog_blocks(const struct variant *variant)
{
	unsigned most = BACKLOG_MANY + variant->pool_buffers * POOL_BUFFER_BYTES;

	if (most < ECHO_BUFFER_BYTES)
		most = ECHO_BUFFER_BYTES;
	return (POOL_BUFFER_BYTES + most + ECHO_BUFFER_BYTES - 1) / ECHO_BUFFER_BYTES;
}

/* The ring's own table. Its size comes out of RLIMIT_NOFILE too, which bounds it. */
static int table_open(struct loop *loop)
{
	loop->slots = loop->server->fds_max;
	if (!loop->variant->direct)
		return 0;
	loop->slots = loop->slots > 2 * TABLE_SPARE ? loop->slots - TABLE_SPARE
						    : (loop->slots + 1) / 2;
	calls_count(loop->calls, CALL_io_uring_register);
	return io_uring_register_files_sparse(&loop->uring.ring, (unsigned)loop->slots);
}

static int memory_open(struct loop *loop)
{
	const struct variant *variant = loop->variant;
	size_t fds_max = (size_t)loop->server->fds_max;

	loop->backlog_blocks = backlog_blocks(variant);
	loop->connections = calloc(fds_max, sizeof(*loop->connections));
	loop->backlogs = buffers_open(loop->server->fds_max * (int)loop->backlog_blocks);
	loop->places_free = calloc(fds_max, sizeof(*loop->places_free));
	loop->kept_before = calloc(variant->pool_buffers, sizeof(*loop->kept_before));
	loop->lent = calloc(variant->pool_buffers, sizeof(*loop->lent));
	if (!loop->connections || !loop->backlogs || !loop->places_free ||
		!loop->kept_before || !loop->lent)
		return -ENOMEM;
	while (loop->places_free_count < loop->server->fds_max) {
		int left = loop->server->fds_max - loop->places_free_count;

		loop->places_free[loop->places_free_count++] = left - 1;
	}
	return 0;
}

static void memory_close(struct loop *loop)
{
	if (loop->backlogs)
		buffers_close(loop->backlogs,
			loop->server->fds_max * (int)loop->backlog_blocks);
	free(loop->connections);
	free(loop->places_free);
	free(loop->kept_before);
	free(loop->lent);
}

/* With a ring: its pool and its table, and then it serves. */
static int run_on_ring(struct loop *loop)
{
	const struct variant *variant = loop->variant;
	char modes[256];
	int error = uring_pool_open(
		&loop->pool, &loop->uring, variant->pool_buffers, POOL_BUFFER_BYTES);

	if (error < 0)
		return error;
	error = table_open(loop);
	if (error == 0) {
		snprintf(modes, sizeof(modes),
			"%s registered-ring multishot-accept %s "
			"buffer-ring=%ux%d%s%s",
			loop->uring.setup->modes,
			variant->single_recvs ? "recv" : "multishot-recv",
			variant->pool_buffers, POOL_BUFFER_BYTES,
			variant->direct ? " direct-descriptors" : "",
			variant->silent_sends ? " CQE_SKIP_SUCCESS" : "");
		loop->server->ready(loop->server, modes);
		error = serve(loop);
		close_all(loop);
	}
	return error;
}

/* backend.run of a variant. */
static int run_variant(struct server *server, const struct variant *variant)
{
	struct loop loop = {
		.server = server,
		.calls = server->calls,
		.variant = variant,
		.starved_first = NOBODY,
		.starved_last = NOBODY,
	};
	char why[256]; /* the probe has told it, if it was there to be told */
	int error = memory_open(&loop);

	if (error == 0)
		error = uring_clear_nonblocking(loop.calls, server->listen_fd);
	if (error == 0)
		error = uring_open(&loop.uring, variant->plan, &variant->queues,
			loop.calls, why, sizeof(why));
	if (error == 0) {
		error = run_on_ring(&loop);
		uring_close(&loop.uring);
		if (loop.pool.ring)
			uring_pool_close(&loop.pool);
	}
	memory_close(&loop);
	return error;
}

static int probe_variant(const struct variant *variant, char *why, size_t why_size)
{
	return uring_probe(variant->plan, &variant->queues, why, why_size);
}

/* ---- the variants ---- */

/*
 * What is newer than an operation cannot be asked for (multishot accept and the buffer
 * ring of Linux 5.19, multishot recv of 6.0), but a kernel that takes the flags has it.
 */
static const struct uring_need needs[] = {
	{IORING_OP_ACCEPT, "ACCEPT", "5.6"}, {IORING_OP_RECV, "RECV", "5.6"},
	{IORING_OP_SEND, "SEND", "5.6"}, {IORING_OP_TIMEOUT, "TIMEOUT", "5.6"},
	{IORING_OP_POLL_ADD, "POLL_ADD", "5.6"},
	{IORING_OP_ASYNC_CANCEL, "ASYNC_CANCEL", "5.6"},
	{OPCODE_FIXED_FD_INSTALL, "FIXED_FD_INSTALL", "6.8"}, /* direct only: the last */
};

enum { NEEDS = sizeof(needs) / sizeof(*needs) };

static const struct uring_setup deferred[] = {
	{IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN,
		"SINGLE_ISSUER DEFER_TASKRUN", 0},
};

static const struct uring_plan multishot_plan = {
	.setups = deferred,
	.setups_count = 1,
	.needs = needs,
	.needs_count = NEEDS - 1,
	.since = "6.1",
	.registers_ring_fd = true,
};

static const struct variant multishot = {
	.plan = &multishot_plan,
	.queues = {.submission = 512, .completion = 8192},
	.pool_buffers = 256,
	.inline_sends = true,
};

static int multishot_probe(char *why, size_t why_size)
{
	return probe_variant(&multishot, why, why_size);
}

static int multishot_run(struct server *server, const struct backend *self)
{
	(void)self;
	return run_variant(server, &multishot);
}

const struct backend backend_io_uring_multishot = {
	.abi = BACKEND_ABI,
	.name = "io_uring-multishot",
	.summary = "io_uring(7) multishot accept and recv into a pool of buffers",
	.flags = BACKEND_COMPLETIONS,
	.probe = multishot_probe,
	.run = multishot_run,
};

static const struct uring_plan direct_plan = {
	.setups = deferred,
	.setups_count = 1,
	.needs = needs,
	.needs_count = NEEDS,
	.features = IORING_FEAT_CQE_SKIP,
	.since = "6.1",
	.registers_ring_fd = true,
};

static const struct variant direct = {
	.plan = &direct_plan,
	.queues = {.submission = 512, .completion = 8192},
	.pool_buffers = 256,
	.direct = true,
	.silent_sends = true,
	.inline_sends = true,
};

static int direct_probe(char *why, size_t why_size)
{
	return probe_variant(&direct, why, why_size);
}

static int direct_run(struct server *server, const struct backend *self)
{
	(void)self;
	return run_variant(server, &direct);
}

const struct backend backend_io_uring_direct = {
	.abi = BACKEND_ABI,
	.name = "io_uring-direct",
	.summary = "io_uring(7) multishot with direct descriptors and silent sends",
	.flags = BACKEND_COMPLETIONS | BACKEND_VARIANT,
	.probe = direct_probe,
	.run = direct_run,
};

/*
 * A thread of the kernel takes what is queued as soon as it is there; an enter is needed
 * only to sleep, or to wake that thread. It cannot go with DEFER_TASKRUN. Its CPU time is
 * the server's (usage.h sums over all threads, and it is one), its calls are none. It
 * stays on the worker's core if the worker does (uring.c).
 *
 * Its recvs are single ones, which cost it no call either. At an urgent mark tcp(7) ends
 * a recv with EAGAIN if the thread has a signal pending, as this one has whenever more
 * work is announced to it; a single recv looks again when it begins to wait, a multishot
 * one waits for the next segment with bytes unread (seen on Linux 6.18).
 */
static const struct uring_setup polled[] = {
	{IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_SQPOLL, "SINGLE_ISSUER SQPOLL", 1},
};

static const struct uring_plan sqpoll_plan = {
	.setups = polled,
	.setups_count = 1,
	.needs = needs,
	.needs_count = NEEDS - 1,
	.features = IORING_FEAT_SQPOLL_NONFIXED,
	.since = "6.0",
	.registers_ring_fd = true,
};

static const struct variant sqpoll = {
	.plan = &sqpoll_plan,
	.queues = {.submission = 512, .completion = 8192},
	.pool_buffers = 256,
	.single_recvs = true,
};

static int sqpoll_probe(char *why, size_t why_size)
{
	return probe_variant(&sqpoll, why, why_size);
}

static int sqpoll_run(struct server *server, const struct backend *self)
{
	(void)self;
	return run_variant(server, &sqpoll);
}

const struct backend backend_io_uring_sqpoll = {
	.abi = BACKEND_ABI,
	.name = "io_uring-sqpoll",
	.summary = "io_uring(7) multishot, submitted by a thread of the kernel",
	.flags = BACKEND_COMPLETIONS | BACKEND_VARIANT,
	.probe = sqpoll_probe,
	.run = sqpoll_run,
};
