/* foreign_peer.c - a server that tells nothing, seen from outside. */
#include "harness/process/foreign_peer.h"

#include "common/clock.h"
#include "harness/process/listener.h"
#include "harness/process/tree.h"
#include "harness/text.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#define LISTEN_WAIT_NS (5 * NS_PER_S) /* as long as muxbench-server has */
#define FIND_WAIT_NS   (5 * NS_PER_S)

enum {
	REST_MS = 2,      /* in which a server that sleeps uses no CPU time */
	LET_GO_MS = 2000, /* for closing thousands of connections */
	ATTACH_TRIES = 8,
};

void foreign_peer_init(struct foreign_peer *peer)
{
	*peer = (struct foreign_peer){.cancel_fd = -1};
	child_init(&peer->target.child);
}

/* ---- the start ---- */

/* The same for all: as many as muxbench-server takes for itself. */
static int all_descriptors(struct rlimit *limit)
{
	if (getrlimit(RLIMIT_NOFILE, limit) < 0)
		return -errno;
	limit->rlim_cur = limit->rlim_max;
	return 0;
}

static int start_here(struct foreign_peer *peer, const struct foreign_place *place,
	struct problem *problem)
{
	struct rlimit descriptors;
	int error = all_descriptors(&descriptors);

	if (error < 0)
		return problem_set(
			problem, error, "descriptor limit: %s", strerror(-error));
	/* Whoever leaves its children behind leaves them to us. */
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	const struct target_command command = {
		.words = peer->foreign->words,
		.descriptors = &descriptors,
		.cpus = place->cpus,
		.mute = true,
	};
	return target_spawn(
		&peer->target, &command, LISTEN_WAIT_NS, place->cancel_fd, problem);
}

static int find_running(struct foreign_peer *peer, const struct foreign_place *place,
	struct problem *problem)
{
	struct endpoint endpoint;
	int error = endpoint_resolve(
		&endpoint, peer->foreign->host, peer->foreign->port, problem);

	if (error == 0)
		error = target_find(&peer->target, &endpoint, FIND_WAIT_NS,
			place->cancel_fd, problem);
	if (error < 0)
		return error;
	pid_t pid = listener_find(&peer->target.address, &peer->unseen);

	peer->target.pid = pid > 0 ? pid : 0;
	return 0;
}

/* "NAME: what", in one line: the server may have had a hand in its text. */
static int blame(const struct foreign_peer *peer, int error, const char *what,
	struct problem *problem)
{
	problem_set(problem, error, "%s: %s", peer->foreign->name, what);
	text_one_line(problem->text);
	return error;
}

static void fill_hello(const struct foreign_peer *peer, const struct foreign_place *place,
	struct server_hello *hello)
{
	pid_t only = foreign_peer_only_thread(peer);
	bool is_ours = peer->foreign->kind == FOREIGN_EXEC;

	*hello = (struct server_hello){
		.state = SERVER_READY,
		.cpu = is_ours ? place->cpu : -1,
		.connections_max = UINT64_MAX,
		.descriptors_soft = UINT64_MAX,
	};
	snprintf(hello->backend, sizeof(hello->backend), "%s", peer->foreign->name);
	net_address_format(
		&peer->target.address, hello->host, sizeof(hello->host), &hello->port);
	if (only > 0)
		hello->worker_tids[hello->worker_count++] = only;
}

int foreign_peer_start(struct foreign_peer *peer, const struct foreign *foreign,
	const struct foreign_place *place, struct server_hello *hello,
	struct problem *problem)
{
	struct problem what = {""};

	foreign_peer_init(peer);
	peer->foreign = foreign;
	peer->cancel_fd = place->cancel_fd;
	int error = foreign->kind == FOREIGN_EXEC ? start_here(peer, place, &what)
						  : find_running(peer, place, &what);

	if (error == -ECANCELED)
		return error;
	if (error < 0)
		return blame(peer, error, what.text, problem);
	fill_hello(peer, place, hello);
	return 0;
}

/* ---- while it runs ---- */

bool foreign_peer_has_ended(
	struct foreign_peer *peer, uint64_t wait_ns, char *text, size_t text_size)
{
	char end[380];

	if (!target_ended(&peer->target, wait_ns))
		return false;
	target_describe_end(&peer->target, end, sizeof(end));
	snprintf(text, text_size, "%s ended in the middle: %s", peer->foreign->name, end);
	return true;
}

static int check_alive(struct foreign_peer *peer, struct problem *problem)
{
	char text[480];

	if (!foreign_peer_has_ended(peer, 0, text, sizeof(text)))
		return 0;
	return problem_set(problem, -EPIPE, "%s", text);
}

/*
 * Until the tree has slept a moment, or the time is over. 1 when it has, 0, -ECANCELED,
 * or -errno.
 */
static int await_rest(struct foreign_peer *peer, unsigned settle_ms)
{
	uint64_t deadline_ns = clock_now_ns() + settle_ms * NS_PER_MS;
	const struct child_service *service = &peer->target.child.service;
	struct pollfd fds[] = {
		{.fd = peer->cancel_fd, .events = POLLIN},
		{.fd = service->fd, .events = POLLIN},
	};
	uint64_t before_ns, after_ns;
	int error = tree_cpu_ns(peer->target.pid, &before_ns);

	while (error == 0) {
		int ready = poll(fds, 2, REST_MS);

		if (ready > 0 && fds[0].revents)
			return -ECANCELED;
		if (ready > 0 && fds[1].revents)
			service->serve(service->context);
		target_drain(&peer->target);
		error = tree_cpu_ns(peer->target.pid, &after_ns);
		if (error == 0 && after_ns == before_ns && tree_sleeps(peer->target.pid))
			return 1;
		before_ns = after_ns;
		if (clock_now_ns() >= deadline_ns)
			return 0;
	}
	return error;
}

static int look(
	struct foreign_peer *peer, unsigned settle_ms, struct server_snapshot *snapshot)
{
	struct tree_usage usage;
	int rest = settle_ms > 0 ? await_rest(peer, settle_ms) : 0;

	if (rest < 0)
		return rest;
	snapshot->settled = rest > 0;
	int error = tree_usage(peer->target.pid, &usage);

	if (error < 0)
		return error;
	snapshot->usage = usage.usage;
	snapshot->seen = (struct server_seen){
		.cpu_known = true,
		.children_forgotten = usage.children_forgotten,
		.processes = usage.processes,
		.threads = usage.threads,
		.identity = usage.identity,
	};
	return 0;
}

int foreign_peer_snapshot(struct foreign_peer *peer, unsigned settle_ms,
	struct server_snapshot *snapshot, struct problem *problem)
{
	*snapshot = (struct server_snapshot){.at_ns = clock_now_ns(), .settled = true};
	int error = check_alive(peer, problem);

	if (error < 0 || peer->target.pid == 0)
		return error;
	error = look(peer, settle_ms, snapshot);
	if (error == 0 || error == -ECANCELED)
		return error;
	if (check_alive(peer, problem) < 0)
		return -EPIPE;
	/* It runs, but this user may not look into it: then nothing of it is known. */
	*snapshot = (struct server_snapshot){.at_ns = clock_now_ns(), .settled = true};
	problem_set(&peer->unseen, error, "/proc/%d: %s", (int)peer->target.pid,
		strerror(-error));
	return 0;
}

pid_t foreign_peer_only_thread(const struct foreign_peer *peer)
{
	pid_t tid = 0;

	return peer->target.pid > 0 && tree_threads(peer->target.pid, &tid, 1) == 1 ? tid
										    : 0;
}

int foreign_peer_count(const struct foreign_peer *peer, struct kernel_count *count,
	const struct kernel_tracepoint *tracepoint, struct problem *problem)
{
	pid_t tids[KERNEL_COUNT_THREADS_MAX], again[KERNEL_COUNT_THREADS_MAX];

	count->count = 0;
	if (peer->target.pid == 0)
		return problem_set(problem, -ESRCH, "%s", peer->unseen.text);
	int found = tree_threads(peer->target.pid, tids, KERNEL_COUNT_THREADS_MAX);

	/* A thread that is started while the others get theirs might have none. */
	for (int i = 0; i < ATTACH_TRIES && found >= 0; i++) {
		if (found > KERNEL_COUNT_THREADS_MAX)
			return problem_set(problem, -E2BIG,
				"more than %d threads to count for",
				KERNEL_COUNT_THREADS_MAX);
		int error = kernel_count_attach_all(
			count, tracepoint, tids, (size_t)found, problem);

		if (error < 0 && error != -ESRCH)
			return error;
		int now = tree_threads(peer->target.pid, again, KERNEL_COUNT_THREADS_MAX);

		if (error == 0 && now == found &&
			memcmp(tids, again, (size_t)found * sizeof(*tids)) == 0)
			return 0;
		kernel_count_detach(count);
		memcpy(tids, again, sizeof(tids));
		found = now;
	}
	if (found < 0)
		return problem_set(problem, found, "/proc/%d: %s", (int)peer->target.pid,
			strerror(-found));
	return problem_set(problem, -EAGAIN, "its threads come and go too fast");
}

int foreign_peer_trace(const struct foreign_peer *peer, struct ptrace_count *count,
	struct problem *problem)
{
	pid_t tids[PTRACE_COUNT_THREADS_MAX], again[PTRACE_COUNT_THREADS_MAX];

	if (!peer->target.spawned)
		return problem_set(problem, -EPERM,
			"ptrace: only for a server that was started here");
	int found = tree_threads(peer->target.pid, tids, PTRACE_COUNT_THREADS_MAX);

	if (found < 0)
		return problem_set(problem, found, "/proc/%d: %s", (int)peer->target.pid,
			strerror(-found));
	int error = ptrace_count_attach_all(count, tids, (size_t)found, problem);

	if (error < 0)
		return error;
	/* Whoever was born before its parent was traced is not. */
	int now = tree_threads(peer->target.pid, again, PTRACE_COUNT_THREADS_MAX);

	if (now == (int)count->count)
		return 0;
	ptrace_count_detach(count);
	return problem_set(problem, -EAGAIN, "ptrace: its threads come and go too fast");
}

/* ---- the end ---- */

void foreign_peer_end(struct foreign_peer *peer)
{
	bool was_spawned = peer->target.spawned;

	if (!peer->foreign)
		return;
	if (!was_spawned && peer->target.pid > 0)
		await_rest(peer, LET_GO_MS);
	target_end(&peer->target);
	if (was_spawned)
		tree_kill_below(getpid());
	foreign_peer_init(peer);
}
