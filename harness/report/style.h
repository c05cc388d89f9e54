/*
 * style.h - what tells one backend from another: a colour and a sign, the same in
 * every picture and table, and the same as in the files under plots/.
 */
#ifndef HARNESS_REPORT_STYLE_H
#define HARNESS_REPORT_STYLE_H

#include "harness/trial/plan.h"

/* Okabe and Ito's palette without its yellow; seven and six make 42 different pairs. */
enum { STYLE_COLOURS = 7, STYLE_SIGNS = 6 };

/* Built-in backends in their order first, so that plug-ins take no colour from them. */
size_t report_style(const struct plan *plan, size_t backend);

/* Square, circle, triangle, diamond, triangle upside down, pentagon: a path around 0,0.
 */
const char *report_style_sign(size_t style);

#endif
