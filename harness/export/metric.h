/* metric.h - the figures that `muxbench export` derives from a trial. */
#ifndef HARNESS_EXPORT_METRIC_H
#define HARNESS_EXPORT_METRIC_H

#include "common/problem.h"

#include <stdbool.h>

enum export_metric {
	EXPORT_CPU,            /* timed window: server CPU ns a request */
	EXPORT_CONNECTION_CPU, /* the same a connection, where they are opened (churn) */
	EXPORT_WALL,           /* ns of the window a request */
	EXPORT_P50,            /* response time in an open loop, else service time */
	EXPORT_P99,
	EXPORT_RATE,     /* requests completed a second */
	EXPORT_SYSCALLS, /* counted window: the kernel's count a request */
	EXPORT_CALLS,    /* the server's own count a request */
	EXPORT_METRIC_COUNT
};

/* A set of them: bit 1u << metric. */
#define EXPORT_BIT(metric) (1u << (metric))

struct export_metric_info {
	const char *name;  /* of --metric */
	const char *key;   /* of a member in JSON */
	const char *unit;  /* of the Go benchmark format; never changes its meaning */
	const char *title; /* of a column, for people */
	bool time_ns;
	bool more_is_better;
	bool exact; /* counted in lockstep: no spread is expected */
};

const struct export_metric_info *export_metric_info(enum export_metric metric);

/* "cpu,p50" into a set. 0, or -EINVAL with problem. */
int export_metrics_parse(const char *text, unsigned *metrics, struct problem *problem);

#endif
