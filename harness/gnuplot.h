/*
 * gnuplot.h - the folder DIR/plots of a result, in which gnuplot draws: data, the scripts
 * that draw it and what gnuplot made of them lie together, so that anyone can draw it
 * again by hand.
 */
#ifndef HARNESS_GNUPLOT_H
#define HARNESS_GNUPLOT_H

#include "common/problem.h"

#include <limits.h>

enum { GNUPLOT_NAME_MAX = 160 };

struct gnuplot {
	const char *result_path; /* of the result, as messages name it; the caller's */
	int cancel_fd;           /* -1: none */
	char path[PATH_MAX + 16];
	int folder;  /* descriptor of DIR/plots; owned */
	int scripts; /* descriptor of the folder that scripts come from; owned */
};

/*
 * Makes DIR/plots inside the folder of a result and finds the scripts beside the program,
 * in the source tree or installed. 0, or -errno with problem.
 */
int gnuplot_open(struct gnuplot *gnuplot, const char *result_path, int result_folder,
	const char *program_directory, struct problem *problem);

/* Copies a script ("name.gp") to the data. 0, or -errno with problem. */
int gnuplot_copy_script(
	const struct gnuplot *gnuplot, const char *name, struct problem *problem);

/*
 * Runs a script, which writes OUT.svg and OUT.png: each takes the place of an older one
 * only when it is whole. assignments are gnuplot commands, to which out= is added: the
 * caller puts nothing into them but numbers and words of this program, for a quote from
 * outside could begin another command. 0, -ECANCELED (without problem), or -errno with
 * problem: -ENOENT when gnuplot is not installed.
 */
int gnuplot_draw(const struct gnuplot *gnuplot, const char *script,
	const char *assignments, const char *out, struct problem *problem);

void gnuplot_close(struct gnuplot *gnuplot);

#endif
