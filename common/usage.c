/* usage.c - what a process has used so far, by the kernel's account. */
#include "common/usage.h"

#include "common/clock.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { TEXT_MAX = 4096 };

/* Reads a small file of /proc whole and ends it with a NUL. Its length, or -errno. */
static int read_text(char text[TEXT_MAX], const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	ssize_t n = read(fd, text, TEXT_MAX - 1);
	int error = errno;

	close(fd);
	if (n < 0)
		return -error;
	text[n] = '\0';
	return (int)n;
}

/* The number behind "name:" in a file like /proc/PID/status; 0 when it is not there. */
static uint64_t status_field(const char *text, const char *name)
{
	const char *line = strstr(text, name);

	return line ? strtoull(line + strlen(name), NULL, 10) : 0;
}

/* The clock of a thread of this process, as clock_getcpuclockid(3) encodes it. */
static clockid_t thread_cpu_clock(pid_t tid)
{
	return (clockid_t)((~(unsigned)tid << 3) | 6U);
}

static int add_thread(pid_t pid, pid_t tid, struct usage *usage)
{
	char path[64], text[TEXT_MAX];
	uint64_t run_ns = 0, delay_ns = 0;
	struct timespec cpu;
	unsigned long user_ticks = 0, sys_ticks = 0;
	uint64_t ns_per_tick = NS_PER_S / (uint64_t)sysconf(_SC_CLK_TCK);

	snprintf(path, sizeof(path), "/proc/%d/task/%d/schedstat", pid, tid);
	if (read_text(text, path) > 0)
		sscanf(text, "%" SCNu64 " %" SCNu64, &run_ns, &delay_ns);
	if (pid == getpid() && clock_gettime(thread_cpu_clock(tid), &cpu) == 0)
		run_ns = timespec_to_ns(&cpu);
	usage->cpu_ns += run_ns;
	usage->run_delay_ns += delay_ns;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/stat", pid, tid);
	int error = read_text(text, path);
	if (error < 0)
		return error;
	/* The name in (...) may hold anything; fields 14 and 15 count from behind it. */
	const char *fields = strrchr(text, ')');
	if (fields)
		sscanf(fields + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu",
			&user_ticks, &sys_ticks);
	usage->user_ticks_ns += user_ticks * ns_per_tick;
	usage->sys_ticks_ns += sys_ticks * ns_per_tick;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/status", pid, tid);
	error = read_text(text, path);
	if (error < 0)
		return error;
	usage->ctx_switches_voluntary += status_field(text, "\nvoluntary_ctxt_switches:");
	usage->ctx_switches_involuntary +=
		status_field(text, "\nnonvoluntary_ctxt_switches:");
	usage->rss_max_bytes = 1024 * status_field(text, "\nVmHWM:");
	return 0;
}

int usage_read(pid_t pid, pid_t skip_tid, struct usage *usage)
{
	char path[64];

	memset(usage, 0, sizeof(*usage));
	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	DIR *tasks = opendir(path);
	if (!tasks)
		return errno == ENOENT ? -ESRCH : -errno;
	int error = 0;
	for (struct dirent *entry; error == 0 && (entry = readdir(tasks));) {
		pid_t tid = (pid_t)strtol(entry->d_name, NULL, 10);

		if (tid > 0 && tid != skip_tid)
			error = add_thread(pid, tid, usage);
		/* A thread that ends meanwhile is left out, not an error. */
		if (error == -ENOENT || error == -ESRCH)
			error = 0;
	}
	closedir(tasks);
	return error;
}

struct usage usage_difference(const struct usage *before, const struct usage *after)
{
	return (struct usage){
		.cpu_ns = after->cpu_ns - before->cpu_ns,
		.user_ticks_ns = after->user_ticks_ns - before->user_ticks_ns,
		.sys_ticks_ns = after->sys_ticks_ns - before->sys_ticks_ns,
		.ctx_switches_voluntary =
			after->ctx_switches_voluntary - before->ctx_switches_voluntary,
		.ctx_switches_involuntary = after->ctx_switches_involuntary -
					    before->ctx_switches_involuntary,
		.run_delay_ns = after->run_delay_ns - before->run_delay_ns,
		.rss_max_bytes = after->rss_max_bytes,
	};
}

bool usage_split(const struct usage *difference, uint64_t *user_ns, uint64_t *sys_ns)
{
	/* In floating point: a server may report anything, and their sum may not fit. */
	double ticks_ns =
		(double)difference->user_ticks_ns + (double)difference->sys_ticks_ns;
	double cpu_ns = (double)difference->cpu_ns;

	if (ticks_ns == 0)
		return false;
	double user = cpu_ns * ((double)difference->user_ticks_ns / ticks_ns);

	*user_ns = user < cpu_ns ? (uint64_t)user : difference->cpu_ns;
	*sys_ns = difference->cpu_ns - *user_ns;
	return true;
}

int usage_thread_state(pid_t pid, pid_t tid)
{
	char path[64], text[TEXT_MAX];

	snprintf(path, sizeof(path), "/proc/%d/task/%d/stat", pid, tid);
	int error = read_text(text, path);
	if (error < 0)
		return error;
	const char *fields = strrchr(text, ')');
	return fields && fields[1] == ' ' ? fields[2] : -EBADMSG;
}

bool usage_threads_asleep(pid_t pid, pid_t skip_tid)
{
	char path[64];
	bool asleep = true;

	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	DIR *tasks = opendir(path);
	if (!tasks)
		return false;
	for (struct dirent *entry; asleep && (entry = readdir(tasks));) {
		pid_t tid = (pid_t)strtol(entry->d_name, NULL, 10);

		if (tid > 0 && tid != skip_tid)
			asleep = usage_thread_state(pid, tid) == 'S';
	}
	closedir(tasks);
	return asleep;
}
