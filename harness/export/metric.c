/* metric.c - the figures that `muxbench export` derives from a trial. */
#include "harness/export/metric.h"

#include "common/parse.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

static const struct export_metric_info metrics[EXPORT_METRIC_COUNT] = {
	[EXPORT_CPU] =
		{
			.name = "cpu",
			.key = "server_cpu_ns_per_request",
			.unit = "server-cpu-ns/op",
			.title = "server CPU a request",
			.time_ns = true,
		},
	[EXPORT_CONNECTION_CPU] =
		{
			.name = "connection-cpu",
			.key = "server_cpu_ns_per_connection",
			.unit = "server-cpu-ns/conn",
			.title = "server CPU a connection",
			.time_ns = true,
		},
	[EXPORT_WALL] =
		{
			.name = "wall",
			.key = "wall_ns_per_request",
			.unit = "wall-ns/op",
			.title = "time a request",
			.time_ns = true,
		},
	[EXPORT_P50] =
		{
			.name = "p50",
			.key = "latency_p50_ns",
			.unit = "p50-ns",
			.title = "p50",
			.time_ns = true,
		},
	[EXPORT_P99] =
		{
			.name = "p99",
			.key = "latency_p99_ns",
			.unit = "p99-ns",
			.title = "p99",
			.time_ns = true,
		},
	[EXPORT_RATE] =
		{
			.name = "rate",
			.key = "requests_per_second",
			.unit = "req/s",
			.title = "requests/s",
			.more_is_better = true,
		},
	[EXPORT_SYSCALLS] =
		{
			.name = "syscalls",
			.key = "syscalls_per_request",
			.unit = "syscalls/op",
			.title = "system calls a request",
			.exact = true,
		},
	[EXPORT_CALLS] =
		{
			.name = "calls",
			.key = "server_calls_per_request",
			.unit = "calls/op",
			.title = "calls a request, as the server counts",
			.exact = true,
		},
};

const struct export_metric_info *export_metric_info(enum export_metric metric)
{
	return &metrics[metric];
}

static int add_named(const char *name, unsigned *set, struct problem *problem)
{
	for (int m = 0; m < EXPORT_METRIC_COUNT; m++)
		if (strcmp(metrics[m].name, name) == 0) {
			*set |= EXPORT_BIT(m);
			return 0;
		}
	return problem_set(
		problem, -EINVAL, "there is no metric '%.40s' (see --help)", name);
}

int export_metrics_parse(const char *text, unsigned *set, struct problem *problem)
{
	const char *names[EXPORT_METRIC_COUNT];
	char *copy = NULL;
	size_t count = 0;
	int error = parse_name_list(
		"--metric", text, names, EXPORT_METRIC_COUNT, &count, &copy, problem);

	*set = 0;
	for (size_t i = 0; i < count && error == 0; i++)
		error = add_named(names[i], set, problem);
	free(copy);
	return error;
}
