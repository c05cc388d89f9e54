/*
 * fd_setsize.c - fault: FD_SET() of any descriptor there is.
 *
 * Who makes it: most programs with select(2). An fd_set of the C library has 1,024 bits;
 * descriptor 1024 is a bit past its end. The limit is the library's, not the
 * kernel's, and RLIMIT_NOFILE has long been larger.
 *
 * What goes wrong: the 1,020th client or so changes a bit in whatever lies behind the
 * set: in the other set, a pointer, a return address. Built with _FORTIFY_SOURCE, as this
 * one is and as distributions do, the library notices and aborts: everybody is cut off. A
 * server must refuse such a connection, or use poll(2).
 *
 * Caught by: past-1024-descriptors.
 */
#include "tests/servers/loop.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/select.h>

struct interest {
	fd_set read, write;
	int top;    /* one more than the highest descriptor that was ever watched */
	int cursor; /* behind the last one reported, so that all have their turn */
};

static int prepare(struct server *server)
{
	server->own = calloc(1, sizeof(struct interest));
	return server->own ? 0 : -ENOMEM;
}

static int watch_select(struct server *server, int fd, uint32_t was, uint32_t want)
{
	struct interest *interest = server->own;

	(void)was; /* should be: if (fd >= FD_SETSIZE) return -1 */
	FD_CLR(fd, &interest->read);
	FD_CLR(fd, &interest->write);
	if (want & EPOLLIN)
		FD_SET(fd, &interest->read);
	if (want & EPOLLOUT)
		FD_SET(fd, &interest->write);
	if (fd >= interest->top)
		interest->top = fd + 1;
	return 0;
}

static int wait_select(struct server *server, struct epoll_event *events, int timeout_ms)
{
	struct interest *interest = server->own;
	fd_set readable = interest->read, writable = interest->write;
	struct timeval timeout = {.tv_usec = timeout_ms * 1000};
	int left = select(interest->top, &readable, &writable, NULL,
		timeout_ms < 0 ? NULL : &timeout);
	int count = 0;

	if (left < 0)
		return errno == EINTR ? 0 : -1;
	for (int seen = 0; left > 0 && seen < interest->top && count < BATCH_MAX;
		seen++) {
		int fd = interest->cursor = (interest->cursor + 1) % interest->top;
		uint32_t ready = (FD_ISSET(fd, &readable) ? EPOLLIN : 0U) |
				 (FD_ISSET(fd, &writable) ? EPOLLOUT : 0U);

		if (ready)
			events[count++] = (struct epoll_event){ready, {.fd = fd}};
	}
	return count;
}

int main(int argc, char **argv)
{
	static const struct steps steps = {
		.prepare = prepare,
		.watch = watch_select,
		.wait = wait_select,
	};

	return serve(argc, argv, &steps);
}
