/* sched_policy.c - who gets a core that several want (sched(7)). */
#include "harness/machine/placement.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct policy_entry {
	const char *name;
	int policy;   /* of the kernel */
	int priority; /* the lowest: it outranks all ordinary threads as it is */
};

static const struct policy_entry entries[] = {
	[SCHED_POLICY_OTHER] = {"other", SCHED_OTHER, 0},
	[SCHED_POLICY_FIFO] = {"fifo", SCHED_FIFO, 1},
};

int sched_parse(const char *name, enum sched_policy *policy, struct problem *problem)
{
	for (size_t i = 0; i < sizeof(entries) / sizeof(*entries); i++)
		if (strcmp(entries[i].name, name) == 0) {
			*policy = (enum sched_policy)i;
			return 0;
		}
	return problem_set(
		problem, -EINVAL, "--sched takes other or fifo, not '%.40s'", name);
}

const char *sched_name(enum sched_policy policy)
{
	return entries[policy].name;
}

static int set(pid_t tid, enum sched_policy policy)
{
	struct sched_param param = {.sched_priority = entries[policy].priority};

	return sched_setscheduler(tid, entries[policy].policy, &param) < 0 ? -errno : 0;
}

int sched_probe(enum sched_policy policy, struct problem *problem)
{
	int error = policy == SCHED_POLICY_OTHER ? 0 : set(0, policy);

	if (error == 0) /* a thread may always step back */
		return policy == SCHED_POLICY_OTHER ? 0 : set(0, SCHED_POLICY_OTHER);
	return problem_set(problem, error,
		"--sched %s is not allowed here: %s (it takes root, CAP_SYS_NICE, or a "
		"limit set with ulimit -r)",
		entries[policy].name, strerror(-error));
}

int sched_set_thread(pid_t tid, enum sched_policy policy, struct problem *problem)
{
	int error = set(tid, policy);

	if (error < 0)
		return problem_set(problem, error, "cannot run thread %d as %s: %s",
			(int)tid, entries[policy].name, strerror(-error));
	return 0;
}

int sched_set_process(pid_t pid, enum sched_policy policy, struct problem *problem)
{
	char path[64];
	int error = 0;

	snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
	DIR *folder = opendir(path);

	if (!folder)
		return problem_set(
			problem, -errno, "cannot read %s: %s", path, strerror(errno));
	for (struct dirent *entry; error == 0 && (entry = readdir(folder));)
		if (entry->d_name[0] != '.')
			error = sched_set_thread(
				(pid_t)atoi(entry->d_name), policy, problem);
	closedir(folder);
	return error;
}
