/*
 * control.h - the --control protocol: commands as JSON lines come in, events go out.
 *
 * {"cmd":"run","duration_ns":D} or {"cmd":"run","requests":K} answers with a done event,
 * {"cmd":"stop"} or the end of the commands with a stopped event, and anything else with
 * an error event after which the next command is taken. With "rate":R, and "arrival":
 * "constant" or "poisson", a run is an open loop.
 */
#ifndef LOADGEN_CONTROL_H
#define LOADGEN_CONTROL_H

#include "common/problem.h"
#include "loadgen/engine.h"
#include "loadgen/load.h"

/*
 * Serves commands from in_fd until it is told to stop; *result is its scratch. 0, or
 * -errno with problem. Closing everything is left to the caller, and so is the stopped
 * event after it.
 */
int control_serve(struct load *load, int in_fd, int out_fd, struct engine_result *result,
	struct problem *problem);

#endif
