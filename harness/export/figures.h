/* figures.h - what the trials of a cell come to. */
#ifndef HARNESS_EXPORT_FIGURES_H
#define HARNESS_EXPORT_FIGURES_H

#include "harness/export/run.h"

/* Any window of the trial: it has one at least. */
const struct export_record *export_trial_window(const struct export_trial *trial);

/*
 * Fills the values of a cell's trials, its figures and its name. scratch is overwritten.
 * 0, or -EBADMSG with a line that names the trial, or -ENOMEM.
 */
int export_cell_derive(
	struct export_cell *cell, struct histogram *scratch, struct problem *problem);

#endif
