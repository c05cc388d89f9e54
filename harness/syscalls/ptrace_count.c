/* ptrace_count.c - the system calls of threads by number, as a debugger sees them. */
#include "harness/syscalls/ptrace_count.h"

#include "common/clock.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#define STOP_WAIT_NS NS_PER_S

enum {
	LOOK_US = 100, /* between two looks for a stop */
	/* Stops at calls are marked, and a thread never outlives the one that traces it.
	 */
	OPTIONS = PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL,
	FOLLOW = PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE,
	STOP_AT_CALL = SIGTRAP | 0x80,
};

static void note_error(struct ptrace_count *count, int error)
{
	if (count->error == 0)
		count->error = error;
}

/* On to the next call, with a signal on its way to the thread, or 0. */
static void go_on(
	struct ptrace_count *count, const struct ptrace_thread *thread, int signal)
{
	/* ESRCH: killed meanwhile, the next wait tells. */
	if (ptrace(PTRACE_SYSCALL, thread->tid, NULL, (long)signal) < 0 && errno != ESRCH)
		note_error(count, -errno);
}

static void count_call(struct ptrace_count *count, const struct ptrace_thread *thread)
{
	struct __ptrace_syscall_info info = {0};

	if (ptrace(PTRACE_GET_SYSCALL_INFO, thread->tid, sizeof(info), &info) < 0) {
		if (errno != ESRCH)
			note_error(count, -errno);
		return;
	}
	if (info.op != PTRACE_SYSCALL_INFO_ENTRY)
		return;
	int place = syscall_names_place((long)info.entry.nr);

	count->total++;
	if (place >= 0)
		count->by_name[place]++;
}

static bool is_stop_signal(int signal)
{
	return signal == SIGSTOP || signal == SIGTSTP || signal == SIGTTIN ||
	       signal == SIGTTOU;
}

/* A thread has started another one, which is traced as it is and will stop at once. */
static void follow(struct ptrace_count *count, const struct ptrace_thread *thread)
{
	unsigned long tid = 0;

	if (ptrace(PTRACE_GETEVENTMSG, thread->tid, NULL, &tid) < 0 || tid == 0)
		return;
	if (count->count < PTRACE_COUNT_THREADS_MAX)
		count->threads[count->count++] =
			(struct ptrace_thread){.tid = (pid_t)tid};
	else
		note_error(count, -E2BIG);
}

static bool is_birth(int event)
{
	return event == PTRACE_EVENT_FORK || event == PTRACE_EVENT_VFORK ||
	       event == PTRACE_EVENT_CLONE;
}

/* What waitpid(2) told of a thread: ptrace(2), "Stopped states". */
static void take_stop(
	struct ptrace_count *count, struct ptrace_thread *thread, int status)
{
	if (!WIFSTOPPED(status)) {
		thread->gone = true;
		return;
	}
	int signal = WSTOPSIG(status), event = status >> 16;

	thread->stopped = event == PTRACE_EVENT_STOP && is_stop_signal(signal);
	if (thread->stopped) { /* it stays so until SIGCONT, which is another stop */
		if (ptrace(PTRACE_LISTEN, thread->tid, NULL, NULL) < 0 && errno != ESRCH)
			note_error(count, -errno);
		return;
	}
	if (signal == STOP_AT_CALL)
		count_call(count, thread);
	if (is_birth(event))
		follow(count, thread);
	thread->counting = true;
	go_on(count, thread, signal == STOP_AT_CALL || event ? 0 : signal);
}

void ptrace_count_serve(void *context)
{
	struct ptrace_count *count = context;
	struct signalfd_siginfo info;
	int status;

	/* First the notices, then the stops: one that comes in between is told again. */
	while (read(count->fd, &info, sizeof(info)) > 0)
		;
	for (size_t i = 0; i < count->count; i++) {
		struct ptrace_thread *thread = &count->threads[i];

		while (!thread->gone &&
			waitpid(thread->tid, &status, __WALL | WNOHANG) == thread->tid)
			take_stop(count, thread, status);
	}
}

static int open_notices(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
		return -errno;
	int fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);

	return fd < 0 ? -errno : fd;
}

static int refused(int error, struct problem *problem)
{
	if (error == -EPERM || error == -EACCES)
		return problem_set(problem, error,
			"ptrace: %s (kernel.yama.ptrace_scope, or the container's "
			"profile, forbids it)",
			strerror(-error));
	if (error == -E2BIG)
		return problem_set(problem, error, "ptrace: more than %d threads",
			PTRACE_COUNT_THREADS_MAX);
	return problem_set(problem, error, "ptrace: %s", strerror(-error));
}

static bool all_count(const struct ptrace_count *count)
{
	for (size_t i = 0; i < count->count; i++)
		if (!count->threads[i].counting && !count->threads[i].gone)
			return false;
	return true;
}

static int attach(struct ptrace_count *count, const pid_t *tids, size_t tid_count,
	long options, struct problem *problem)
{
	uint64_t deadline_ns = clock_now_ns() + STOP_WAIT_NS;

	memset(count, 0, sizeof(*count));
	count->fd = open_notices();
	int error = count->fd < 0 ? count->fd : 0;

	if (error == 0 && tid_count > PTRACE_COUNT_THREADS_MAX)
		error = -E2BIG;

	for (size_t i = 0; i < tid_count && error == 0; i++) {
		if (ptrace(PTRACE_SEIZE, tids[i], NULL, options) < 0) {
			error = -errno;
			break;
		}
		count->threads[count->count++] = (struct ptrace_thread){.tid = tids[i]};
		if (ptrace(PTRACE_INTERRUPT, tids[i], NULL, NULL) < 0)
			error = -errno;
	}
	while (error == 0 && !all_count(count)) {
		usleep(LOOK_US);
		ptrace_count_serve(count);
		if (clock_now_ns() > deadline_ns)
			error = -ETIMEDOUT;
	}
	if (error < 0) {
		ptrace_count_detach(count);
		return refused(error, problem);
	}
	return 0;
}

int ptrace_count_attach(struct ptrace_count *count, const pid_t *tids, size_t tid_count,
	struct problem *problem)
{
	return attach(count, tids, tid_count, OPTIONS, problem);
}

int ptrace_count_attach_all(struct ptrace_count *count, const pid_t *tids,
	size_t tid_count, struct problem *problem)
{
	return attach(count, tids, tid_count, OPTIONS | FOLLOW, problem);
}

bool ptrace_count_all_stopped(const struct ptrace_count *count)
{
	for (size_t i = 0; i < count->count; i++)
		if (!count->threads[i].stopped)
			return false;
	return true;
}

int ptrace_count_check(struct ptrace_count *count, struct problem *problem)
{
	ptrace_count_serve(count);
	if (count->error == -EIO)
		return problem_set(problem, count->error,
			"ptrace: the kernel cannot tell calls apart (needs Linux 5.3)");
	return count->error < 0 ? refused(count->error, problem) : 0;
}

/* A thread can only be let go while it is stopped; a signal on its way stays so. */
static void let_go(const struct ptrace_thread *thread)
{
	uint64_t deadline_ns = clock_now_ns() + STOP_WAIT_NS;
	int status;

	ptrace(PTRACE_INTERRUPT, thread->tid, NULL, NULL);
	while (clock_now_ns() < deadline_ns) {
		pid_t pid = waitpid(thread->tid, &status, __WALL | WNOHANG);

		if (pid == 0) {
			usleep(LOOK_US);
			continue;
		}
		if (pid == thread->tid && WIFSTOPPED(status)) {
			int signal = WSTOPSIG(status);
			bool on_its_way = signal != STOP_AT_CALL && status >> 16 == 0;

			ptrace(PTRACE_DETACH, thread->tid, NULL,
				on_its_way ? (long)signal : 0L);
		}
		return;
	}
}

void ptrace_count_detach(struct ptrace_count *count)
{
	for (size_t i = 0; i < count->count; i++)
		if (!count->threads[i].gone)
			let_go(&count->threads[i]);
	if (count->fd >= 0)
		close(count->fd);
	count->count = 0;
	count->fd = -1;
}
