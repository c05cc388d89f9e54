/* window.c - one measured window of a trial. */
#include "harness/trial/window.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const char *const status_names[] = {
	[TRIAL_OK] = "ok",
	[TRIAL_SKIPPED] = "skipped",
	[TRIAL_UNSUPPORTED] = "unsupported",
	[TRIAL_INVALID] = "invalid",
	[TRIAL_FAILED] = "failed",
};

static const char *const role_names[] = {
	[WINDOW_TIMED] = "timed",
	[WINDOW_COUNTED] = "counted",
};

static const char *const flag_names[] = {
	[WINDOW_LATENCY_INVALID] = "latency_invalid",
	[WINDOW_CLIENT_SATURATED] = "client_saturated",
	[WINDOW_OVERLOAD] = "overload",
	[WINDOW_HALVES_DIFFER] = "halves_differ",
	[WINDOW_CLIENT_BOUND] = "client_bound",
};

/* Where the next reason goes, the others moved out of its way; the last may fall off. */
static char *make_room(struct window *window, bool first)
{
	size_t count = window->reason_count;

	if (count < WINDOW_REASONS_MAX)
		window->reason_count++;
	else
		count--;
	if (!first)
		return window->reasons[count];
	memmove(window->reasons[1], window->reasons[0], count * WINDOW_REASON_BYTES);
	return window->reasons[0];
}

void window_mark(struct window *window, enum trial_status status, const char *format, ...)
{
	char *reason = make_room(window, status > window->status);
	va_list args;

	if (status > window->status)
		window->status = status;
	va_start(args, format);
	vsnprintf(reason, WINDOW_REASON_BYTES, format, args);
	va_end(args);
}

void window_flag(struct window *window, enum window_flag flag, const char *format, ...)
{
	va_list args;

	window->flags[flag] = true;
	va_start(args, format);
	vsnprintf(window->notes[flag], WINDOW_NOTE_BYTES, format, args);
	va_end(args);
}

bool window_throughput_stands(const struct window *window)
{
	return !window->flags[WINDOW_LATENCY_INVALID] &&
	       !window->flags[WINDOW_CLIENT_SATURATED];
}

bool window_latency_stands(const struct window *window)
{
	return window_throughput_stands(window) && !window->flags[WINDOW_OVERLOAD];
}

const struct histogram *window_latency(const struct window *window)
{
	return window->load.open_loop ? &window->load.response : &window->load.service;
}

struct usage window_server_usage(const struct window *window)
{
	return usage_difference(&window->before.usage, &window->after.usage);
}

struct server_counters window_server_counters(const struct window *window)
{
	return server_counters_difference(
		&window->before.counters, &window->after.counters);
}

struct call_counts window_calls(const struct window *window)
{
	return call_counts_difference(&window->before.calls, &window->after.calls);
}

const char *trial_status_name(enum trial_status status)
{
	return status_names[status];
}

const char *window_role_name(enum window_role role)
{
	return role_names[role];
}

const char *window_flag_name(enum window_flag flag)
{
	return flag_names[flag];
}
