/*
 * setting.h - what a trial was told to do: trials that agree in all of it repeat
 * each other and may be put together; no other ones may.
 */
#ifndef HARNESS_EXPORT_SETTING_H
#define HARNESS_EXPORT_SETTING_H

#include "common/problem.h"

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

/* The strings belong to the trial record it was read from. */
struct export_setting {
	size_t backend_rank; /* its place in config.backends */
	const char *backend;
	const char *workload;
	const char *placement;
	const char *sched; /* the scheduler's class */
	const char *active_set;
	const char *engine; /* the load generator's */
	uint64_t message_bytes;
	uint64_t pipeline;
	uint64_t churn_requests; /* a connection; 0: they stay */
	uint64_t connections_active;
	uint64_t connections_idle;
	const char *arrival; /* "closed" without a rate */
	double rate_per_s;   /* 0: closed loop */
};

/*
 * From a trial record; config may be NULL. Members that older results lack have the value
 * that was the only one then. 0, or -EBADMSG with a line that names the key.
 */
int export_setting_read(struct export_setting *setting, const json_t *record,
	const json_t *config, struct problem *problem);

/* Below, 0, or above 0, as qsort(3) wants it: by backend, ... active, idle, rate. */
int export_setting_compare(
	const struct export_setting *a, const struct export_setting *b);

/*
 * "Echo/backend=poll/idle=1000/active=1", and behind it only what is not as usual, such
 * as "/bytes=1024/pipeline=16/set=spread": the same work has the same name in every run.
 * No blank and no slash but those that part it; what else a backend's name may hold is
 * written as %XX. A new string, or NULL without memory.
 */
char *export_setting_name(const struct export_setting *setting);

/* What stands behind active=A in the name, without its first slash; "" if all is usual.
 */
char *export_setting_unusual(const struct export_setting *setting);

#endif
