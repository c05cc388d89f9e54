/* cpu.c - which cores this process may use, and staying on one of them. */
#include "common/cpu.h"

#include <errno.h>
#include <sched.h>

int cpu_allowed(int *cpus, size_t capacity)
{
	cpu_set_t set;
	size_t count = 0;

	if (sched_getaffinity(0, sizeof(set), &set) < 0)
		return -errno;
	for (int cpu = 0; cpu < CPU_SETSIZE && count < capacity; cpu++)
		if (CPU_ISSET((size_t)cpu, &set))
			cpus[count++] = cpu;
	return (int)count;
}

int cpu_pin_self(int cpu)
{
	cpu_set_t set;

	if (cpu < 0 || cpu >= CPU_SETSIZE)
		return -EINVAL;
	CPU_ZERO(&set);
	CPU_SET((size_t)cpu, &set);
	return sched_setaffinity(0, sizeof(set), &set) < 0 ? -errno : 0;
}
