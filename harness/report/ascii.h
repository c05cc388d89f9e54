/* ascii.h - a chart drawn with letters, for a terminal. */
#ifndef HARNESS_REPORT_ASCII_H
#define HARNESS_REPORT_ASCII_H

#include "harness/report/chart.h"

#include <stdio.h>

/* About 90 columns by 24 lines. Where lines lie on each other the last letter shows. */
void report_ascii(FILE *out, const struct chart *chart);

/* What a series is drawn with. */
char report_ascii_letter(size_t style);

#endif
