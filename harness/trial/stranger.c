/* stranger.c - the steps of a trial for a server that is not ours and tells nothing. */
#include "harness/trial/session.h"

#include "common/clock.h"
#include "harness/process/tree.h"

#include <errno.h>
#include <stdio.h>

int stranger_start(struct session *session)
{
	const struct placement *placement = session->setting->placement;
	cpu_set_t cpus = placement->allowed;

	if (placement->server_cpu >= 0) {
		CPU_ZERO(&cpus);
		CPU_SET((size_t)placement->server_cpu, &cpus);
	}
	const struct foreign_place place = {
		.cpus = &cpus,
		.cpu = placement->server_cpu,
		.cancel_fd = session->setting->launcher->cancel_fd,
	};
	int error = foreign_peer_start(&session->stranger, session->foreign, &place,
		&session->trial->server, &session->problem);

	session->trial->server_known = error == 0;
	return error;
}

int stranger_await_echoes(struct session *session)
{
	struct trial *trial = session->trial;
	struct load_result *scratch = &trial->windows[WINDOW_TIMED].load;
	const struct load_window once = {
		.requests = trial->cell.connections_active * trial->cell.pipeline};
	uint64_t begin_ns = clock_now_ns();
	int error = 0;

	if (trial->workload.kind == WORKLOAD_ECHO &&
		trial->workload.active_set == ACTIVE_SET_FIXED)
		error = load_peer_run(&session->load, &once, scratch, &session->problem);
	if (error < 0)
		return error;
	if (scratch->counters.errors > 0 || scratch->counters.bytes_wrong > 0) {
		char reason[240];

		snprintf(reason, sizeof(reason),
			"not every active connection brings its echo: %s",
			scratch->error_first);
		return session_decide(session, TRIAL_INVALID, reason);
	}
	session->held = trial_connections_held(trial);
	trial->held_ns = clock_now_ns() - begin_ns;
	trial->setup_known = true;
	return 0;
}

int stranger_set_sched(struct session *session, enum sched_policy policy)
{
	pid_t tids[KERNEL_COUNT_THREADS_MAX];
	int error = 0, count = tree_threads(session->stranger.target.pid, tids,
			       KERNEL_COUNT_THREADS_MAX);

	for (int i = 0; i < count && i < KERNEL_COUNT_THREADS_MAX && error == 0; i++)
		error = sched_set_thread(tids[i], policy, &session->problem);
	return error;
}

int stranger_count(struct session *session, struct problem *problem)
{
	struct problem perf = {""}, traced = {""};
	int error = foreign_peer_count(&session->stranger, &session->kernel,
		session->setting->tracepoint, &perf);

	if (error < 0) {
		error = foreign_peer_trace(&session->stranger, &session->traced, &traced);
		session->is_traced = error == 0;
	}
	if (session->is_traced)
		session->load.child.service = session->stranger.target.child.service =
			(struct child_service){
				.fd = session->traced.fd,
				.serve = ptrace_count_serve,
				.context = &session->traced,
			};
	return error == 0 ? 0
			  : problem_set(problem, error, "%.240s; %.240s", perf.text,
				    traced.text);
}

int stranger_check(struct session *session, const struct window *window)
{
	uint64_t lost = window->load.counters.connections_lost;
	char text[480];

	session->held -= lost < session->held ? lost : session->held;
	if (window->load.counters.errors == 0 ||
		!foreign_peer_has_ended(
			&session->stranger, SESSION_LAST_WORDS_NS, text, sizeof(text)))
		return 0;
	return problem_set(&session->problem, -EPIPE, "%s", window->load.error_first);
}

void stranger_judge(const struct session *session, struct window *window)
{
	const struct server_seen *before = &window->before.seen;
	const struct server_seen *after = &window->after.seen;
	bool forgotten = session->trial->workload.kind == WORKLOAD_CHURN &&
			 (before->children_forgotten || after->children_forgotten);
	bool same = before->identity == after->identity;
	char none[WINDOW_NOTE_BYTES];

	snprintf(none, sizeof(none), KERNEL_METHOD_NONE "%.140s",
		forgotten ? "it ignores SIGCHLD: what its children used is told to nobody"
			  : session->stranger.unseen.text);
	window->cpu_unknown = forgotten || !before->cpu_known || !after->cpu_known;
	window->switches_unknown = window->cpu_unknown || !same;
	snprintf(window->cpu_method, sizeof(window->cpu_method), "%s",
		window->cpu_unknown ? none
		: same              ? "clocks of the process tree"
		       : "clocks of the process tree; children that ended in ticks of "
			 "10 ms");
}
