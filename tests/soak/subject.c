/* subject.c - the server under soak. */
#include "tests/soak/subject.h"

#include "common/clock.h"
#include "common/net.h"
#include "common/records.h"
#include "common/usage.h"
#include "harness/process/server_peer.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LISTEN_WAIT_NS (10 * NS_PER_S)
#define LOOK_AGAIN_NS  (20 * NS_PER_MS)
#define ANSWER_WAIT_NS (20 * NS_PER_S) /* two cores, and everybody busy */
#define FOREIGN_END_NS (1 * NS_PER_S)

/* ---- muxbench-server ---- */

int subject_start(struct subject *subject, const struct launcher *launcher,
	const char *backend, struct problem *problem)
{
	struct server_hello hello;

	*subject = (struct subject){.tells = true};
	int error = server_peer_start(&subject->peer, launcher, backend, -1, problem);

	if (error == 0)
		error = server_peer_hello(&subject->peer, &hello, problem);
	if (error < 0)
		return error;
	if (hello.state != SERVER_READY)
		return problem_set(problem,
			hello.state == SERVER_UNSUPPORTED ? -ENOTSUP : -EIO, "%s",
			hello.reason);
	subject->port = hello.port;
	snprintf(subject->backend, sizeof(subject->backend), "%s", hello.backend);
	return 0;
}

static int read_counters(
	const json_t *answer, struct subject_counters *counters, struct problem *problem)
{
	json_t *connections = NULL, *counts = NULL;
	int error = record_get_bool(answer, "settled", &counters->settled, problem);

	if (error == 0)
		error = record_get_object(answer, "connections", &connections, problem);
	if (error == 0)
		error = record_get_object(answer, "counters", &counts, problem);
	const struct {
		const json_t *object;
		const char *key;
		uint64_t *value;
	} members[] = {
		{connections, "accepted", &counters->accepted},
		{connections, "closed", &counters->closed},
		{connections, "refused", &counters->refused},
		{connections, "held", &counters->held},
		{counts, "bytes_rx", &counters->bytes_rx},
		{counts, "bytes_tx", &counters->bytes_tx},
		{counts, "connection_errors", &counters->connection_errors},
		{counts, "accept_pauses", &counters->accept_pauses},
	};

	for (size_t i = 0; error == 0 && i < sizeof(members) / sizeof(*members); i++)
		error = record_get_u64(
			members[i].object, members[i].key, members[i].value, problem);
	return error;
}

int subject_counters(struct subject *subject, unsigned settle_ms,
	struct subject_counters *counters, struct problem *problem)
{
	struct problem what = {""};
	json_t *answer;
	json_t *command =
		json_pack("{ss si}", "cmd", "snapshot", "settle_ms", (int)settle_ms);

	*counters = (struct subject_counters){0};
	int error = peer_ask(&subject->peer, command, "snapshot",
		ANSWER_WAIT_NS + settle_ms * NS_PER_MS, &answer, problem);
	if (error < 0)
		return error;
	error = read_counters(answer, counters, &what);
	return peer_taken(&subject->peer, answer, error, &what, problem);
}

/* ---- a server of another make ---- */

/* A port that nobody listens on just now. */
static int find_port(int *port, struct problem *problem)
{
	struct net_address address;
	char text[80];
	int error = net_address_parse(&address, "127.0.0.1", 0, problem);
	int fd = error == 0 ? net_listen(&address, 1, problem) : error;

	if (fd < 0)
		return fd;
	net_address_format(&address, text, sizeof(text), port);
	close(fd);
	return 0;
}

/* The command with each {port} replaced; the caller frees it. NULL: out of memory. */
static char *with_port(const char *command, int port)
{
	static const char mark[] = "{port}";
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	for (const char *found; (found = strstr(command, mark));
		command = found + strlen(mark))
		fprintf(out, "%.*s%d", (int)(found - command), command, port);
	fputs(command, out);
	return fclose(out) == 0 ? text : NULL;
}

static int split(
	char *text, const char *words[SUBJECT_WORDS_MAX + 1], struct problem *problem)
{
	char *rest = text;
	size_t count = 0;

	for (char *word; (word = strtok_r(rest, " \t", &rest));) {
		if (count == SUBJECT_WORDS_MAX)
			return problem_set(problem, -E2BIG,
				"--exec takes at most %d words", SUBJECT_WORDS_MAX);
		words[count++] = word;
	}
	words[count] = NULL;
	return count > 0 ? 0
			 : problem_set(problem, -EINVAL,
				   "--exec is empty: give the command of an echo server");
}

static bool is_listening(int port)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool connected =
		fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0;

	if (fd >= 0)
		close(fd);
	return connected;
}

static int await_listening(struct subject *subject, struct problem *problem)
{
	uint64_t deadline_ns = clock_now_ns() + LISTEN_WAIT_NS;

	while (!is_listening(subject->port)) {
		int error =
			subject_await(subject, clock_now_ns() + LOOK_AGAIN_NS, problem);

		if (error < 0)
			return error;
		if (clock_now_ns() >= deadline_ns)
			return problem_set(problem, -ETIMEDOUT,
				"the server does not listen on 127.0.0.1:%d; is {port} "
				"in the command?",
				subject->port);
	}
	return 0;
}

int subject_start_foreign(struct subject *subject, const struct launcher *launcher,
	const char *command, struct problem *problem)
{
	const char *words[SUBJECT_WORDS_MAX + 1];

	*subject = (struct subject){0};
	peer_init(&subject->peer);
	int error = find_port(&subject->port, problem);

	if (error < 0)
		return error;
	subject->words_copy = with_port(command, subject->port);
	if (!subject->words_copy)
		return problem_set(problem, -ENOMEM, "out of memory");
	error = split(subject->words_copy, words, problem);
	if (error < 0)
		return error;
	const struct child_command child = {.file = words[0], .argv = words};

	subject->peer.cancel_fd = launcher->cancel_fd;
	error = child_start(&subject->peer.child, &child, problem);
	return error < 0 ? error : await_listening(subject, problem);
}

/* ---- while it runs ---- */

static int has_ended(struct subject *subject, struct problem *problem)
{
	struct child *child = &subject->peer.child;
	char how[80], *line = child->said;

	child_wait(child, -1, clock_now_ns() + NS_PER_S);
	child_describe_end(child, how, sizeof(how));
	line[strcspn(line, "\n")] = '\0';
	return problem_set(problem, -EPIPE, "the server ended: %s%s%.200s", how,
		line[0] ? ": " : "", line);
}

int subject_await(struct subject *subject, uint64_t deadline_ns, struct problem *problem)
{
	struct child *child = &subject->peer.child;

	for (;;) {
		char chatter[4096];
		int event = child_await(child, subject->peer.cancel_fd, deadline_ns);

		if (event == -ETIMEDOUT)
			return 0;
		if (event == CHILD_ENDED)
			return has_ended(subject, problem);
		if (event < 0)
			return event == -ECANCELED ? event
						   : problem_set(problem, event, "%s",
							     strerror(-event));
		/* Of ours: only an end, for it speaks when it is asked. */
		if (read(child->out, chatter, sizeof(chatter)) <= 0)
			return has_ended(subject, problem);
	}
}

static int count_descriptors(pid_t pid)
{
	char path[64];
	int count = 0;

	snprintf(path, sizeof(path), "/proc/%d/fd", (int)pid);
	DIR *folder = opendir(path);

	if (!folder)
		return -errno;
	for (const struct dirent *entry; (entry = readdir(folder));)
		count += entry->d_name[0] != '.';
	closedir(folder);
	return count;
}

static int read_memory(pid_t pid, struct subject_state *state)
{
	char path[64], line[256];

	snprintf(path, sizeof(path), "/proc/%d/smaps_rollup", (int)pid);
	FILE *file = fopen(path, "re");

	if (!file)
		return -errno;
	while (fgets(line, sizeof(line), file)) {
		uint64_t kib;

		if (sscanf(line, "Private_Dirty: %" SCNu64, &kib) == 1)
			state->private_dirty_bytes = kib * 1024;
		else if (sscanf(line, "Rss: %" SCNu64, &kib) == 1)
			state->resident_bytes = kib * 1024;
	}
	fclose(file);
	return state->resident_bytes > 0 ? 0 : -ESRCH;
}

int subject_look(const struct subject *subject, struct subject_state *state,
	struct problem *problem)
{
	pid_t pid = subject->peer.child.pid;
	struct usage usage = {0};

	*state = (struct subject_state){.descriptors = count_descriptors(pid)};
	int error = state->descriptors < 0 ? state->descriptors : 0;

	if (error == 0)
		error = read_memory(pid, state);
	if (error == 0)
		error = usage_read(pid, 0, &usage);
	state->cpu_ns = usage.cpu_ns;
	state->busy_ns = usage.cpu_ns + usage.run_delay_ns;
	return error == 0 ? 0
			  : problem_set(problem, error, "cannot look at the server: %s",
				    strerror(-error));
}

int subject_end(struct subject *subject, struct problem *problem)
{
	struct child *child = &subject->peer.child;
	int error = 0;

	if (subject->tells && child->pid > 0)
		error = peer_stop(&subject->peer, problem);
	else if (child->pid > 0)
		kill(child->pid, SIGTERM);
	if (!subject->tells)
		child_wait(child, -1, clock_now_ns() + FOREIGN_END_NS);
	if (child->pid > 0 && !subject->tells)
		kill(child->pid, SIGKILL);
	peer_end(&subject->peer);
	free(subject->words_copy);
	subject->words_copy = NULL;
	return error;
}
