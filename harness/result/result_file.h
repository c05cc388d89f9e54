/*
 * result_file.h - reading result.json back, be it of a stranger.
 *
 * What is not a result of this version is refused with a line that says why, never
 * guessed at: a file that is not regular or larger than RESULT_FILE_BYTES_MAX, text that
 * is not JSON, a key given twice, another schema or major version. Members that this
 * version does not know are left for the caller to skip (a new one raises "minor").
 */
#ifndef HARNESS_RESULT_RESULT_FILE_H
#define HARNESS_RESULT_RESULT_FILE_H

#include "common/problem.h"

#include <jansson.h>

#define RESULT_FILE_BYTES_MAX ((size_t)64 << 20)

/*
 * Loads path, or path/result.json where path is a folder. 0 and *root, which the caller
 * releases: an object whose "trials" is an array of objects; nothing else of its content
 * was looked at. Or a negative errno with problem, which names the file, and *root NULL:
 * -EBADMSG for what is in the file, -EFBIG, -EINVAL (not a regular file), -ENOMEM, or
 * what open(2) or read(2) gave.
 */
int result_file_load(const char *path_or_dir, json_t **root, struct problem *problem);

#endif
