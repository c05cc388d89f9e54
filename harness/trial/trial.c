/* trial.c - one trial: a fresh server, a fresh load generator, two measured windows. */
#include "harness/trial/trial.h"

#include "common/clock.h"
#include "harness/machine/steal.h"
#include "harness/process/backends.h"
#include "harness/trial/session.h"
#include "harness/trial/window_check.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define HELD_WAIT_NS  (20 * NS_PER_S)
#define HELD_PAUSE_NS (5 * NS_PER_MS)
#define HALVED_MIN_NS (50 * NS_PER_MS) /* of a window that is looked at half way */

enum {
	SETTLE_MS = 500,
	STRANGER_SETTLE_MS = 2000, /* its processes may have to wait for each other */
};

/* Every worker of a server can have its counter. */
static_assert((int)SERVER_WORKERS_MAX <= (int)KERNEL_COUNT_THREADS_MAX, "");

static uint64_t connections_of(const struct trial *trial)
{
	return trial->cell.connections_idle + trial->cell.connections_active;
}

uint64_t trial_connections_held(const struct trial *trial)
{
	return trial->workload.kind == WORKLOAD_CHURN ? trial->cell.connections_idle
						      : connections_of(trial);
}

int session_decide(struct session *session, enum trial_status status, const char *reason)
{
	for (int role = 0; role < WINDOW_COUNT; role++)
		window_mark(&session->trial->windows[role], status, "%s", reason);
	return SESSION_DECIDED;
}

/* ---- the steps, in their order ---- */

static int start_server(struct session *session)
{
	struct trial *trial = session->trial;
	struct server_hello *hello = &trial->server;
	const char *wanted = trial->cell.backend;

	if (session->foreign)
		return stranger_start(session);
	int error = server_peer_start(&session->server, session->setting->launcher,
		wanted, session->setting->placement->server_cpu, &session->problem);

	if (error == 0)
		error = server_peer_hello(&session->server, hello, &session->problem);
	if (error < 0)
		return error;
	if (hello->state == SERVER_UNSUPPORTED)
		return session_decide(session, TRIAL_UNSUPPORTED, hello->reason);
	if (hello->state == SERVER_ERROR)
		return problem_set(&session->problem, -EREMOTEIO, "muxbench-server: %s",
			hello->reason);
	if (!backends_is_wanted(wanted, hello->backend))
		return problem_set(&session->problem, -EBADMSG,
			"muxbench-server: runs backend '%s' where '%s' was asked for",
			hello->backend, wanted);
	trial->server_known = true;
	return 0;
}

/* A cell that cannot fit is skipped: a datum about the backend, not an error. */
static int check_room(struct session *session)
{
	const struct server_hello *hello = &session->trial->server;
	char reason[160];

	if (connections_of(session->trial) <= hello->connections_max)
		return 0;
	if (hello->fds_limit > 0 && hello->fds_limit <= hello->descriptors_soft)
		snprintf(reason, sizeof(reason),
			"fd_setsize %" PRIu64 ": holds %" PRIu64 " connections",
			hello->fds_limit, hello->connections_max);
	else
		snprintf(reason, sizeof(reason),
			"descriptors: holds %" PRIu64 " connections, RLIMIT_NOFILE "
			"%" PRIu64,
			hello->connections_max, hello->descriptors_soft);
	return session_decide(session, TRIAL_SKIPPED, reason);
}

static int connect_load(struct session *session)
{
	struct trial *trial = session->trial;
	struct load_order order = {
		.host = trial->server.host,
		.port = trial->server.port,
		.cpu = trial->load_cpu,
		.connections_idle = trial->cell.connections_idle,
		.connections_active = trial->cell.connections_active,
		.message_bytes = trial->cell.message_bytes,
		.pipeline = trial->cell.pipeline,
		.workload = &trial->workload,
		.seed = session->setting->seed,
		.echo_idle = session->foreign != NULL,
	};
	int error = load_peer_start(
		&session->load, session->setting->launcher, &order, &session->problem);

	if (error < 0)
		return error;
	struct problem what = {""};

	error = load_peer_connected(&session->load, &trial->connect_ns, &what);
	if (error == -EOPNOTSUPP)
		return session_decide(session, TRIAL_UNSUPPORTED, what.text);
	if (error == -EREMOTEIO && session->foreign)
		return problem_set(&session->problem, error,
			"idle set incomplete: %.400s", what.text);
	if (error < 0)
		problem_set(&session->problem, error, "%s", what.text);
	return error;
}

/* A connect(2) succeeds before the server has accepted: so the server is asked. */
static int await_all_held(struct session *session)
{
	const struct timespec pause = {.tv_nsec = HELD_PAUSE_NS};
	uint64_t total = trial_connections_held(session->trial);
	uint64_t begin_ns = clock_now_ns();
	struct server_snapshot snapshot;

	if (session->foreign)
		return stranger_await_echoes(session);
	for (;;) {
		int error = server_peer_snapshot(
			&session->server, 0, &snapshot, &session->problem);

		if (error < 0)
			return error;
		if (snapshot.connections_held == total)
			break;
		if (child_has_ended(&session->load.child))
			return problem_set(&session->problem, -EPIPE,
				"muxbench-load: ended before a request");
		if (clock_now_ns() - begin_ns > HELD_WAIT_NS) {
			char reason[120];

			snprintf(reason, sizeof(reason),
				"idle set incomplete: held %" PRIu64 " of %" PRIu64,
				snapshot.connections_held, total);
			return session_decide(session, TRIAL_INVALID, reason);
		}
		nanosleep(&pause, NULL);
	}
	session->trial->held_ns = clock_now_ns() - begin_ns;
	session->trial->setup_known = true;
	return 0;
}

/* Gives the threads that are measured that policy. */
static int set_sched(struct session *session, enum sched_policy policy)
{
	const struct server_hello *hello = &session->trial->server;
	int error = session->foreign ? stranger_set_sched(session, policy) : 0;

	for (size_t i = 0; !session->foreign && i < hello->worker_count && error == 0;
		i++)
		error = sched_set_thread(
			hello->worker_tids[i], policy, &session->problem);
	return error < 0 ? error
			 : sched_set_process(
				   session->load.child.pid, policy, &session->problem);
}

static int take_priority(struct session *session)
{
	enum sched_policy policy = session->setting->placement->sched;

	return policy == SCHED_POLICY_OTHER ? 0 : set_sched(session, policy);
}

/* In lockstep the client looks again and again: at no higher priority than others. */
static int give_back_priority(struct session *session)
{
	return session->setting->placement->sched == SCHED_POLICY_OTHER
		       ? 0
		       : set_sched(session, SCHED_POLICY_OTHER);
}

/*
 * The server's counters half way through a window, while requests run. They are asked of
 * its control thread, which keeps the worker from nothing but its core for a moment.
 */
static int look_half_way(struct session *session, struct window *window,
	const struct load_window *load_window)
{
	struct pollfd cancel = {
		.fd = session->setting->launcher->cancel_fd, .events = POLLIN};

	if (load_window->lockstep_tid > 0 || load_window->duration_ns < HALVED_MIN_NS ||
		session->foreign)
		return 0;
	if (poll(&cancel, 1, (int)(load_window->duration_ns / 2 / NS_PER_MS)) > 0)
		return -ECANCELED;
	window->halved = true;
	return server_peer_snapshot(
		&session->server, 0, &window->middle, &session->problem);
}

/* Attaches the counter, or notes why there is none. */
static void attach_counter(
	struct session *session, struct window *window, bool in_lockstep)
{
	const struct server_hello *hello = &session->trial->server;
	struct problem refused;
	int error = session->foreign
			    ? stranger_count(session, &refused)
			    : kernel_count_attach(&session->kernel,
				      session->setting->tracepoint, hello->worker_tids,
				      hello->worker_count, &refused);

	window->kernel_counted = error == 0;
	if (window->kernel_counted)
		snprintf(window->kernel_method, sizeof(window->kernel_method), "%s%s%s",
			session->is_traced ? PTRACE_COUNT_METHOD : KERNEL_COUNT_METHOD,
			session->foreign ? ", process tree" : "",
			session->foreign && !in_lockstep ? ", not in lockstep" : "");
	else
		snprintf(window->kernel_method, sizeof(window->kernel_method),
			KERNEL_METHOD_NONE "%s", refused.text);
}

static void detach_counter(struct session *session)
{
	kernel_count_detach(&session->kernel);
	if (session->is_traced)
		ptrace_count_detach(&session->traced);
	session->is_traced = false;
	session->load.child.service = session->stranger.target.child.service =
		(struct child_service){.fd = -1};
}

static int read_counter(struct session *session, uint64_t *calls)
{
	if (!session->is_traced)
		return kernel_count_read(&session->kernel, calls, &session->problem);
	int error = ptrace_count_check(&session->traced, &session->problem);

	*calls = session->traced.total;
	return error;
}

static int snapshot(struct session *session, struct server_snapshot *snapshot)
{
	if (!session->foreign)
		return server_peer_snapshot(
			&session->server, SETTLE_MS, snapshot, &session->problem);
	int error = foreign_peer_snapshot(
		&session->stranger, STRANGER_SETTLE_MS, snapshot, &session->problem);

	snapshot->connections_held = session->held;
	return error;
}

/* Both ends of a window are between two sleeps of the server, so its counts are exact. */
static int measure(struct session *session, enum window_role role,
	const struct load_window *load_window)
{
	struct window *window = &session->trial->windows[role];
	struct problem *problem = &session->problem;
	const struct placement *placement = session->setting->placement;
	uint64_t calls_before = 0, calls_after = 0, steal_before = 0, steal_after = 0;
	int error = snapshot(session, &window->before);

	if (error == 0)
		error = read_counter(session, &calls_before);
	window->steal_known = steal_read(placement, &steal_before);
	if (error == 0)
		error = load_peer_begin(&session->load, load_window, problem);
	if (error == 0)
		error = look_half_way(session, window, load_window);
	if (error == 0)
		error = load_peer_finish(
			&session->load, load_window, &window->load, problem);
	if (error == 0 && session->foreign)
		error = stranger_check(session, window);
	if (error == 0)
		error = snapshot(session, &window->after);
	if (error == 0)
		error = read_counter(session, &calls_after);
	window->steal_known &= steal_read(placement, &steal_after);
	window->kernel_calls = calls_after - calls_before;
	window->steal_ns = steal_after - steal_before;
	window->measured = error == 0;
	if (session->foreign && error == 0)
		stranger_judge(session, window);
	return error;
}

static int warm_up(struct session *session)
{
	/* The results go where the timed window will overwrite them. */
	struct load_result *scratch = &session->trial->windows[WINDOW_TIMED].load;
	struct load_window load_window = {
		.duration_ns = session->setting->warmup_ns,
		.rate = session->trial->cell.rate,
		.arrival = session->setting->workload->arrival,
	};

	if (load_window.duration_ns == 0)
		return 0;
	return load_peer_run(&session->load, &load_window, scratch, &session->problem);
}

static int timed_window(struct session *session)
{
	struct window *window = &session->trial->windows[WINDOW_TIMED];
	struct load_window load_window = {
		.duration_ns = session->setting->timed_ns,
		.rate = session->trial->cell.rate,
		.arrival = session->setting->workload->arrival,
	};
	int error = measure(session, WINDOW_TIMED, &load_window);

	if (error < 0)
		return error;
	snprintf(window->kernel_method, sizeof(window->kernel_method),
		KERNEL_METHOD_NONE "timed windows are not counted in the kernel");
	window_check(window, trial_connections_held(session->trial));
	window_check_times(window, &load_window, session->trial->cell.message_bytes,
		session->setting->placement->kind);
	if (session->setting->placement->kind == PLACEMENT_CROSS_CORE &&
		!window->switches_unknown)
		window_check_run_delay(window);
	return 0;
}

/* In lockstep: a request sent while the server still works would save it a call. */
static int counted_window(struct session *session)
{
	struct window *window = &session->trial->windows[WINDOW_COUNTED];
	struct load_window load_window = {
		.duration_ns = session->setting->counted_ns,
		.lockstep_pid = session->server.child.pid,
		.lockstep_tid = session->trial->server.worker_tids[0],
	};
	char reason[160];

	if (session->foreign) /* which of several threads is to sleep nobody knows */
		load_window.lockstep_pid = load_window.lockstep_tid =
			foreign_peer_only_thread(&session->stranger);
	attach_counter(session, window, load_window.lockstep_tid > 0);
	int error = measure(session, WINDOW_COUNTED, &load_window);
	detach_counter(session);
	if (error < 0)
		return error;
	window_check(window, trial_connections_held(session->trial));
	if (!session->foreign && window_calls_differ(window, reason, sizeof(reason)))
		session_decide(session, TRIAL_INVALID, reason);
	return 0;
}

/* The server first: it then need not see thousands of connections go. */
static int stop_both(struct session *session)
{
	int error = session->foreign ? 0 : peer_stop(&session->server, &session->problem);

	return error < 0 ? error : peer_stop(&session->load, &session->problem);
}

/* ---- failure, and the whole ---- */

/* Of a server that is not ours, what goes wrong with it says nothing about us. */
static enum trial_status broken(const struct session *session)
{
	return session->foreign ? TRIAL_INVALID : TRIAL_FAILED;
}

/* What was not measured has failed; all of it when the failure came at the very end. */
static void fail(struct session *session, enum trial_status status, const char *reason)
{
	struct window *windows = session->trial->windows;
	bool at_end = windows[WINDOW_TIMED].measured && windows[WINDOW_COUNTED].measured;

	for (int role = 0; role < WINDOW_COUNT; role++)
		if (at_end || !windows[role].measured)
			window_mark(&windows[role], status, "%s", reason);
}

/*
 * A peer that has ended without a word is the cause; what the other one says is the
 * effect.
 */
static void fail_by_end(struct session *session, struct peer *peer)
{
	char end[80], reason[160];

	if (peer->child.pid == 0 || peer->reported ||
		child_wait(&peer->child, -1, clock_now_ns() + SESSION_LAST_WORDS_NS) < 0)
		return;
	child_describe_end(&peer->child, end, sizeof(end));
	snprintf(reason, sizeof(reason), "%s ended in the middle: %s", peer->name, end);
	fail(session, TRIAL_FAILED, reason);
}

static void fail_by_stranger(struct session *session)
{
	char reason[480];

	if (session->foreign && foreign_peer_has_ended(&session->stranger,
					SESSION_LAST_WORDS_NS, reason, sizeof(reason)))
		fail(session, TRIAL_INVALID, reason);
}

static void fail_with_said(struct session *session, const struct peer *peer)
{
	char reason[WINDOW_REASON_BYTES];

	if (peer->child.said_bytes == 0)
		return;
	snprintf(reason, sizeof(reason), "%s wrote: %s", peer->name, peer->child.said);
	fail(session, broken(session), reason);
}

static void explain_failure(struct session *session)
{
	fail_by_stranger(session);
	fail_by_end(session, &session->server);
	fail_by_end(session, &session->load);
	fail(session, broken(session), session->problem.text);
	fail_with_said(session, &session->server);
	fail_with_said(session, &session->load);
}

static int run_steps(struct session *session)
{
	static int (*const steps[])(struct session *) = {
		start_server,
		check_room,
		connect_load,
		await_all_held,
		take_priority,
		warm_up,
		timed_window,
		give_back_priority,
		counted_window,
		stop_both,
	};
	int result = 0;

	for (size_t i = 0; i < sizeof(steps) / sizeof(*steps) && result == 0; i++)
		result = steps[i](session);
	return result;
}

static void reset(struct trial *trial, const struct trial_setting *setting)
{
	memset(trial, 0, sizeof(*trial));
	trial->workload = *setting->workload;
	trial->placement = setting->placement->kind;
	trial->sched = setting->placement->sched;
	trial->load_cpu = setting->placement->load_cpu;
}

int trial_run(struct trial *trial, const struct trial_setting *setting,
	const struct cell *cell, uint64_t block, uint64_t order_in_block)
{
	struct session session = {.trial = trial, .setting = setting};

	reset(trial, setting);
	trial->cell = *cell;
	trial->block = block;
	trial->order_in_block = order_in_block;
	peer_init(&session.server);
	peer_init(&session.load);
	foreign_peer_init(&session.stranger);
	if (setting->foreign)
		session.foreign = foreign_find(setting->foreign, cell->backend);
	trial->foreign = session.foreign != NULL;
	for (int role = 0; role < WINDOW_COUNT; role++)
		trial->windows[role].foreign = trial->foreign;

	int result = run_steps(&session);
	if (result < 0 && result != -ECANCELED)
		explain_failure(&session);
	peer_end(&session.server);
	peer_end(&session.load);
	foreign_peer_end(&session.stranger);
	return result == -ECANCELED ? result : 0;
}

enum trial_status trial_status(const struct trial *trial)
{
	enum trial_status timed = trial->windows[WINDOW_TIMED].status;
	enum trial_status counted = trial->windows[WINDOW_COUNTED].status;

	return timed > counted ? timed : counted;
}

const char *trial_reason(const struct trial *trial)
{
	for (int role = 0; role < WINDOW_COUNT; role++) {
		const struct window *window = &trial->windows[role];

		if (window->status == trial_status(trial) && window->reason_count > 0)
			return window->reasons[0];
	}
	return "";
}
