/* listener.c - whose a listening socket is. */
#include "harness/process/listener.h"

#include "harness/process/tree.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	INODES_MAX = 64, /* SO_REUSEPORT: a socket a worker */
	PIDS_MAX = 1024,
	STATE_LISTEN = 0x0A, /* include/net/tcp_states.h */
	PATH_BYTES = 300,
};

struct inodes {
	uint64_t numbers[INODES_MAX];
	size_t count;
};

struct pids {
	pid_t list[PIDS_MAX];
	size_t count;
};

/* ---- is it here? ---- */

/* Only an address of this machine can be bound to. */
static bool is_local(const struct net_address *address)
{
	struct sockaddr_storage any_port = address->storage;
	int fd = socket(any_port.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (any_port.ss_family == AF_INET)
		((struct sockaddr_in *)&any_port)->sin_port = 0;
	else
		((struct sockaddr_in6 *)&any_port)->sin6_port = 0;
	bool local =
		fd >= 0 && bind(fd, (struct sockaddr *)&any_port, address->length) == 0;

	if (fd >= 0)
		close(fd);
	return local;
}

/* ---- its sockets ---- */

/*
 * An address as a line of /proc/net/tcp has it: 32-bit words in the order of the machine,
 * in hexadecimal.
 */
static void address_digits(const struct net_address *address, char *text, size_t size)
{
	uint32_t words[4];
	size_t used = 0, count = 1;

	if (address->storage.ss_family == AF_INET) {
		memcpy(words, &((const struct sockaddr_in *)&address->storage)->sin_addr,
			sizeof(*words));
	} else {
		memcpy(words,
			&((const struct sockaddr_in6 *)&address->storage)->sin6_addr,
			sizeof(words));
		count = 4;
	}
	for (size_t i = 0; i < count; i++)
		used += (size_t)snprintf(
			text + used, size - used, "%08" PRIX32, words[i]);
}

static bool is_wildcard(const char *digits)
{
	return strspn(digits, "0") == strlen(digits);
}

/* A line's socket listens at that port, and at digits or at every address. */
static void take_line(
	const char *line, const char *digits, unsigned port, struct inodes *inodes)
{
	char local[40];
	unsigned at, state;
	unsigned long long inode;

	if (sscanf(line,
		    " %*d: %32[0-9A-F]:%x %*[0-9A-F]:%*x %x %*x:%*x %*x:%*x %*x %*u %*u "
		    "%llu",
		    local, &at, &state, &inode) != 4)
		return;
	if (state == STATE_LISTEN && at == port && inode > 0 &&
		(is_wildcard(local) || strcmp(local, digits) == 0) &&
		inodes->count < INODES_MAX)
		inodes->numbers[inodes->count++] = inode;
}

static void read_table(
	const char *path, const char *digits, unsigned port, struct inodes *inodes)
{
	FILE *table = fopen(path, "re");
	char *line = NULL;
	size_t size = 0;

	while (table && getline(&line, &size, table) > 0)
		take_line(line, digits, port, inodes);
	free(line);
	if (table)
		fclose(table);
}

static void find_sockets(const struct net_address *address, struct inodes *inodes)
{
	char digits[40], host[80];
	int port;

	net_address_format(address, host, sizeof(host), &port);
	address_digits(address, digits, sizeof(digits));
	if (address->storage.ss_family == AF_INET)
		read_table("/proc/net/tcp", digits, (unsigned)port, inodes);
	/* A socket of IPv6 that listens everywhere may take IPv4 as well (ipv6(7)). */
	read_table("/proc/net/tcp6", digits, (unsigned)port, inodes);
}

/* ---- who holds them ---- */

static bool is_one_of(const char *link, const struct inodes *inodes)
{
	unsigned long long inode;

	if (sscanf(link, "socket:[%llu]", &inode) != 1)
		return false;
	for (size_t i = 0; i < inodes->count; i++)
		if (inodes->numbers[i] == inode)
			return true;
	return false;
}

static bool holds(const char *pid, const struct inodes *inodes)
{
	char path[PATH_BYTES], link[64];
	bool found = false;

	snprintf(path, sizeof(path), "/proc/%.16s/fd", pid);
	DIR *fds = opendir(path);

	if (!fds)
		return false; /* another user's, or it has ended */
	for (struct dirent *entry; !found && (entry = readdir(fds));) {
		ssize_t length =
			readlinkat(dirfd(fds), entry->d_name, link, sizeof(link) - 1);

		link[length > 0 ? length : 0] = '\0';
		found = is_one_of(link, inodes);
	}
	closedir(fds);
	return found;
}

static void find_holders(const struct inodes *inodes, struct pids *pids)
{
	DIR *proc = opendir("/proc");

	if (!proc)
		return;
	for (struct dirent *entry; pids->count < PIDS_MAX && (entry = readdir(proc));)
		if (isdigit((unsigned char)entry->d_name[0]) &&
			holds(entry->d_name, inodes))
			pids->list[pids->count++] = (pid_t)atoi(entry->d_name);
	closedir(proc);
}

/* The one whose tree holds all others; 0: there is none. */
static pid_t first_among(const struct pids *pids)
{
	for (size_t i = 0; i < pids->count; i++) {
		size_t inside = 0;

		while (inside < pids->count &&
			tree_contains(pids->list[i], pids->list[inside]))
			inside++;
		if (inside == pids->count)
			return pids->list[i];
	}
	return 0;
}

pid_t listener_find(const struct net_address *address, struct problem *problem)
{
	struct inodes inodes = {.count = 0};
	struct pids pids = {.count = 0};

	if (!is_local(address))
		return problem_set(problem, -EHOSTUNREACH, "it is on another machine");
	find_sockets(address, &inodes);
	if (inodes.count == 0)
		return problem_set(problem, -ESRCH,
			"nobody of this network namespace listens there");
	find_holders(&inodes, &pids);
	if (pids.count == 0)
		return problem_set(problem, -EACCES,
			"its process cannot be seen by this user (run as root, or as "
			"its user)");
	pid_t first = first_among(&pids);

	if (first == 0)
		return problem_set(problem, -EINVAL,
			"%zu processes share its port, and none started the others",
			pids.count);
	if (tree_contains(first, getpid()))
		return problem_set(problem, -EINVAL,
			"process %d, which listens there, started muxbench itself",
			(int)first);
	return first;
}
