/* pass.c - one pass of `muxbench counts`. */
#include "harness/counts/pass.h"

#include "common/clock.h"
#include "harness/process/pair.h"
#include "harness/trial/window_check.h"

#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define STOP_WAIT_NS NS_PER_S

enum {
	SETTLE_MS = 500,
	LOOK_US = 100, /* between two looks whether the server has stopped */
};

/* Every worker of a server can be counted by either means. */
static_assert((int)SERVER_WORKERS_MAX <= (int)KERNEL_COUNT_THREADS_MAX, "");
static_assert((int)SERVER_WORKERS_MAX <= (int)PTRACE_COUNT_THREADS_MAX, "");

/* What one pass in progress consists of. */
struct pass {
	struct counts_record *record;
	const struct counts_setting *setting;
	struct counts_meter *meter;
	struct pair pair;
	struct problem problem; /* of the step that failed */
};

/* Counts from here on, or notes why the kernel does not. */
static void attach_meter(struct pass *pass)
{
	const struct server_hello *hello = &pass->pair.hello;
	struct window *window = &pass->record->window;
	struct problem refused = {""};
	int error = counts_meter_attach(pass->meter, pass->setting->method,
		pass->setting->tracepoint, hello->worker_tids, hello->worker_count,
		&refused);

	window->kernel_counted = error == 0;
	if (error == 0)
		snprintf(window->kernel_method, sizeof(window->kernel_method), "%s",
			counts_meter_words(pass->meter));
	else
		snprintf(window->kernel_method, sizeof(window->kernel_method),
			KERNEL_METHOD_NONE "%s", refused.text);
	pass->pair.server.child.service = pass->pair.stranger.target.child.service =
		counts_meter_service(pass->meter);
	pass->pair.load.child.service = counts_meter_service(pass->meter);
}

static void detach_meter(struct pass *pass)
{
	counts_meter_detach(pass->meter);
	pass->pair.server.child.service = pass->pair.stranger.target.child.service =
		(struct child_service){.fd = -1};
	pass->pair.load.child.service = (struct child_service){.fd = -1};
}

static int read_meter(struct pass *pass, struct counts_reading *reading)
{
	if (pass->record->window.kernel_counted)
		return counts_meter_read(pass->meter, reading, &pass->problem);
	memset(reading, 0, sizeof(*reading));
	return 0;
}

/* SIGSTOP, and until every worker stands still. */
static int stop_server(struct pass *pass)
{
	const struct server_hello *hello = &pass->pair.hello;
	pid_t pid = pair_server_pid(&pass->pair);
	uint64_t deadline_ns = clock_now_ns() + STOP_WAIT_NS;

	kill(pid, SIGSTOP);
	for (size_t i = 0; i < hello->worker_count; i++)
		while (!counts_meter_stopped(pass->meter, pid, hello->worker_tids[i])) {
			if (clock_now_ns() > deadline_ns)
				return problem_set(&pass->problem, -ETIMEDOUT,
					"%s: did not stop at SIGSTOP",
					pass->record->backend);
			usleep(LOOK_US);
		}
	return 0;
}

/* The load lets the server go on as soon as all requests wait for it. */
static int run_batch(struct pass *pass)
{
	pid_t pid = pair_server_pid(&pass->pair);
	struct load_window load_window = {
		.requests = pass->record->requests, .resume_pid = pid};
	int error = stop_server(pass);

	if (error == 0)
		error = load_peer_run(&pass->pair.load, &load_window,
			&pass->record->window.load, &pass->problem);
	if (error < 0)
		kill(pid, SIGCONT);
	return error;
}

static int run_lockstep(struct pass *pass)
{
	struct load_window load_window = {
		.requests = pass->record->requests,
		.lockstep_pid = pair_server_pid(&pass->pair),
		.lockstep_tid = pass->pair.hello.worker_tids[0],
	};

	return load_peer_run(&pass->pair.load, &load_window, &pass->record->window.load,
		&pass->problem);
}

/* At both ends the server sleeps, so whole requests and nothing else are counted. */
static int count(struct pass *pass)
{
	struct counts_record *record = pass->record;
	struct window *window = &record->window;
	struct counts_reading before, after;
	int error =
		pair_snapshot(&pass->pair, SETTLE_MS, &window->before, &pass->problem);

	if (error == 0)
		error = read_meter(pass, &before);
	if (error == 0)
		error = record->role == COUNTS_BATCH ? run_batch(pass)
						     : run_lockstep(pass);
	if (error == 0)
		error = pair_snapshot(
			&pass->pair, SETTLE_MS, &window->after, &pass->problem);
	if (error == 0)
		error = read_meter(pass, &after);
	if (error < 0)
		return error;
	window->measured = true;
	window->kernel_calls = after.total - before.total;
	record->syscalls = counts_reading_difference(&before, &after);
	return 0;
}

static void check(struct counts_record *record)
{
	struct window *window = &record->window;

	window_check(window, record->connections_idle + record->connections_active);
	if (window->load.counters.requests_completed != record->requests)
		window_mark(window, TRIAL_INVALID,
			"not all requests were completed: the counts are of others");
	if (window->kernel_counted && !window->foreign)
		counts_record_check(record);
}

static int run_steps(struct pass *pass, const struct pair_order *order)
{
	struct counts_record *record = pass->record;
	int result = pair_start(&pass->pair, order, &record->window, &pass->problem);

	record->server_known = pass->pair.server_known;
	record->server = pass->pair.hello;
	if (result != 0)
		return result;
	attach_meter(pass);
	result = count(pass);
	detach_meter(pass);
	if (result < 0)
		return result;
	check(record);
	return pair_stop(&pass->pair, &pass->problem);
}

int counts_pass_run(struct counts_record *record, const struct counts_setting *setting,
	struct counts_meter *meter)
{
	struct pass pass = {.record = record, .setting = setting, .meter = meter};
	struct pair_order order = {
		.launcher = setting->launcher,
		.backend = record->backend,
		.foreign = foreign_find(setting->foreign, record->backend),
		.placement = setting->placement,
		.server_cpu = setting->placement->server_cpu,
		.load_cpu = setting->placement->load_cpu,
		.connections_idle = record->connections_idle,
		.connections_active = record->connections_active,
		.message_bytes = record->message_bytes,
		.seed = setting->seed,
	};
	int result = run_steps(&pass, &order);

	if (result < 0 && result != -ECANCELED)
		pair_explain(&pass.pair, &record->window, &pass.problem);
	pair_end(&pass.pair);
	return result == -ECANCELED ? result : 0;
}
