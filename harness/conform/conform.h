/* conform.h - one run of the suite: what was asked, the server, and what was seen. */
#ifndef HARNESS_CONFORM_CONFORM_H
#define HARNESS_CONFORM_CONFORM_H

#include "common/problem.h"
#include "harness/conform/case.h"
#include "harness/conform/options.h"
#include "harness/conform/verdict.h"
#include "harness/process/target.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>
#include <time.h>

struct conform_result {
	const struct conform_case *conform_case;
	struct verdict verdict;
	uint64_t duration_ns;
};

struct conform {
	int argc;
	char **argv;
	time_t started;
	struct conform_options options;
	int cancel_fd;
	struct rlimit descriptors; /* as they were before we raised ours */
	struct endpoint endpoint;  /* of HOST:PORT */
	struct target target;      /* that most cases share */
	bool target_up;
	uint64_t clients_made;
	struct conform_result results[CASES_MAX];
	size_t result_count;
	char ended[600]; /* where and how the server ended unasked; "" */
	bool complete;   /* no case is missing that was asked for */
};

/* ---- runner.c ---- */

/* Finds or starts the server that the cases share. 0, -ECANCELED, or -errno, problem. */
int conform_start(struct conform *conform, struct problem *problem);

/* Runs the cases that were asked for. 0, -ECANCELED, or -EIO: stdout takes no lines. */
int conform_run_cases(struct conform *conform);

/* Nothing that was started is left behind it. */
void conform_end(struct conform *conform);

/* ---- report.c ---- */

void conform_report_list(FILE *out);

/* A name while its case runs, for a terminal; the line that takes its place; the total.
 */
void conform_report_begin(const struct conform *conform, const char *name);
void conform_report_result(
	const struct conform *conform, const struct conform_result *result);
void conform_report_total(const struct conform *conform);

size_t conform_count(const struct conform *conform, enum verdict_status status);

/* The whole run; NULL: out of memory. */
json_t *conform_json(const struct conform *conform);

#endif
