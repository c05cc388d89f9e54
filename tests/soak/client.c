/* client.c - one client of the soak. */
#include "tests/soak/client.h"

#include "common/clock.h"

#include <errno.h>
#include <inttypes.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	SOURCES = 4096,            /* addresses of a crowd */
	SMALL_BUFFER_BYTES = 8192, /* the kernel has a least size of its own (tcp(7)) */
	PIECES_MAX = 12, /* a head and blocks: more than CLIENT_SCRATCH_BYTES of them */
};

/* ---- ends ---- */

static int set_option(int fd, int level, int option, int value)
{
	return setsockopt(fd, level, option, &value, sizeof(value));
}

static void leave(struct client *client, struct client_world *world)
{
	close(client->fd);
	client->fd = -1;
	tally_add(&world->tally->live, -1ULL);
}

/* As the script says; the linger time is 0 already where that is an RST. */
static void end_in_order(struct client *client, struct client_world *world)
{
	struct tally *tally = world->tally;

	if (client->phase == CLIENT_FINISHED)
		tally_add(&tally->half_closes, 1);
	else if (client->script.ending != END_CLOSE_WHEN_BACK)
		tally_add(&tally->resets, 1);
	if (client->received < client->sent) {
		tally_add(&tally->cut_bytes_sent, client->sent);
		tally_add(&tally->cut_bytes_received, client->received);
	}
	if (!client->hurried)
		tally_add(&tally->kinds[client->kind].finished, 1);
	leave(client, world);
}

static void note_fault(const struct client *client, struct client_world *world,
	const char *format, ...) __attribute__((format(printf, 3, 4)));

static void note_fault(
	const struct client *client, struct client_world *world, const char *format, ...)
{
	struct problem *first = &world->tally->first_fault;
	char what[256];
	va_list arguments;

	if (first->text[0])
		return;
	va_start(arguments, format);
	vsnprintf(what, sizeof(what), format, arguments);
	va_end(arguments);
	problem_set(first, 0,
		"%s client %" PRIu64 ", %" PRIu64 " of %" PRIu64 " bytes sent, %" PRIu64
		" back: %s",
		kinds[client->kind].name, client->number, client->sent,
		client->script.bytes, client->received, what);
}

static void cut_off(struct client *client, struct client_world *world)
{
	tally_add(&world->tally->cut_bytes_sent, client->sent);
	tally_add(&world->tally->cut_bytes_received, client->received);
	leave(client, world);
}

static void end_lost(struct client *client, struct client_world *world, const char *why)
{
	note_fault(client, world, "%s", why);
	tally_add(&world->tally->lost_connections, 1);
	if (client->sent > client->received)
		tally_add(&world->tally->lost_bytes, client->sent - client->received);
	cut_off(client, world);
}

static void end_wrong(struct client *client, struct client_world *world, uint64_t bytes)
{
	tally_add(&world->tally->wrong_connections, 1);
	tally_add(&world->tally->wrong_bytes, bytes);
	cut_off(client, world);
}

/* ---- the start ---- */

static int prepare(int fd, const struct client *client, const struct client_world *world)
{
	const struct kind *kind = &kinds[client->kind];
	int segment_bytes = client->script.segment_bytes;
	const struct linger at_once = {.l_onoff = 1};
	struct sockaddr_in source = {
		.sin_family = AF_INET,
		.sin_addr.s_addr =
			htonl(world->source_net + (uint32_t)(client->number % SOURCES)),
	};

	if (client->script.ending != END_CLOSE_WHEN_BACK &&
		setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once)) < 0)
		return -errno;
	if (kind->no_delay && set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1) < 0)
		return -errno;
	/* before connect: window and segment size go with the SYN */
	if (segment_bytes &&
		(set_option(fd, SOL_SOCKET, SO_RCVBUF, SMALL_BUFFER_BYTES) < 0 ||
			set_option(fd, IPPROTO_TCP, TCP_MAXSEG, segment_bytes) < 0))
		return -errno;
	if (client->script.until_stuck &&
		set_option(fd, SOL_SOCKET, SO_SNDBUF, SMALL_BUFFER_BYTES) < 0)
		return -errno;
	/* the port is chosen at connect, when the whole address pair is known (ip(7)) */
	if (set_option(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1) < 0 ||
		bind(fd, (struct sockaddr *)&source, sizeof(source)) < 0)
		return -errno;
	return 0;
}

static int watch(struct client *client, const struct client_world *world, int operation,
	unsigned interest)
{
	struct epoll_event event = {.events = interest, .data.ptr = client};

	client->interest = interest;
	return epoll_ctl(world->epoll_fd, operation, client->fd, &event) < 0 ? -errno : 0;
}

static void draw_script(struct client *client, uint64_t seed)
{
	struct random random = {.state = seed};

	random.state = random_next(&random) ^ client->number * 0xd1342543de82ef95ULL;
	client->script = (struct script){
		.send_bytes = 32 * 1024,
		.read_bytes = 64 * 1024,
	};
	kinds[client->kind].draw(&random, &client->script);
}

int client_start(
	struct client *client, struct client_world *world, int kind, uint64_t number)
{
	*client = (struct client){.fd = -1, .kind = kind, .number = number};
	draw_script(client, world->seed);
	tape_init(&client->tape, world->pool, world->seed, number);
	client->started_ns = client->progress_ns = world->now_ns;
	client->read_due_ns = world->now_ns + client->script.stall_ns;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -errno;
	int error = prepare(fd, client, world);

	if (error == 0 && connect(fd, (const struct sockaddr *)&world->target,
				  sizeof(world->target)) < 0)
		error = errno == EINPROGRESS ? 0 : -errno;
	client->fd = fd;
	if (error == 0)
		error = watch(client, world, EPOLL_CTL_ADD, EPOLLOUT);
	/* A server that does not take it is its fault, anything else is ours. */
	if (error < 0 && error != -ECONNREFUSED && error != -ECONNRESET) {
		close(fd);
		client->fd = -1;
		return error;
	}
	tally_add(&world->tally->live, 1);
	if (error < 0)
		end_lost(client, world, "connect: the server does not take it");
	return 0;
}

static bool has_connected(struct client *client, struct client_world *world)
{
	int error = 0;
	socklen_t length = sizeof(error);

	getsockopt(client->fd, SOL_SOCKET, SO_ERROR, &error, &length);
	if (error) {
		char why[80];

		snprintf(why, sizeof(why), "connect: %s", strerror(error));
		end_lost(client, world, why);
		return false;
	}
	client->phase = CLIENT_TALKING;
	client->progress_ns = world->now_ns;
	tally_add(&world->tally->connections, 1);
	return true;
}

/* ---- sending and reading ---- */

/* Up to which position it may send now: the end, or that of the message under way. */
static uint64_t send_limit(const struct client *client)
{
	const struct script *script = &client->script;

	if (!script->message_bytes)
		return script->bytes;
	uint64_t limit =
		(client->received / script->message_bytes + 1) * script->message_bytes;

	return limit < script->bytes ? limit : script->bytes;
}

static bool can_send(const struct client *client, const struct client_world *world)
{
	return client->phase == CLIENT_TALKING && client->sent < send_limit(client) &&
	       client->send_due_ns <= world->now_ns;
}

static bool can_read(const struct client *client, const struct client_world *world)
{
	return client->phase != CLIENT_CONNECTING && client->read_due_ns <= world->now_ns;
}

/* The next bytes of the tape as they lie, at most length. */
static int pieces_of(const struct client *client, size_t length, struct iovec *pieces)
{
	int count = 0;

	for (size_t done = 0; done < length && count < PIECES_MAX; count++) {
		size_t piece;
		const uint8_t *at = tape_at(&client->tape, client->sent + done, &piece);

		if (piece > length - done)
			piece = length - done;
		pieces[count] = (struct iovec){(void *)at, piece};
		done += piece;
	}
	return count;
}

/* One call. False: the client has ended. */
static bool send_some(struct client *client, struct client_world *world)
{
	const struct script *script = &client->script;
	struct iovec pieces[PIECES_MAX];
	uint64_t length = send_limit(client) - client->sent;

	if (length > script->send_bytes)
		length = script->send_bytes;
	struct msghdr message = {.msg_iov = pieces};

	message.msg_iovlen = (size_t)pieces_of(client, length, pieces);
	ssize_t n = sendmsg(client->fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return true;
	if (n < 0) {
		end_lost(client, world, "the server has ended it: send fails");
		return false;
	}
	if (client->sent == client->received)
		client->asked_ns = world->now_ns;
	client->sent += (uint64_t)n;
	client->progress_ns = world->now_ns;
	if (!script->message_bytes && script->send_pause_ns)
		client->send_due_ns = world->now_ns + script->send_pause_ns;
	if (script->until_stuck)
		client->read_due_ns = world->now_ns + script->stall_ns;
	tally_add(&world->tally->bytes_sent, (uint64_t)n);
	return true;
}

/* The server's FIN: due only behind ours and the last byte. */
static void take_end(struct client *client, struct client_world *world)
{
	if (client->phase == CLIENT_FINISHED && client->received == client->sent)
		end_in_order(client, world);
	else
		end_lost(client, world,
			client->received < client->sent
				? "the server's FIN came with bytes still owed"
				: "the server closed it unasked");
}

/* How many of the bytes just read are not as sent, those never sent included. */
static size_t count_wrong(
	const struct client *client, struct client_world *world, size_t length)
{
	uint64_t first = 0, owed = client->sent - client->received;
	size_t known = length < owed ? length : owed;
	size_t wrong = tape_count_wrong(
		&client->tape, client->received, world->scratch, known, &first);

	if (wrong > 0)
		note_fault(client, world,
			"%zu of %zu bytes are wrong, the first at %" PRIu64, wrong,
			length, first);
	else if (length > known)
		note_fault(client, world, "%zu bytes came that were never sent",
			length - known);
	return wrong + length - known;
}

static void note_answer(struct client *client, struct client_world *world)
{
	uint64_t wait_ns = world->now_ns - client->asked_ns;
	const struct script *script = &client->script;

	if (!script->message_bytes || client->received < client->sent)
		return;
	if (script->send_pause_ns)
		client->send_due_ns = world->now_ns + script->send_pause_ns;
	if (client->kind == KIND_QUIET &&
		wait_ns > tally_get(&world->tally->quiet_longest_ns))
		tally_set(&world->tally->quiet_longest_ns, wait_ns);
}

/* One call. False: the client has ended. */
static bool read_some(struct client *client, struct client_world *world)
{
	struct tally *tally = world->tally;
	ssize_t n = recv(client->fd, world->scratch, client->script.read_bytes, 0);
	size_t wrong = n > 0 ? count_wrong(client, world, (size_t)n) : 0;

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return true;
	if (n < 0)
		end_lost(client, world, "the server reset it");
	else if (n == 0)
		take_end(client, world);
	else if (wrong > 0)
		end_wrong(client, world, wrong);
	if (n <= 0 || wrong > 0)
		return false;
	client->received += (uint64_t)n;
	client->progress_ns = world->now_ns;
	if (client->script.read_pause_ns)
		client->read_due_ns = world->now_ns + client->script.read_pause_ns;
	tally_add(&tally->bytes_verified, (uint64_t)n);
	tally_add(&tally->kinds[client->kind].bytes_verified, (uint64_t)n);
	note_answer(client, world);
	return true;
}

/* ---- where it stands ---- */

static bool is_time_to_cut(const struct client *client, const struct client_world *world)
{
	const struct script *script = &client->script;

	return script->ending == END_CUT && client->phase != CLIENT_CONNECTING &&
	       (client->sent >= script->cut_sent ||
		       client->received >= script->cut_received ||
		       world->now_ns - client->started_ns >= script->cut_ns);
}

/* False: the client has ended. */
static bool end_if_due(struct client *client, struct client_world *world)
{
	enum ending ending = client->script.ending;
	bool all_sent =
		client->phase == CLIENT_TALKING && client->sent == client->script.bytes;
	bool all_back = all_sent && client->received == client->sent;

	if (is_time_to_cut(client, world) ||
		(all_back && (ending == END_RESET_WHEN_BACK ||
				     ending == END_CLOSE_WHEN_BACK))) {
		end_in_order(client, world);
		return false;
	}
	if (all_sent && ending == END_HALF_CLOSE) {
		shutdown(client->fd, SHUT_WR);
		client->phase = CLIENT_FINISHED;
	}
	return true;
}

static void await_next(struct client *client, struct client_world *world)
{
	unsigned interest = 0;

	if (client->phase == CLIENT_CONNECTING || can_send(client, world))
		interest |= EPOLLOUT;
	if (can_read(client, world))
		interest |= EPOLLIN;
	if (interest != client->interest)
		watch(client, world, EPOLL_CTL_MOD, interest);
}

void client_step(struct client *client, struct client_world *world, unsigned events)
{
	/* Asked for or not, epoll tells of an end; only reading says which one it is. */
	bool ended = events & (EPOLLERR | EPOLLHUP);
	bool readable = events == 0 || (events & EPOLLIN);

	if (client->phase == CLIENT_CONNECTING) {
		if (events == 0 || !has_connected(client, world))
			return;
		ended = false;
	}
	if (client->script.until_stuck && can_read(client, world)) {
		client->script.until_stuck = false;
		client->script.bytes = client->sent;
	}
	if (!end_if_due(client, world))
		return;
	if (can_send(client, world) && !send_some(client, world))
		return;
	if (((readable && can_read(client, world)) || ended) && !read_some(client, world))
		return;
	if (end_if_due(client, world))
		await_next(client, world);
}

/* Is it the server's turn, who ought to answer? */
static bool waits_for_server(
	const struct client *client, const struct client_world *world)
{
	if (client->phase == CLIENT_CONNECTING)
		return true;
	return can_read(client, world) &&
	       (client->received < client->sent || client->phase == CLIENT_FINISHED ||
		       can_send(client, world));
}

void client_tick(struct client *client, struct client_world *world)
{
	bool send_due = can_send(client, world) && !(client->interest & EPOLLOUT);
	bool read_due = can_read(client, world) && !(client->interest & EPOLLIN);

	if (!waits_for_server(client, world))
		client->progress_ns = world->now_ns;
	if (send_due || read_due || is_time_to_cut(client, world)) {
		client_step(client, world, 0);
	} else if (world->now_ns - client->progress_ns > world->patience_ns) {
		char why[80];

		snprintf(why, sizeof(why), "%s for %.3g s",
			client->phase == CLIENT_CONNECTING ? "no connection"
							   : "not a byte",
			(double)world->patience_ns / NS_PER_S);
		end_lost(client, world, why);
	}
}

void client_hurry(struct client *client, struct client_world *world)
{
	struct script *script = &client->script;

	client->hurried = true;
	script->bytes = client->sent;
	script->read_bytes = CLIENT_SCRATCH_BYTES;
	script->read_pause_ns = script->send_pause_ns = script->cut_ns = 0;
	client->read_due_ns = client->send_due_ns = world->now_ns;
	client->progress_ns = world->now_ns;
	if (client->phase != CLIENT_CONNECTING)
		client_step(client, world, 0);
}
