/* record.c - what `muxbench counts` learns of one backend in one pass. */
#include "harness/counts/record.h"

#include "harness/syscalls/names.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* What the kernel enters after a stop, in the place of the wait that was interrupted. */
static const char *const restarted_as[] = {
	"restart_syscall", /* poll(2): it goes on with the time that was left */
	"poll",
	"ppoll",
	"select",
	"pselect6",
	"epoll_wait",
	"epoll_pwait",
	"epoll_pwait2",
	"io_uring_enter",
};

const char *counts_role_name(enum counts_role role)
{
	return role == COUNTS_LOCKSTEP ? "lockstep" : "batch";
}

/* The server's account under the names that the kernel uses on this machine. */
static struct call_counts by_kernel_name(const struct call_counts *calls)
{
	struct call_counts named = {.length = calls->length};

	for (size_t i = 0; i < calls->length; i++) {
		named.calls[i].count = calls->calls[i].count;
		snprintf(named.calls[i].name, CALL_NAME_BYTES, "%s",
			syscall_names_in_kernel(calls->calls[i].name));
	}
	return named;
}

static bool may_be_restart(const struct counts_record *record, const char *name)
{
	if (record->role != COUNTS_BATCH ||
		record->waits_restarted >= record->server.worker_count)
		return false;
	for (size_t i = 0; i < sizeof(restarted_as) / sizeof(*restarted_as); i++)
		if (strcmp(restarted_as[i], name) == 0)
			return true;
	return false;
}

static void check_name(
	struct counts_record *record, const char *name, uint64_t kernel, uint64_t server)
{
	if (kernel == server + 1 && may_be_restart(record, name))
		record->waits_restarted++;
	else if (kernel != server)
		window_mark(&record->window, TRIAL_INVALID,
			"%s: the kernel counted %" PRIu64 ", the server says %" PRIu64,
			name, kernel, server);
}

void counts_record_check(struct counts_record *record)
{
	struct call_counts calls = window_calls(&record->window);
	struct call_counts server = by_kernel_name(&calls);
	const struct call_counts *kernel = &record->syscalls;

	record->waits_restarted = 0;
	for (size_t i = 0; i < kernel->length; i++)
		check_name(record, kernel->calls[i].name, kernel->calls[i].count,
			call_counts_get(&server, kernel->calls[i].name));
	for (size_t i = 0; i < server.length; i++)
		if (call_counts_get(kernel, server.calls[i].name) == 0)
			check_name(
				record, server.calls[i].name, 0, server.calls[i].count);
}

struct call_counts counts_record_calls(const struct counts_record *record)
{
	return record->window.kernel_counted ? record->syscalls
					     : window_calls(&record->window);
}

static uint64_t greatest_common_divisor(uint64_t a, uint64_t b)
{
	while (b > 0) {
		uint64_t rest = a % b;

		a = b;
		b = rest;
	}
	return a;
}

void counts_ratio(uint64_t count, uint64_t per, char text[COUNTS_RATIO_BYTES])
{
	uint64_t divisor = greatest_common_divisor(count, per);

	if (per == 0)
		snprintf(text, COUNTS_RATIO_BYTES, "-");
	else if (per == divisor)
		snprintf(text, COUNTS_RATIO_BYTES, "%" PRIu64, count / per);
	else
		snprintf(text, COUNTS_RATIO_BYTES, "%" PRIu64 "/%" PRIu64,
			count / divisor, per / divisor);
}
