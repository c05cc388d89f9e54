/*
 * load.h - everything that is connected to the server: the active connections of this
 * process, the idle ones here and in further processes, and the loop over the active.
 */
#ifndef LOADGEN_LOAD_H
#define LOADGEN_LOAD_H

#include "common/problem.h"
#include "loadgen/connections.h"
#include "loadgen/engine.h"
#include "loadgen/holders.h"
#include "loadgen/options.h"
#include "loadgen/payload.h"

#include <stdbool.h>
#include <stdint.h>

/* Connection numbers run from the active ones over the idle ones here to the holders'. */
struct load {
	struct payload payload;
	struct connector connector;
	struct connections active; /* spread: the idle ones too; churn: only places */
	struct connections idle;   /* of this process, and never sent to */
	struct holders holders;
	struct engine *engine;
	bool is_churn;
	uint64_t connect_ns; /* what opening, and proving, took */
	uint64_t descriptors_soft;
	uint64_t descriptors_hard;
};

/*
 * Plans who holds what, and opens it all: the active connections first, so that they are
 * the server's first ones whatever the number of idle ones. 0, or -errno with problem;
 * nothing is open then. load must stay where it is until load_close().
 */
int load_open(struct load *load, const struct options *options,
	const struct connections_progress *progress, struct problem *problem);

/* One window as engine_run() does it, then the idle connections are looked after. */
int load_run(struct load *load, const struct engine_window *window,
	const struct engine_stop *stop, struct engine_result *result,
	struct problem *problem);

void load_close(struct load *load);

#endif
