/*
 * resume.h - a run made in several sessions: what the folder must hold for that, and
 * going on with one that was cut short, be it by Ctrl-C, kill -9 or the mains.
 *
 * A run leaves its plan (plan.json) before the first trial, a line for each session
 * (sessions.jsonl), and its trials (trials.jsonl) as they end. The plan with its seed
 * decides which trials come in which order, so what is missing is known exactly.
 */
#ifndef HARNESS_RUN_RESUME_H
#define HARNESS_RUN_RESUME_H

#include "harness/run/run.h"

#include "common/problem.h"

/*
 * Takes the finished trials of an open store into run->done and run->summary. A last line
 * or trial that is not whole is cut off, and those that failed are moved to failed.jsonl
 * and made again; both are said. 0, or -errno with problem
 * (-EBADMSG: the trials are of another plan, machine or version).
 */
int resume_take_trials(struct run *run, struct problem *problem);

/* Notes that a session begins, with what it runs on: also into run->sessions. */
int resume_begin_session(struct run *run, struct problem *problem);

/* Leaves the plan in the folder. All: 0 or -errno with problem. */
int resume_write_plan(struct run *run, struct problem *problem);

#endif
