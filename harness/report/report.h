/* report.h - the report of a stored result, as a file or a stream. */
#ifndef HARNESS_REPORT_REPORT_H
#define HARNESS_REPORT_REPORT_H

#include "harness/report/writer.h"

#include "common/problem.h"

#include <stdbool.h>
#include <stdio.h>

#define REPORT_NAME "report.html"

/*
 * Makes REPORT_NAME in folder (a descriptor) from the result in path, which is usually
 * the same folder by its name: whole or not at all. 0, or -errno with problem: what
 * result_file_load() and replay_result() give for the result, else of the writing.
 */
int report_write_html(int folder, const char *path, struct problem *problem);

#endif
