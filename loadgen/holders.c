/*
 * holders.c - further processes that hold idle connections.
 *
 * Parent and holder talk over a socket that keeps messages apart (SOCK_SEQPACKET,
 * unix(7)): commands of one byte go down, struct report comes up.
 */
#include "loadgen/holders.h"

#include "common/clock.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	COMMAND_OPEN = 'o',
	COMMAND_COUNT_LOST = 'c',
	PATIENCE_S = 60, /* for a report, beside what a connection may take */
	END_PATIENCE_S = 5,
};

struct holder {
	pid_t pid; /* 0: has ended, and was waited for */
	int fd;    /* owned: the parent's end of the socket; -1: closed */
	uint64_t first_number;
	uint64_t count; /* still held */
	uint64_t patience_ns;
};

struct report {
	bool finished;  /* the command; else a sign of life */
	int error;      /* a negative errno, with problem */
	uint64_t count; /* opened, or lost */
	struct problem problem;
};

/* ---- the holder's side ---- */

/* What a holder's own functions share. */
struct holding {
	int fd; /* to the parent */
	uint64_t opened;
	struct connections set;
};

static void send_report(int fd, const struct report *report)
{
	/* When the parent is gone, the next recv ends this process. */
	while (send(fd, report, sizeof(*report), MSG_NOSIGNAL) < 0 && errno == EINTR)
		;
}

static void show_opened(void *context, uint64_t done)
{
	struct holding *holding = context;

	if (done > holding->opened)
		holding->opened = done;
	send_report(holding->fd, &(struct report){.count = holding->opened});
}

static void open_share(
	struct holding *holding, const struct holder *self, const struct holders_how *how)
{
	const struct connections_progress progress = {show_opened, holding};
	struct report report = {.finished = true, .count = self->count};

	report.error = connections_open(&holding->set, how->connector, self->first_number,
		self->count, &progress, &report.problem);
	if (report.error == 0 && how->echo)
		report.error = connections_echo(
			&holding->set, how->payload, &progress, &report.problem);
	send_report(holding->fd, &report);
}

/* All a holder does, until the parent closes its end. */
static void hold(int fd, const struct holder *self, const struct holders_how *how)
{
	struct holding holding = {.fd = fd};
	char command;
	ssize_t n;

	while ((n = recv(fd, &command, 1, 0)) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			break;
		if (command == COMMAND_OPEN)
			open_share(&holding, self, how);
		if (command == COMMAND_COUNT_LOST) {
			struct report report = {.finished = true};

			report.count = connections_count_lost(&holding.set);
			send_report(fd, &report);
		}
	}
	connections_close(&holding.set);
}

/* ---- the parent's side ---- */

/* What a new process does first; it never returns. */
_Noreturn static void become_holder(const struct holders *before,
	const struct holder *self, int fd, pid_t parent, const struct holders_how *how)
{
	/* If the parent died before prctl(2), no signal will come any more. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1);
	/* Ctrl-C reaches the whole group; what it means is the parent's decision. */
	signal(SIGINT, SIG_IGN);
	/* A copy of these would keep them open after the parent closed them. */
	for (size_t i = 0; i < before->count; i++)
		close(before->list[i].fd);
	close(self->fd);
	hold(fd, self, how);
	_exit(0);
}

static int fork_one(
	struct holders *holders, struct holder *holder, const struct holders_how *how)
{
	int fds[2];
	pid_t parent = getpid();

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) < 0)
		return -errno;
	holder->fd = fds[0];
	holder->pid = fork();
	if (holder->pid == 0)
		become_holder(holders, holder, fds[1], parent, how);
	int error = holder->pid < 0 ? -errno : 0;

	close(fds[1]);
	if (error < 0)
		close(fds[0]);
	return error;
}

int holders_fork(struct holders *holders, const struct holders_share *share,
	const struct holders_how *how, struct problem *problem)
{
	size_t count = (size_t)((share->count + share->each_max - 1) / share->each_max);
	uint64_t left = share->count;

	*holders = (struct holders){0};
	holders->list = calloc(count ? count : 1, sizeof(*holders->list));
	if (!holders->list)
		return problem_set(problem, -ENOMEM, "out of memory");
	while (holders->count < count) {
		struct holder *holder = &holders->list[holders->count];

		*holder = (struct holder){
			.first_number = share->first_number + share->count - left,
			.count = left < share->each_max ? left : share->each_max,
			.patience_ns = how->connector->timeout_ns + PATIENCE_S * NS_PER_S,
		};
		int error = fork_one(holders, holder, how);

		if (error < 0) {
			holders_end(holders);
			return problem_set(problem, error,
				"cannot start a process to hold idle connections: %s",
				strerror(-error));
		}
		left -= holder->count;
		holders->count++;
	}
	return 0;
}

/* The process is dead or past hope: waits for it, and says how it ended. */
static int bury(struct holder *holder, bool hung, struct problem *problem)
{
	pid_t pid = holder->pid;
	int status = 0;

	if (hung)
		kill(pid, SIGKILL);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	close(holder->fd);
	holder->fd = -1;
	holder->pid = 0;
	if (hung)
		return problem_set(problem, -ETIMEDOUT,
			"process %d, which holds idle connections, did not answer and "
			"was killed",
			pid);
	if (WIFSIGNALED(status))
		return problem_set(problem, -EPIPE,
			"process %d, which held idle connections, was ended by signal %d "
			"(%s)",
			pid, WTERMSIG(status), strsignal(WTERMSIG(status)));
	return problem_set(problem, -EPIPE,
		"process %d, which held idle connections, ended with status %d", pid,
		WEXITSTATUS(status));
}

static int send_command(struct holder *holder, char command)
{
	while (send(holder->fd, &command, 1, MSG_NOSIGNAL) < 0)
		if (errno != EINTR)
			return -errno;
	return 0;
}

/* The next report, or -errno with problem: the holder has then ended. */
static int receive_report(
	struct holder *holder, struct report *report, struct problem *problem)
{
	uint64_t deadline_ns = clock_now_ns() + holder->patience_ns;
	struct pollfd pollfd = {.fd = holder->fd, .events = POLLIN};
	int ready;

	do
		ready = poll(&pollfd, 1, clock_timeout_ms(deadline_ns));
	while (ready < 0 && errno == EINTR);
	if (ready == 0)
		return bury(holder, true, problem);
	ssize_t n;

	do
		n = recv(holder->fd, report, sizeof(*report), 0);
	while (n < 0 && errno == EINTR);
	return n == sizeof(*report) ? 0 : bury(holder, false, problem);
}

static int open_one(struct holder *holder, uint64_t opened_before,
	const struct connections_progress *progress, struct problem *problem)
{
	struct report report = {0};

	/* If this fails the holder is dead, and receive_report says of what. */
	send_command(holder, COMMAND_OPEN);
	while (!report.finished) {
		int error = receive_report(holder, &report, problem);

		if (error < 0)
			return error;
		if (progress->show)
			progress->show(progress->context, opened_before + report.count);
	}
	if (report.error < 0)
		return problem_set(problem, report.error, "%s", report.problem.text);
	return 0;
}

int holders_open(struct holders *holders, const struct connections_progress *progress,
	struct problem *problem)
{
	uint64_t opened = 0;

	for (size_t i = 0; i < holders->count; i++) {
		int error = open_one(&holders->list[i], opened, progress, problem);

		if (error < 0)
			return error;
		opened += holders->list[i].count;
	}
	return 0;
}

uint64_t holders_count_lost(struct holders *holders, struct problem *problem)
{
	uint64_t lost = 0;

	for (size_t i = 0; i < holders->count; i++) {
		struct holder *holder = &holders->list[i];
		struct report report = {0};

		if (holder->pid == 0)
			continue;
		send_command(holder, COMMAND_COUNT_LOST);
		if (receive_report(holder, &report, problem) < 0)
			report.count = holder->count;
		holder->count -= report.count;
		lost += report.count;
	}
	return lost;
}

/* Waits until deadline_ns for a process to end by itself, then kills it. */
static void wait_or_kill(struct holder *holder, uint64_t deadline_ns)
{
	const struct timespec pause = {.tv_nsec = (long)NS_PER_MS};

	while (waitpid(holder->pid, NULL, WNOHANG) == 0) {
		if (clock_now_ns() >= deadline_ns)
			kill(holder->pid, SIGKILL);
		nanosleep(&pause, NULL);
	}
	holder->pid = 0;
}

void holders_end(struct holders *holders)
{
	uint64_t deadline_ns = clock_now_ns() + END_PATIENCE_S * NS_PER_S;

	for (size_t i = 0; i < holders->count; i++)
		if (holders->list[i].fd >= 0)
			close(holders->list[i].fd);
	for (size_t i = 0; i < holders->count; i++)
		if (holders->list[i].pid > 0)
			wait_or_kill(&holders->list[i], deadline_ns);
	free(holders->list);
	*holders = (struct holders){0};
}
