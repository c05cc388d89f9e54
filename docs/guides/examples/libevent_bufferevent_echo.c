/*
 * libevent_bufferevent_echo.c - libevent_bufferevent_echo PORT: an echo server on
 * libevent's bufferevents, as most programs use it.
 *
 * The library reads into a chain of buffers and writes from one; to echo is to move the
 * first chain behind the second. Beside libevent_echo.c it shows what that comfort costs.
 *
 *	cc -O2 libevent_bufferevent_echo.c -levent_core -o libevent_bufferevent_echo
 */
#include <arpa/inet.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <event2/util.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

enum { BACKLOG = 4096, PENDING_BYTES_MAX = 65536 };

static void on_read(struct bufferevent *connection, void *context)
{
	struct evbuffer *out = bufferevent_get_output(connection);

	(void)context;
	evbuffer_add_buffer(out, bufferevent_get_input(connection));
	/* A client that does not read is not read from. */
	if (evbuffer_get_length(out) > PENDING_BYTES_MAX)
		bufferevent_disable(connection, EV_READ);
}

/* All has been written. */
static void on_written(struct bufferevent *connection, void *context)
{
	if (context) /* and nothing more will come */
		bufferevent_free(connection);
	else
		bufferevent_enable(connection, EV_READ);
}

static void on_event(struct bufferevent *connection, short what, void *context)
{
	struct evbuffer *out = bufferevent_get_output(connection);

	(void)context;
	if (what & BEV_EVENT_EOF && evbuffer_get_length(out) > 0)
		bufferevent_setcb(connection, NULL, on_written, on_event, out);
	else if (what & (BEV_EVENT_EOF | BEV_EVENT_ERROR))
		bufferevent_free(connection);
}

static void on_accept(struct evconnlistener *listener, evutil_socket_t fd,
	struct sockaddr *address, int length, void *context)
{
	struct bufferevent *connection = bufferevent_socket_new(
		evconnlistener_get_base(listener), fd, BEV_OPT_CLOSE_ON_FREE);
	int on = 1;

	(void)address, (void)length, (void)context;
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	if (!connection) {
		evutil_closesocket(fd);
		return;
	}
	bufferevent_setcb(connection, on_read, on_written, on_event, NULL);
	bufferevent_enable(connection, EV_READ | EV_WRITE);
}

int main(int argc, char *argv[])
{
	struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_port = htons(argc > 1 ? (uint16_t)atoi(argv[1]) : 7777),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	struct event_base *base = event_base_new();

	signal(SIGPIPE, SIG_IGN); /* a client may be gone before its answer */
	if (!base || !evconnlistener_new_bind(base, on_accept, NULL,
			     LEV_OPT_REUSEABLE | LEV_OPT_CLOSE_ON_FREE, BACKLOG,
			     (struct sockaddr *)&address, sizeof(address))) {
		perror("libevent_bufferevent_echo");
		return 1;
	}
	return event_base_dispatch(base) < 0;
}
