/* figure.h - what the files of the pictures, report_figure_*.c, share. */
#ifndef HARNESS_REPORT_FIGURE_H
#define HARNESS_REPORT_FIGURE_H

#include "harness/report/data.h"
#include "harness/report/figures.h"
#include "harness/report/numbers.h"
#include "harness/report/writer.h"

/* ---- the pictures, one file each ---- */

void figure_cost(struct report *report, struct report_writer *writer, size_t group);
void figure_latency(struct report *report, struct report_writer *writer, size_t group);
void figure_spectrum(struct report *report, struct report_writer *writer, size_t group);
void figure_calls(struct report *report, struct report_writer *writer, size_t group);
void figure_ratios(struct report *report, struct report_writer *writer, size_t group);
void figure_rates(struct report *report, struct report_writer *writer);
void figure_order(struct report *report, struct report_writer *writer);

/* ---- what they are made with ---- */

/* An empty figure; its anchor is "cost-2" for id "cost" and the second group. */
struct figure figure_new(
	struct report *report, const char *id, size_t group, const char *title);

const char *figure_backend(const struct report *report, size_t backend);
size_t figure_style(const struct report *report, size_t backend);

/* "95 % interval, 10 blocks", or what stands in its place. */
const char *figure_interval(struct report *report, const struct spread *spread);
/* The same for all whiskers of a figure: a sentence. */
const char *figure_whiskers(const struct report *report);

struct figure_rank {
	size_t backend;
	double last;
};

/*
 * The backends that were measured, the one with the highest last cost first, as a key
 * lists them; into a list of REPLAY_BACKENDS_MAX. How many.
 */
size_t figure_rank(const struct report *report, size_t group, struct figure_rank *ranked);

/* A row of a chart of categories: its median with its interval. */
void figure_row(struct report *report, struct chart *chart, size_t backend,
	const struct spread *spread, const char *note, const char *tip);

#endif
