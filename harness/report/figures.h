/* figures.h - the pictures of a report. */
#ifndef HARNESS_REPORT_FIGURES_H
#define HARNESS_REPORT_FIGURES_H

#include "harness/report/data.h"
#include "harness/report/writer.h"

/* Of one group: cost, latency, spectrum, calls, ratios; those there are data for. */
void figures_of_group(struct report *report, struct report_writer *writer, size_t group);

/* Of the whole run: throughput against latency where rates were swept, and run order. */
void figures_of_run(struct report *report, struct report_writer *writer);

/* What latency means in that group, a sentence or two. */
const char *figure_latency_words(const struct report *report, size_t group);

#endif
