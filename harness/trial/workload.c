/* workload.c - what the load generator does on its connections. */
#include "harness/trial/workload.h"

#include <errno.h>
#include <string.h>

static const char *const kinds[] = {
	[WORKLOAD_ECHO] = "echo",
	[WORKLOAD_CHURN] = "churn",
};

static const char *const sets[] = {
	[ACTIVE_SET_FIXED] = "fixed",
	[ACTIVE_SET_SPREAD] = "spread",
};

static const char *const arrivals[] = {
	[ARRIVAL_CONSTANT] = "constant",
	[ARRIVAL_POISSON] = "poisson",
};

static const char *const engines[] = {
	[ENGINE_EPOLL] = "epoll",
	[ENGINE_IO_URING] = "io_uring",
};

/* All of these have two names. */
static int parse(const char *option, const char *const names[2], const char *name,
	int *index, struct problem *problem)
{
	for (*index = 0; *index < 2; ++*index)
		if (strcmp(names[*index], name) == 0)
			return 0;
	return problem_set(problem, -EINVAL, "%s takes %s or %s, not '%.40s'", option,
		names[0], names[1], name);
}

int workload_kind_parse(
	const char *name, enum workload_kind *kind, struct problem *problem)
{
	int index, error = parse("--workload", kinds, name, &index, problem);

	*kind = (enum workload_kind)index;
	return error;
}

int active_set_parse(const char *name, enum active_set *set, struct problem *problem)
{
	int index, error = parse("--active-set", sets, name, &index, problem);

	*set = (enum active_set)index;
	return error;
}

int arrival_parse(const char *name, enum arrival *arrival, struct problem *problem)
{
	int index, error = parse("--arrival", arrivals, name, &index, problem);

	*arrival = (enum arrival)index;
	return error;
}

int engine_parse(const char *name, enum engine *engine, struct problem *problem)
{
	int index, error = parse("--engine", engines, name, &index, problem);

	*engine = (enum engine)index;
	return error;
}

const char *workload_kind_name(enum workload_kind kind)
{
	return kinds[kind];
}

const char *active_set_name(enum active_set set)
{
	return sets[set];
}

const char *arrival_name(enum arrival arrival)
{
	return arrivals[arrival];
}

const char *engine_name(enum engine engine)
{
	return engines[engine];
}

const char *workload_unit(const struct workload *workload)
{
	return workload->kind == WORKLOAD_CHURN ? "connection" : "request";
}
