/*
 * threads_300.c - fault: room for 300 connections; the next one waits until somebody
 * leaves.
 *
 * Who makes it: servers with a thread, a process or a table entry a connection, and a
 * fixed number of them. Buffers handed to the kernel in advance run out in the same
 * way if nobody hands them back: one published io_uring echo server stops there too.
 *
 * What goes wrong: connect(2) succeeds, for the kernel's queue takes it; the first
 * request never gets an answer. 300 who connect and say nothing shut the server for
 * everybody.
 *
 * Caught by: many-idle-beside-active.
 */
#include "tests/servers/loop.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum { THREADS_MAX = 300, STACK_BYTES = 64 * 1024, REST_US = 100000 };

struct pool {
	int listener;
	sem_t free_places;
};

struct job {
	struct pool *pool;
	int fd;
};

static bool send_all(int fd, const char *bytes, size_t length)
{
	for (ssize_t sent; length > 0; length -= (size_t)sent, bytes += sent)
		if ((sent = send(fd, bytes, length, MSG_NOSIGNAL)) < 0)
			return false;
	return true;
}

static void *serve_one(void *argument)
{
	struct job *job = argument;
	char buffer[BUFFER_BYTES];
	ssize_t got;

	do
		got = recv(job->fd, buffer, sizeof(buffer), 0);
	while (got > 0 && send_all(job->fd, buffer, (size_t)got));
	close(job->fd);
	sem_post(&job->pool->free_places);
	free(job);
	return NULL;
}

static void start(struct pool *pool, int fd, const pthread_attr_t *attributes)
{
	struct job *job = malloc(sizeof(*job));
	pthread_t thread;

	if (job)
		*job = (struct job){pool, fd};
	if (job && pthread_create(&thread, attributes, serve_one, job) == 0)
		return;
	free(job);
	close(fd);
	sem_post(&pool->free_places);
}

static void *accept_all(void *argument)
{
	struct pool *pool = argument;
	pthread_attr_t attributes;

	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, STACK_BYTES);
	pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
	for (;;) {
		sem_wait(&pool->free_places); /* should be: refuse, or serve it anyhow */
		int fd = accept(pool->listener, NULL, NULL);

		if (fd >= 0) {
			start(pool, fd, &attributes);
			continue;
		}
		sem_post(&pool->free_places);
		if (errno != ECONNABORTED)
			usleep(REST_US);
	}
	return NULL;
}

int main(int argc, char **argv)
{
	struct pool pool = {.listener = listen_on(argc, argv)};
	pthread_t acceptor;
	sigset_t signals;
	int signal;

	sem_init(&pool.free_places, 0, THREADS_MAX);
	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	if (pool.listener < 0 || fcntl(pool.listener, F_SETFL, 0) < 0 ||
		pthread_create(&acceptor, NULL, accept_all, &pool) != 0)
		return EXIT_FAILURE;
	sigwait(&signals, &signal);
	close(pool.listener);
	usleep(REST_US); /* for those who are just being served */
	_exit(EXIT_SUCCESS);
}
