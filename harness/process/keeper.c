/* keeper.c - the end of a stranger's family when this process is killed. */
#include "harness/process/keeper.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { DONE = 'd' };

/* Holds nothing but the pipe: nobody is to wait for the end of what this one keeps. */
static void let_go_of_all_but(int fd)
{
	int nothing = open("/dev/null", O_RDWR);

	dup2(fd, STDIN_FILENO);
	dup2(nothing, STDOUT_FILENO);
	dup2(nothing, STDERR_FILENO);
	syscall(SYS_close_range, STDERR_FILENO + 1, ~0U, 0);
}

static _Noreturn void keep(int ends[2], pid_t root)
{
	sigset_t all;
	char said;
	ssize_t n;

	/* No terminal, and no signal to a group that it would be in. */
	setsid();
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, NULL);
	close(ends[1]);
	let_go_of_all_but(ends[0]);
	do
		n = read(STDIN_FILENO, &said, 1);
	while (n < 0 && errno == EINTR);
	if (n != 1 || said != DONE)
		kill(-root, SIGKILL);
	_exit(0);
}

int keeper_start(struct keeper *keeper, pid_t root, struct problem *problem)
{
	int ends[2];

	*keeper = (struct keeper){.fd = -1};
	if (pipe2(ends, O_CLOEXEC) < 0)
		return problem_set(problem, -errno, "pipe: %s", strerror(errno));
	keeper->pid = fork();
	if (keeper->pid == 0)
		keep(ends, root);
	int error = keeper->pid < 0 ? -errno : 0;

	close(ends[0]);
	if (error < 0) {
		keeper->pid = 0;
		close(ends[1]);
		return problem_set(problem, error, "fork: %s", strerror(-error));
	}
	keeper->fd = ends[1];
	return 0;
}

void keeper_end(struct keeper *keeper)
{
	static const char done = DONE;

	if (keeper->pid == 0)
		return;
	/* If it is gone there is nobody to tell. */
	if (write(keeper->fd, &done, 1) != 1)
		kill(keeper->pid, SIGKILL);
	close(keeper->fd);
	while (waitpid(keeper->pid, NULL, 0) < 0 && errno == EINTR)
		;
	*keeper = (struct keeper){.fd = -1};
}
