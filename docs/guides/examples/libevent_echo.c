/*
 * libevent_echo.c - libevent_echo PORT: an echo server on libevent's events.
 *
 * One event a connection, level-triggered, and recv(2) and send(2) by hand: the shortest
 * way from epoll through libevent to the bytes. What a client does not take at once is
 * kept, and no more is read from it until that is gone.
 *
 *	cc -O2 libevent_echo.c -levent_core -o libevent_echo
 */
#include <arpa/inet.h>
#include <errno.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <event2/util.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum { CHUNK_BYTES = 65536, BACKLOG = 4096 };

/* What all connections share: one is served at a time. */
struct server {
	struct event_base *base;
	char chunk[CHUNK_BYTES];
};

struct connection {
	struct server *server;
	struct event *reader;
	struct event *writer; /* only while rest is */
	char *rest;           /* read, and not written yet; NULL: none */
	size_t rest_bytes, rest_sent;
};

static void end_connection(struct connection *connection)
{
	evutil_socket_t fd = event_get_fd(connection->reader);

	event_free(connection->reader);
	if (connection->writer)
		event_free(connection->writer);
	free(connection->rest);
	free(connection);
	evutil_closesocket(fd);
}

/* How many bytes went out, 0 if none can, or -1: the connection is broken. */
static ssize_t send_some(evutil_socket_t fd, const char *bytes, size_t count)
{
	ssize_t n = send(fd, bytes, count, MSG_NOSIGNAL);

	return n < 0 && (errno == EAGAIN || errno == EINTR) ? 0 : n;
}

static void on_writable(evutil_socket_t fd, short what, void *context)
{
	struct connection *connection = context;
	ssize_t n = send_some(fd, connection->rest + connection->rest_sent,
		connection->rest_bytes - connection->rest_sent);

	(void)what;
	if (n < 0) {
		end_connection(connection);
		return;
	}
	connection->rest_sent += (size_t)n;
	if (connection->rest_sent < connection->rest_bytes)
		return;
	free(connection->rest);
	connection->rest = NULL;
	event_free(connection->writer);
	connection->writer = NULL;
	event_add(connection->reader, NULL);
}

/* Keeps what the client did not take, and reads no more meanwhile. 0, or -1. */
static int keep_rest(struct connection *connection, evutil_socket_t fd, const char *bytes,
	size_t count)
{
	connection->rest = malloc(count);
	connection->writer = event_new(connection->server->base, fd,
		EV_WRITE | EV_PERSIST, on_writable, connection);
	if (!connection->rest || !connection->writer)
		return -1;
	memcpy(connection->rest, bytes, count);
	connection->rest_bytes = count;
	connection->rest_sent = 0;
	event_del(connection->reader);
	return event_add(connection->writer, NULL);
}

static void on_readable(evutil_socket_t fd, short what, void *context)
{
	struct connection *connection = context;
	char *chunk = connection->server->chunk;
	ssize_t n = recv(fd, chunk, CHUNK_BYTES, 0);

	(void)what;
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	ssize_t sent = n > 0 ? send_some(fd, chunk, (size_t)n) : -1;

	if (sent < 0 || (sent < n && keep_rest(connection, fd, chunk + sent,
					     (size_t)(n - sent)) < 0))
		end_connection(connection);
}

static void on_accept(struct evconnlistener *listener, evutil_socket_t fd,
	struct sockaddr *address, int length, void *context)
{
	struct connection *connection = calloc(1, sizeof(*connection));
	struct server *server = context;
	int on = 1;

	(void)listener, (void)address, (void)length;
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	if (connection) {
		connection->server = server;
		connection->reader = event_new(
			server->base, fd, EV_READ | EV_PERSIST, on_readable, connection);
	}
	if (connection && connection->reader && event_add(connection->reader, NULL) == 0)
		return;
	free(connection);
	evutil_closesocket(fd);
}

int main(int argc, char *argv[])
{
	struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_port = htons(argc > 1 ? (uint16_t)atoi(argv[1]) : 7777),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	struct server *server = calloc(1, sizeof(*server));

	if (!server || !(server->base = event_base_new()))
		return 1;
	if (!evconnlistener_new_bind(server->base, on_accept, server,
		    LEV_OPT_REUSEABLE | LEV_OPT_CLOSE_ON_FREE, BACKLOG,
		    (struct sockaddr *)&address, sizeof(address))) {
		perror("libevent_echo");
		return 1;
	}
	return event_base_dispatch(server->base) < 0;
}
