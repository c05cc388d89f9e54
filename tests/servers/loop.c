/* loop.c - an echo server that is right, in steps that can be replaced one by one. */
#include "tests/servers/loop.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
	LISTENER_REST_MS = 100,
	END_QUIET_MS = 50, /* a server that ends waits for as long as this for more */
	END_MAX_MS = 1000, /* and in all no longer than this */
	BACKLOG = 4096,
};

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

bool is_transient(int error)
{
	return error == EAGAIN || error == EINTR;
}

/* ---- connections ------------------------------------------------------------------- */

int watch_epoll(struct server *server, int fd, uint32_t was, uint32_t want)
{
	struct epoll_event event = {.events = want, .data.fd = fd};
	int how = !want ? EPOLL_CTL_DEL : was ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;

	return epoll_ctl(server->epoll, how, fd, &event);
}

enum fate client_watch(struct server *server, struct client *client, uint32_t events)
{
	if (client->interest == events)
		return STAYS;
	if (server->steps->watch(server, client->fd, client->interest, events) < 0)
		return ENDS;
	client->interest = events;
	return STAYS;
}

enum fate client_watch_anew(struct server *server, struct client *client)
{
	uint32_t events = client->interest;

	return server->steps->watch(server, client->fd, events, events) < 0 ? ENDS
									    : STAYS;
}

static enum fate client_opened(struct server *server, struct client *client)
{
	return client_watch(server, client, server->steps->read_events);
}

enum fate client_read(struct server *server, struct client *client)
{
	ssize_t got = recv(client->fd, client->buffer, sizeof(client->buffer), 0);

	(void)server;
	if (got < 0)
		return is_transient(errno) ? STAYS : ENDS;
	client->start = 0;
	client->end = (size_t)got;
	return got > 0 ? STAYS : ENDS; /* 0: the FIN, behind the last byte */
}

enum fate client_write(struct server *server, struct client *client)
{
	ssize_t sent = send(client->fd, client->buffer + client->start,
		client->end - client->start, MSG_NOSIGNAL);

	(void)server;
	if (sent < 0)
		return is_transient(errno) ? STAYS : ENDS;
	client->start += (size_t)sent;
	return STAYS;
}

/* Events are hints: what is there and how the peer is, only recv and send know. */
enum fate client_ready(struct server *server, struct client *client, uint32_t events)
{
	(void)events;
	if (!client_owes(client) && server->steps->read(server, client) == ENDS)
		return ENDS;
	if (client_owes(client) && server->steps->write(server, client) == ENDS)
		return ENDS;
	return client_watch(server, client,
		client_owes(client) ? EPOLLOUT : server->steps->read_events);
}

void client_end(struct server *server, struct client *client)
{
	if (client->interest)
		server->steps->watch(server, client->fd, client->interest, 0);
	server->clients[client->fd] = NULL;
	close(client->fd);
	free(client->own);
	free(client);
}

/* ---- the listener ------------------------------------------------------------------ */

static void listener_watch(struct server *server, uint32_t events)
{
	server->steps->watch(server, server->listener, server->listener_interest, events);
	server->listener_interest = events;
}

static void listener_wake(struct server *server)
{
	listener_watch(server, server->steps->listener_events);
}

void listener_rest(struct server *server)
{
	listener_watch(server, 0);
	server->listener_wakes_ms = now_ms() + LISTENER_REST_MS;
}

static bool listener_rests(const struct server *server)
{
	return server->listener >= 0 && !server->listener_interest;
}

static void client_new(struct server *server, int fd)
{
	struct client *client = fd < DESCRIPTORS_MAX ? calloc(1, sizeof(*client)) : NULL;

	if (!client) {
		close(fd);
		return;
	}
	/* Nagle would keep the second half of an echo until the first is acknowledged. */
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
	client->fd = fd;
	server->clients[fd] = client;
	if (server->steps->opened(server, client) == ENDS)
		server->steps->end(server, client);
}

/* He has gone already, or nothing happened: the next one, please. */
static bool is_of_no_account(int error)
{
	return error == ECONNABORTED || error == EPROTO || error == EINTR;
}

int accept_one(struct server *server)
{
	int fd = accept4(server->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

	if (fd >= 0)
		client_new(server, fd);
	else if (!is_of_no_account(errno))
		return -errno;
	return 0;
}

void accept_until_empty(struct server *server)
{
	int result;

	do
		result = accept_one(server);
	while (result == 0);
	if (result != -EAGAIN)
		listener_rest(server);
}

/* ---- the loop ---------------------------------------------------------------------- */

int wait_for_events(struct server *server, struct epoll_event *events, int timeout_ms)
{
	int count = epoll_wait(server->epoll, events, BATCH_MAX, timeout_ms);

	return count < 0 && errno == EINTR ? 0 : count;
}

static void begin_to_end(struct server *server)
{
	struct signalfd_siginfo taken;

	/* Not read, it would be readable for ever. */
	if (read(server->signals, &taken, sizeof(taken)) < 0 || server->listener < 0)
		return;
	if (server->listener_interest)
		listener_watch(server, 0);
	close(server->listener);
	server->listener = -1;
	server->ends_ms = now_ms() + END_MAX_MS;
}

static void serve_event(struct server *server, const struct epoll_event *event)
{
	struct client *client = server->clients[event->data.fd];

	if (event->data.fd == server->signals)
		begin_to_end(server);
	else if (event->data.fd == server->listener)
		server->steps->accept(server);
	else if (client && server->steps->ready(server, client, event->events) == ENDS)
		server->steps->end(server, client);
}

static int timeout_ms(const struct server *server)
{
	if (server->listener < 0)
		return END_QUIET_MS;
	return listener_rests(server) ? LISTENER_REST_MS : -1;
}

/* After SIGTERM: is all served that was asked for, or is the time up? */
static bool has_ended(const struct server *server, int events_count)
{
	if (server->listener >= 0)
		return false;
	if (now_ms() >= server->ends_ms)
		return true;
	for (int fd = 0; fd < DESCRIPTORS_MAX; fd++)
		if (server->clients[fd] && client_owes(server->clients[fd]))
			return false;
	return events_count == 0;
}

static int run(struct server *server)
{
	struct epoll_event events[BATCH_MAX];
	int count;

	do {
		count = server->steps->wait(server, events, timeout_ms(server));
		if (count < 0)
			return EXIT_FAILURE;
		for (int i = 0; i < count; i++)
			serve_event(server, &events[i]);
		if (server->steps->batch_done)
			server->steps->batch_done(server);
		if (listener_rests(server) && now_ms() >= server->listener_wakes_ms)
			listener_wake(server);
	} while (!has_ended(server, count));
	return EXIT_SUCCESS;
}

/* ---- start and end ----------------------------------------------------------------- */

static int port_of(int argc, char **argv)
{
	char *end;
	long port;

	if (argc != 2)
		return -1;
	port = strtol(argv[1], &end, 10);
	return *argv[1] && !*end && port > 0 && port <= UINT16_MAX ? (int)port : -1;
}

static sigset_t ending_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	return set;
}

int listen_on(int argc, char **argv)
{
	int port = port_of(argc, argv);
	struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	sigset_t signals = ending_signals();

	if (port < 0) {
		fprintf(stderr, "usage: %s PORT (1 to 65535, on 127.0.0.1)\n", argv[0]);
		return -1;
	}
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &(int){1}, sizeof(int));
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 ||
		listen(fd, BACKLOG) < 0) {
		fprintf(stderr, "%s: cannot listen on port %d: %s\n", argv[0], port,
			strerror(errno));
		return -1;
	}
	sigprocmask(SIG_BLOCK, &signals, NULL);
	return fd;
}

static struct steps with_the_right_ones(const struct steps *given)
{
	struct steps steps = *given;

	steps.listener_events = given->listener_events ? given->listener_events : EPOLLIN;
	steps.read_events = given->read_events ? given->read_events : EPOLLIN;
	steps.wait = given->wait ? given->wait : wait_for_events;
	steps.watch = given->watch ? given->watch : watch_epoll;
	steps.accept = given->accept ? given->accept : accept_until_empty;
	steps.opened = given->opened ? given->opened : client_opened;
	steps.ready = given->ready ? given->ready : client_ready;
	steps.read = given->read ? given->read : client_read;
	steps.write = given->write ? given->write : client_write;
	steps.end = given->end ? given->end : client_end;
	return steps;
}

static int start_and_run(struct server *server)
{
	sigset_t signals = ending_signals();

	server->signals = signalfd(-1, &signals, SFD_NONBLOCK | SFD_CLOEXEC);
	server->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (server->signals < 0 || server->epoll < 0)
		return EXIT_FAILURE;
	if (server->steps->prepare && server->steps->prepare(server) != 0)
		return EXIT_FAILURE;
	server->steps->watch(server, server->signals, 0, EPOLLIN);
	listener_wake(server);
	return run(server);
}

int serve(int argc, char **argv, const struct steps *given)
{
	struct steps steps = with_the_right_ones(given);
	struct server *server = calloc(1, sizeof(*server));
	int status = EXIT_FAILURE;

	if (!server)
		return status;
	server->steps = &steps;
	server->listener = listen_on(argc, argv);
	if (server->listener >= 0)
		status = start_and_run(server);
	for (int fd = 0; fd < DESCRIPTORS_MAX; fd++)
		if (server->clients[fd])
			client_end(server, server->clients[fd]);
	free(server->own);
	free(server);
	return status;
}
