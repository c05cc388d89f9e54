/* kernel_count.c - the kernel's own count of the system calls a thread makes. */
#include "harness/syscalls/kernel_count.h"

#include "common/parse.h"
#include "harness/files.h"

#include <errno.h>
#include <linux/mount.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define TRACEFS    "/sys/kernel/tracing"
#define DEBUGFS    "/sys/kernel/debug/tracing"
#define TRACEPOINT "/events/raw_syscalls/sys_enter/id"
#define PARANOID   "/proc/sys/kernel/perf_event_paranoid"

/* 0 and *id, or -errno. */
static int read_id(const char *path, uint64_t *id)
{
	char text[32];
	int error = files_read_small(path, text, sizeof(text));

	return error < 0 ? error : parse_u64(path, text, 1, UINT32_MAX, id, NULL);
}

/*
 * A tracefs of our own, mounted nowhere: fsopen(2) and fsmount(2) (Linux 5.2) give a
 * descriptor of the filesystem's root, and nothing is left behind. 0 and *id, or -errno
 * with problem.
 */
static int ask_detached_tracefs(uint64_t *id, struct problem *problem)
{
	int context = (int)syscall(SYS_fsopen, "tracefs", FSOPEN_CLOEXEC);
	int root = -1, error = 0;

	if (context < 0 ||
		syscall(SYS_fsconfig, context, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		error = -errno;
	if (error == 0) {
		root = (int)syscall(SYS_fsmount, context, FSMOUNT_CLOEXEC, 0);
		error = root < 0 ? -errno : 0;
	}
	if (error == 0) {
		char path[80];

		snprintf(path, sizeof(path), "/proc/self/fd/%d" TRACEPOINT, root);
		error = read_id(path, id);
	}
	if (root >= 0)
		close(root);
	if (context >= 0)
		close(context);
	return error == 0 ? 0
			  : problem_set(problem, error,
				    "no raw_syscalls:sys_enter to be found (tracefs: %s; "
				    "run as root)",
				    strerror(-error));
}

void kernel_tracepoint_find(struct kernel_tracepoint *tracepoint)
{
	*tracepoint = (struct kernel_tracepoint){0};
	int error = read_id(TRACEFS TRACEPOINT, &tracepoint->id);

	if (error == -ENOENT)
		error = read_id(DEBUGFS TRACEPOINT, &tracepoint->id);
	if (error == -ENOENT)
		error = ask_detached_tracefs(&tracepoint->id, &tracepoint->reason);
	else if (error < 0)
		problem_set(&tracepoint->reason, error,
			"tracefs: %s (run as root, or make " TRACEFS " readable)",
			strerror(-error));
	tracepoint->known = error == 0;
}

/* One counter, counting at once, on one thread wherever it runs. */
static int open_counter(uint64_t id, pid_t tid, bool inherit)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_TRACEPOINT,
		.size = sizeof(attr),
		.config = id,
		.inherit = inherit,
	};
	int fd = (int)syscall(
		SYS_perf_event_open, &attr, tid, -1, -1, PERF_FLAG_FD_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

static int refused(int error, struct problem *problem)
{
	char paranoid[16] = "unknown";

	if (error != -EACCES && error != -EPERM)
		return problem_set(
			problem, error, "perf_event_open: %s", strerror(-error));
	files_read_small(PARANOID, paranoid, sizeof(paranoid));
	return problem_set(problem, error,
		"perf_event_open: %s (perf_event_paranoid %s; run as root or give "
		"CAP_PERFMON)",
		strerror(-error), paranoid);
}

static int attach(struct kernel_count *count, const struct kernel_tracepoint *tracepoint,
	const pid_t *tids, size_t tid_count, bool inherit, struct problem *problem)
{
	count->count = 0;
	if (tid_count > KERNEL_COUNT_THREADS_MAX)
		return problem_set(problem, -E2BIG, "more than %d threads to count for",
			KERNEL_COUNT_THREADS_MAX);
	if (!tracepoint->known)
		return problem_set(problem, -ENODATA, "%s", tracepoint->reason.text);
	for (size_t i = 0; i < tid_count; i++) {
		int fd = open_counter(tracepoint->id, tids[i], inherit);

		if (fd < 0) {
			kernel_count_detach(count);
			return refused(fd, problem);
		}
		count->fds[count->count++] = fd;
	}
	return 0;
}

int kernel_count_attach(struct kernel_count *count,
	const struct kernel_tracepoint *tracepoint, const pid_t *tids, size_t tid_count,
	struct problem *problem)
{
	return attach(count, tracepoint, tids, tid_count, false, problem);
}

int kernel_count_attach_all(struct kernel_count *count,
	const struct kernel_tracepoint *tracepoint, const pid_t *tids, size_t tid_count,
	struct problem *problem)
{
	return attach(count, tracepoint, tids, tid_count, true, problem);
}

int kernel_count_attach_number(struct kernel_count *count,
	const struct kernel_tracepoint *tracepoint, const pid_t *tids, size_t tid_count,
	long number, struct problem *problem)
{
	int error = kernel_count_attach(count, tracepoint, tids, tid_count, problem);
	char filter[32];

	if (error < 0)
		return error;
	snprintf(filter, sizeof(filter), "id == %ld", number);
	for (size_t i = 0; i < count->count; i++) {
		if (ioctl(count->fds[i], PERF_EVENT_IOC_SET_FILTER, filter) == 0)
			continue;
		error = -errno;
		kernel_count_detach(count);
		return problem_set(
			problem, error, "perf filter '%s': %s", filter, strerror(-error));
	}
	return 0;
}

int kernel_count_read(
	const struct kernel_count *count, uint64_t *calls, struct problem *problem)
{
	*calls = 0;
	for (size_t i = 0; i < count->count; i++) {
		uint64_t value;
		ssize_t n = read(count->fds[i], &value, sizeof(value));

		if (n != (ssize_t)sizeof(value))
			return problem_set(problem, -EIO, "cannot read the perf counter");
		*calls += value;
	}
	return 0;
}

void kernel_count_detach(struct kernel_count *count)
{
	for (size_t i = 0; i < count->count; i++)
		close(count->fds[i]);
	count->count = 0;
}
