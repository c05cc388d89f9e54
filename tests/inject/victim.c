/* victim.c - the server that faults are injected into. */
#include "tests/inject/victim.h"

#include "common/clock.h"
#include "common/records.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ANSWER_S = 20, WORDS_MAX = 64, SETTLE_MS = 3000 };

static uint64_t answer_deadline_ns(void)
{
	return clock_now_ns() + ANSWER_S * NS_PER_S;
}

/* ---- starting
 * -------------------------------------------------------------------------- */

/* In the child. The library is for the server alone: strace would be hit as well. */
static void become_server(const struct victim_setup *setup)
{
	char preload[4096], faults[1024];
	char *words[WORDS_MAX];
	int count = 0;

	for (char **word = setup->launcher; word && *word && count < WORDS_MAX - 8;
		word++)
		words[count++] = *word;
	if (setup->shim) {
		snprintf(preload, sizeof(preload), "LD_PRELOAD=%s", setup->shim);
		snprintf(faults, sizeof(faults), "MUXBENCH_SHIM=%s", setup->faults);
		words[count++] = "env";
		words[count++] = preload;
		words[count++] = faults;
	}
	words[count++] = (char *)(uintptr_t)setup->server;
	words[count++] = "--control";
	words[count++] = "--backend";
	words[count++] = (char *)(uintptr_t)setup->backend;
	words[count] = NULL;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	execvp(words[0], words);
	dprintf(STDERR_FILENO, "cannot start %s: %s\n", words[0], strerror(errno));
	_exit(127);
}

static int launch(struct victim *victim, const struct victim_setup *setup)
{
	int commands[2], events[2];

	if (pipe2(commands, O_CLOEXEC) < 0)
		return -errno;
	victim->commands_fd = commands[1];
	if (pipe2(events, O_CLOEXEC) < 0)
		return -errno;
	jsonl_reader_init(&victim->events, events[0]);
	victim->log_fd = memfd_create("log", MFD_CLOEXEC);
	victim->child_pid = fork();
	if (victim->child_pid < 0)
		return -errno;
	if (victim->child_pid == 0) {
		dup2(commands[0], STDIN_FILENO);
		dup2(events[1], STDOUT_FILENO);
		dup2(victim->log_fd, STDERR_FILENO);
		become_server(setup);
	}
	close(commands[0]);
	close(events[1]);
	return 0;
}

/* ---- asking
 * ---------------------------------------------------------------------------- */

static int next_event(struct victim *victim, const char *wanted, json_t **event,
	struct problem *problem)
{
	struct problem detail = {0};
	const char *name = "";
	int error = jsonl_read(&victim->events, answer_deadline_ns(), event, &detail);

	if (error < 0)
		return problem_set(problem, error, "no '%s' from the server: %s", wanted,
			detail.text);
	record_get_string(*event, "event", &name, &detail);
	if (strcmp(name, wanted) == 0)
		return 0;
	error = problem_set(
		problem, -EPROTO, "'%s' from the server, not '%s'", name, wanted);
	json_decref(*event);
	return error;
}

static int command(struct victim *victim, const char *line, const char *answer,
	json_t **event, struct problem *problem)
{
	if (write(victim->commands_fd, line, strlen(line)) != (ssize_t)strlen(line))
		return problem_set(
			problem, -EPIPE, "the server takes no commands any more");
	return next_event(victim, answer, event, problem);
}

static uint64_t number(const json_t *event, const char *object, const char *key)
{
	const json_t *from = object ? json_object_get(event, object) : event;

	return (uint64_t)json_integer_value(json_object_get(from, key));
}

int victim_start(
	struct victim *victim, const struct victim_setup *setup, struct problem *problem)
{
	json_t *ready;

	*victim = (struct victim){.commands_fd = -1, .log_fd = -1, .events.fd = -1};
	int error = launch(victim, setup);

	if (error < 0)
		return problem_set(problem, error, "start: %s", strerror(-error));
	error = next_event(victim, "ready", &ready, problem);
	if (error < 0)
		return error;
	victim->pid = (pid_t)number(ready, NULL, "pid");
	victim->port = (int)number(ready, NULL, "port");
	json_decref(ready);
	return 0;
}

int victim_ask(
	struct victim *victim, struct victim_snapshot *snapshot, struct problem *problem)
{
	char line[64];
	json_t *event, *count;
	const char *name;

	snprintf(line, sizeof(line), "{\"cmd\":\"snapshot\",\"settle_ms\":%d}\n",
		SETTLE_MS);
	int error = command(victim, line, "snapshot", &event, problem);

	if (error < 0)
		return error;
	*snapshot = (struct victim_snapshot){
		.settled = json_is_true(json_object_get(event, "settled")),
		.accepted = number(event, "connections", "accepted"),
		.refused = number(event, "connections", "refused"),
		.held = number(event, "connections", "held"),
		.errors = number(event, "counters", "connection_errors"),
		.pauses = number(event, "counters", "accept_pauses"),
		.bytes_rx = number(event, "counters", "bytes_rx"),
		.bytes_tx = number(event, "counters", "bytes_tx"),
	};
	json_object_foreach(json_object_get(event, "calls"), name, count)
	{
		snapshot->calls += (uint64_t)json_integer_value(count);
	}
	json_decref(event);
	return 0;
}

/* ---- ending
 * ---------------------------------------------------------------------------- */

/* Waits for the end of what was started. */
static int await_end(struct victim *victim, struct problem *problem)
{
	uint64_t deadline_ns = answer_deadline_ns();
	int status = 0;

	while (waitpid(victim->child_pid, &status, WNOHANG) == 0) {
		if (clock_now_ns() > deadline_ns)
			return problem_set(problem, -ETIMEDOUT, "it does not end");
		usleep(1000);
	}
	victim->child_pid = 0;
	if (WIFSIGNALED(status))
		return problem_set(
			problem, -EIO, "killed by signal %d", WTERMSIG(status));
	return WEXITSTATUS(status) == 0 ? 0
					: problem_set(problem, -EIO, "exit status %d",
						  WEXITSTATUS(status));
}

int victim_stop(struct victim *victim, struct problem *problem)
{
	json_t *stopped;
	int error = command(victim, "{\"cmd\":\"stop\"}\n", "stopped", &stopped, problem);

	if (error < 0)
		return error;
	json_decref(stopped);
	return await_end(victim, problem);
}

int victim_descriptors(const struct victim *victim)
{
	char path[64];
	int count = 0;

	snprintf(path, sizeof(path), "/proc/%d/fd", victim->pid);
	DIR *directory = opendir(path);
	if (!directory)
		return -errno;
	for (struct dirent *entry; (entry = readdir(directory));)
		count += entry->d_name[0] != '.';
	closedir(directory);
	return count;
}

/* The log as a string that the caller frees; NULL: there is none. */
static char *read_log(const struct victim *victim)
{
	struct stat stat;

	if (victim->log_fd < 0 || fstat(victim->log_fd, &stat) < 0)
		return NULL;
	char *text = calloc(1, (size_t)stat.st_size + 1);

	if (text && pread(victim->log_fd, text, (size_t)stat.st_size, 0) < 0)
		text[0] = '\0';
	return text;
}

uint64_t victim_injected(const struct victim *victim, const char *name)
{
	char line[64], *text = read_log(victim);
	uint64_t value = 0;

	snprintf(line, sizeof(line), "shim: %s ", name);
	const char *found = text ? strstr(text, line) : NULL;
	if (found)
		value = strtoull(found + strlen(line), NULL, 10);
	free(text);
	return value;
}

void victim_print_log(const struct victim *victim, int fd)
{
	char *text = read_log(victim);

	if (text && *text)
		dprintf(fd, "%s", text);
	free(text);
}

void victim_discard(struct victim *victim)
{
	if (victim->child_pid > 0) {
		if (victim->pid > 0)
			kill(victim->pid, SIGKILL);
		kill(victim->child_pid, SIGKILL);
		waitpid(victim->child_pid, NULL, 0);
	}
	if (victim->commands_fd >= 0)
		close(victim->commands_fd);
	if (victim->events.fd >= 0)
		close(victim->events.fd);
	if (victim->log_fd >= 0)
		close(victim->log_fd);
	jsonl_reader_free(&victim->events);
}
