/*
 * calls.h - thin counted system calls: what the server itself says it called.
 *
 * Names are the kernel's (glibc's recv() is recvfrom, select() is pselect6), so that the
 * count of a backend can be held against the kernel's own. Each wrapper counts BEFORE it
 * calls: a thread asleep in its wait has been counted, as the kernel counts on entry.
 * Results come back as in the kernel: a value, or -errno.
 *
 * One writer, the worker thread. The control thread reads while it runs, hence relaxed
 * atomics; they compile to plain additions.
 */
#ifndef BACKENDS_CALLS_H
#define BACKENDS_CALLS_H

#include <errno.h>
#include <linux/sockios.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <unistd.h>

/* One line a system call that a backend, ours or a plug-in, may make in its loop. */
/* clang-format off */
#define CALLS(X) \
	X(accept4) \
	X(close) \
	X(epoll_create1) \
	X(epoll_ctl) \
	X(epoll_pwait2) \
	X(epoll_wait) \
	X(fcntl) \
	X(ioctl) \
	X(io_uring_enter) \
	X(io_uring_register) \
	X(io_uring_setup) \
	X(poll) \
	X(ppoll) \
	X(pselect6) \
	X(read) \
	X(recvfrom) \
	X(sendto) \
	X(shutdown) \
	X(write)
/* clang-format on */

enum call {
#define CALL_ENUM(name) CALL_##name,
	CALLS(CALL_ENUM)
#undef CALL_ENUM
		CALL_COUNT
};

/* What one worker counts. All start at 0 and only grow. */
struct calls {
	uint64_t count[CALL_COUNT];
	uint64_t wait_bytes;    /* handed to or by the kernel per wait, as each poller
				   documents */
	uint64_t wakeups;       /* returns from a wait */
	uint64_t events;        /* ready descriptors or completions they brought */
	uint64_t eagain_accept; /* calls that found nothing to do */
	uint64_t eagain_recv;
	uint64_t eagain_send;
	/* Connections taken, and of these ended; see calls_connections(). */
	uint64_t accepted;
	uint64_t closed;
	uint64_t refused; /* taken and closed at once: the backend cannot watch them */
	uint64_t accept_pauses; /* out of descriptors or memory: the listener rested */
	uint64_t connection_errors; /* connections ended by an error, not by their peer's
				       FIN */
	uint64_t cq_overflows;      /* waits that left results in the kernel, for the
				       completion queue was full; BACKEND_COMPLETIONS only */
	uint64_t bytes_rx;
	uint64_t bytes_tx;
};

static inline void calls_add(uint64_t *counter, uint64_t n)
{
	__atomic_store_n(counter, __atomic_load_n(counter, __ATOMIC_RELAXED) + n,
		__ATOMIC_RELAXED);
}

static inline void calls_count(struct calls *calls, enum call call)
{
	calls_add(&calls->count[call], 1);
}

/* A connection that was counted as accepted has ended. */
static inline void calls_add_closed(struct calls *calls)
{
	__atomic_store_n(&calls->closed,
		__atomic_load_n(&calls->closed, __ATOMIC_RELAXED) + 1, __ATOMIC_RELEASE);
}

/*
 * Both counts as another thread may see them: never more closed than accepted, so that
 * their difference, which are held, does not wrap below zero. closed is read first, and
 * acquired: whoever sees a connection's end sees its start too, for the release above
 * stands behind the addition to accepted. Relaxed, a processor that reorders stores or
 * loads (ARM) could show them the other way round.
 */
static inline void calls_connections(
	const struct calls *calls, uint64_t *accepted, uint64_t *closed)
{
	*closed = __atomic_load_n(&calls->closed, __ATOMIC_ACQUIRE);
	*accepted = __atomic_load_n(&calls->accepted, __ATOMIC_RELAXED);
}

static inline ssize_t calls_recv(struct calls *calls, int fd, void *buffer, size_t length)
{
	calls_count(calls, CALL_recvfrom);
	ssize_t n = recv(fd, buffer, length, 0);

	if (n >= 0) {
		calls_add(&calls->bytes_rx, (uint64_t)n);
		return n;
	}
	if (errno == EAGAIN)
		calls_add(&calls->eagain_recv, 1);
	return -errno;
}

/* A peer that went away is -EPIPE, never a SIGPIPE. */
static inline ssize_t calls_send(
	struct calls *calls, int fd, const void *data, size_t length)
{
	calls_count(calls, CALL_sendto);
	ssize_t n = send(fd, data, length, MSG_NOSIGNAL);

	if (n >= 0) {
		calls_add(&calls->bytes_tx, (uint64_t)n);
		return n;
	}
	if (errno == EAGAIN)
		calls_add(&calls->eagain_send, 1);
	return -errno;
}

/* The accepted descriptor is non-blocking and close-on-exec. */
static inline int calls_accept(struct calls *calls, int listen_fd)
{
	calls_count(calls, CALL_accept4);
	int fd = accept4(listen_fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

	if (fd >= 0)
		return fd;
	if (errno == EAGAIN)
		calls_add(&calls->eagain_accept, 1);
	return -errno;
}

/* how: SHUT_RD, SHUT_WR, SHUT_RDWR. That the peer has gone meanwhile is no news here. */
static inline void calls_shutdown(struct calls *calls, int fd, int how)
{
	calls_count(calls, CALL_shutdown);
	shutdown(fd, how);
}

/* What a queue of the socket holds, by an ioctl of tcp(7). */
static inline int calls_queued(struct calls *calls, int fd, unsigned long queue)
{
	int bytes = 0;

	calls_count(calls, CALL_ioctl);
	return ioctl(fd, queue, &bytes) < 0 ? -errno : bytes;
}

/* What we sent and the peer has not acknowledged: bytes, and 1 for a FIN. */
static inline int calls_unacknowledged(struct calls *calls, int fd)
{
	return calls_queued(calls, fd, SIOCOUTQ);
}

/* Bytes that have come and nobody has received. */
static inline int calls_unread(struct calls *calls, int fd)
{
	return calls_queued(calls, fd, SIOCINQ);
}

static inline void calls_close(struct calls *calls, int fd)
{
	calls_count(calls, CALL_close);
	close(fd);
}

#endif
