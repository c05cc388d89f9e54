/* content.h - what stands in a report, from the top to the end. */
#ifndef HARNESS_REPORT_CONTENT_H
#define HARNESS_REPORT_CONTENT_H

#include "harness/report/data.h"
#include "harness/report/writer.h"

/* More groups than these have no pictures and tables of their own; the text says so. */
enum { REPORT_GROUPS_MAX = 12 };

void report_content(struct report *report, struct report_writer *writer);

/* ---- its sections, one file each ---- */

/* verdicts.c: sentences, and the figures they rest on. */
void content_verdicts(struct report *report, struct report_writer *writer);
void content_verdict_figures(struct report *report, struct report_writer *writer);

/* costs.c: medians with intervals. */
void content_costs(struct report *report, struct report_writer *writer);

/* counts.c: calls by name, and what else was counted. */
void content_counts(struct report *report, struct report_writer *writer);

/* machine.c: where it ran, and how to repeat it. */
void content_machine(struct report *report, struct report_writer *writer);
void content_repeat(struct report *report, struct report_writer *writer);

/* trials.c: what is in no figure, what is doubtful, and every trial. */
void content_warnings(struct report *report, struct report_writer *writer);
void content_trials(struct report *report, struct report_writer *writer);

/* How many groups are shown. */
size_t content_groups(const struct report *report);

/* Every group that is shown, under its heading; beyond the second on demand. */
void content_each_group(struct report *report, struct report_writer *writer,
	void (*content)(
		struct report *report, struct report_writer *writer, size_t group));

/* A heading over what belongs to one group, where there are several. */
void content_group_heading(
	struct report *report, struct report_writer *writer, size_t group);

/* A table with a first column for backends, and one a place along x. */
struct report_table content_table(struct report *report, size_t group, const char *title);

#endif
