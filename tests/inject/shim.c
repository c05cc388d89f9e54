/*
 * shim.c - between a program and the C library: gives the results that a kernel may give
 * but hardly ever does on a quiet machine. To be preloaded (ld.so(8), LD_PRELOAD).
 *
 *	MUXBENCH_SHIM=seed=7,rate=50,what=short,eintr
 *LD_PRELOAD=build/tests/inject/shim.so
 *
 * seed decides all, rate is in thousandths of the calls, and what follows what= is the
 * list of faults. Whether a call is hit depends on the seed, its thread, its name and how
 * often that thread has made it, on nothing else: a seed that failed is run again as it
 * was, as far as the network lets it. At the end a line for each fault, "shim: short
 *123", and for each call, "shim: recv calls 456", goes to stderr, that a test may fail
 *when nothing was injected.
 *
 *	short       recv, send, sendmsg, read and write move fewer bytes than they could
 *	eintr       any call that may says EINTR; select's sets and poll's answers then
 *	            hold whatever was there, and a close has closed all the same
 *(close(2)) aborted     accept4: the connection is gone, or its network was down
 *(accept(2), "Error handling"); none is really taken, so nobody is lost starved accept4:
 *no descriptor or no memory, one to four times in a row unwatched   epoll_ctl cannot add
 *a connection: ENOMEM, ENOSPC unresumed   epoll_ctl cannot add the listener again
 *	spurious    a wait also reports a socket that is not ready (select(2), "BUGS")
 *	eagain      recv and send say EAGAIN at a ready socket: a lie to an edge-triggered
 *	            server, who is not told again; the others must bear it
 *	reset       recv where bytes wait, and send, say that the connection is over
 *
 * Only what goes through the C library is reached: not what io_uring does in the kernel.
 * A preloaded library has no one to pass its state along, so here it is static.
 */
#include "common/random.h"

#include <dlfcn.h>
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

/* clang-format off */
#define FAULTS(X) X(short) X(eintr) X(aborted) X(starved) X(unwatched) X(unresumed) \
	X(spurious) X(eagain) X(reset)
#define SITES(X) X(recv) X(send) X(sendmsg) X(read) X(write) X(accept4) X(close) \
	X(epoll_ctl) X(epoll_wait) X(epoll_pwait2) X(poll) X(select)
/* clang-format on */

#define NAME(name)       #name,
#define FAULT_ENUM(name) FAULT_##name,
#define SITE_ENUM(name)  SITE_##name,
enum fault { FAULTS(FAULT_ENUM) FAULT_COUNT };
enum site { SITES(SITE_ENUM) SITE_COUNT };

static const char *const fault_names[] = {FAULTS(NAME)};
static const char *const site_names[] = {SITES(NAME)};

enum {
	PER_MILLE = 1000,
	FDS_MAX = 1 << 20,
	BURST_MAX = 4, /* refusals in a row */
};

#define REAL(name) typeof(name) *name;
static struct {
	SITES(REAL)
} real;

static struct {
	uint64_t seed;
	uint64_t rate;
	bool wanted[FAULT_COUNT];
	bool listener_watched; /* it has been added once: from now on that may fail */
	unsigned threads;      /* numbers given out */
	uint64_t injected[FAULT_COUNT];
	uint64_t calls[SITE_COUNT];
} shim;

/* What epoll_ctl was told, by descriptor: events and data, and by which epoll + 1. */
static struct epoll_event interest[FDS_MAX];
static int interest_owner[FDS_MAX];
static int interest_top;

static __thread uint64_t thread_calls[SITE_COUNT];
static __thread unsigned thread_number; /* 0: not given yet */
static __thread unsigned starved_left;
static __thread unsigned char asked[2][FDS_MAX / 8]; /* what select was asked */

/* ---- what is to be injected
 * ------------------------------------------------------------ */

static void refuse(const char *what)
{
	fprintf(stderr, "shim: MUXBENCH_SHIM: '%s' is not understood\n", what);
	_exit(2);
}

static void want(const char *name)
{
	for (int i = 0; i < FAULT_COUNT; i++)
		if (strcmp(name, fault_names[i]) == 0) {
			shim.wanted[i] = true;
			return;
		}
	refuse(name);
}

static uint64_t number(const char *text)
{
	char *end;
	uint64_t value = strtoull(text, &end, 10);

	if (end == text || *end)
		refuse(text);
	return value;
}

static void configure(const char *text)
{
	char copy[512], *rest = copy;

	snprintf(copy, sizeof(copy), "%s", text);
	for (char *word; (word = strsep(&rest, ","));)
		if (strncmp(word, "seed=", 5) == 0)
			shim.seed = number(word + 5);
		else if (strncmp(word, "rate=", 5) == 0)
			shim.rate = number(word + 5);
		else
			want(strncmp(word, "what=", 5) == 0 ? word + 5 : word);
}

__attribute__((constructor(101))) static void shim_begin(void)
{
#define RESOLVE(name) real.name = (typeof(name) *)dlsym(RTLD_NEXT, #name);
	SITES(RESOLVE)
	if (getenv("MUXBENCH_SHIM"))
		configure(getenv("MUXBENCH_SHIM"));
}

__attribute__((destructor)) static void shim_end(void)
{
	for (int i = 0; i < FAULT_COUNT; i++)
		if (shim.wanted[i])
			dprintf(STDERR_FILENO, "shim: %s %llu\n", fault_names[i],
				(unsigned long long)shim.injected[i]);
	for (int i = 0; i < SITE_COUNT; i++)
		if (shim.calls[i] > 0)
			dprintf(STDERR_FILENO, "shim: %s calls %llu\n", site_names[i],
				(unsigned long long)shim.calls[i]);
}

/* ---- the dice
 * -------------------------------------------------------------------------- */

/* The dice of this one call. The first thread is the first to call, main(). */
static struct random roll(enum site site)
{
	if (thread_number == 0)
		thread_number = __atomic_add_fetch(&shim.threads, 1, __ATOMIC_RELAXED);
	__atomic_add_fetch(&shim.calls[site], 1, __ATOMIC_RELAXED);
	struct random mixed = {shim.seed};

	mixed.state = random_next(&mixed) ^ thread_number;
	mixed.state = random_next(&mixed) ^ (uint64_t)site;
	mixed.state = random_next(&mixed) ^ thread_calls[site]++;
	mixed.state = random_next(&mixed);
	return mixed;
}

static void inject(enum fault fault)
{
	__atomic_add_fetch(&shim.injected[fault], 1, __ATOMIC_RELAXED);
}

static bool is_due(enum fault fault, struct random *dice)
{
	return shim.wanted[fault] && random_below(dice, PER_MILLE) < shim.rate;
}

static int fail_with(enum fault fault, int error)
{
	inject(fault);
	errno = error;
	return -1;
}

static int one_of(const int *errors, size_t count, struct random *dice)
{
	return errors[random_below(dice, count)];
}
#define ONE_OF(errors, dice) one_of(errors, sizeof(errors) / sizeof(*(errors)), dice)

/* ---- what a descriptor is
 * -------------------------------------------------------------- */

static int socket_option(int fd, int option)
{
	int value = -1, keep = errno;
	socklen_t length = sizeof(value);

	if (getsockopt(fd, SOL_SOCKET, option, &value, &length) < 0)
		value = -1;
	errno = keep;
	return value;
}

static bool is_stream(int fd)
{
	return socket_option(fd, SO_TYPE) == SOCK_STREAM;
}

/* Whatever sleeps can be interrupted and cut short; a file or an eventfd cannot. */
static bool is_pipe_or_stream(int fd)
{
	struct stat stat;

	return is_stream(fd) || (fstat(fd, &stat) == 0 && S_ISFIFO(stat.st_mode));
}

static bool has_data(int fd)
{
	char byte;
	int keep = errno;
	bool has = real.recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) > 0;

	errno = keep;
	return has;
}

/* ---- bytes
 * ----------------------------------------------------------------------------- */

/* Fewer than length: often one, else anything. */
static size_t shorten(size_t length, struct random *dice)
{
	if (length < 2 || !is_due(FAULT_short, dice))
		return length;
	inject(FAULT_short);
	return random_below(dice, 3) == 0 ? 1 : 1 + random_below(dice, length - 1);
}

ssize_t recv(int fd, void *buffer, size_t length, int flags)
{
	static const int ends[] = {ECONNRESET, ETIMEDOUT, EHOSTUNREACH};
	struct random dice = roll(SITE_recv);

	if (!is_stream(fd))
		return real.recv(fd, buffer, length, flags);
	if (is_due(FAULT_eintr, &dice))
		return fail_with(FAULT_eintr, EINTR);
	if (is_due(FAULT_eagain, &dice))
		return fail_with(FAULT_eagain, EAGAIN);
	if (is_due(FAULT_reset, &dice) && has_data(fd))
		return fail_with(FAULT_reset, ONE_OF(ends, &dice));
	return real.recv(fd, buffer, shorten(length, &dice), flags);
}

/* What stops a send to a stream; 0: nothing. */
static int send_fault(struct random *dice)
{
	static const int ends[] = {EPIPE, ECONNRESET, ETIMEDOUT};

	if (is_due(FAULT_eintr, dice))
		return fail_with(FAULT_eintr, EINTR);
	if (is_due(FAULT_eagain, dice))
		return fail_with(FAULT_eagain, EAGAIN);
	if (is_due(FAULT_reset, dice))
		return fail_with(FAULT_reset, ONE_OF(ends, dice));
	return 0;
}

ssize_t send(int fd, const void *data, size_t length, int flags)
{
	struct random dice = roll(SITE_send);

	if (!is_stream(fd))
		return real.send(fd, data, length, flags);
	if (send_fault(&dice) < 0)
		return -1;
	return real.send(fd, data, shorten(length, &dice), flags);
}

/* Short means here: the first piece only. */
ssize_t sendmsg(int fd, const struct msghdr *message, int flags)
{
	struct random dice = roll(SITE_sendmsg);
	struct msghdr first = *message;

	if (!is_stream(fd))
		return real.sendmsg(fd, message, flags);
	if (send_fault(&dice) < 0)
		return -1;
	if (first.msg_iovlen > 1 && is_due(FAULT_short, &dice)) {
		inject(FAULT_short);
		first.msg_iovlen = 1;
	}
	return real.sendmsg(fd, &first, flags);
}

ssize_t read(int fd, void *buffer, size_t length)
{
	struct random dice = roll(SITE_read);

	if (!is_pipe_or_stream(fd))
		return real.read(fd, buffer, length);
	if (is_due(FAULT_eintr, &dice))
		return fail_with(FAULT_eintr, EINTR);
	return real.read(fd, buffer, shorten(length, &dice));
}

ssize_t write(int fd, const void *data, size_t length)
{
	struct random dice = roll(SITE_write);

	if (!is_pipe_or_stream(fd))
		return real.write(fd, data, length);
	if (is_due(FAULT_eintr, &dice))
		return fail_with(FAULT_eintr, EINTR);
	return real.write(fd, data, shorten(length, &dice));
}

/* ---- connections
 * ----------------------------------------------------------------------- */

int accept4(int fd, struct sockaddr *address, socklen_t *length, int flags)
{
	static const int aborts[] = {ECONNABORTED, EPROTO, ENETDOWN, ENOPROTOOPT,
		EHOSTDOWN, ENONET, EHOSTUNREACH, EOPNOTSUPP, ENETUNREACH};
	static const int shortages[] = {EMFILE, ENFILE, ENOBUFS, ENOMEM};
	struct random dice = roll(SITE_accept4);

	if (is_due(FAULT_eintr, &dice))
		return fail_with(FAULT_eintr, EINTR);
	if (is_due(FAULT_aborted, &dice))
		return fail_with(FAULT_aborted, ONE_OF(aborts, &dice));
	if (starved_left == 0 && is_due(FAULT_starved, &dice))
		starved_left = 1 + (unsigned)random_below(&dice, BURST_MAX);
	if (starved_left > 0) {
		starved_left--;
		return fail_with(FAULT_starved, ONE_OF(shortages, &dice));
	}
	return real.accept4(fd, address, length, flags);
}

/* A close that is interrupted has closed: who tries again closes somebody else's. */
int close(int fd)
{
	struct random dice = roll(SITE_close);

	if (fd >= 0 && fd < FDS_MAX)
		interest_owner[fd] = 0;
	bool interrupt = is_stream(fd) && is_due(FAULT_eintr, &dice);
	int result = real.close(fd);

	return interrupt && result == 0 ? fail_with(FAULT_eintr, EINTR) : result;
}

/* ---- waits
 * ----------------------------------------------------------------------------- */

static bool is_listener(int fd)
{
	return socket_option(fd, SO_ACCEPTCONN) == 1;
}

/* The fault that adding this descriptor may get; FAULT_COUNT: none. */
static enum fault add_fault(int fd)
{
	if (!is_stream(fd))
		return FAULT_COUNT;
	if (!is_listener(fd))
		return FAULT_unwatched;
	bool again = shim.listener_watched;

	shim.listener_watched = true;
	return again ? FAULT_unresumed : FAULT_COUNT;
}

static void remember_interest(
	int epoll_fd, int operation, int fd, const struct epoll_event *event)
{
	if (fd < 0 || fd >= FDS_MAX)
		return;
	interest_owner[fd] = operation == EPOLL_CTL_DEL ? 0 : epoll_fd + 1;
	if (operation != EPOLL_CTL_DEL)
		interest[fd] = *event;
	if (fd >= interest_top)
		interest_top = fd + 1;
}

int epoll_ctl(int epoll_fd, int operation, int fd, struct epoll_event *event)
{
	static const int shortages[] = {ENOMEM, ENOSPC};
	struct random dice = roll(SITE_epoll_ctl);
	enum fault fault = operation == EPOLL_CTL_ADD ? add_fault(fd) : FAULT_COUNT;

	if (fault != FAULT_COUNT && is_due(fault, &dice))
		return fail_with(fault, ONE_OF(shortages, &dice));
	int result = real.epoll_ctl(epoll_fd, operation, fd, event);

	if (result == 0)
		remember_interest(epoll_fd, operation, fd, event);
	return result;
}

static bool is_reported(const struct epoll_event *events, int count, epoll_data_t data)
{
	for (int i = 0; i < count; i++)
		if (events[i].data.u64 == data.u64)
			return true;
	return false;
}

/* Adds one that is watched and not ready; how many there are now. */
static int add_spurious_event(
	int epoll_fd, struct epoll_event *events, int count, struct random *dice)
{
	int top = interest_top;
	int start = top > 0 ? (int)random_below(dice, (uint64_t)top) : 0;

	for (int i = 0; i < top; i++) {
		int fd = (start + i) % top;

		if (interest_owner[fd] != epoll_fd + 1 ||
			!(interest[fd].events & EPOLLIN) || !is_stream(fd) ||
			is_reported(events, count, interest[fd].data))
			continue;
		inject(FAULT_spurious);
		events[count] = (struct epoll_event){EPOLLIN, interest[fd].data};
		return count + 1;
	}
	return count;
}

int epoll_wait(int epoll_fd, struct epoll_event *events, int events_max, int timeout)
{
	struct random dice = roll(SITE_epoll_wait);

	if (is_due(FAULT_eintr, &dice))
		return fail_with(FAULT_eintr, EINTR);
	if (!is_due(FAULT_spurious, &dice))
		return real.epoll_wait(epoll_fd, events, events_max, timeout);
	int count = real.epoll_wait(epoll_fd, events, events_max, 0);

	if (count >= 0 && count < events_max)
		count = add_spurious_event(epoll_fd, events, count, &dice);
	return count != 0 ? count
			  : real.epoll_wait(epoll_fd, events, events_max, timeout);
}

int epoll_pwait2(int epoll_fd, struct epoll_event *events, int events_max,
	const struct timespec *timeout, const sigset_t *signals)
{
	struct random dice = roll(SITE_epoll_pwait2);

	if (is_due(FAULT_eintr, &dice))
		return fail_with(FAULT_eintr, EINTR);
	return real.epoll_pwait2(epoll_fd, events, events_max, timeout, signals);
}

static int add_spurious_answer(
	struct pollfd *entries, nfds_t entry_count, int count, struct random *dice)
{
	nfds_t start = random_below(dice, entry_count);

	for (nfds_t i = 0; i < entry_count; i++) {
		struct pollfd *entry = &entries[(start + i) % entry_count];

		if (entry->fd < 0 || entry->revents || !(entry->events & POLLIN) ||
			!is_stream(entry->fd))
			continue;
		inject(FAULT_spurious);
		entry->revents = POLLIN;
		return count + 1;
	}
	return count;
}

int poll(struct pollfd *entries, nfds_t entry_count, int timeout)
{
	struct random dice = roll(SITE_poll);

	if (is_due(FAULT_eintr, &dice)) {
		for (nfds_t i = 0; i < entry_count; i++)
			entries[i].revents = POLLIN | POLLHUP;
		return fail_with(FAULT_eintr, EINTR);
	}
	if (entry_count == 0 || !is_due(FAULT_spurious, &dice))
		return real.poll(entries, entry_count, timeout);
	int count = real.poll(entries, entry_count, 0);

	if (count >= 0)
		count = add_spurious_answer(entries, entry_count, count, &dice);
	return count != 0 ? count : real.poll(entries, entry_count, timeout);
}

static size_t set_bytes(int fds_top)
{
	return ((size_t)fds_top + 63) / 64 * 8;
}

static bool has_bit(const void *set, int fd)
{
	return ((const unsigned char *)set)[fd / 8] >> (fd % 8) & 1;
}

static int add_spurious_bit(void *readable, int fds_top, int count, struct random *dice)
{
	int start = (int)random_below(dice, (uint64_t)fds_top);

	for (int i = 0; i < fds_top; i++) {
		int fd = (start + i) % fds_top;

		if (!has_bit(asked[0], fd) || has_bit(readable, fd) || !is_stream(fd))
			continue;
		inject(FAULT_spurious);
		((unsigned char *)readable)[fd / 8] |= (unsigned char)(1U << (fd % 8));
		return count + 1;
	}
	return count;
}

/* One look, with a bit more; if that is none, the sets are as they were. */
static int select_spurious(
	int fds_top, fd_set *readable, fd_set *writable, struct random *dice)
{
	struct timeval at_once = {0};

	memcpy(asked[0], readable, set_bytes(fds_top));
	memcpy(asked[1], writable, set_bytes(fds_top));
	int count = real.select(fds_top, readable, writable, NULL, &at_once);

	if (count >= 0)
		count = add_spurious_bit(readable, fds_top, count, dice);
	if (count == 0) {
		memcpy(readable, asked[0], set_bytes(fds_top));
		memcpy(writable, asked[1], set_bytes(fds_top));
	}
	return count;
}

static void scribble(fd_set *set, int fds_top, struct random *dice)
{
	unsigned char *bytes = (unsigned char *)set;

	for (size_t i = 0; set && i < set_bytes(fds_top); i++)
		bytes[i] = (unsigned char)random_next(dice);
}

int select(int fds_top, fd_set *restrict readable, fd_set *restrict writable,
	fd_set *restrict exceptional, struct timeval *restrict timeout)
{
	struct random dice = roll(SITE_select);
	int count = 0;

	if (is_due(FAULT_eintr, &dice)) {
		scribble(readable, fds_top, &dice);
		scribble(writable, fds_top, &dice);
		return fail_with(FAULT_eintr, EINTR);
	}
	if (readable && writable && fds_top > 0 && fds_top <= FDS_MAX &&
		is_due(FAULT_spurious, &dice))
		count = select_spurious(fds_top, readable, writable, &dice);
	return count != 0
		       ? count
		       : real.select(fds_top, readable, writable, exceptional, timeout);
}

/* ---- the names that a hardened build calls (_FORTIFY_SOURCE)
 * --------------------------- */

ssize_t __recv_chk(int fd, void *buffer, size_t length, size_t room, int flags);
ssize_t __recv_chk(int fd, void *buffer, size_t length, size_t room, int flags)
{
	return length > room ? (abort(), -1) : recv(fd, buffer, length, flags);
}

ssize_t __read_chk(int fd, void *buffer, size_t length, size_t room);
ssize_t __read_chk(int fd, void *buffer, size_t length, size_t room)
{
	return length > room ? (abort(), -1) : read(fd, buffer, length);
}

int __poll_chk(struct pollfd *entries, nfds_t entry_count, int timeout, size_t room);
int __poll_chk(struct pollfd *entries, nfds_t entry_count, int timeout, size_t room)
{
	return entry_count > room / sizeof(*entries)
		       ? (abort(), -1)
		       : poll(entries, entry_count, timeout);
}
