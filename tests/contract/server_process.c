/* server_process.c - one muxbench-server under test. */
#include "tests/contract/server_process.h"

#include "common/clock.h"
#include "common/records.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum { LOOK_AGAIN_US = 1000, PATH_BYTES = 4096 };

uint64_t deadline_ns(void)
{
	return clock_now_ns() + DEADLINE_S * NS_PER_S;
}

static const char *build_folder(void)
{
	const char *build = getenv("BUILD");

	return build ? build : "build";
}

static void set_preload(const char *preload)
{
	char path[PATH_BYTES];

	snprintf(path, sizeof(path), "%s/%s", build_folder(), preload);
	setenv("LD_PRELOAD", path, true);
	/* ours holds nothing that ASan would have to see first */
	setenv("ASAN_OPTIONS", "verify_asan_link_order=0", true);
}

/* io_uring_setup fails so, for this process: a container's profile does it like this. */
static int deny_ring(int error)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_io_uring_setup, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (unsigned)error),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = {sizeof(filter) / sizeof(*filter), filter};

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -1;
	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}

/* In the child: becomes the server, or ends with a line on what is its stderr. */
static void become_server(const struct server_settings *settings)
{
	char path[PATH_BYTES];
	struct rlimit limit = {settings->descriptors, settings->descriptors};

	snprintf(path, sizeof(path), "%s/muxbench-server", build_folder());
	if (settings->preload)
		set_preload(settings->preload);
	prctl(PR_SET_PDEATHSIG,
		SIGKILL); /* a test that crashes leaves no server behind */
	close_range(STDERR_FILENO + 1, ~0U, 0); /* nor does it inherit descriptors */
	signal(SIGPIPE, SIG_DFL);
	if ((settings->descriptors == 0 || setrlimit(RLIMIT_NOFILE, &limit) == 0) &&
		(settings->ring_error == 0 || deny_ring(settings->ring_error) == 0))
		execl(path, path, "--backend", settings->backend, "--control",
			(char *)NULL);
	dprintf(STDERR_FILENO, "cannot start %s: %s\n", path, strerror(errno));
	_exit(127);
}

void server_launch(struct server_process *server, const struct server_settings *settings)
{
	int commands[2], events[2];

	*server = (struct server_process){.commands_fd = -1, .log_fd = -1};
	assert_int_equal(pipe2(commands, O_CLOEXEC), 0);
	assert_int_equal(pipe2(events, O_CLOEXEC), 0);
	server->commands_fd = commands[1];
	jsonl_reader_init(&server->events, events[0]);
	server->log_fd = memfd_create("server-log", MFD_CLOEXEC);
	assert_true(server->log_fd >= 0);
	server->pid = fork();
	assert_true(server->pid >= 0);
	if (server->pid == 0) {
		dup2(commands[0], STDIN_FILENO);
		dup2(events[1], STDOUT_FILENO);
		dup2(server->log_fd, STDERR_FILENO);
		become_server(settings);
	}
	close(commands[0]);
	close(events[1]);
}

static uint64_t get_u64(const json_t *object, const char *key)
{
	struct problem problem;
	uint64_t value = 0;

	if (record_get_u64(object, key, &value, &problem) < 0)
		fail_msg("in an event of the server %s", problem.text);
	return value;
}

static json_t *get_object(const json_t *object, const char *key)
{
	struct problem problem;
	json_t *value = NULL;

	if (record_get_object(object, key, &value, &problem) < 0)
		fail_msg("in an event of the server %s", problem.text);
	return value;
}

void server_start(struct server_process *server, const struct server_settings *settings)
{
	const char *name = "";

	server_launch(server, settings);
	json_t *ready = server_event(server, "ready");

	assert_int_equal(get_u64(ready, "protocol"), 1);
	assert_int_equal(get_u64(ready, "pid"), server->pid);
	assert_int_equal(record_get_string(ready, "backend", &name, NULL), 0);
	snprintf(server->backend, sizeof(server->backend), "%s", name);
	server->port = (int)get_u64(ready, "port");
	server->connections_max = (int)get_u64(ready, "connections_max");
	server->fds_limit = (int)get_u64(ready, "fds_limit");
	server->worker_tid = (pid_t)json_integer_value(
		json_array_get(json_object_get(ready, "worker_tids"), 0));
	assert_true(server->worker_tid > 0);
	json_decref(ready);
}

void server_command(struct server_process *server, const char *line)
{
	size_t length = strlen(line);

	if (write(server->commands_fd, line, length) != (ssize_t)length ||
		write(server->commands_fd, "\n", 1) != 1)
		fail_msg("the server takes no commands any more: %s", strerror(errno));
}

json_t *server_event(struct server_process *server, const char *event)
{
	struct problem problem = {0};
	const char *name = "";
	json_t *object;

	if (jsonl_read(&server->events, deadline_ns(), &object, &problem) < 0)
		fail_msg("no '%s' event from the server: %s", event, problem.text);
	if (record_get_string(object, "event", &name, &problem) < 0 ||
		strcmp(name, event) != 0)
		fail_msg("a '%s' event from the server where '%s' was due", name, event);
	return object;
}

static void read_calls(const json_t *event, uint64_t calls[CALL_COUNT])
{
	static const char *const names[CALL_COUNT] = {
#define CALL_NAME(name) [CALL_##name] = #name,
		CALLS(CALL_NAME)
#undef CALL_NAME
	};
	const json_t *object = get_object(event, "calls");
	size_t found = 0;

	for (int i = 0; i < CALL_COUNT; i++) {
		bool called = json_object_get(object, names[i]) != NULL;

		calls[i] = called ? get_u64(object, names[i]) : 0;
		found += called;
	}
	assert_int_equal(found, json_object_size(object));
}

static void read_snapshot(const json_t *event, struct server_snapshot *snapshot)
{
	const json_t *connections = get_object(event, "connections");
	const json_t *counters = get_object(event, "counters");

	*snapshot = (struct server_snapshot){
		.at_ns = get_u64(event, "at_ns"),
		.settled = json_is_true(json_object_get(event, "settled")),
		.accepted = get_u64(connections, "accepted"),
		.closed = get_u64(connections, "closed"),
		.refused = get_u64(connections, "refused"),
		.held = get_u64(connections, "held"),
		.bytes_rx = get_u64(counters, "bytes_rx"),
		.bytes_tx = get_u64(counters, "bytes_tx"),
		.wakeups = get_u64(counters, "wakeups"),
		.events = get_u64(counters, "events"),
		.wait_bytes = get_u64(counters, "wait_bytes"),
		.eagain_accept = get_u64(counters, "eagain_accept"),
		.eagain_recv = get_u64(counters, "eagain_recv"),
		.eagain_send = get_u64(counters, "eagain_send"),
		.connection_errors = get_u64(counters, "connection_errors"),
		.accept_pauses = get_u64(counters, "accept_pauses"),
	};
	read_calls(event, snapshot->calls);
	const json_t *overflows = json_object_get(counters, "cq_overflows");

	snapshot->counts_overflows = json_is_integer(overflows);
	if (snapshot->counts_overflows)
		snapshot->cq_overflows = get_u64(counters, "cq_overflows");
	const json_t *usage = json_object_get(event, "usage");

	snapshot->has_usage = json_is_object(usage);
	if (snapshot->has_usage)
		snapshot->cpu_ns = get_u64(usage, "cpu_ns");
}

void server_ask(struct server_process *server, unsigned settle_ms,
	struct server_snapshot *snapshot)
{
	char line[80];

	snprintf(
		line, sizeof(line), "{\"cmd\":\"snapshot\",\"settle_ms\":%u}", settle_ms);
	server_command(server, line);
	json_t *event = server_event(server, "snapshot");

	read_snapshot(event, snapshot);
	json_decref(event);
}

void server_settle(struct server_process *server, struct server_snapshot *snapshot)
{
	server_ask(server, DEADLINE_S * 1000 / 2, snapshot);
	if (!snapshot->settled)
		fail_msg("the server does not come to rest: it spins");
}

void server_await_held(struct server_process *server, uint64_t held)
{
	uint64_t deadline = deadline_ns();
	struct server_snapshot snapshot;

	for (;;) {
		server_ask(server, 0, &snapshot);
		if (snapshot.held == held)
			return;
		if (clock_now_ns() >= deadline)
			fail_msg("the server holds %ju connections, not %ju",
				(uintmax_t)snapshot.held, (uintmax_t)held);
		usleep(LOOK_AGAIN_US);
	}
}

uint64_t server_calls_total(const struct server_snapshot *snapshot)
{
	uint64_t total = 0;

	for (int i = 0; i < CALL_COUNT; i++)
		total += snapshot->calls[i];
	return total;
}

void server_signal(struct server_process *server, int signal_number)
{
	assert_true(server->pid > 0);
	assert_int_equal(kill(server->pid, signal_number), 0);
}

/* Waits until waitpid(2) with these options tells a change, and returns its status. */
static int await_change(struct server_process *server, int options)
{
	uint64_t deadline = deadline_ns();
	int status = 0;

	while (waitpid(server->pid, &status, options | WNOHANG) == 0) {
		if (clock_now_ns() >= deadline)
			fail_msg("the server does not end, stop or go on as told");
		usleep(LOOK_AGAIN_US);
	}
	if (WIFEXITED(status) || WIFSIGNALED(status))
		server->pid = 0;
	return status;
}

void server_limit_descriptors(struct server_process *server, rlim_t descriptors)
{
	struct rlimit limit;

	assert_int_equal(prlimit(server->pid, RLIMIT_NOFILE, NULL, &limit), 0);
	limit.rlim_cur = descriptors;
	assert_int_equal(prlimit(server->pid, RLIMIT_NOFILE, &limit, NULL), 0);
}

void server_pause(struct server_process *server)
{
	server_signal(server, SIGSTOP);
	assert_true(WIFSTOPPED(await_change(server, WUNTRACED)));
}

void server_resume(struct server_process *server)
{
	server_signal(server, SIGCONT);
	assert_true(WIFCONTINUED(await_change(server, WCONTINUED)));
}

void server_close_commands(struct server_process *server)
{
	close(server->commands_fd);
	server->commands_fd = -1;
}

/* Copies what the server said on stderr, line by line, to the test's own. */
static void print_log(const struct server_process *server)
{
	FILE *log = fdopen(dup(server->log_fd), "r");
	char line[1024];

	if (!log)
		return;
	rewind(log);
	while (fgets(line, sizeof(line), log))
		fprintf(stderr, "# server: %s", line);
	fclose(log);
}

void server_expect_status(struct server_process *server, int status)
{
	int change = await_change(server, 0);

	if (WIFEXITED(change) && WEXITSTATUS(change) == status)
		return;
	print_log(server);
	if (WIFSIGNALED(change))
		fail_msg("the server was ended by signal %d", WTERMSIG(change));
	fail_msg("the server ended with exit status %d, not %d", WEXITSTATUS(change),
		status);
}

void server_expect_exit(struct server_process *server)
{
	server_expect_status(server, 0);
}

void server_stop(struct server_process *server)
{
	server_command(server, "{\"cmd\":\"stop\"}");
	json_decref(server_event(server, "stopped"));
	server_expect_exit(server);
}

static DIR *open_descriptors(const struct server_process *server)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/fd", (int)server->pid);
	DIR *directory = opendir(path);

	assert_non_null(directory);
	return directory;
}

int server_descriptors(const struct server_process *server)
{
	DIR *directory = open_descriptors(server);
	int count = 0;

	for (struct dirent *entry; (entry = readdir(directory));)
		count += entry->d_name[0] != '.';
	closedir(directory);
	return count;
}

bool server_has_ring(const struct server_process *server)
{
	DIR *directory = open_descriptors(server);
	char target[64];
	bool found = false;

	for (struct dirent *entry; (entry = readdir(directory));) {
		ssize_t length = readlinkat(
			dirfd(directory), entry->d_name, target, sizeof(target) - 1);

		target[length > 0 ? length : 0] = '\0';
		found = found || strstr(target, "[io_uring]");
	}
	closedir(directory);
	return found;
}

/* The sum of the numbers behind these words in a file of /proc; all must be there. */
static uint64_t proc_sum(const char *path, const char *const *words, int count)
{
	char line[256];
	uint64_t sum = 0;
	int found = 0;
	FILE *file = fopen(path, "r");

	assert_non_null(file);
	while (fgets(line, sizeof(line), file))
		for (int i = 0; i < count; i++)
			if (strncmp(line, words[i], strlen(words[i])) == 0) {
				sum += strtoull(line + strlen(words[i]), NULL, 10);
				found++;
			}
	fclose(file);
	assert_int_equal(found, count);
	return sum;
}

uint64_t server_private_bytes(const struct server_process *server)
{
	static const char *const words[] = {"Private_Dirty:"};
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/smaps_rollup", (int)server->pid);
	return proc_sum(path, words, 1) * 1024;
}

uint64_t server_worker_switches(const struct server_process *server)
{
	static const char *const words[] = {
		"voluntary_ctxt_switches:", "nonvoluntary_ctxt_switches:"};
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/task/%d/status", (int)server->pid,
		(int)server->worker_tid);
	return proc_sum(path, words, 2);
}

void server_discard(struct server_process *server)
{
	if (server->pid > 0) {
		int status = 0;

		if (waitpid(server->pid, &status, WNOHANG) == 0) {
			kill(server->pid, SIGKILL);
			waitpid(server->pid, NULL, 0);
		} else {
			fprintf(stderr, "# the server ended unasked: wait status %#x\n",
				(unsigned)status);
		}
		print_log(server);
		server->pid = 0;
	}
	if (server->commands_fd >= 0)
		close(server->commands_fd);
	if (server->log_fd >= 0)
		close(server->log_fd);
	if (server->events.fd > 0)
		close(server->events.fd);
	jsonl_reader_free(&server->events);
	*server = (struct server_process){.commands_fd = -1, .log_fd = -1};
}
