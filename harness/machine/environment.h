/*
 * environment.h - the machine and the system a run was made on, as far as they bear on
 * its figures. What could not be learned is null.
 */
#ifndef HARNESS_MACHINE_ENVIRONMENT_H
#define HARNESS_MACHINE_ENVIRONMENT_H

#include "harness/machine/placement.h"
#include "harness/syscalls/kernel_count.h"

#include <jansson.h>

/*
 * The environment{} of a result, with warnings[] about what may disturb the figures. Runs
 * gnuplot once to ask for its version, interrupted by cancel_fd.
 */
json_t *environment_describe(const struct placement *placement,
	const struct kernel_tracepoint *tracepoint, int cancel_fd);

#endif
