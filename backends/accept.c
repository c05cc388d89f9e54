/* accept.c - what a failed accept means for the listener. */
#include "backends/accept.h"

#include <errno.h>

enum accept_next accept_after_error(int error)
{
	switch (-error) {
	case EAGAIN:
		return ACCEPT_EMPTY;
	case EMFILE:
	case ENFILE:
	case ENOBUFS:
	case ENOMEM:
	case EACCES: /* a security module forbids it: the connection stays in the queue */
	case EPERM:
		return ACCEPT_PAUSE;
	case EBADF:
	case EINVAL:
	case ENOTSOCK:
	case EFAULT:
		return ACCEPT_FAIL;
	default:
		/* ECONNABORTED, EINTR, and the network's errors that Linux passes on
		 * here: of a stream socket EOPNOTSUPP is one of them too. */
		return ACCEPT_AGAIN;
	}
}

void accept_starved(struct server *server, bool *starved, int error)
{
	if (*starved == (error != 0))
		return;
	*starved = error != 0;
	server->starved(server, error);
}
