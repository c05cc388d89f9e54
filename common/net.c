/* net.c - addresses, listeners and descriptor limits. */
#include "common/net.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

int net_address_parse(
	struct net_address *address, const char *text, int port, struct problem *problem)
{
	struct addrinfo hints = {
		.ai_family = AF_UNSPEC,
		.ai_socktype = SOCK_STREAM,
		.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV,
	};
	struct addrinfo *found = NULL;
	char service[16];

	snprintf(service, sizeof(service), "%d", port);
	if (getaddrinfo(text, service, &hints, &found) != 0)
		return problem_set(problem, -EINVAL,
			"'%.80s' is not a numeric address such as 127.0.0.1 or ::1",
			text);
	memset(address, 0, sizeof(*address));
	memcpy(&address->storage, found->ai_addr, found->ai_addrlen);
	address->length = found->ai_addrlen;
	freeaddrinfo(found);
	return 0;
}

void net_address_format(
	const struct net_address *address, char *text, size_t text_size, int *port)
{
	char service[16] = "0";

	if (getnameinfo((const struct sockaddr *)&address->storage, address->length, text,
		    (socklen_t)text_size, service, sizeof(service),
		    NI_NUMERICHOST | NI_NUMERICSERV) != 0)
		snprintf(text, text_size, "?");
	*port = 0;
	sscanf(service, "%d", port);
}

bool net_address_is_loopback(const struct net_address *address)
{
	enum { MAPPED_IPV4_AT = 12 }; /* "::ffff:127.0.0.1" (RFC 4291, 2.5.5.2) */

	if (address->storage.ss_family == AF_INET6) {
		const struct in6_addr *in6 =
			&((const struct sockaddr_in6 *)&address->storage)->sin6_addr;

		return IN6_IS_ADDR_LOOPBACK(in6) ||
		       (IN6_IS_ADDR_V4MAPPED(in6) && in6->s6_addr[MAPPED_IPV4_AT] == 127);
	}
	const struct sockaddr_in *in = (const struct sockaddr_in *)&address->storage;
	return ntohl(in->sin_addr.s_addr) >> 24 == 127;
}

/* bind and listen on fd; 0 or -errno. */
static int bind_and_listen(int fd, struct net_address *address, int backlog)
{
	int on = 1;

	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0 ||
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) < 0 ||
		bind(fd, (const struct sockaddr *)&address->storage, address->length) <
			0 ||
		listen(fd, backlog) < 0)
		return -errno;
	address->length = sizeof(address->storage);
	return getsockname(fd, (struct sockaddr *)&address->storage, &address->length) < 0
		       ? -errno
		       : 0;
}

int net_listen(struct net_address *address, int backlog, struct problem *problem)
{
	int fd = socket(address->storage.ss_family,
		SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int error = fd < 0 ? -errno : bind_and_listen(fd, address, backlog);

	if (error == 0)
		return fd;
	if (fd >= 0)
		close(fd);
	char text[80];
	int port;

	net_address_format(address, text, sizeof(text), &port);
	const char *advice = "";
	if (error == -EADDRINUSE)
		advice = "; another program has that port: choose another, or 0 for any "
			 "free one";
	else if (error == -EACCES)
		advice = "; ports below 1024 need root: choose a higher one";
	else if (error == -EADDRNOTAVAIL)
		advice = "; no interface of this machine has that address";
	return problem_set(problem, error, "cannot listen on %s port %d: %s%s", text,
		port, strerror(-error), advice);
}

int net_raise_descriptor_limit(uint64_t *soft_before, uint64_t *soft, uint64_t *hard)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return -errno;
	*soft_before = limit.rlim_cur;
	*hard = limit.rlim_max;
	limit.rlim_cur = limit.rlim_max;
	if (*soft_before != *hard && setrlimit(RLIMIT_NOFILE, &limit) < 0)
		limit.rlim_cur = *soft_before;
	*soft = limit.rlim_cur;
	return 0;
}

int net_lower_descriptor_limit(uint64_t soft)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return -errno;
	limit.rlim_cur = soft;
	return setrlimit(RLIMIT_NOFILE, &limit) < 0 ? -errno : 0;
}

int net_descriptors_open(void)
{
	DIR *directory = opendir("/proc/self/fd");
	int count = 0;

	if (!directory)
		return -errno;
	for (struct dirent *entry; (entry = readdir(directory));)
		count += entry->d_name[0] != '.';
	closedir(directory);
	return count - 1; /* opendir's own */
}
