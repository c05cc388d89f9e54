/* steal.h - CPU time that a hypervisor gave to others while a cpu here wanted it. */
#ifndef HARNESS_MACHINE_STEAL_H
#define HARNESS_MACHINE_STEAL_H

#include "harness/machine/placement.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * The sum so far over the cpus of the placement, all of them when nothing is pinned, in
 * steps of a clock tick (proc_stat(5)). False: it cannot be read.
 */
bool steal_read(const struct placement *placement, uint64_t *steal_ns);

#endif
