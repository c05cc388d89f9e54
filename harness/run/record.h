/* record.h - the run{} and config{} of a result: what was asked for, and when. */
#ifndef HARNESS_RUN_RECORD_H
#define HARNESS_RUN_RECORD_H

#include "harness/run/options.h"
#include "harness/trial/plan.h"

#include <jansson.h>
#include <stdbool.h>
#include <time.h>

struct run_facts {
	int argc; /* of the subcommand */
	char *const *argv;
	time_t started;
	bool interrupted;
};

/* The end of the run is now. sessions[] is what resume.h made; it stays the caller's. */
json_t *run_record(const struct run_facts *facts, const struct run_options *options,
	json_t *sessions);

json_t *run_config(const struct run_options *options, const struct plan_axes *axes);

#endif
