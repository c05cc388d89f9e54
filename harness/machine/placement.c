/* placement.c - on which cores server and load generator run. */
#include "harness/machine/placement.h"

#include "common/cpu.h"

#include <errno.h>
#include <string.h>

struct placement_entry {
	const char *name;
	const char *words;
	size_t cpus_needed;
};

static const struct placement_entry entries[] = {
	[PLACEMENT_SAME_CORE] = {"same-core", "same core", 1},
	[PLACEMENT_CROSS_CORE] = {"cross-core", "two cores", 2},
	[PLACEMENT_NONE] = {"none", "unpinned", 0},
};

int placement_parse(const char *name, enum placement_kind *kind, struct problem *problem)
{
	for (size_t i = 0; i < sizeof(entries) / sizeof(*entries); i++)
		if (strcmp(entries[i].name, name) == 0) {
			*kind = (enum placement_kind)i;
			return 0;
		}
	return problem_set(problem, -EINVAL,
		"--placement takes same-core, cross-core or none, not '%.40s'", name);
}

const char *placement_name(enum placement_kind kind)
{
	return entries[kind].name;
}

const char *placement_words(enum placement_kind kind)
{
	return entries[kind].words;
}

int placement_choose(
	struct placement *placement, enum placement_kind kind, struct problem *problem)
{
	int cpus[CPUS_MAX];
	int count = cpu_allowed(cpus, CPUS_MAX);

	*placement = (struct placement){.kind = kind, .server_cpu = -1, .load_cpu = -1};
	if (count < 0 ||
		sched_getaffinity(0, sizeof(placement->allowed), &placement->allowed) < 0)
		return problem_set(
			problem, -ENODEV, "cannot learn which cpus are allowed");
	placement->allowed_count = (size_t)count;
	if (placement->allowed_count < entries[kind].cpus_needed)
		return problem_set(problem, -ENODEV,
			"--placement %s needs two cpus and only %d is allowed here: use "
			"--placement same-core, or allow more (taskset, the container's "
			"cpuset)",
			entries[kind].name, count);
	if (kind == PLACEMENT_NONE)
		return 0;
	placement->server_cpu = cpus[count - 1];
	placement->load_cpu = cpus[count - (int)entries[kind].cpus_needed];
	return 0;
}

int placement_step_aside(const struct placement *placement)
{
	cpu_set_t rest = placement->allowed;

	if (placement->kind == PLACEMENT_NONE)
		return 0;
	CPU_CLR((size_t)placement->server_cpu, &rest);
	CPU_CLR((size_t)placement->load_cpu, &rest);
	if (CPU_COUNT(&rest) == 0)
		return 1;
	return sched_setaffinity(0, sizeof(rest), &rest) < 0 ? -errno : 0;
}
