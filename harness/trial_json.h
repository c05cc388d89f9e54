/* trial_json.h - a window as the JSON record that results/README.md describes. */
#ifndef HARNESS_TRIAL_JSON_H
#define HARNESS_TRIAL_JSON_H

#include "harness/trial.h"

#include <jansson.h>

/* A new object. What was not measured is null. */
json_t *trial_to_json(const struct trial *trial, enum window_role role);

/* "2.07": the block and the place in it. */
json_t *trial_id(const struct trial *trial);

#endif
