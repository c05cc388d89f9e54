/*
 * plan.h - which trials a run makes, and in which order.
 *
 * A run has R complete blocks; each holds every cell (a backend with one number from each
 * axis) exactly once, in random order, so that what drifts during a run (temperature,
 * neighbours on the machine) falls on all cells alike; R blocks give R values a cell.
 *
 * One axis is the x axis, along which a curve is drawn: idle connections, unless only
 * others have several values. All combinations of the other axes are the groups: each has
 * a table and pictures of its own.
 */
#ifndef HARNESS_TRIAL_PLAN_H
#define HARNESS_TRIAL_PLAN_H

#include "common/problem.h"

#include <stddef.h>
#include <stdint.h>

enum { PLAN_TRIALS_MAX = 100000 };

enum plan_axis {
	PLAN_IDLE,
	PLAN_ACTIVE,
	PLAN_MESSAGE_BYTES,
	PLAN_PIPELINE,
	PLAN_RATE,
	PLAN_AXES
};

/* Rising. The array stays the caller's and must outlive the plan. */
struct plan_list {
	const uint64_t *values;
	size_t count; /* 0: the one value that cell_default has for the axis */
};

/* What a plan multiplies out; the arrays stay the caller's and must outlive it. */
struct plan_axes {
	const char *const *backends;
	size_t backend_count;
	struct plan_list lists[PLAN_AXES];
	uint64_t blocks;
	uint64_t seed;
};

struct cell {
	const char *backend;
	uint64_t connections_idle;
	uint64_t connections_active;
	uint64_t message_bytes;
	uint64_t pipeline; /* requests in flight on each active connection */
	uint64_t rate;     /* requests a second in all (open loop); 0: closed loop */
};

/* No idle, 1 active connection, 64 bytes, one in flight, closed loop. */
extern const struct cell cell_default;

struct plan {
	struct plan_axes axes;
	enum plan_axis x;
	size_t x_count;
	size_t group_count;
	struct cell *cells; /* by backend, within it by group, within it along x */
	size_t cell_count;
	uint32_t *order;    /* block by block, indexes into cells */
	size_t trial_count; /* cell_count * blocks */
};

/* 0, or -EINVAL (too many trials) or -ENOMEM with problem. */
int plan_make(struct plan *plan, const struct plan_axes *axes, struct problem *problem);
void plan_free(struct plan *plan);

/* The index of a cell from the backend's index, the group and the place along x. */
size_t plan_cell(const struct plan *plan, size_t backend, size_t group, size_t x);

/* The index of the cell with all that other says, cell_count when there is none. */
size_t plan_find(const struct plan *plan, const struct cell *other);

/* One number of a cell. */
uint64_t cell_number(const struct cell *cell, enum plan_axis axis);
void cell_set_number(struct cell *cell, enum plan_axis axis, uint64_t number);

/* Its name in JSON, such as "connections_idle". */
const char *plan_axis_name(enum plan_axis axis);

/* "1,000 idle", "64 bytes", "4 in flight", "5,000 requests/s". */
void plan_number_text(enum plan_axis axis, uint64_t number, char *text, size_t text_size);

/*
 * What all cells of a group have in common, for people: "64 bytes, 1 active", and idle
 * connections, pipeline and rate where they are not what goes without saying.
 */
void plan_group_text(const struct plan *plan, size_t group, char *text, size_t text_size);

/*
 * What tells a group from the first one, for a file name: "" for the first, "-active-100"
 * for another.
 */
void plan_group_suffix(
	const struct plan *plan, size_t group, char *text, size_t text_size);

#endif
