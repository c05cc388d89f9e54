/* steal.c - CPU time that a hypervisor gave to others, from /proc/stat. */
#include "harness/machine/steal.h"

#include "common/clock.h"

#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

/* The steal column of a line "cpuN user nice system idle iowait irq softirq steal". */
static bool line_steal(const char *line, int *cpu, uint64_t *ticks)
{
	return sscanf(line, "cpu%d %*u %*u %*u %*u %*u %*u %*u %" SCNu64, cpu, ticks) ==
	       2;
}

bool steal_read(const struct placement *placement, uint64_t *steal_ns)
{
	FILE *file = fopen("/proc/stat", "re");
	long ticks_per_s = sysconf(_SC_CLK_TCK);
	uint64_t ticks, sum = 0;
	char line[512];
	bool known = false;
	int cpu;

	/* The cpus come first; beyond them lines may be longer than this buffer. */
	while (file && fgets(line, sizeof(line), file) && line[0] == 'c') {
		if (!line_steal(line, &cpu, &ticks))
			continue; /* "cpu ", the sum of all */
		if (placement->server_cpu >= 0 && cpu != placement->server_cpu &&
			cpu != placement->load_cpu)
			continue;
		sum += ticks;
		known = true;
	}
	if (file)
		fclose(file);
	*steal_ns = ticks_per_s > 0 ? sum * (NS_PER_S / (uint64_t)ticks_per_s) : 0;
	return known && ticks_per_s > 0;
}
