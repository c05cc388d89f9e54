/*
 * faulty_echo.c - a small echo server over epoll(7), level-triggered, with one fault.
 *
 *	faulty_echo FAULT PORT
 *
 * The control of the soak: "honest" must pass, and each fault, of those that echo servers
 * really have, must be found. It keeps what a peer does not take in a buffer a connection
 * and reads no more until that is out.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum fault {
	HONEST,
	DROPS_REST,       /* after a short write it forgets what was not taken */
	SHARES_BUFFER,    /* keeps what is owed in one place for all: mixes two clients */
	ENDS_AT_FIN,      /* closes at the peer's FIN though bytes are owed */
	LEAKS_DESCRIPTOR, /* now and then it ends a connection without closing it */
	LEAKS_MEMORY,     /* a little for each connection, never given back */
	SPINS,            /* goes on watching what it has shut */
	DIES,             /* after a while */
	HANGS,            /* forgets a connection now and then: open, never served */
	FLIPS,            /* a byte of a long connection */
	FAULTS,
};

static const char *const names[FAULTS] = {
	[HONEST] = "honest",
	[DROPS_REST] = "drops-rest",
	[SHARES_BUFFER] = "shares-buffer",
	[ENDS_AT_FIN] = "ends-at-fin",
	[LEAKS_DESCRIPTOR] = "leaks-descriptor",
	[LEAKS_MEMORY] = "leaks-memory",
	[SPINS] = "spins",
	[DIES] = "dies",
	[HANGS] = "hangs",
	[FLIPS] = "flips",
};

enum {
	BUFFER_BYTES = 16 * 1024,
	CONNECTIONS_MAX = 20000,
	NOW_AND_THEN = 200,    /* connections */
	DIES_AFTER = 600,      /* connections */
	LEAK_BYTES = 8 * 1024, /* a connection */
	FLIP_AT = 100 * 1000,  /* bytes of one connection */
};

struct connection {
	char *buffer;
	size_t offset, owed;
	size_t served;
};

struct server {
	enum fault fault;
	int epoll_fd;
	int listen_fd;
	unsigned long accepted, ended;
	char *leaked; /* the last of them */
	char shared[BUFFER_BYTES];
	struct connection connections[CONNECTIONS_MAX];
};

static void watch(struct server *server, int fd, int operation, unsigned events)
{
	struct epoll_event event = {.events = events, .data.fd = fd};

	epoll_ctl(server->epoll_fd, operation, fd, &event);
}

static bool now_and_then(unsigned long count)
{
	return count % NOW_AND_THEN == 0;
}

static void end(struct server *server, int fd)
{
	struct connection *connection = &server->connections[fd];

	free(connection->buffer);
	memset(connection, 0, sizeof(*connection));
	server->ended++;
	if (server->fault == SPINS && now_and_then(server->ended)) {
		shutdown(fd, SHUT_RDWR);
		return;
	}
	if (server->fault == LEAKS_DESCRIPTOR && now_and_then(server->ended)) {
		shutdown(fd, SHUT_RDWR);
		watch(server, fd, EPOLL_CTL_DEL, 0);
		return;
	}
	close(fd);
}

static char *owed_bytes(struct server *server, int fd)
{
	return server->fault == SHARES_BUFFER ? server->shared
					      : server->connections[fd].buffer;
}

/* False: it has ended. */
static bool write_owed(struct server *server, int fd)
{
	struct connection *connection = &server->connections[fd];
	char *bytes = owed_bytes(server, fd) + connection->offset;
	ssize_t n = send(fd, bytes, connection->owed, MSG_NOSIGNAL);

	if (n < 0 && errno != EAGAIN) {
		end(server, fd);
		return false;
	}
	if (n < 0)
		n = 0;
	connection->offset += (size_t)n;
	connection->owed -= (size_t)n;
	if (server->fault == DROPS_REST && n > 0)
		connection->owed = 0;
	watch(server, fd, EPOLL_CTL_MOD, connection->owed ? EPOLLOUT : EPOLLIN);
	return true;
}

static void spoil(struct server *server, struct connection *connection, char *bytes)
{
	size_t before = connection->served;

	connection->served += connection->owed;
	if (server->fault == FLIPS && before <= FLIP_AT && connection->served > FLIP_AT)
		bytes[FLIP_AT - before] ^= 1;
}

static void read_and_echo(struct server *server, int fd)
{
	struct connection *connection = &server->connections[fd];
	char *bytes = owed_bytes(server, fd);
	ssize_t n = recv(fd, bytes, BUFFER_BYTES, 0);

	if (n < 0 && errno == EAGAIN)
		return;
	if (n <= 0) {
		end(server, fd);
		return;
	}
	connection->offset = 0;
	connection->owed = (size_t)n;
	spoil(server, connection, bytes);
	write_owed(server, fd);
}

/* Told of a FIN while bytes are owed, an honest server does nothing: it reads it later.
 */
static void serve(struct server *server, int fd, unsigned events)
{
	struct connection *connection = &server->connections[fd];

	if (!connection->buffer) /* SPINS: epoll tells of what was shut again and again */
		return;
	if (server->fault == ENDS_AT_FIN && connection->owed && (events & EPOLLRDHUP)) {
		end(server, fd);
		return;
	}
	if (connection->owed)
		write_owed(server, fd);
	else
		read_and_echo(server, fd);
	if (server->fault == ENDS_AT_FIN && connection->owed)
		watch(server, fd, EPOLL_CTL_MOD, EPOLLOUT | EPOLLRDHUP);
}

static void begin(struct server *server, int fd)
{
	server->accepted++;
	if (fd >= CONNECTIONS_MAX) {
		close(fd);
		return;
	}
	if (server->fault == DIES && server->accepted == DIES_AFTER)
		abort();
	if (server->fault == LEAKS_MEMORY) {
		server->leaked = malloc(LEAK_BYTES);
		if (server->leaked)
			memset(server->leaked, 1, LEAK_BYTES);
	}
	server->connections[fd] = (struct connection){.buffer = malloc(BUFFER_BYTES)};
	if (server->fault == HANGS && now_and_then(server->accepted))
		return;
	watch(server, fd, EPOLL_CTL_ADD, EPOLLIN);
}

static int listen_on(int port)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_port = htons((unsigned short)port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int on = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);

	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0 ||
		bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 ||
		listen(fd, 4096) < 0)
		return -1;
	return fd;
}

static void run(struct server *server)
{
	struct epoll_event events[64];

	watch(server, server->listen_fd, EPOLL_CTL_ADD, EPOLLIN);
	for (;;) {
		int count = epoll_wait(server->epoll_fd, events, 64, -1);

		for (int i = 0; i < count; i++) {
			if (events[i].data.fd != server->listen_fd) {
				serve(server, events[i].data.fd, events[i].events);
				continue;
			}
			for (int fd; (fd = accept4(server->listen_fd, NULL, NULL,
					      SOCK_NONBLOCK)) >= 0;)
				begin(server, fd);
		}
	}
}

int main(int argc, char *argv[])
{
	struct server *server = calloc(1, sizeof(*server));

	if (!server || argc != 3)
		return 2;
	for (server->fault = HONEST; server->fault < FAULTS; server->fault++)
		if (strcmp(argv[1], names[server->fault]) == 0)
			break;
	server->listen_fd = listen_on(atoi(argv[2]));
	server->epoll_fd = epoll_create1(0);
	if (server->fault == FAULTS || server->listen_fd < 0 || server->epoll_fd < 0) {
		fprintf(stderr, "usage: faulty_echo FAULT PORT: %s\n", strerror(errno));
		return 2;
	}
	run(server);
}
