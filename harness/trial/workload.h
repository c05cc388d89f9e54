/*
 * workload.h - what the load generator does on its connections, beside the numbers of a
 * cell: the same for a whole run, for results of different workloads are different
 * experiments and never share a curve.
 */
#ifndef HARNESS_TRIAL_WORKLOAD_H
#define HARNESS_TRIAL_WORKLOAD_H

#include "common/problem.h"

#include <stddef.h>
#include <stdint.h>

enum workload_kind {
	WORKLOAD_ECHO,  /* requests over connections that stay */
	WORKLOAD_CHURN, /* connect, churn_requests echoes, close; again and again */
};

/* Which connections the requests go to. */
enum active_set {
	ACTIVE_SET_FIXED,  /* always the same: their memory stays in the cache */
	ACTIVE_SET_SPREAD, /* each request to one drawn from all, idle or active */
};

/* In an open loop, when requests are due. */
enum arrival {
	ARRIVAL_CONSTANT,
	ARRIVAL_POISSON,
};

/* How the load generator waits and moves bytes. */
enum engine {
	ENGINE_EPOLL,
	ENGINE_IO_URING,
};

struct workload {
	enum workload_kind kind;
	enum engine engine;
	enum active_set active_set;
	enum arrival arrival;
	uint64_t churn_requests; /* echoes a connection, where it is churn */
};

/* Each: 0, or -EINVAL with problem when there is none of that name. */
int workload_kind_parse(
	const char *name, enum workload_kind *kind, struct problem *problem);
int active_set_parse(const char *name, enum active_set *set, struct problem *problem);
int arrival_parse(const char *name, enum arrival *arrival, struct problem *problem);
int engine_parse(const char *name, enum engine *engine, struct problem *problem);

/* As given on the command line, and as in a record. */
const char *workload_kind_name(enum workload_kind kind);
const char *active_set_name(enum active_set set);
const char *arrival_name(enum arrival arrival);
const char *engine_name(enum engine engine);

/* What the server CPU is divided by: "request" or "connection". */
const char *workload_unit(const struct workload *workload);

#endif
