/* connect.c - opening connections at machine speed, one after the other. */
#include "loadgen/connect.h"

#include "common/clock.h"

#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

enum {
	/*
	 * connect(2) tries the even half of ip_local_port_range first (14,116 ports by
	 * default) and walks through all of it once it is full. Measured: 22 us a
	 * connection for up to 14,000 from one source, 97 us for 16,000, and over 400
	 * towards 28,000. So sources are changed before that.
	 */
	CONNECTIONS_PER_SOURCE = 12000,

	/* Then the first comes again. It ends at 127.16.0.1. */
	SOURCES = 1 << 20,

	/* How long a SYN over loopback may stay without an answer. See await_handshake().
	 */
	LOOPBACK_PATIENCE_MS = 1,
};

void connector_init(struct connector *connector, const struct net_address *target,
	uint64_t timeout_ns)
{
	bool loopback = net_address_is_loopback(target);

	*connector = (struct connector){
		.target = *target,
		.timeout_ns = timeout_ns,
		.loopback = loopback,
		.spread_sources = loopback && target->storage.ss_family == AF_INET,
	};
}

/*
 * Binds to the source address of a connection: 127.0.0.1 and upward, leaving out the
 * target's own. The port is left to connect(2) (IP_BIND_ADDRESS_NO_PORT, ip(7)), which
 * may take one that another source uses too; bind(2) alone could not.
 */
static int bind_source(int fd, const struct connector *connector, uint64_t number)
{
	const struct sockaddr_in *target =
		(const struct sockaddr_in *)&connector->target.storage;
	uint32_t host =
		INADDR_LOOPBACK + (uint32_t)(number / CONNECTIONS_PER_SOURCE % SOURCES);
	int on = 1;

	if (host >= ntohl(target->sin_addr.s_addr))
		host++;
	struct sockaddr_in source = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(host),
	};

	if (setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof(on)) < 0 ||
		bind(fd, (const struct sockaddr *)&source, sizeof(source)) < 0)
		return -errno;
	return 0;
}

int connector_socket(const struct connector *connector, uint64_t number)
{
	const struct linger reset_on_close = {.l_onoff = 1, .l_linger = 0};
	int on = 1;
	int fd = socket(connector->target.storage.ss_family,
		SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -errno;
	int error = 0;

	if (setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset_on_close,
		    sizeof(reset_on_close)) < 0 ||
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) < 0)
		error = -errno;
	if (error == 0 && connector->spread_sources)
		error = bind_source(fd, connector, number);
	if (error < 0) {
		close(fd);
		return error;
	}
	return fd;
}

int connector_begin(const struct connector *connector, int fd)
{
	if (connect(fd, (const struct sockaddr *)&connector->target.storage,
		    connector->target.length) < 0 &&
		errno != EINPROGRESS)
		return -errno;
	return 0;
}

/* A source address of one's own, as spread sources have, makes that impossible. */
bool connector_met_itself(const struct connector *connector, int fd)
{
	struct sockaddr_storage self = {0}, peer = {0};
	socklen_t self_length = sizeof(self), peer_length = sizeof(peer);

	return !connector->spread_sources &&
	       getsockname(fd, (struct sockaddr *)&self, &self_length) == 0 &&
	       getpeername(fd, (struct sockaddr *)&peer, &peer_length) == 0 &&
	       memcmp(&self, &peer, sizeof(self)) == 0;
}

/*
 * Waits for the handshake. 0, -EAGAIN when it is worth another attempt with a new socket,
 * or -errno.
 *
 * A SYN that meets a full backlog is dropped without a word, and the kernel sends it
 * again only after 1 s, then 3, 7, ... Over loopback nothing else takes longer than this
 * thread's own connect(2), so there the wait is short and a fresh socket sends its own
 * SYN (measured on a backlog of 16 that was accepted from once a millisecond: 1,000
 * connections in 1.1 s in place of 59).
 */
static int await_handshake(
	int fd, const struct connector *connector, uint64_t deadline_ns)
{
	const struct sockaddr *target =
		(const struct sockaddr *)&connector->target.storage;
	int timeout_ms = connector->loopback ? LOOPBACK_PATIENCE_MS
					     : clock_timeout_ms(deadline_ns);
	struct pollfd pollfd = {.fd = fd, .events = POLLOUT};

	/* A second connect(2) asks how the first one fared. */
	if (connect(fd, target, connector->target.length) == 0)
		return 0;
	if (errno != EALREADY)
		return -errno;
	if (poll(&pollfd, 1, timeout_ms) < 0 && errno != EINTR)
		return -errno;
	if (connect(fd, target, connector->target.length) == 0)
		return 0;
	return errno == EALREADY ? -EAGAIN : -errno;
}

/* One attempt: a descriptor, -EAGAIN for another attempt, or -errno. */
static int attempt(
	const struct connector *connector, uint64_t number, uint64_t deadline_ns)
{
	int fd = connector_socket(connector, number);

	if (fd < 0)
		return fd;
	int error = 0;

	if (connect(fd, (const struct sockaddr *)&connector->target.storage,
		    connector->target.length) < 0)
		error = errno == EINPROGRESS ? await_handshake(fd, connector, deadline_ns)
					     : -errno;
	if (error == 0 && connector_met_itself(connector, fd))
		error = -ECONNREFUSED;
	if (error < 0) {
		close(fd);
		return error;
	}
	return fd;
}

static const char *advice(int error)
{
	switch (error) {
	case -ECONNREFUSED:
		return "; nothing listens there: start a server";
	case -EAGAIN:
		return "; its backlog stays full: is it still accepting, and has it "
		       "descriptors left?";
	case -EADDRNOTAVAIL:
		return "; no local port is left: fewer connections, another host "
		       "address, or a wider net.ipv4.ip_local_port_range";
	case -EMFILE:
		return "; this process is out of descriptors: raise 'ulimit -n'";
	case -ENFILE:
		return "; the machine is out of descriptors: raise fs.file-max";
	case -ENOBUFS:
	case -ENOMEM:
		return "; fewer connections need less memory";
	default:
		return "";
	}
}

int connector_problem(const struct connector *connector, uint64_t number, int error,
	struct problem *problem)
{
	char host[80];
	int port;

	net_address_format(&connector->target, host, sizeof(host), &port);
	return problem_set(problem, error,
		"cannot open connection %" PRIu64 " to %s port %d: %s%s", number, host,
		port, error == -EAGAIN ? "no answer in time" : strerror(-error),
		advice(error));
}

int connector_open(
	const struct connector *connector, uint64_t number, struct problem *problem)
{
	uint64_t deadline_ns = clock_now_ns() + connector->timeout_ns;
	int fd;

	do
		fd = attempt(connector, number, deadline_ns);
	while (fd == -EAGAIN && clock_now_ns() < deadline_ns);
	return fd < 0 ? connector_problem(connector, number, fd, problem) : fd;
}
