/*
 * store.h - the folder of a run. Trials are appended to trials.jsonl one by one and are
 * on the disk before the next begins; every other file appears whole or not at all:
 * written under another name in the same folder, fsync(2), rename(2), fsync of the
 * folder.
 */
#ifndef HARNESS_STORE_H
#define HARNESS_STORE_H

#include "common/problem.h"

#include <jansson.h>
#include <stdio.h>
#include <sys/types.h>

#define RESULT_NAME    "result.json" /* a folder that holds it is taken */
#define TRIALS_NAME    "trials.jsonl"
#define SESSIONS_NAME  "sessions.jsonl"
#define PLAN_FILE_NAME "plan.json"
#define FAILED_NAME    "failed.jsonl" /* of earlier sessions: made again since */

struct store {
	const char *path;   /* as messages name it; the caller's */
	int folder;         /* descriptor of the folder, owned */
	int trials;         /* of trials.jsonl, owned */
	off_t trials_bytes; /* all whole lines */
};

/*
 * Makes the folder (and those above it) and opens trials.jsonl in it. A folder that holds
 * a run already is refused; one in which a run was killed before it had written anything
 * is taken over. 0, or -errno with problem.
 */
int store_open(struct store *store, const char *path, struct problem *problem);

/*
 * Opens the folder of a run to go on with it; the last of its lines may be torn. Refused
 * while another process has it open. 0, or -errno with problem.
 */
int store_reopen(struct store *store, const char *path, struct problem *problem);

/* A piece of trials.jsonl, whole lines. */
struct store_piece {
	off_t begin;
	off_t end;
};

/*
 * Moves pieces of trials.jsonl, in rising order, to the end of failed.jsonl; what is left
 * takes the place of the old file whole or not at all. 0, or -errno with problem.
 */
int store_move_failed(struct store *store, const struct store_piece *pieces, size_t count,
	struct problem *problem);

/* Cuts trials.jsonl down to so many bytes, whole lines. 0, or -errno with problem. */
int store_cut_trials(struct store *store, off_t bytes, struct problem *problem);

/* A file of the folder for reading, if it is a regular one; NULL with errno. */
FILE *store_read(const struct store *store, const char *name);

void store_close(struct store *store);

/*
 * One line, on the disk when this returns. After an error no part of it is left. It is an
 * error as well when the file has been removed meanwhile: nobody would find it.
 */
int store_append(struct store *store, const json_t *record, struct problem *problem);

/* The same into sessions.jsonl, which is short. */
int store_append_session(
	struct store *store, const json_t *record, struct problem *problem);

/* Copies all lines to out, which takes them as the elements of a JSON array. */
int store_copy_trials(const struct store *store, FILE *out);

/* A folder and those above it, like mkdir -p. 0 or -errno. */
int store_make_folders(const char *path);

/* Writes a file's content to out; 0 or -errno. Errors of out itself are seen to. */
typedef int store_writer(FILE *out, const void *what);

/*
 * Puts a file into a folder, whole or not at all. What a process that was killed on the
 * way has left there is removed first. 0, or -errno with problem.
 */
int store_put(int folder, const char *name, store_writer *writer, const void *what,
	struct problem *problem);

/*
 * The same by a path: a new file appears whole, a device or a pipe is written to. 0 or
 * -errno.
 */
int store_put_path(const char *path, store_writer *writer, const void *what);

/* Whether that can be done, as far as can be told without writing. 0 or -errno. */
int store_check_path(const char *path);

#endif
