/*
 * trial_json.h - a window as the JSON record that results/README.md describes, and back.
 */
#ifndef HARNESS_TRIAL_TRIAL_JSON_H
#define HARNESS_TRIAL_TRIAL_JSON_H

#include "harness/trial/trial.h"

#include <jansson.h>

/* A new object. What was not measured is null. */
json_t *trial_to_json(const struct trial *trial, enum window_role role);

/*
 * The reverse: takes one record into the window of its role, and what it says of the
 * whole trial into trial. Read so, before is 0 and after holds the differences; what a
 * record does not hold (the middle, the setup, the placement) is left as it was.
 * trial->cell.backend points into record. 0, or -EBADMSG with a problem that names the
 * member.
 */
int trial_from_json(struct trial *trial, const json_t *record, enum window_role *role,
	struct problem *problem);

/* "2.07": the block and the place in it. */
json_t *trial_id(const struct trial *trial);

#endif
