/*
 * plan_file.h - options of `muxbench run` in a JSON file: an object whose keys are the
 * names of options without the dashes (docs/reference/plan.md). Every run leaves the plan
 * it followed in its folder, complete, so that it can be resumed or repeated.
 */
#ifndef HARNESS_RUN_PLAN_FILE_H
#define HARNESS_RUN_PLAN_FILE_H

#include "harness/run/options.h"
#include "harness/store.h"

#include "common/problem.h"

#include <jansson.h>
#include <stdbool.h>

/*
 * Takes what the file (or, with in_folder, the plan of the run in that folder) says into
 * options, as if it stood on the command line. 0, or -EINVAL with problem: unreadable, an
 * unknown key, a wrong type, a value out of range.
 */
int plan_file_take(struct run_options *options, const char *path, bool in_folder,
	struct problem *problem);

/* All that decides what is measured, as a new object that plan_file_take() takes. */
json_t *plan_file_json(const struct run_options *options);

/* 0 when the run in folder was begun with the same options; else -EINVAL with problem. */
int plan_file_compare(
	const struct run_options *options, const char *folder, struct problem *problem);

#endif
