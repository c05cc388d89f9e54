/* gauge.h - what a case reads off the server's processes. Bools as in scene.h. */
#ifndef HARNESS_CONFORM_GAUGE_H
#define HARNESS_CONFORM_GAUGE_H

#include "harness/conform/scene.h"
#include "harness/process/tree.h"

#include <stdbool.h>
#include <stdint.h>

/* A server that is gone fails the case; one that we may not look into skips it. */
bool gauge_census(struct scene *scene, struct tree_census *census);

/* CPU time of all its processes over a window, in percent of one core. */
bool gauge_cpu_percent(struct scene *scene, uint64_t window_ns, double *percent);

#endif
