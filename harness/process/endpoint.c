/* endpoint.c - where a server listens: HOST:PORT as people type it, and free ports. */
#include "harness/process/endpoint.h"

#include "common/clock.h"
#include "common/parse.h"
#include "common/random.h"
#include "harness/files.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { PORT_LOWEST = 10240, PORT_TRIES = 200, PORT_MAX = 65535 };

int endpoint_split(const char *text, char host[ENDPOINT_HOST_BYTES], int *port,
	struct problem *problem)
{
	const char *colon = strrchr(text, ':');
	size_t length = colon ? (size_t)(colon - text) : 0;

	if (length == 0 || length >= ENDPOINT_HOST_BYTES)
		return problem_set(problem, -EINVAL,
			"'%.80s' is not HOST:PORT, such as 127.0.0.1:7777 or [::1]:7777",
			text);
	if (*text == '[' && text[length - 1] == ']') {
		text++;
		length -= 2;
	} else if (memchr(text, ':', length)) {
		return problem_set(problem, -EINVAL,
			"'%.80s': put an IPv6 address in brackets: [::1]:7777", text);
	}
	if (length == 0)
		return problem_set(problem, -EINVAL, "the host before the port is empty");
	memcpy(host, text, length);
	host[length] = '\0';
	return parse_int("the port of HOST:PORT", colon + 1, 1, PORT_MAX, port, problem);
}

int endpoint_resolve(
	struct endpoint *endpoint, const char *host, int port, struct problem *problem)
{
	struct addrinfo hints = {
		.ai_family = AF_UNSPEC,
		.ai_socktype = SOCK_STREAM,
		.ai_flags = AI_NUMERICSERV,
	};
	struct addrinfo *found = NULL;
	char service[16];

	snprintf(service, sizeof(service), "%d", port);
	int error = getaddrinfo(host, service, &hints, &found);

	if (error != 0)
		return problem_set(problem, -EHOSTUNREACH, "host '%.80s': %s", host,
			gai_strerror(error));
	*endpoint = (struct endpoint){0};
	for (const struct addrinfo *at = found;
		at && endpoint->count < ENDPOINT_ADDRESSES_MAX; at = at->ai_next) {
		struct net_address *address = &endpoint->addresses[endpoint->count++];

		memcpy(&address->storage, at->ai_addr, at->ai_addrlen);
		address->length = at->ai_addrlen;
	}
	freeaddrinfo(found);
	return 0;
}

void endpoint_here(struct endpoint *endpoint, int port)
{
	static const char *const loopback[] = {"127.0.0.1", "::1"};

	*endpoint = (struct endpoint){0};
	for (size_t i = 0; i < sizeof(loopback) / sizeof(*loopback); i++)
		if (net_address_parse(&endpoint->addresses[endpoint->count], loopback[i],
			    port, NULL) == 0)
			endpoint->count++;
}

/* 0 when a server could listen there on all addresses. */
static int try_port(int port)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
		.sin_addr.s_addr = htonl(INADDR_ANY),
	};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -errno;
	int error =
		bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 ? -errno : 0;

	close(fd);
	return error;
}

int endpoint_free_port(void)
{
	char text[64];
	int end = 32768, error = -EADDRINUSE;
	/* Not from --seed: two runs with one seed may go on at once. */
	struct random random = {.state = clock_now_ns() + (uint64_t)getpid()};

	if (files_read_small(
		    "/proc/sys/net/ipv4/ip_local_port_range", text, sizeof(text)) == 0)
		sscanf(text, "%d", &end);
	if (end <= PORT_LOWEST)
		end = PORT_MAX + 1; /* an unusual setting: then any port must do */
	for (int i = 0; i < PORT_TRIES && error == -EADDRINUSE; i++) {
		int port = PORT_LOWEST +
			   (int)random_below(&random, (uint64_t)(end - PORT_LOWEST));

		error = try_port(port);
		if (error == 0)
			return port;
	}
	return error;
}
