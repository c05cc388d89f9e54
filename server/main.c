/*
 * main.c - muxbench-server: options, a listener, one worker thread, and this thread
 * beside it, which sleeps until a signal or a command comes. It knows no multiplexer.
 */
#include "backends/registry.h"
#include "common/clock.h"
#include "common/exit_status.h"
#include "common/jsonl.h"
#include "common/net.h"
#include "common/version.h"
#include "server/control.h"
#include "server/list.h"
#include "server/options.h"
#include "server/worker.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

enum {
	BACKLOG = 65535, /* the kernel cuts it to net.core.somaxconn */
	DESCRIPTORS_MAX =
		1 << 20, /* tables are sized by it: past that, connections wait */
	STOP_DEADLINE_MS = 3000,
};

/* Everything that main's steps share. */
struct program {
	struct server_options options;
	const struct backend *backend;
	struct net_address address;
	struct worker worker;
	struct jsonl_reader commands;
	uint64_t descriptors_soft, descriptors_hard;
	int fds_max;
	int listen_fd;
	int signal_fd;
};

/* One line for a person; with --control also as an event, for the harness. */
static int fail(const struct program *program, enum exit_status status, const char *event,
	const char *reason)
{
	const char *backend = program->backend ? program->backend->name : NULL;

	fprintf(stderr, "muxbench-server: %s%s\n",
		status == EXIT_STATUS_CANNOT_RUN ? "unsupported: " : "", reason);
	if (program->options.control) {
		json_t *object = control_reason(event, backend, reason);

		jsonl_write(STDOUT_FILENO, object);
		json_decref(object);
	}
	return (int)status;
}

/* SIGINT and SIGTERM become readable; blocked first, so that no thread dies of them. */
static int open_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	if (pthread_sigmask(SIG_BLOCK, &set, NULL) != 0)
		return -EINVAL;
	signal(SIGPIPE,
		SIG_IGN); /* a control pipe that closed is an error, not the end */
	int fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return fd < 0 ? -errno : fd;
}

/* How many connections fit: descriptors below the limits, less those already in use. */
static int connections_max(const struct program *program)
{
	int limit = program->backend->fds_limit;
	int in_use = net_descriptors_open();

	if (limit == 0 || limit > program->fds_max)
		limit = program->fds_max;
	return limit - (in_use > 0 ? in_use : 0);
}

static void announce(struct program *program)
{
	char address[80];
	int port;

	if (program->options.control) {
		struct control_facts facts = {
			.address = &program->address,
			.connections_max = connections_max(program),
			.descriptors_soft = program->descriptors_soft,
			.descriptors_hard = program->descriptors_hard,
		};
		json_t *ready = control_ready(&program->worker, &facts);

		jsonl_write(STDOUT_FILENO, ready);
		json_decref(ready);
		return;
	}
	net_address_format(&program->address, address, sizeof(address), &port);
	bool ipv6 = strchr(address, ':') != NULL;
	printf("listening on %s%s%s:%d\n", ipv6 ? "[" : "", address, ipv6 ? "]" : "",
		port);
	fflush(stdout);
	if (!net_address_is_loopback(&program->address))
		fprintf(stderr,
			"muxbench-server: warning: %s can be reached from other "
			"machines\n",
			address);
}

/* Reads commands and answers them. 1: stop was asked or stdin ended; 0: go on; -errno. */
static int handle_commands(struct program *program)
{
	int filled = jsonl_fill(&program->commands);

	if (filled <= 0)
		return filled == -EAGAIN ? 0 : 1;
	for (;;) {
		json_t *command;
		struct problem problem = {0};
		int found = jsonl_next(&program->commands, &command, &problem);

		if (found == 0)
			return 0;
		if (found < 0) {
			fail(program, EXIT_STATUS_FAILED, "error", problem.text);
			continue;
		}
		int result = control_answer(&program->worker, command);

		json_decref(command);
		if (result != 0)
			return result;
	}
}

static enum worker_state worker_state(const struct program *program)
{
	return atomic_load_explicit(&program->worker.state, memory_order_acquire);
}

/* Sleeps until there is a reason to stop. 0, or -errno when the worker ended by itself.
 */
static int supervise(struct program *program)
{
	struct pollfd wait[] = {
		{.fd = program->signal_fd, .events = POLLIN},
		{.fd = program->worker.notice_fd, .events = POLLIN},
		{.fd = program->options.control ? STDIN_FILENO : -1, .events = POLLIN},
	};
	bool announced = false;

	for (;;) {
		if (poll(wait, 3, -1) < 0 && errno != EINTR)
			return -errno;
		if (wait[1].revents) {
			uint64_t count;
			ssize_t got =
				read(program->worker.notice_fd, &count, sizeof(count));

			(void)got; /* only drained: the state says what happened */
			if (worker_state(program) == WORKER_ENDED)
				return program->worker.error < 0 ? program->worker.error
								 : -EIO;
			if (!announced)
				announce(program);
			announced = true;
		}
		if (wait[0].revents)
			return 0;
		/* Commands wait until there is something to ask about. */
		if (wait[2].revents && announced && handle_commands(program) != 0)
			return 0;
	}
}

static int open_backend(struct program *program, struct problem *problem)
{
	uint64_t soft_before;
	int error = registry_find(program->options.backend, &program->backend, problem);

	if (error == 0)
		error = net_address_parse(&program->address, program->options.listen,
			program->options.port, problem);
	if (error == 0 &&
		net_raise_descriptor_limit(&soft_before, &program->descriptors_soft,
			&program->descriptors_hard) < 0)
		error = problem_set(problem, -errno, "getrlimit: %s", strerror(errno));
	program->fds_max = program->descriptors_soft < DESCRIPTORS_MAX
				   ? (int)program->descriptors_soft
				   : DESCRIPTORS_MAX;
	return error;
}

/* From an open listener to the end of the worker. */
static int serve(struct program *program)
{
	int error = worker_start(&program->worker, program->backend, program->listen_fd,
		program->fds_max, program->options.cpu);

	if (error < 0)
		return fail(program, EXIT_STATUS_FAILED, "error", strerror(-error));
	int why = supervise(program);

	error = worker_stop(
		&program->worker, clock_now_ns() + STOP_DEADLINE_MS * NS_PER_MS);
	if (why < 0 || error < 0) {
		char reason[160];

		snprintf(reason, sizeof(reason), "the %s backend %s: %s",
			program->backend->name,
			error == -ETIMEDOUT ? "did not stop" : "ended",
			strerror(why < 0 ? -why : -error));
		return fail(program, EXIT_STATUS_FAILED, "error", reason);
	}
	if (program->options.control) {
		json_t *stopped = json_pack("{ss}", "event", "stopped");

		jsonl_write(STDOUT_FILENO, stopped);
		json_decref(stopped);
	}
	return EXIT_STATUS_OK;
}

static int run(struct program *program)
{
	struct problem problem = {0};

	if (open_backend(program, &problem) < 0)
		return fail(program, EXIT_STATUS_USAGE, "error", problem.text);
	if (registry_probe(program->backend, &problem) < 0)
		return fail(program, EXIT_STATUS_CANNOT_RUN, "unsupported", problem.text);
	program->signal_fd = open_signals();
	if (program->signal_fd < 0)
		return fail(program, EXIT_STATUS_FAILED, "error",
			strerror(-program->signal_fd));
	program->listen_fd = net_listen(&program->address, BACKLOG, &problem);
	if (program->listen_fd < 0)
		return fail(program, EXIT_STATUS_FAILED, "error", problem.text);
	jsonl_reader_init(&program->commands, STDIN_FILENO);
	int status = serve(program);

	jsonl_reader_free(&program->commands);
	close(program->listen_fd);
	close(program->signal_fd);
	return status;
}

int main(int argc, char *argv[])
{
	struct program program = {0};
	struct problem problem = {0};

	if (server_options_parse(&program.options, argc, argv, &problem) < 0)
		return fail(&program, EXIT_STATUS_USAGE, "error", problem.text);
	if (program.options.help) {
		server_options_help(stdout);
		return EXIT_STATUS_OK;
	}
	if (program.options.version) {
		puts("muxbench-server " MUXBENCH_VERSION);
		return EXIT_STATUS_OK;
	}
	if (program.options.list)
		return list_print(program.options.json) < 0 ? EXIT_STATUS_FAILED
							    : EXIT_STATUS_OK;
	return run(&program);
}
