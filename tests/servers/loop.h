/*
 * loop.h - an echo server that is right, in steps that can be replaced one by one.
 *
 * Level-triggered epoll, one thread. A connection reads one buffer, writes all of it,
 * reads again; it never reads while it owes. A server with a fault replaces the step in
 * which the fault sits and keeps the others, so that its file shows the fault alone:
 *
 *	static const struct steps steps = {.write = write_and_forget};
 *
 *	int main(int argc, char **argv)
 *	{
 *		return serve(argc, argv, &steps);
 *	}
 */
#ifndef TESTS_SERVERS_LOOP_H
#define TESTS_SERVERS_LOOP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/epoll.h>

enum {
	BUFFER_BYTES = 16 * 1024, /* the most that a connection holds */
	DESCRIPTORS_MAX = 1 << 16,
	BATCH_MAX = 64, /* events that one wait brings at most */
};

struct client {
	int fd;
	uint32_t interest; /* the EPOLL bits it is watched for */
	size_t start, end; /* buffer[start] to buffer[end - 1] is owed */
	void *own;         /* of a step that needs more; given to free() at the end */
	char buffer[BUFFER_BYTES];
};

/* What a step says of its connection. */
enum fate { STAYS, ENDS };

struct server {
	const struct steps *steps;
	int epoll;
	int listener; /* -1: closed, for the server ends */
	int signals;  /* readable when SIGTERM or SIGINT came (signalfd(2)) */
	uint32_t listener_interest; /* 0: it rests, for there was no descriptor left */
	int64_t listener_wakes_ms;  /* and until when */
	int64_t ends_ms;            /* when a server that ends has waited enough */
	void *own; /* of a step that needs more; given to free() at the end */
	struct client *clients[DESCRIPTORS_MAX]; /* by descriptor; NULL: nobody */
};

/* The steps, in the order in which they are met. NULL: the right one, named behind it. */
struct steps {
	uint32_t listener_events; /* 0: EPOLLIN */
	uint32_t read_events;     /* of a connection that owes nothing. 0: EPOLLIN */
	/* Once, before the first connection; what it returns ends the server if not 0. */
	int (*prepare)(struct server *server);
	/* epoll_wait(2): how many events, 0 for none yet, -1 to end. wait_for_events() */
	int (*wait)(struct server *server, struct epoll_event *events, int timeout_ms);
	/* epoll_ctl(2): the interest in fd becomes want; 0 is no interest. watch_epoll()
	 */
	int (*watch)(struct server *server, int fd, uint32_t was, uint32_t want);
	/* The listener is readable. accept_until_empty() */
	void (*accept)(struct server *server);
	/* A connection is new: watch it. client_watch() for read_events */
	enum fate (*opened)(struct server *server, struct client *client);
	/* There are events on a connection: serve it. client_ready() */
	enum fate (*ready)(struct server *server, struct client *client, uint32_t events);
	/* Within client_ready(): one recv into the empty buffer. client_read() */
	enum fate (*read)(struct server *server, struct client *client);
	/* Within client_ready(): one send of what is owed. client_write() */
	enum fate (*write)(struct server *server, struct client *client);
	/* All events of one wait are served. Nothing */
	void (*batch_done)(struct server *server);
	/* A step said ENDS. client_end() */
	void (*end)(struct server *server, struct client *client);
};

/* All of main(): reads PORT, listens on 127.0.0.1, serves until SIGTERM or SIGINT. */
int serve(int argc, char **argv, const struct steps *steps);

/* The right steps, for those who use one inside their own. */
int wait_for_events(struct server *server, struct epoll_event *events, int timeout_ms);
int watch_epoll(struct server *server, int fd, uint32_t was, uint32_t want);
void accept_until_empty(struct server *server);
enum fate client_ready(struct server *server, struct client *client, uint32_t events);
enum fate client_read(struct server *server, struct client *client);
enum fate client_write(struct server *server, struct client *client);
void client_end(struct server *server, struct client *client);

/*
 * The first steps of main(): reads PORT, listens on 127.0.0.1. The listener, or -1 after
 * a line on stderr. SIGTERM and SIGINT are blocked from then on.
 */
int listen_on(int argc, char **argv);

/*
 * accept(2) once: 0 and the connection is served from now on, or -errno (-EAGAIN: there
 * is none). What is no reason to stop accepting, such as ECONNABORTED, is 0 as well.
 */
int accept_one(struct server *server);

/* accept has failed, for want of a descriptor above all: the listener rests for 0.1 s. */
void listener_rest(struct server *server);

/* Watches a connection for these EPOLL bits, if it is not watched for them already. */
enum fate client_watch(struct server *server, struct client *client, uint32_t events);

/* Edge-triggered: asks epoll to look anew, and to report what is ready once more. */
enum fate client_watch_anew(struct server *server, struct client *client);

static inline bool client_owes(const struct client *client)
{
	return client->start < client->end;
}

/* Is this errno no error but "not now"? */
bool is_transient(int error);

#endif
