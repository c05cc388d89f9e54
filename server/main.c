/*
 * main.c - muxbench-server: options, a listener, one worker thread, and this thread
 * beside it, which sleeps until a signal or a command comes. It knows no multiplexer.
 */
#include "backends/choice.h"
#include "backends/registry.h"
#include "common/clock.h"
#include "common/cpu.h"
#include "common/exit_status.h"
#include "common/json_memory.h"
#include "common/jsonl.h"
#include "common/net.h"
#include "common/version.h"
#include "server/control.h"
#include "server/list.h"
#include "server/log.h"
#include "server/options.h"
#include "server/waitcost.h"
#include "server/worker.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

enum {
	BACKLOG = 65535, /* the kernel cuts it to net.core.somaxconn */
	/* tables are sized by it: past that, connections wait */
	DESCRIPTORS_MAX = 1 << 20,
	DESCRIPTORS_KEPT = 8, /* for /proc while all others are taken */
	STOP_DEADLINE_MS = 3000,
};

/* Everything that main's steps share. */
struct program {
	struct server_options options;
	struct choice choice;
	const struct backend *backend; /* that of the choice; NULL: not yet known */
	struct net_address address;
	struct worker worker;
	struct jsonl_reader commands;
	uint64_t descriptors_soft, descriptors_hard;
	int fds_max;
	int listen_fd;
	int signal_fd;
	unsigned starved_told; /* of worker.starved_changes, so many have been logged */
};

/* One line for a person; with --control and --waitcost also as an event. */
static int fail(const struct program *program, enum exit_status status, const char *event,
	const char *reason)
{
	const char *backend = program->backend ? program->backend->name : NULL;

	fprintf(stderr, "muxbench-server: %s%s%s\n",
		status < EXIT_STATUS_CANNOT_RUN ? "" : event,
		status < EXIT_STATUS_CANNOT_RUN ? "" : ": ", reason);
	if (program->options.control || program->options.waitcost) {
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
	limit -= DESCRIPTORS_KEPT + (in_use > 0 ? in_use : 0);
	return limit > 0 ? limit : 0;
}

/* The soft limit to the hard one, but no higher than the tables may grow. */
static int set_descriptor_limit(struct program *program, struct problem *problem)
{
	uint64_t soft_before;
	int error = net_raise_descriptor_limit(
		&soft_before, &program->descriptors_soft, &program->descriptors_hard);

	if (error == 0 && program->descriptors_soft > DESCRIPTORS_MAX) {
		error = net_lower_descriptor_limit(DESCRIPTORS_MAX);
		program->descriptors_soft = DESCRIPTORS_MAX;
	}
	program->fds_max = (int)program->descriptors_soft;
	return error == 0 ? 0
			  : problem_set(problem, error, "RLIMIT_NOFILE: %s",
				    strerror(-error));
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

static bool has_signal(const struct program *program)
{
	struct pollfd signals = {.fd = program->signal_fd, .events = POLLIN};

	return poll(&signals, 1, 0) > 0;
}

/* What is no command is told, and the next line may be one. */
static int refuse_line(const struct program *program, const char *reason)
{
	log_line("%s", reason);
	return control_tell(control_reason("error", program->backend->name, reason),
		program->signal_fd);
}

/*
 * Reads commands and answers them. 0: go on; 1: stop was asked, or nobody is there any
 * more; -errno: stdin cannot be read (-EMSGSIZE: a line without an end).
 */
static int handle_commands(struct program *program)
{
	int filled = jsonl_fill(&program->commands);

	if (filled == 0)
		return 1;
	if (filled < 0)
		return filled == -EAGAIN ? 0 : filled;
	for (;;) {
		json_t *command;
		struct problem problem = {0};
		int found = jsonl_next(&program->commands, &command, &problem);

		if (found == 0)
			return 0;
		int result = found < 0 ? refuse_line(program, problem.text)
				       : control_answer(&program->worker, command,
						 program->signal_fd);

		json_decref(command);
		if (result != 0 || has_signal(program))
			return 1;
	}
}

static int problem_ended(struct problem *problem, const struct worker *worker, int error)
{
	if (error == -ENOMEM)
		return problem_set(problem, error,
			"the %s backend ended: no memory for tables and buffers of %d "
			"descriptors: lower their number (ulimit -n), raise the limit on "
			"address space (ulimit -v), or see vm.overcommit_memory",
			worker->backend->name, worker->server.fds_max);
	return problem_set(problem, error < 0 ? error : -EIO, "the %s backend ended: %s",
		worker->backend->name,
		error < 0 ? strerror(-error) : "nobody had asked it to");
}

/* A line when the listener begins to rest, and one when all who waited are taken. */
static void log_starved(struct program *program)
{
	struct worker *worker = &program->worker;
	unsigned changes =
		atomic_load_explicit(&worker->starved_changes, memory_order_acquire);

	for (; program->starved_told != changes; program->starved_told++)
		if (program->starved_told % 2 == 0)
			log_line("cannot accept: %s; newcomers wait until there is room "
				 "for them",
				strerror(-atomic_load_explicit(
					&worker->starved_error, memory_order_relaxed)));
		else
			log_line("accepting again: all who waited are taken");
}

/* Sleeps until there is a reason to stop. 0: it was asked to; or -errno with problem. */
static int supervise(struct program *program, struct problem *problem)
{
	const struct worker *worker = &program->worker;
	struct pollfd wait[] = {
		{.fd = program->signal_fd, .events = POLLIN},
		{.fd = worker->notice_fd, .events = POLLIN},
		/* Commands wait until there is something to ask about. */
		{.fd = -1, .events = POLLIN},
	};
	bool announced = false;

	for (;;) {
		if (poll(wait, 3, -1) < 0) {
			if (errno == EINTR)
				continue; /* what stands in wait is no answer */
			return problem_set(problem, -errno, "poll: %s", strerror(errno));
		}
		if (wait[1].revents) {
			uint64_t count;
			ssize_t got = read(worker->notice_fd, &count, sizeof(count));

			(void)got; /* only drained: the state says what happened */
			log_starved(program);
			if (worker_state(worker) == WORKER_ENDED)
				return problem_ended(problem, worker, worker->error);
			if (!announced)
				announce(program);
			announced = true;
			wait[2].fd = program->options.control ? STDIN_FILENO : -1;
		}
		/* The signal first: commands may come without end. */
		if (wait[0].revents)
			return 0;
		int result = wait[2].revents ? handle_commands(program) : 0;
		if (result < 0)
			return problem_set(
				problem, result, "stdin: %s", strerror(-result));
		if (result > 0)
			return 0;
	}
}

static int find_backend(struct program *program, struct problem *problem)
{
	int error = choice_find(program->options.backend, &program->choice, problem);

	if (error == 0)
		program->backend = &program->choice.backend;
	return error;
}

static int open_backend(struct program *program, struct problem *problem)
{
	int error = find_backend(program, problem);

	if (error == 0)
		error = net_address_parse(&program->address, program->options.listen,
			program->options.port, problem);
	return error == 0 ? set_descriptor_limit(program, problem) : error;
}

/* From an open listener to the end of the worker. */
static int serve(struct program *program)
{
	int error = worker_start(&program->worker, &program->choice, program->listen_fd,
		program->fds_max, program->options.cpu);

	if (error < 0)
		return fail(program, EXIT_STATUS_FAILED, "error", strerror(-error));
	struct problem problem = {0};

	error = supervise(program, &problem);
	int stop_error = worker_stop(
		&program->worker, clock_now_ns() + STOP_DEADLINE_MS * NS_PER_MS);
	if (stop_error == -ETIMEDOUT)
		error = problem_set(&problem, stop_error,
			"the %s backend did not stop within %d s", program->backend->name,
			STOP_DEADLINE_MS / 1000);
	else if (stop_error < 0 && error == 0)
		error = problem_ended(&problem, &program->worker, stop_error);
	if (error < 0)
		return fail(program, EXIT_STATUS_FAILED, "error", problem.text);
	if (program->options.control)
		control_tell(json_pack("{ss}", "event", "stopped"), -1);
	return EXIT_STATUS_OK;
}

/* The worker pins itself later; by then the reason would be a bare errno. */
static int check_cpu(const struct program *program, struct problem *problem)
{
	int cpus[CPUS_MAX], wanted = program->options.cpu;
	int count = cpu_allowed(cpus, CPUS_MAX);

	if (wanted < 0)
		return 0;
	for (int i = 0; i < count; i++)
		if (cpus[i] == wanted)
			return 0;
	return problem_set(problem, -EINVAL,
		"cannot stay on core %d: --cpu takes a core that this process may use "
		"(see taskset -p)",
		wanted);
}

/* The other thing a backend can be asked for: what one wait costs. */
static int run_waitcost(const struct program *program, struct problem *problem)
{
	const struct server_options *options = &program->options;
	struct waitcost waitcost = {
		.backend = program->backend,
		.fds_max = program->fds_max,
		.descriptors = options->descriptors,
		.ready = options->ready,
		.batches = options->batches,
		.batch_ns = options->batch_ns,
	};
	json_t *result = NULL;

	if (program->choice.drain != DRAIN_DEFAULT || program->choice.budget_bytes > 0 ||
		program->choice.batch_max > 0)
		return fail(program, EXIT_STATUS_USAGE, "error",
			"--waitcost times the wait alone: leave out drain, budget and "
			"batch");
	if (!program->backend->poller)
		return fail(program, EXIT_STATUS_CANNOT_RUN, "unsupported",
			"completes operations, has no poller");
	if (program->backend->flags & BACKEND_DEFERS)
		return fail(program, EXIT_STATUS_CANNOT_RUN, "unsupported",
			"hands in changes of interest with the wait: it has none alone");
	int error = options->cpu >= 0 ? cpu_pin_self(options->cpu) : 0;

	if (error < 0)
		return fail(program, EXIT_STATUS_FAILED, "error", strerror(-error));
	error = waitcost_measure(&waitcost, &result, problem);
	if (error == -EMFILE)
		return fail(program, EXIT_STATUS_SKIPPED, "skipped", problem->text);
	if (error < 0)
		return fail(program, EXIT_STATUS_FAILED, "error", problem->text);
	json_object_set_new(result, "event", json_string("waitcost"));
	error = jsonl_write(STDOUT_FILENO, result);
	json_decref(result);
	return error < 0 ? EXIT_STATUS_FAILED : EXIT_STATUS_OK;
}

static int run(struct program *program)
{
	struct problem problem = {0};

	if (open_backend(program, &problem) < 0)
		return fail(program, EXIT_STATUS_USAGE, "error", problem.text);
	if (check_cpu(program, &problem) < 0)
		return fail(program, EXIT_STATUS_FAILED, "error", problem.text);
	if (registry_probe(program->backend, &problem) < 0)
		return fail(program, EXIT_STATUS_CANNOT_RUN, "unsupported", problem.text);
	if (program->options.waitcost)
		return run_waitcost(program, &problem);
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

/* All backends, or the one that is asked for. */
static int list(struct program *program)
{
	struct problem problem = {0};

	if (program->options.backend && find_backend(program, &problem) < 0)
		return fail(program, EXIT_STATUS_USAGE, "error", problem.text);
	int error = program->backend
			    ? list_print_one(program->backend, program->options.json)
			    : list_print(program->options.json);

	return error == 0 ? EXIT_STATUS_OK
			  : fail(program, EXIT_STATUS_FAILED, "error", strerror(-error));
}

int main(int argc, char *argv[])
{
	/* Not on the stack: a worker that does not stop outlives main(). */
	static struct program program;
	struct problem problem = {0};

	json_memory_or_end();
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
	return program.options.list ? list(&program) : run(&program);
}
