/* window_check.c - every way in which a measured window is not to be trusted. */
#include "harness/window_check.h"

#include "common/clock.h"

#include <inttypes.h>
#include <stdio.h>

enum { RUN_DELAY_SHARE_MAX = 10 }; /* one part in so many of the window */

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

/* What the server says of itself, against the client and against itself. */
static void check_account(struct window *window)
{
	uint64_t sent = window_server_counters(window).bytes_tx;
	uint64_t received = window->load.counters.bytes_rx;

	if (sent != received)
		window_mark(window, TRIAL_INVALID,
			"the server counted %" PRIu64 " bytes sent, the client received "
			"%" PRIu64,
			sent, received);
	if (window->after.usage.cpu_ns < window->before.usage.cpu_ns)
		window_mark(
			window, TRIAL_INVALID, "the server's CPU time went backwards");
}

void window_check(struct window *window, uint64_t connections)
{
	check_held(window, &window->before, connections, "start");
	check_held(window, &window->after, connections, "end");
	check_requests(window);
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

bool window_calls_differ(const struct window *window, char *reason, size_t reason_size)
{
	struct call_counts calls = window_calls(window);
	uint64_t by_server = call_counts_total(&calls);

	snprintf(reason, reason_size,
		"the kernel counted %" PRIu64 " system calls, the server says %" PRIu64,
		window->kernel_calls, by_server);
	return window->kernel_counted && window->kernel_calls != by_server;
}
