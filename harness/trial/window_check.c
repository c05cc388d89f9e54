/* window_check.c - every way in which a measured window is not to be trusted. */
#include "harness/trial/window_check.h"

#include "common/clock.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

enum { RUN_DELAY_SHARE_MAX = 10 }; /* one part in so many of the window */

#define CLIENT_SHARE_MAX   0.90
#define CORE_FULL_MIN      0.95
#define BOUND_SHARE_MIN    0.60 /* of the CPU time of both, on one core */
#define BOUND_SERVER_MAX   0.90 /* of the client's CPU time, on a core of its own */
#define ACHIEVED_SHARE_MIN 0.99
#define HALVES_DIFFER_MAX  0.05
#define HALF_REQUESTS_MIN  100 /* fewer, and the one that is cut in two matters */

static void check_held(struct window *window, const struct server_snapshot *snapshot,
	uint64_t connections, const char *end)
{
	if (snapshot->connections_held != connections)
		window_mark(window, TRIAL_INVALID,
			"idle set incomplete at the %s: held %" PRIu64 " of %" PRIu64,
			end, snapshot->connections_held, connections);
	if (!snapshot->settled)
		window_mark(window, TRIAL_INVALID, "the server was not at rest at the %s",
			end);
}

static void check_requests(struct window *window)
{
	const struct load_result *load = &window->load;
	const struct load_counters *client = &load->counters;

	if (client->errors > 0 || client->bytes_wrong > 0 || client->connections_lost > 0)
		window_mark(window, TRIAL_INVALID,
			"%" PRIu64 " errors, %" PRIu64 " wrong bytes, %" PRIu64
			" connections lost%s%s",
			client->errors, client->bytes_wrong, client->connections_lost,
			*load->error_first ? ", the first: " : "", load->error_first);
	if (client->requests_completed == 0 || load->measured_ns == 0)
		window_mark(window, TRIAL_INVALID, "no request was completed");
}

/* What the client says, against itself: each request has its latency and its echo. */
static void check_client_account(struct window *window)
{
	const struct load_counters *client = &window->load.counters;
	uint64_t timed = window->load.service.count;

	if (client->requests_completed != timed)
		window_mark(window, TRIAL_INVALID,
			"the client's own account: %" PRIu64
			" requests completed, %" PRIu64 " timed",
			client->requests_completed, timed);
	if (client->errors == 0 && client->bytes_rx != client->bytes_tx)
		window_mark(window, TRIAL_INVALID,
			"the client's own account: %" PRIu64 " bytes sent, %" PRIu64
			" received",
			client->bytes_tx, client->bytes_rx);
}

/* What the server says of itself, against the client and against itself. */
static void check_account(struct window *window)
{
	const struct load_counters *client = &window->load.counters;
	struct server_counters server = window_server_counters(window);

	if (server.bytes_tx != client->bytes_rx)
		window_mark(window, TRIAL_INVALID,
			"the server counted %" PRIu64 " bytes sent, the client received "
			"%" PRIu64,
			server.bytes_tx, client->bytes_rx);
	if (server.bytes_rx != client->bytes_tx)
		window_mark(window, TRIAL_INVALID,
			"the server counted %" PRIu64
			" bytes received, the client sent %" PRIu64,
			server.bytes_rx, client->bytes_tx);
	if (window->after.usage.cpu_ns < window->before.usage.cpu_ns)
		window_mark(
			window, TRIAL_INVALID, "the server's CPU time went backwards");
}

void window_check(struct window *window, uint64_t connections)
{
	check_held(window, &window->before, connections, "start");
	check_held(window, &window->after, connections, "end");
	check_requests(window);
	check_client_account(window);
	if (!window->foreign)
		check_account(window);
}

void window_check_run_delay(struct window *window)
{
	uint64_t delay_ns = window_server_usage(window).run_delay_ns;

	if (delay_ns > window->load.measured_ns / RUN_DELAY_SHARE_MAX)
		window_mark(window, TRIAL_INVALID,
			"the server waited %.1f ms for its core, more than 1/%d of the "
			"window",
			(double)delay_ns / NS_PER_MS, RUN_DELAY_SHARE_MAX);
}

/* A saturated client measures itself. On one core both share it by design. */
static void check_client(struct window *window, enum placement_kind placement)
{
	double share =
		(double)window->load.usage.cpu_ns / (double)window->load.measured_ns;

	if (placement != PLACEMENT_SAME_CORE && share > CLIENT_SHARE_MAX)
		window_flag(window, WINDOW_CLIENT_SATURATED,
			"the client used %.0f %% of its core: latency and throughput are "
			"its own",
			100 * share);
}

/*
 * The client was the bottleneck: what limits the requests a second is its cost and not
 * the server's. With a core each, its own is full while the server's has clearly time
 * left. On one core no utilisation can tell, for both together always fill it: there it
 * is whose requests cost clearly more than the server's.
 */
static void check_client_bound(struct window *window, enum placement_kind placement)
{
	double measured_ns = (double)window->load.measured_ns;
	double client_ns = (double)window->load.usage.cpu_ns;
	double server_ns = (double)window_server_usage(window).cpu_ns;
	double both_ns = client_ns + server_ns;

	if (placement == PLACEMENT_SAME_CORE) {
		if (both_ns >= CORE_FULL_MIN * measured_ns &&
			client_ns > BOUND_SHARE_MIN * both_ns)
			window_flag(window, WINDOW_CLIENT_BOUND,
				"the client took %.0f %% of the CPU time of a request, "
				"the server %.0f %%",
				100 * client_ns / both_ns, 100 * server_ns / both_ns);
	} else if (client_ns >= CORE_FULL_MIN * measured_ns &&
		   server_ns <= BOUND_SERVER_MAX * client_ns)
		window_flag(window, WINDOW_CLIENT_BOUND,
			"the client used %.0f %% of its core, the server %.0f %% of its",
			100 * client_ns / measured_ns, 100 * server_ns / measured_ns);
}

/*
 * Requests that were sent too late say nothing about the server, unless it was
 * overloaded: then they waited for it.
 */
static void check_lag(struct window *window)
{
	const struct load_result *load = &window->load;
	uint64_t lag_ns = histogram_percentile_ns(&load->send_lag, 0.99);
	uint64_t response_ns = histogram_percentile_ns(&load->response, 0.5);

	if (load->response.count > 0 && lag_ns > response_ns)
		window_flag(window, WINDOW_LATENCY_INVALID,
			"the 99th percentile of the send lag, %.1f us, is above the "
			"median response, %.1f us",
			(double)lag_ns / NS_PER_US, (double)response_ns / NS_PER_US);
}

/*
 * What fell due in the window is all answered in the end: a server that cannot keep up
 * takes longer for it than the window was to last.
 */
static void check_overload(struct window *window, const struct load_window *asked)
{
	const struct load_result *load = &window->load;
	double offered =
		(double)load->counters.requests_intended / (double)asked->duration_ns;
	double achieved =
		(double)load->counters.requests_completed / (double)load->measured_ns;

	if (achieved < ACHIEVED_SHARE_MIN * offered)
		window_flag(window, WINDOW_OVERLOAD,
			"overload: %.0f of %.0f requests a second were answered",
			achieved * NS_PER_S, offered * NS_PER_S);
}

/* The middle was taken while requests ran: one of them may be cut in two. */
static void check_halves(struct window *window, uint64_t message_bytes)
{
	const struct server_snapshot *ends[] = {
		&window->before, &window->middle, &window->after};
	double cost_ns[2];

	if (!window->halved || message_bytes == 0)
		return;
	for (int half = 0; half < 2; half++) {
		double requests = (double)(ends[half + 1]->counters.bytes_tx -
					   ends[half]->counters.bytes_tx) /
				  (double)message_bytes;

		if (requests < HALF_REQUESTS_MIN)
			return;
		cost_ns[half] = (double)(ends[half + 1]->usage.cpu_ns -
					 ends[half]->usage.cpu_ns) /
				requests;
	}
	double change = cost_ns[1] / cost_ns[0] - 1;

	if (fabs(change) > HALVES_DIFFER_MAX)
		window_flag(window, WINDOW_HALVES_DIFFER,
			"server CPU a request went from %.0f to %.0f ns (%+.0f %%) "
			"between "
			"the halves",
			cost_ns[0], cost_ns[1], 100 * change);
}

void window_check_times(struct window *window, const struct load_window *asked,
	uint64_t message_bytes, enum placement_kind placement)
{
	if (window->load.measured_ns == 0)
		return;
	check_client(window, placement);
	check_client_bound(window, placement);
	check_halves(window, message_bytes);
	if (asked->rate > 0 && window->load.open_loop) {
		check_overload(window, asked);
		if (!window->flags[WINDOW_OVERLOAD])
			check_lag(window);
	}
}

bool window_calls_differ(const struct window *window, char *reason, size_t reason_size)
{
	struct call_counts calls = window_calls(window);
	uint64_t by_server = call_counts_total(&calls);

	snprintf(reason, reason_size,
		"the kernel counted %" PRIu64 " system calls, the server says %" PRIu64,
		window->kernel_calls, by_server);
	return window->kernel_counted && window->kernel_calls != by_server;
}
