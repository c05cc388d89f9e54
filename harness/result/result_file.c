/* result_file.c - reading result.json back, be it of a stranger. */
#include "harness/result/result_file.h"

#include "common/json_shape.h"
#include "common/records.h"
#include "harness/result/result.h"
#include "harness/text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* O_NONBLOCK: opening a FIFO that nobody writes to must not hang (open(2)). */
enum { OPEN_FLAGS = O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC };

enum { STRING_BYTES_MAX = 64 * 1024 }; /* the last words of a program are 4 KiB */

/* What jansson reads through. */
struct source {
	int fd;
	size_t bytes; /* handed out so far */
	struct json_shape shape;
	/* -errno of the read that failed, -EFBIG past the limit, -EBADMSG of the shape */
	int error;
	struct problem what; /* of the shape */
};

/* json_load_callback_t: how many bytes were put into buffer, 0 at the end, -1. */
static size_t read_source(void *buffer, size_t size, void *data)
{
	struct source *source = data;
	ssize_t n;

	do
		n = read(source->fd, buffer, size);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		source->error = -errno;
	else if (source->bytes + (size_t)n > RESULT_FILE_BYTES_MAX)
		source->error = -EFBIG; /* it grew, or fstat(2) knew no size */
	else
		source->error =
			json_shape_take(&source->shape, buffer, (size_t)n, &source->what);
	if (source->error < 0)
		return (size_t)-1;
	source->bytes += (size_t)n;
	return (size_t)n;
}

static int too_large(struct problem *problem)
{
	return problem_set(
		problem, -EFBIG, "larger than %zu MiB", RESULT_FILE_BYTES_MAX >> 20);
}

/* A folder without the file: a run that was cut off is told from a wrong path. */
static int no_result_in(int folder, int error, struct problem *problem)
{
	bool unfinished = faccessat(folder, TRIALS_NAME, F_OK, 0) == 0;

	if (error != -ENOENT)
		return problem_set(problem, error, RESULT_NAME ": %s", strerror(-error));
	return problem_set(problem, error, "no " RESULT_NAME " in it%s",
		unfinished ? ", only " TRIALS_NAME " of a run that did not finish" : "");
}

/* The descriptor of path, or of the file in that folder. Or -errno with problem. */
static int open_result(const char *path, struct problem *problem)
{
	struct stat status;
	int fd = open(path, OPEN_FLAGS);

	if (fd < 0 || fstat(fd, &status) < 0) {
		int error = -errno;

		if (fd >= 0)
			close(fd);
		return problem_set(problem, error, "%s", strerror(-error));
	}
	if (!S_ISDIR(status.st_mode))
		return fd;
	int file = openat(fd, RESULT_NAME, OPEN_FLAGS);

	if (file < 0)
		file = no_result_in(fd, -errno, problem);
	close(fd);
	return file;
}

/* 0, or -errno with problem. */
static int check_file(int fd, struct problem *problem)
{
	struct stat status;

	if (fstat(fd, &status) < 0)
		return problem_set(problem, -errno, "%s", strerror(errno));
	if (!S_ISREG(status.st_mode))
		return problem_set(problem, -EINVAL, "not a regular file");
	if (status.st_size > (off_t)RESULT_FILE_BYTES_MAX)
		return too_large(problem);
	return 0;
}

/* 0 and *root, or -errno with problem. */
static int parse(int fd, json_t **root, struct problem *problem)
{
	struct source source = {.fd = fd, .shape = {.string_max = STRING_BYTES_MAX}};
	json_error_t error;

	*root = json_load_callback(read_source, &source, JSON_REJECT_DUPLICATES, &error);
	if (*root)
		return 0;
	if (source.error == -EFBIG)
		return too_large(problem);
	if (source.error == -EBADMSG)
		return problem_set(problem, -EBADMSG, "not a result of muxbench: %s",
			source.what.text);
	if (source.error < 0)
		return problem_set(problem, source.error, "%s", strerror(-source.error));
	if (json_error_code(&error) == json_error_out_of_memory)
		return problem_set(problem, -ENOMEM, "out of memory");
	if (source.bytes == 0)
		return problem_set(problem, -EBADMSG, "the file is empty");
	return problem_set(problem, -EBADMSG, "not JSON: %.120s at line %d, column %d",
		error.text, error.line, error.column);
}

/* 0, or -EBADMSG with problem. */
static int check_version(const json_t *root, struct problem *problem)
{
	const char *schema;
	json_t *version;
	uint64_t major;
	int error = record_get_string(root, "schema", &schema, problem);

	if (error == 0 && strcmp(schema, RESULT_SCHEMA) != 0)
		error = problem_set(problem, -EBADMSG,
			"not a result of muxbench: its schema is '%.40s', not "
			"'" RESULT_SCHEMA "'",
			schema);
	if (error == 0)
		error = record_get_object(root, "schema_version", &version, problem);
	if (error == 0)
		error = record_get_u64(version, "major", &major, problem);
	if (error == 0 && major != RESULT_VERSION_MAJOR)
		error = problem_set(problem, -EBADMSG,
			"a result of schema version %llu, and this muxbench reads %d",
			(unsigned long long)major, RESULT_VERSION_MAJOR);
	return error;
}

/* 0, or -EBADMSG with problem. */
static int check_content(const json_t *root, struct problem *problem)
{
	const json_t *trial, *trials = json_object_get(root, "trials");
	size_t i;

	if (!json_is_object(root))
		return problem_set(problem, -EBADMSG,
			"not a result of muxbench: no JSON object at the top");
	int error = check_version(root, problem);

	if (error == 0 && !json_is_array(trials))
		return problem_set(
			problem, -EBADMSG, "'trials' is missing or not an array");
	json_array_foreach(trials, i, trial)
	{
		if (error == 0 && !json_is_object(trial))
			error = problem_set(
				problem, -EBADMSG, "trials[%zu] is not an object", i);
	}
	return error;
}

int result_file_load(const char *path_or_dir, json_t **root, struct problem *problem)
{
	struct problem what = {""};
	int fd = open_result(path_or_dir, &what);
	int error = fd < 0 ? fd : check_file(fd, &what);

	*root = NULL;
	if (error == 0)
		error = parse(fd, root, &what);
	if (error == 0)
		error = check_content(*root, &what);
	if (fd >= 0)
		close(fd);
	if (error == 0)
		return 0;
	json_decref(*root);
	*root = NULL;
	/* Both the path and what was quoted may hold anything. */
	text_one_line(what.text);
	problem_set(problem, error, "cannot read %.200s: %.280s", path_or_dir, what.text);
	if (problem)
		text_one_line(problem->text);
	return error;
}
