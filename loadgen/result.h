/* result.h - what muxbench-load says, as JSON. The caller owns what is returned. */
#ifndef LOADGEN_RESULT_H
#define LOADGEN_RESULT_H

#include "loadgen/engine.h"
#include "loadgen/load.h"
#include "loadgen/options.h"

#include <jansson.h>

/* {"event":"connected",...}: who holds how many connections, and the limits. */
json_t *result_connected(const struct load *load, const struct options *options);

/* {"event":"done",...}: what a window brought. */
json_t *result_done(const struct engine_result *result);

/* {"event":"unsupported","engine":...,"reason":...}: this machine cannot run it. */
json_t *result_unsupported(enum engine_kind engine, const char *reason);

/* {"event":"error","reason":...}. */
json_t *result_error(const char *reason);

#endif
