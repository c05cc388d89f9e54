/* target.c - somebody else's server: one that runs already, or one that is started here.
 */
#include "harness/process/target.h"

#include "common/clock.h"
#include "harness/process/tree.h"
#include "harness/process/words.h"
#include "harness/text.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Between two tries to connect to a server that is starting. */
#define RETRY_NS (10 * NS_PER_MS)
/* What a server that we end has to do it by itself. */
#define GRACE_NS (500 * NS_PER_MS)

/* ---- trying to connect ---- */

/* Sleeps until something happens on fd or the time is over: 1, 0, or -ECANCELED. */
static int await(int fd, int cancel_fd, uint64_t deadline_ns)
{
	struct pollfd fds[] = {
		{.fd = cancel_fd, .events = POLLIN},
		{.fd = fd, .events = POLLOUT},
	};
	int ready;

	do
		ready = poll(fds, 2, clock_timeout_ms(deadline_ns));
	while (ready < 0 && errno == EINTR);
	if (ready > 0 && fds[0].revents)
		return -ECANCELED;
	return ready > 0;
}

bool target_met_itself(int fd)
{
	struct sockaddr_storage here, there;
	socklen_t here_length = sizeof(here), there_length = sizeof(there);

	memset(&here, 0, sizeof(here));
	memset(&there, 0, sizeof(there));
	return getsockname(fd, (struct sockaddr *)&here, &here_length) == 0 &&
	       getpeername(fd, (struct sockaddr *)&there, &there_length) == 0 &&
	       here_length == there_length && memcmp(&here, &there, here_length) == 0;
}

/* One connection, made and closed. 0, -ECANCELED, or -errno of connect(2). */
static int try_connect(
	const struct net_address *address, int cancel_fd, uint64_t deadline_ns)
{
	int error = 0;
	socklen_t length = sizeof(error);
	int fd = socket(address->storage.ss_family,
		SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -errno;
	if (connect(fd, (const struct sockaddr *)&address->storage, address->length) <
		0) {
		error = errno;
		if (error == EINPROGRESS) {
			int ready = await(fd, cancel_fd, deadline_ns);

			if (ready > 0)
				getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length);
			else
				error = ready < 0 ? ECANCELED : ETIMEDOUT;
		}
	}
	if (error == 0 && target_met_itself(fd))
		error = ECONNREFUSED;
	close(fd);
	return -error;
}

int target_find(struct target *target, const struct endpoint *endpoint,
	uint64_t timeout_ns, int cancel_fd, struct problem *problem)
{
	int error = -EHOSTUNREACH;

	*target = (struct target){0};
	child_init(&target->child);
	for (size_t i = 0; i < endpoint->count && error != -ECANCELED; i++) {
		target->address = endpoint->addresses[i];
		error = try_connect(
			&target->address, cancel_fd, clock_now_ns() + timeout_ns);
		if (error == 0)
			return 0;
	}
	return problem_set(
		problem, error, "no server answers there: %s", strerror(-error));
}

/* ---- starting one ---- */

/* Tries each address until one answers, the command ends, or the time is over. */
static int await_listening(struct target *target, const struct endpoint *endpoint,
	int cancel_fd, uint64_t deadline_ns)
{
	for (;;) {
		for (size_t i = 0; i < endpoint->count; i++) {
			target->address = endpoint->addresses[i];
			int error = try_connect(&target->address, cancel_fd, deadline_ns);

			if (error == 0 || error == -ECANCELED)
				return error;
		}
		if (target_ended(target, 0))
			return -ECHILD;
		if (clock_now_ns() >= deadline_ns)
			return -ETIMEDOUT;
		if (await(-1, cancel_fd, clock_now_ns() + RETRY_NS) < 0)
			return -ECANCELED;
	}
}

static int problem_silent(
	const struct target *target, const char *name, int error, struct problem *problem)
{
	char end[400];

	if (error == -ECANCELED)
		return error;
	if (error == -ETIMEDOUT)
		return problem_set(problem, error,
			"%.80s was started, but accepts no connection (does it listen on "
			"{port}?)",
			name);
	target_describe_end(target, end, sizeof(end));
	return problem_set(problem, error,
		"%.80s ended before it accepted a connection: %s", name, end);
}

int target_spawn(struct target *target, const struct target_command *command,
	uint64_t timeout_ns, int cancel_fd, struct problem *problem)
{
	struct endpoint endpoint;
	int port = endpoint_free_port();

	*target = (struct target){0};
	child_init(&target->child);
	if (port < 0)
		return problem_set(problem, port, "no free port: %s", strerror(-port));
	char **words = words_with_port(command->words, port);
	if (!words)
		return problem_set(problem, -ENOMEM, "out of memory");
	const struct child_command child_command = {
		.file = words[0],
		.argv = (const char *const *)words,
		.cpus = command->cpus,
		.descriptors = command->descriptors,
		.mute = command->mute,
	};
	int error = child_start(&target->child, &child_command, problem);

	if (error == 0) {
		target->spawned = true;
		target->pid = target->child.pid;
		error = keeper_start(&target->keeper, target->pid, problem);
	}
	if (error == 0) {
		endpoint_here(&endpoint, port);
		error = await_listening(
			target, &endpoint, cancel_fd, clock_now_ns() + timeout_ns);
		if (error < 0)
			error = problem_silent(target, words[0], error, problem);
	}
	words_free(words);
	if (error < 0)
		target_end(target);
	return error;
}

/* ---- while it runs ---- */

void target_drain(struct target *target)
{
	enum { CHUNKS_MAX = 64 }; /* then it is somebody else's turn */
	char chunk[4096];

	if (!target->spawned)
		return;
	/* Collects its stderr as well, and never waits, for the time is over already. */
	for (int i = 0; i < CHUNKS_MAX; i++) {
		if (child_await(&target->child, -1, 0) != CHILD_OUTPUT)
			return;
		if (read(target->child.out, chunk, sizeof(chunk)) <= 0) {
			close(target->child.out);
			target->child.out = -1;
		}
	}
}

bool target_ended(struct target *target, uint64_t wait_ns)
{
	if (target->pid == 0)
		return false;
	if (!target->spawned)
		return kill(target->pid, 0) < 0 && errno == ESRCH;
	target_drain(target);
	return child_wait(&target->child, -1, clock_now_ns() + wait_ns) == 0;
}

void target_describe_end(const struct target *target, char *text, size_t text_size)
{
	const char *said = target->child.said;
	size_t length = strlen(said);
	char last[200];

	if (!target->spawned) {
		snprintf(text, text_size, "process %d is gone", (int)target->pid);
		return;
	}
	child_describe_end(&target->child, text, text_size);
	while (length > 0 && said[length - 1] == '\n')
		length--;
	if (length == 0)
		return;
	size_t begin = length;

	while (begin > 0 && said[begin - 1] != '\n')
		begin--;
	snprintf(last, sizeof(last), "%.*s", (int)(length - begin), said + begin);
	text_one_line(last);
	size_t used = strlen(text);

	snprintf(text + used, text_size - used, ", after '%s'", last);
}

bool target_can_stop(const struct target *target)
{
	return target->pid > 0 && kill(target->pid, 0) == 0;
}

int target_stop(struct target *target)
{
	target->stopped = true;
	return tree_stop(target->pid);
}

int target_continue(struct target *target)
{
	target->stopped = false;
	return tree_signal(target->pid, SIGCONT);
}

void target_end(struct target *target)
{
	if (target->stopped && !target_ended(target, 0))
		target_continue(target);
	if (!target->spawned)
		return;
	/* Its children first hear of it from it; whoever is left then hears it from us.
	 */
	if (target->child.pid > 0) {
		pid_t root = target->child.pid;

		kill(root, SIGTERM);
		child_close_input(&target->child);
		child_wait(&target->child, -1, clock_now_ns() + GRACE_NS);
		if (target->child.pid > 0)
			tree_signal(root, SIGKILL);
		kill(-root, SIGKILL);
	}
	child_end(&target->child, 0);
	keeper_end(&target->keeper);
	target->spawned = false;
	target->pid = 0;
}
