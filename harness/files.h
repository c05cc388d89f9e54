/* files.h - small questions to the file system. */
#ifndef HARNESS_FILES_H
#define HARNESS_FILES_H

#include <stddef.h>

/*
 * The beginning of a small file of /proc or /sys, ended with a NUL and without the
 * newlines at its end. 0 or -errno.
 */
int files_read_small(const char *path, char *text, size_t text_size);

/* The folder this executable lies in (/proc/self/exe), without a slash behind. */
int files_program_directory(char *path, size_t path_size);

#endif
