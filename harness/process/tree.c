/* tree.c - a process and all that it started, seen through /proc. */
#include "harness/process/tree.h"

#include "common/clock.h"
#include "harness/files.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { PATH_BYTES = 64, TEXT_BYTES = 4096, LOOK_AGAIN_US = 1000 };

#define STOP_WAIT_NS (2 * NS_PER_S)
#define KILL_WAIT_NS (5 * NS_PER_S)

struct process {
	pid_t pid, parent, group;
	char state; /* as in proc_pid_stat(5); 'Z': a zombie */
	bool inside;
};

/* Every process of the machine at one look. */
struct table {
	struct process *processes; /* owned */
	size_t count, capacity;
};

static int read_process(pid_t pid, struct process *process)
{
	char path[PATH_BYTES], text[TEXT_BYTES];

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	int error = files_read_small(path, text, sizeof(text));

	if (error < 0)
		return error;
	/* The name in (...) may hold anything; what follows counts from behind it. */
	const char *fields = strrchr(text, ')');

	*process = (struct process){.pid = pid};
	if (!fields || sscanf(fields + 1, " %c %d %d", &process->state, &process->parent,
			       &process->group) != 3)
		return -ESRCH;
	return 0;
}

static int table_add(struct table *table, const struct process *process)
{
	if (table->count == table->capacity) {
		size_t capacity = table->capacity ? table->capacity * 2 : 256;
		struct process *grown =
			realloc(table->processes, capacity * sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		table->processes = grown;
		table->capacity = capacity;
	}
	table->processes[table->count++] = *process;
	return 0;
}

static int table_read(struct table *table)
{
	DIR *directory = opendir("/proc");
	int error = 0;

	*table = (struct table){0};
	if (!directory)
		return -errno;
	for (struct dirent *entry; error == 0 && (entry = readdir(directory));) {
		struct process process;

		if (!isdigit((unsigned char)entry->d_name[0]))
			continue;
		if (read_process((pid_t)atoi(entry->d_name), &process) == 0)
			error = table_add(table, &process);
	}
	closedir(directory);
	return error;
}

static bool is_inside(const struct table *table, pid_t pid)
{
	for (size_t i = 0; i < table->count; i++)
		if (table->processes[i].pid == pid)
			return table->processes[i].inside;
	return false;
}

/* Marks the descendants of those that are marked, generation by generation. */
static void mark_descendants(struct table *table)
{
	for (bool more = true; more;) {
		more = false;
		for (size_t i = 0; i < table->count; i++) {
			struct process *process = &table->processes[i];

			if (!process->inside && is_inside(table, process->parent))
				process->inside = more = true;
		}
	}
}

/*
 * The tree of root, root included. Its group belongs to it only when root leads it: a
 * server that a shell started may share the shell's.
 */
static int read_tree(pid_t root, struct table *table)
{
	int error = table_read(table);
	bool leads = false, found = false;

	for (size_t i = 0; i < table->count; i++)
		if (table->processes[i].pid == root) {
			found = true;
			leads = table->processes[i].group == root;
		}
	if (error == 0 && !found)
		error = -ESRCH;
	for (size_t i = 0; i < table->count; i++)
		table->processes[i].inside = table->processes[i].pid == root ||
					     (leads && table->processes[i].group == root);
	if (error == 0) {
		mark_descendants(table);
		return 0;
	}
	free(table->processes);
	return error;
}

static int count_descriptors(pid_t pid, size_t *count)
{
	char path[PATH_BYTES];

	snprintf(path, sizeof(path), "/proc/%d/fd", (int)pid);
	DIR *directory = opendir(path);

	if (!directory)
		return -errno;
	for (struct dirent *entry; (entry = readdir(directory));)
		*count += entry->d_name[0] != '.';
	closedir(directory);
	return 0;
}

static int add_memory(pid_t pid, uint64_t *bytes)
{
	char path[PATH_BYTES], text[TEXT_BYTES];
	unsigned long long kib = 0;

	snprintf(path, sizeof(path), "/proc/%d/smaps_rollup", (int)pid);
	int error = files_read_small(path, text, sizeof(text));
	const char *line = error == 0 ? strstr(text, "\nPss:") : NULL;

	if (line && sscanf(line, "\nPss: %llu kB", &kib) == 1)
		*bytes += kib * 1024;
	return error;
}

/* A process that ends meanwhile is none any more. */
static bool has_gone(int error)
{
	return error == -ENOENT || error == -ESRCH;
}

/* An orphan whose end has come to us, for we are its reaper (PR_SET_CHILD_SUBREAPER). */
static bool reap_orphan(pid_t root, const struct process *process)
{
	return process->state == 'Z' && process->pid != root &&
	       process->parent == getpid() &&
	       waitpid(process->pid, NULL, WNOHANG) == process->pid;
}

int tree_census(pid_t root, struct tree_census *census)
{
	struct table table;
	int error = read_tree(root, &table);

	*census = (struct tree_census){0};
	if (error < 0)
		return error;
	for (size_t i = 0; error == 0 && i < table.count; i++) {
		const struct process *process = &table.processes[i];

		if (!process->inside || reap_orphan(root, process))
			continue;
		if (process->state != 'Z') {
			error = count_descriptors(process->pid, &census->descriptors);
			if (error == 0)
				error = add_memory(process->pid, &census->memory_bytes);
			if (has_gone(error)) {
				error = 0;
				continue;
			}
		}
		census->processes++;
	}
	free(table.processes);
	return error;
}

bool tree_contains(pid_t root, pid_t pid)
{
	struct table table;

	if (read_tree(root, &table) < 0)
		return false;
	bool inside = is_inside(&table, pid);

	free(table.processes);
	return inside;
}

int tree_cpu_ns(pid_t root, uint64_t *cpu_ns)
{
	struct table table;
	int error = read_tree(root, &table);

	*cpu_ns = 0;
	if (error < 0)
		return error;
	for (size_t i = 0; i < table.count; i++) {
		struct timespec cpu;
		clockid_t clock;

		if (table.processes[i].inside &&
			clock_getcpuclockid(table.processes[i].pid, &clock) == 0 &&
			clock_gettime(clock, &cpu) == 0)
			*cpu_ns += timespec_to_ns(&cpu);
	}
	free(table.processes);
	return 0;
}

/* ---- threads ---- */

/* What is done with each thread of a tree; 0 to go on. */
typedef int thread_visit(void *context, pid_t pid, pid_t tid);

static int visit_threads_of(pid_t pid, thread_visit *visit, void *context)
{
	char path[PATH_BYTES];
	int result = 0;

	snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
	DIR *tasks = opendir(path);

	if (!tasks)
		return 0; /* it has ended meanwhile */
	for (struct dirent *entry; result == 0 && (entry = readdir(tasks));) {
		pid_t tid = (pid_t)atoi(entry->d_name);

		if (tid > 0)
			result = visit(context, pid, tid);
	}
	closedir(tasks);
	return result;
}

/* 0, what visit() ended it with, or -ESRCH. */
static int visit_threads(pid_t root, thread_visit *visit, void *context)
{
	struct table table;
	int result = read_tree(root, &table);

	if (result < 0)
		return result;
	for (size_t i = 0; i < table.count && result == 0; i++)
		if (table.processes[i].inside && table.processes[i].state != 'Z')
			result = visit_threads_of(table.processes[i].pid, visit, context);
	free(table.processes);
	return result;
}

struct thread_list {
	pid_t *tids;
	size_t max, count;
};

static int list_thread(void *context, pid_t pid, pid_t tid)
{
	struct thread_list *list = context;

	(void)pid;
	if (list->count < list->max)
		list->tids[list->count] = tid;
	list->count++;
	return 0;
}

int tree_threads(pid_t root, pid_t *tids, size_t max)
{
	struct thread_list list = {.tids = tids, .max = max};
	int error = visit_threads(root, list_thread, &list);

	return error < 0 ? error : (int)list.count;
}

static int find_running(void *context, pid_t pid, pid_t tid)
{
	(void)context;
	int state = usage_thread_state(pid, tid);

	return state == 'R' || state == 't';
}

bool tree_sleeps(pid_t root)
{
	return visit_threads(root, find_running, NULL) == 0;
}

/* ---- usage ---- */

/* FNV-1a, over numbers. */
static int mix_thread(void *context, pid_t pid, pid_t tid)
{
	struct tree_usage *sum = context;

	(void)pid;
	sum->threads++;
	sum->identity = (sum->identity ^ (uint64_t)tid) * 0x100000001b3;
	return 0;
}

/* The ticks of a process and of those it has waited for; the latter also as CPU time. */
static int add_ticks(pid_t pid, struct usage *usage)
{
	char path[PATH_BYTES], text[TEXT_BYTES];
	unsigned long user = 0, sys = 0;
	long waited_user = 0, waited_sys = 0;
	uint64_t tick_ns = NS_PER_S / (uint64_t)sysconf(_SC_CLK_TCK);

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	int error = files_read_small(path, text, sizeof(text));
	const char *fields = error < 0 ? NULL : strrchr(text, ')');

	if (fields)
		sscanf(fields + 1,
			" %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu %ld %ld",
			&user, &sys, &waited_user, &waited_sys);
	usage->user_ticks_ns += (user + (unsigned long)waited_user) * tick_ns;
	usage->sys_ticks_ns += (sys + (unsigned long)waited_sys) * tick_ns;
	usage->cpu_ns += (uint64_t)(waited_user + waited_sys) * tick_ns;
	return error;
}

static int note_signals(pid_t pid, bool *ignores_children)
{
	char path[PATH_BYTES], text[TEXT_BYTES];
	unsigned long long ignored = 0;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	int error = files_read_small(path, text, sizeof(text));
	const char *line = error < 0 ? NULL : strstr(text, "\nSigIgn:");

	if (line && sscanf(line, "\nSigIgn: %llx", &ignored) == 1)
		*ignores_children |= ignored >> (SIGCHLD - 1) & 1;
	return error;
}

static int add_process(pid_t pid, struct tree_usage *sum)
{
	struct usage threads;
	struct timespec cpu;
	clockid_t clock;
	int error = usage_read(pid, 0, &threads);

	/* The clock of the process knows of threads that have ended, too. */
	if (error == 0 && clock_getcpuclockid(pid, &clock) == 0 &&
		clock_gettime(clock, &cpu) == 0)
		sum->usage.cpu_ns += timespec_to_ns(&cpu);
	if (error == 0)
		error = add_ticks(pid, &sum->usage);
	if (error == 0)
		error = note_signals(pid, &sum->children_forgotten);
	if (error < 0)
		return error;
	sum->usage.ctx_switches_voluntary += threads.ctx_switches_voluntary;
	sum->usage.ctx_switches_involuntary += threads.ctx_switches_involuntary;
	sum->usage.run_delay_ns += threads.run_delay_ns;
	sum->usage.rss_max_bytes += threads.rss_max_bytes;
	sum->processes++;
	return visit_threads_of(pid, mix_thread, sum);
}

int tree_usage(pid_t root, struct tree_usage *usage)
{
	struct table table;
	int error = read_tree(root, &table);

	*usage = (struct tree_usage){0};
	if (error < 0)
		return error;
	for (size_t i = 0; i < table.count && error == 0; i++) {
		if (!table.processes[i].inside || table.processes[i].state == 'Z')
			continue;
		error = add_process(table.processes[i].pid, usage);
		if (has_gone(error))
			error = 0;
	}
	free(table.processes);
	return error;
}

/* ---- signals ---- */

int tree_signal(pid_t root, int signal_number)
{
	struct table table;
	int error = read_tree(root, &table);

	if (error < 0)
		return error;
	for (size_t i = 0; i < table.count; i++) {
		const struct process *process = &table.processes[i];

		if (process->inside && process->state != 'Z' &&
			kill(process->pid, signal_number) < 0 && process->pid == root)
			error = -errno;
	}
	free(table.processes);
	return error;
}

/* A signal stops one thread after the other. */
static bool threads_stopped(pid_t pid)
{
	char path[PATH_BYTES];
	bool stopped = true;

	snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
	DIR *tasks = opendir(path);

	if (!tasks)
		return true; /* it is gone: nobody to wait for */
	for (struct dirent *entry; (entry = readdir(tasks));) {
		pid_t tid = (pid_t)atoi(entry->d_name);
		int state = tid > 0 ? usage_thread_state(pid, tid) : 'T';

		stopped &= state < 0 || strchr("TtZX", state) != NULL;
	}
	closedir(tasks);
	return stopped;
}

/* Tells those who are not stopped to stop; how many they were, or -errno. */
static int stop_once(pid_t root)
{
	struct table table;
	int error = read_tree(root, &table);
	int running = 0;

	if (error < 0)
		return error;
	for (size_t i = 0; i < table.count; i++) {
		const struct process *process = &table.processes[i];

		if (!process->inside || process->state == 'Z' ||
			threads_stopped(process->pid))
			continue;
		running++;
		if (kill(process->pid, SIGSTOP) < 0 && errno == EPERM)
			error = -EPERM;
	}
	free(table.processes);
	return error < 0 ? error : running;
}

int tree_stop(pid_t root)
{
	uint64_t deadline_ns = clock_now_ns() + STOP_WAIT_NS;
	int running;

	while ((running = stop_once(root)) > 0) {
		if (clock_now_ns() >= deadline_ns)
			return -ETIMEDOUT;
		usleep(LOOK_AGAIN_US);
	}
	return running;
}

/* One look and one signal to each that is left; how many that were. */
static size_t kill_below_once(pid_t root)
{
	struct table table;
	size_t left = 0;

	if (table_read(&table) < 0)
		return 0;
	for (size_t i = 0; i < table.count; i++)
		table.processes[i].inside = table.processes[i].pid == root;
	mark_descendants(&table);
	for (size_t i = 0; i < table.count; i++) {
		const struct process *process = &table.processes[i];

		if (!process->inside || process->pid == root)
			continue;
		left++;
		kill(process->pid, SIGKILL);
		/* Only our own children can be reaped; of others this does nothing. */
		waitpid(process->pid, NULL, WNOHANG);
	}
	free(table.processes);
	return left;
}

void tree_kill_below(pid_t root)
{
	uint64_t deadline_ns = clock_now_ns() + KILL_WAIT_NS;

	while (kill_below_once(root) > 0 && clock_now_ns() < deadline_ns)
		usleep(LOOK_AGAIN_US);
}
