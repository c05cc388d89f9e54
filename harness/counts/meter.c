/* meter.c - the kernel's count of a thread's system calls by name. */
#include "harness/counts/meter.h"

#include "common/usage.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const char *const method_names[] = {
	[COUNTS_METHOD_AUTO] = "auto",
	[COUNTS_METHOD_PERF] = "perf",
	[COUNTS_METHOD_PTRACE] = "ptrace",
};

int counts_method_parse(
	const char *name, enum counts_method *method, struct problem *problem)
{
	for (size_t i = 0; i < sizeof(method_names) / sizeof(*method_names); i++)
		if (strcmp(method_names[i], name) == 0) {
			*method = (enum counts_method)i;
			return 0;
		}
	return problem_set(problem, -EINVAL,
		"--method takes auto, perf or ptrace, not '%.40s'", name);
}

const char *counts_method_name(enum counts_method method)
{
	return method_names[method];
}

static void detach_perf(struct counts_meter *meter)
{
	size_t names;

	syscall_names(&names);
	kernel_count_detach(&meter->total);
	for (size_t i = 0; i < names; i++)
		kernel_count_detach(&meter->by_name[i]);
}

static int attach_perf(struct counts_meter *meter,
	const struct kernel_tracepoint *tracepoint, const pid_t *tids, size_t tid_count,
	struct problem *problem)
{
	size_t names;
	const struct syscall_name *list = syscall_names(&names);

	memset(meter, 0, sizeof(*meter));
	int error =
		kernel_count_attach(&meter->total, tracepoint, tids, tid_count, problem);

	for (size_t i = 0; i < names && error == 0; i++)
		error = kernel_count_attach_number(&meter->by_name[i], tracepoint, tids,
			tid_count, list[i].number, problem);
	if (error < 0)
		detach_perf(meter);
	return error;
}

int counts_meter_attach(struct counts_meter *meter, enum counts_method method,
	const struct kernel_tracepoint *tracepoint, const pid_t *tids, size_t tid_count,
	struct problem *problem)
{
	struct problem perf = {""}, traced = {""};
	int error = -ENOTSUP;

	if (method != COUNTS_METHOD_PTRACE) {
		error = attach_perf(meter, tracepoint, tids, tid_count, &perf);
		meter->method = COUNTS_METHOD_PERF;
	}
	if (error < 0 && method != COUNTS_METHOD_PERF) {
		error = ptrace_count_attach(&meter->traced, tids, tid_count, &traced);
		meter->method = COUNTS_METHOD_PTRACE;
	}
	meter->attached = error == 0;
	if (error == 0)
		return 0;
	return problem_set(problem, error, "%.240s%s%.240s", perf.text,
		*perf.text && *traced.text ? "; " : "", traced.text);
}

const char *counts_meter_words(const struct counts_meter *meter)
{
	return meter->method == COUNTS_METHOD_PERF ? KERNEL_COUNT_METHOD
						   : PTRACE_COUNT_METHOD;
}

struct child_service counts_meter_service(struct counts_meter *meter)
{
	struct child_service service = {.fd = -1};

	if (meter->attached && meter->method == COUNTS_METHOD_PTRACE)
		service = (struct child_service){
			.fd = meter->traced.fd,
			.serve = ptrace_count_serve,
			.context = &meter->traced,
		};
	return service;
}

bool counts_meter_stopped(struct counts_meter *meter, pid_t pid, pid_t tid)
{
	if (!meter->attached || meter->method == COUNTS_METHOD_PERF)
		return usage_thread_state(pid, tid) == 'T';
	ptrace_count_serve(&meter->traced);
	return ptrace_count_all_stopped(&meter->traced);
}

static int read_perf(const struct counts_meter *meter, struct counts_reading *reading,
	struct problem *problem)
{
	size_t names;

	syscall_names(&names);
	int error = kernel_count_read(&meter->total, &reading->total, problem);

	for (size_t i = 0; i < names && error == 0; i++)
		error = kernel_count_read(
			&meter->by_name[i], &reading->by_name[i], problem);
	return error;
}

int counts_meter_read(struct counts_meter *meter, struct counts_reading *reading,
	struct problem *problem)
{
	memset(reading, 0, sizeof(*reading));
	if (meter->method == COUNTS_METHOD_PERF)
		return read_perf(meter, reading, problem);
	int error = ptrace_count_check(&meter->traced, problem);

	reading->total = meter->traced.total;
	memcpy(reading->by_name, meter->traced.by_name, sizeof(reading->by_name));
	return error;
}

void counts_meter_detach(struct counts_meter *meter)
{
	if (!meter->attached)
		return;
	if (meter->method == COUNTS_METHOD_PERF)
		detach_perf(meter);
	else
		ptrace_count_detach(&meter->traced);
	meter->attached = false;
}

static void add(struct call_counts *counts, const char *name, uint64_t count)
{
	struct call_count *call = &counts->calls[counts->length++];

	snprintf(call->name, sizeof(call->name), "%s", name);
	call->count = count;
}

struct call_counts counts_reading_difference(
	const struct counts_reading *before, const struct counts_reading *after)
{
	struct call_counts counts = {0};
	uint64_t unnamed = after->total - before->total;
	size_t names;
	const struct syscall_name *list = syscall_names(&names);

	for (size_t i = 0; i < names && counts.length < CALL_NAMES_MAX - 1; i++) {
		uint64_t count = after->by_name[i] - before->by_name[i];

		if (count > 0)
			add(&counts, list[i].name, count);
		unnamed -= count;
	}
	if (unnamed > 0)
		add(&counts, "other", unnamed);
	return counts;
}
