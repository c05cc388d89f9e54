/* pair.c - a fresh server and a fresh load generator, connected and checked. */
#include "harness/process/pair.h"

#include "common/clock.h"
#include "harness/process/backends.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <time.h>

#define HELD_WAIT_NS  (20 * NS_PER_S)
#define HELD_PAUSE_NS (5 * NS_PER_MS)
#define LAST_WORDS_NS (500 * NS_PER_MS) /* until a breaking peer can be seen to end */

static uint64_t connections_of(const struct pair_order *order)
{
	return order->connections_idle + order->connections_active;
}

/* ---- a server that is not ours ---- */

static int check_single(struct pair *pair, struct window *window)
{
	pid_t only = foreign_peer_only_thread(&pair->stranger);

	if (only == 0) {
		window_mark(window, TRIAL_UNSUPPORTED,
			"%s has several threads or processes: only of one can it be "
			"told when it rests between two requests (muxbench run counts "
			"them in total)",
			pair->stranger.foreign->name);
		return PAIR_DECIDED;
	}
	pair->hello.worker_tids[0] = only;
	pair->hello.worker_count = 1;
	return 0;
}

static int start_stranger(struct pair *pair, const struct pair_order *order,
	struct window *window, struct problem *problem)
{
	cpu_set_t cpus = order->placement->allowed;

	if (order->server_cpu >= 0) {
		CPU_ZERO(&cpus);
		CPU_SET((size_t)order->server_cpu, &cpus);
	}
	const struct foreign_place place = {
		.cpus = &cpus,
		.cpu = order->server_cpu,
		.cancel_fd = order->launcher->cancel_fd,
	};
	int error = foreign_peer_start(
		&pair->stranger, order->foreign, &place, &pair->hello, problem);

	window->foreign = true;
	pair->server_known = error == 0;
	return error < 0 ? error : check_single(pair, window);
}

/* It holds a connection that has brought an echo; the idle ones have theirs already. */
static int await_echoes(struct pair *pair, const struct pair_order *order,
	struct window *window, struct problem *problem)
{
	const struct load_window once = {.requests = order->connections_active};
	int error = load_peer_run(&pair->load, &once, &window->load, problem);

	if (error < 0)
		return error;
	if (window->load.counters.errors > 0) {
		window_mark(window, TRIAL_INVALID,
			"not every active connection brings its echo: %s",
			window->load.error_first);
		return PAIR_DECIDED;
	}
	pair->connections = connections_of(order);
	return check_single(pair, window); /* one for each connection, perhaps */
}

/* ---- the steps of the start, in their order ---- */

static int start_server(struct pair *pair, const struct pair_order *order,
	struct window *window, struct problem *problem)
{
	struct server_hello *hello = &pair->hello;

	if (order->foreign)
		return start_stranger(pair, order, window, problem);
	int error = server_peer_start(&pair->server, order->launcher, order->backend,
		order->server_cpu, problem);

	if (error == 0)
		error = server_peer_hello(&pair->server, hello, problem);
	if (error < 0)
		return error;
	if (hello->state == SERVER_UNSUPPORTED) {
		window_mark(window, TRIAL_UNSUPPORTED, "%s", hello->reason);
		return PAIR_DECIDED;
	}
	if (hello->state == SERVER_ERROR)
		return problem_set(
			problem, -EREMOTEIO, "muxbench-server: %s", hello->reason);
	if (!backends_is_wanted(order->backend, hello->backend))
		return problem_set(problem, -EBADMSG,
			"muxbench-server: runs backend '%s' where '%s' was asked for",
			hello->backend, order->backend);
	pair->server_known = true;
	return 0;
}

/* What cannot fit is skipped: a datum about the backend, not an error. */
static int check_room(struct pair *pair, const struct pair_order *order,
	struct window *window, struct problem *problem)
{
	const struct server_hello *hello = &pair->hello;

	(void)problem;
	if (connections_of(order) <= hello->connections_max)
		return 0;
	if (hello->fds_limit > 0 && hello->fds_limit <= hello->descriptors_soft)
		window_mark(window, TRIAL_SKIPPED,
			"fd_setsize %" PRIu64 ": holds %" PRIu64 " connections",
			hello->fds_limit, hello->connections_max);
	else
		window_mark(window, TRIAL_SKIPPED,
			"descriptors: holds %" PRIu64 " connections, RLIMIT_NOFILE "
			"%" PRIu64,
			hello->connections_max, hello->descriptors_soft);
	return PAIR_DECIDED;
}

static int connect_load(struct pair *pair, const struct pair_order *order,
	struct window *window, struct problem *problem)
{
	struct load_order load_order = {
		.host = pair->hello.host,
		.port = pair->hello.port,
		.cpu = order->load_cpu,
		.connections_idle = order->connections_idle,
		.connections_active = order->connections_active,
		.message_bytes = order->message_bytes,
		.seed = order->seed,
		.echo_idle = order->foreign != NULL,
	};

	(void)window;
	int error = load_peer_start(&pair->load, order->launcher, &load_order, problem);
	return error < 0 ? error
			 : load_peer_connected(&pair->load, &pair->connect_ns, problem);
}

/* A connect(2) succeeds before the server has accepted: so the server is asked. */
static int await_all_held(struct pair *pair, const struct pair_order *order,
	struct window *window, struct problem *problem)
{
	const struct timespec pause = {.tv_nsec = HELD_PAUSE_NS};
	uint64_t begin_ns = clock_now_ns();
	struct server_snapshot snapshot;

	if (order->foreign)
		return await_echoes(pair, order, window, problem);
	for (;;) {
		int error = server_peer_snapshot(&pair->server, 0, &snapshot, problem);

		if (error < 0)
			return error;
		if (snapshot.connections_held == connections_of(order))
			break;
		if (child_has_ended(&pair->load.child))
			return problem_set(
				problem, -EPIPE, "muxbench-load: ended before a request");
		if (clock_now_ns() - begin_ns > HELD_WAIT_NS) {
			window_mark(window, TRIAL_INVALID,
				"idle set incomplete: held %" PRIu64 " of %" PRIu64,
				snapshot.connections_held, connections_of(order));
			return PAIR_DECIDED;
		}
		nanosleep(&pause, NULL);
	}
	pair->held_ns = clock_now_ns() - begin_ns;
	return 0;
}

int pair_start(struct pair *pair, const struct pair_order *order, struct window *window,
	struct problem *problem)
{
	static int (*const steps[])(struct pair *, const struct pair_order *,
		struct window *, struct problem *) = {
		start_server,
		check_room,
		connect_load,
		await_all_held,
	};
	int result = 0;

	memset(pair, 0, sizeof(*pair));
	peer_init(&pair->server);
	peer_init(&pair->load);
	foreign_peer_init(&pair->stranger);
	for (size_t i = 0; i < sizeof(steps) / sizeof(*steps) && result == 0; i++)
		result = steps[i](pair, order, window, problem);
	return result;
}

/* ---- while it runs ---- */

pid_t pair_server_pid(const struct pair *pair)
{
	return pair->stranger.foreign ? pair->stranger.target.pid
				      : pair->server.child.pid;
}

int pair_snapshot(struct pair *pair, unsigned settle_ms, struct server_snapshot *snapshot,
	struct problem *problem)
{
	if (!pair->stranger.foreign)
		return server_peer_snapshot(&pair->server, settle_ms, snapshot, problem);
	int error = foreign_peer_snapshot(&pair->stranger, settle_ms, snapshot, problem);

	snapshot->connections_held = pair->connections;
	return error;
}

/* ---- the end ---- */

/* The server first: it then need not see thousands of connections go. */
int pair_stop(struct pair *pair, struct problem *problem)
{
	int error = pair->stranger.foreign ? 0 : peer_stop(&pair->server, problem);

	return error < 0 ? error : peer_stop(&pair->load, problem);
}

/* A peer that ended without a word is the cause; what the other one says, the effect. */
static void explain_end(struct peer *peer, struct window *window)
{
	char end[80];

	if (peer->child.pid == 0 || peer->reported ||
		child_wait(&peer->child, -1, clock_now_ns() + LAST_WORDS_NS) < 0)
		return;
	child_describe_end(&peer->child, end, sizeof(end));
	window_mark(window, TRIAL_FAILED, "%s ended in the middle: %s", peer->name, end);
}

static void explain_said(const struct peer *peer, struct window *window)
{
	if (peer->child.said_bytes > 0)
		window_mark(window, TRIAL_FAILED, "%s wrote: %s", peer->name,
			peer->child.said);
}

void pair_explain(struct pair *pair, struct window *window, const struct problem *problem)
{
	bool is_ours = !pair->stranger.foreign;
	char end[480];

	if (!is_ours &&
		foreign_peer_has_ended(&pair->stranger, LAST_WORDS_NS, end, sizeof(end)))
		window_mark(window, TRIAL_INVALID, "%s", end);
	explain_end(&pair->server, window);
	explain_end(&pair->load, window);
	window_mark(window, is_ours ? TRIAL_FAILED : TRIAL_INVALID, "%s", problem->text);
	if (!is_ours)
		return; /* the load only repeats it */
	explain_said(&pair->server, window);
	explain_said(&pair->load, window);
}

void pair_end(struct pair *pair)
{
	peer_end(&pair->server);
	peer_end(&pair->load);
	foreign_peer_end(&pair->stranger);
}
