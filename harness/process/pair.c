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

/* ---- the steps of the start, in their order ---- */

static int start_server(struct pair *pair, const struct pair_order *order,
	struct window *window, struct problem *problem)
{
	struct server_hello *hello = &pair->hello;
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
	if (!backends_is_plugin(order->backend) &&
		strcmp(hello->backend, order->backend) != 0)
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
		.port = pair->hello.port,
		.cpu = order->load_cpu,
		.connections_idle = order->connections_idle,
		.connections_active = order->connections_active,
		.message_bytes = order->message_bytes,
		.seed = order->seed,
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
	for (size_t i = 0; i < sizeof(steps) / sizeof(*steps) && result == 0; i++)
		result = steps[i](pair, order, window, problem);
	return result;
}

/* ---- the end ---- */

/* The server first: it then need not see thousands of connections go. */
int pair_stop(struct pair *pair, struct problem *problem)
{
	int error = peer_stop(&pair->server, problem);

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
	explain_end(&pair->server, window);
	explain_end(&pair->load, window);
	window_mark(window, TRIAL_FAILED, "%s", problem->text);
	explain_said(&pair->server, window);
	explain_said(&pair->load, window);
}

void pair_end(struct pair *pair)
{
	peer_end(&pair->server);
	peer_end(&pair->load);
}
