/* child.c - launching a program and being sure that it ends. */
#include "harness/process/child.h"

#include "common/clock.h"
#include "harness/process/privileges.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* Until a process that got SIGKILL is gone; only one stuck in the kernel takes longer. */
#define KILL_WAIT_NS (5 * NS_PER_S)

enum { READ_END, WRITE_END };

/* Both ends of every pipe to a child while it is being launched. */
struct launch {
	int in[2], out[2], err[2];
	int report[2]; /* carries errno when exec fails; exec itself closes it */
};

static void close_if_open(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static void launch_close(struct launch *launch)
{
	int *ends[] = {launch->in, launch->out, launch->err, launch->report};

	for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++) {
		close_if_open(&ends[i][READ_END]);
		close_if_open(&ends[i][WRITE_END]);
	}
}

/* 0, or -1 with errno. */
static int open_output(struct launch *launch, bool mute)
{
	if (!mute)
		return pipe2(launch->out, O_CLOEXEC);
	launch->out[WRITE_END] = open("/dev/null", O_WRONLY | O_CLOEXEC);
	return launch->out[WRITE_END] < 0 ? -1 : 0;
}

static int launch_open(struct launch *launch, bool mute)
{
	*launch = (struct launch){{-1, -1}, {-1, -1}, {-1, -1}, {-1, -1}};
	/* A full log pipe must never block a child, so its writing end gives EAGAIN. */
	if (pipe2(launch->in, O_CLOEXEC) < 0 || open_output(launch, mute) < 0 ||
		pipe2(launch->err, O_CLOEXEC | O_NONBLOCK) < 0 ||
		pipe2(launch->report, O_CLOEXEC) < 0) {
		int error = -errno;

		launch_close(launch);
		return error;
	}
	return 0;
}

/* Those that this program was started with and does not know of: the ones it opened
 * itself close at exec anyway, so an older kernel (before 5.11) is no error. */
static void keep_to_own_descriptors(void)
{
	syscall(SYS_close_range, STDERR_FILENO + 1, ~0U, CLOSE_RANGE_CLOEXEC);
}

/* In the child, before exec: what must not be inherited. 0, or -1 with errno. */
static int prepare(
	const struct child_command *command, const struct launch *launch, pid_t parent)
{
	sigset_t none;

	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
		return -1;
	if (getppid() != parent) { /* it died before the line above took effect */
		errno = ESRCH;
		return -1;
	}
	if (setpgid(0, 0) < 0)
		return -1;
	if (privileges_give_up() < 0)
		return -1;
	if (command->directory && chdir(command->directory) < 0)
		return -1;
	if (command->cpus &&
		sched_setaffinity(0, sizeof(*command->cpus), command->cpus) < 0)
		return -1;
	keep_to_own_descriptors();
	if (command->descriptors && setrlimit(RLIMIT_NOFILE, command->descriptors) < 0)
		return -1;
	sigemptyset(&none);
	signal(SIGPIPE, SIG_DFL);
	signal(SIGXFSZ, SIG_DFL);
	sigprocmask(SIG_SETMASK, &none, NULL);
	return dup2(launch->in[READ_END], STDIN_FILENO) < 0 ||
			       dup2(launch->out[WRITE_END], STDOUT_FILENO) < 0 ||
			       dup2(launch->err[WRITE_END], STDERR_FILENO) < 0
		       ? -1
		       : 0;
}

static _Noreturn void become(
	const struct child_command *command, const struct launch *launch, pid_t parent)
{
	if (prepare(command, launch, parent) == 0)
		execvp(command->file, (char *const *)command->argv);
	int error = errno;

	if (write(launch->report[WRITE_END], &error, sizeof(error)) < 0)
		_exit(126);
	_exit(127);
}

/* 0 once exec has closed the report pipe, else the errno that came through it. */
static int await_exec(const struct launch *launch)
{
	int error = 0;
	ssize_t n;

	do
		n = read(launch->report[READ_END], &error, sizeof(error));
	while (n < 0 && errno == EINTR);
	return n == (ssize_t)sizeof(error) ? error : 0;
}

static int take_end(int *end)
{
	int fd = *end;

	*end = -1;
	return fd;
}

/*
 * Of a child that has ended or is about to. What it has started itself goes with it:
 * until it is reaped nobody else can have its process group.
 */
static void reap(struct child *child)
{
	kill(-child->pid, SIGKILL);
	while (waitpid(child->pid, &child->wait_status, 0) < 0 && errno == EINTR)
		;
	child->pid = 0;
}

void child_init(struct child *child)
{
	*child = (struct child){
		.pidfd = -1, .in = -1, .out = -1, .err = -1, .service = {.fd = -1}};
}

int child_start(
	struct child *child, const struct child_command *command, struct problem *problem)
{
	struct launch launch;
	pid_t parent = getpid();

	child_init(child);
	int error = launch_open(&launch, command->mute);
	if (error < 0)
		return problem_set(problem, error, "pipe: %s", strerror(-error));
	child->pid = fork();
	if (child->pid == 0)
		become(command, &launch, parent);
	if (child->pid < 0) {
		error = -errno;
		child->pid = 0;
		launch_close(&launch);
		return problem_set(problem, error, "fork: %s", strerror(-error));
	}
	close_if_open(&launch.report[WRITE_END]);
	error = await_exec(&launch);
	child->pidfd = (int)syscall(SYS_pidfd_open, child->pid, 0);
	if (error == 0 && child->pidfd < 0)
		error = errno;
	child->in = take_end(&launch.in[WRITE_END]);
	child->out = take_end(&launch.out[READ_END]);
	child->err = take_end(&launch.err[READ_END]);
	launch_close(&launch);
	if (error != 0) {
		kill(child->pid, SIGKILL);
		reap(child);
		child_end(child, 0);
		return problem_set(problem, -error, "cannot start %.300s: %s",
			command->file, strerror(error));
	}
	return 0;
}

/* Keeps the last CHILD_SAID_MAX bytes of what the child wrote on its stderr. */
static void collect_said(struct child *child)
{
	char chunk[CHILD_SAID_MAX];
	ssize_t n = read(child->err, chunk, sizeof(chunk));

	if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
		close_if_open(&child->err);
	if (n <= 0)
		return;
	size_t keep = CHILD_SAID_MAX - (size_t)n;

	if (child->said_bytes > keep) {
		memmove(child->said, child->said + child->said_bytes - keep, keep);
		child->said_bytes = keep;
	}
	memcpy(child->said + child->said_bytes, chunk, (size_t)n);
	child->said_bytes += (size_t)n;
	child->said[child->said_bytes] = '\0';
}

/* Waits for all that can happen to a child; out is -1 where output does not matter. */
static int await_on(struct child *child, int out, int cancel_fd, uint64_t deadline_ns)
{
	for (;;) {
		enum { OUT, ERR, END, CANCEL, SERVICE, COUNT };
		struct pollfd fds[COUNT] = {
			[OUT] = {.fd = out, .events = POLLIN},
			[ERR] = {.fd = child->err, .events = POLLIN},
			[END] = {.fd = child->pidfd, .events = POLLIN},
			[CANCEL] = {.fd = cancel_fd, .events = POLLIN},
			[SERVICE] = {.fd = child->service.fd, .events = POLLIN},
		};
		int ready = poll(fds, COUNT, clock_timeout_ms(deadline_ns));

		if (ready < 0 && errno != EINTR)
			return -errno;
		if (ready > 0 && fds[CANCEL].revents)
			return -ECANCELED;
		if (ready > 0 && fds[SERVICE].revents)
			child->service.serve(child->service.context);
		if (ready > 0 && fds[ERR].revents)
			collect_said(child);
		if (ready > 0 && fds[OUT].revents)
			return CHILD_OUTPUT;
		if (ready > 0 && fds[END].revents && !fds[ERR].revents)
			return CHILD_ENDED;
		/* Checked here too: a child that never stops talking must not win. */
		if (clock_now_ns() >= deadline_ns)
			return -ETIMEDOUT;
	}
}

int child_await(struct child *child, int cancel_fd, uint64_t deadline_ns)
{
	return await_on(child, child->out, cancel_fd, deadline_ns);
}

int child_wait(struct child *child, int cancel_fd, uint64_t deadline_ns)
{
	if (child->pid == 0)
		return 0;
	int event = await_on(child, -1, cancel_fd, deadline_ns);

	if (event < 0)
		return event;
	reap(child);
	return 0;
}

bool child_has_ended(const struct child *child)
{
	struct pollfd end = {.fd = child->pidfd, .events = POLLIN};

	return child->pid == 0 || poll(&end, 1, 0) > 0;
}

void child_close_input(struct child *child)
{
	close_if_open(&child->in);
}

void child_end(struct child *child, uint64_t grace_ns)
{
	child_close_input(child);
	if (child->pid > 0 && child_wait(child, -1, clock_now_ns() + grace_ns) < 0) {
		kill(child->pid, SIGKILL);
		child_wait(child, -1, clock_now_ns() + KILL_WAIT_NS);
	}
	close_if_open(&child->out);
	close_if_open(&child->err);
	close_if_open(&child->pidfd);
}

bool child_succeeded(const struct child *child)
{
	return WIFEXITED(child->wait_status) && WEXITSTATUS(child->wait_status) == 0;
}

void child_describe_end(const struct child *child, char *text, size_t text_size)
{
	if (WIFSIGNALED(child->wait_status))
		snprintf(text, text_size, "killed by signal %d (%s)",
			WTERMSIG(child->wait_status),
			strsignal(WTERMSIG(child->wait_status)));
	else
		snprintf(text, text_size, "exit status %d",
			WEXITSTATUS(child->wait_status));
}
