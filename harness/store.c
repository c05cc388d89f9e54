/* store.c - the folder of a run. */
#include "harness/store.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

int store_make_folders(const char *path)
{
	char part[PATH_MAX];

	if (strlen(path) >= sizeof(part))
		return -ENAMETOOLONG;
	for (const char *end = path; *end;) {
		end += strspn(end, "/");
		end += strcspn(end, "/");
		memcpy(part, path, (size_t)(end - path));
		part[end - path] = '\0';
		if (mkdir(part, 0777) < 0 && errno != EEXIST)
			return -errno;
	}
	return 0;
}

static int already_used(const struct store *store, const char *name, const char *what,
	struct problem *problem)
{
	return problem_set(problem, -EEXIST,
		"%.300s already holds %s%s choose another folder with --out", store->path,
		name, what);
}

/* Two processes must not append to one run; the lock ends with the process. */
static int lock_trials(const struct store *store, struct problem *problem)
{
	if (flock(store->trials, LOCK_EX | LOCK_NB) == 0)
		return 0;
	return problem_set(problem, -errno,
		errno == EWOULDBLOCK ? "%.300s is in use by another muxbench"
				     : "cannot lock %.300s/" TRIALS_NAME,
		store->path);
}

static int open_trials(struct store *store, struct problem *problem)
{
	if (faccessat(store->folder, RESULT_NAME, F_OK, 0) == 0)
		return already_used(store, RESULT_NAME, ":", problem);
	store->trials = openat(store->folder, TRIALS_NAME,
		O_RDWR | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0666);
	if (store->trials >= 0)
		return lock_trials(store, problem);
	if (errno == EEXIST)
		return already_used(store, TRIALS_NAME,
			" of a run that did not finish: go on with --resume, or",
			problem);
	return problem_set(problem, -errno,
		"cannot write into %.300s: %s (choose another folder with --out)",
		store->path, strerror(errno));
}

int store_open(struct store *store, const char *path, struct problem *problem)
{
	*store = (struct store){.path = path, .folder = -1, .trials = -1};
	int error = store_make_folders(path);

	if (error == 0) {
		store->folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		error = store->folder < 0 ? -errno : 0;
	}
	if (error < 0)
		return problem_set(problem, error,
			"cannot make the folder %.300s: %s (choose another with --out)",
			path, strerror(-error));
	error = open_trials(store, problem);
	if (error < 0)
		store_close(store);
	return error;
}

static int reopen_trials(struct store *store, struct problem *problem)
{
	struct stat status;

	store->folder = open(store->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (store->folder >= 0)
		store->trials = openat(store->folder, TRIALS_NAME,
			O_RDWR | O_APPEND | O_NONBLOCK | O_CLOEXEC | O_NOFOLLOW);
	if (store->trials < 0 || fstat(store->trials, &status) < 0)
		return problem_set(problem, -errno, "cannot resume %.300s: %s%s",
			store->path, store->folder < 0 ? "" : TRIALS_NAME ": ",
			strerror(errno));
	if (!S_ISREG(status.st_mode))
		return problem_set(problem, -EINVAL,
			"cannot resume %.300s: " TRIALS_NAME " is not a regular file",
			store->path);
	store->trials_bytes = status.st_size;
	return lock_trials(store, problem);
}

int store_reopen(struct store *store, const char *path, struct problem *problem)
{
	*store = (struct store){.path = path, .folder = -1, .trials = -1};
	int error = reopen_trials(store, problem);

	if (error < 0)
		store_close(store);
	return error;
}

int store_cut_trials(struct store *store, off_t bytes, struct problem *problem)
{
	if (ftruncate(store->trials, bytes) < 0)
		return problem_set(problem, -errno,
			"cannot cut %.300s/" TRIALS_NAME ": %s", store->path,
			strerror(errno));
	store->trials_bytes = bytes;
	return 0;
}

FILE *store_read(const struct store *store, const char *name)
{
	int fd = openat(store->folder, name,
		O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC | O_NOFOLLOW);
	struct stat status;
	FILE *file = NULL;

	if (fd < 0)
		return NULL;
	if (fstat(fd, &status) == 0 && S_ISREG(status.st_mode))
		file = fdopen(fd, "r");
	else
		errno = EINVAL;
	if (!file)
		close(fd);
	return file;
}

void store_close(struct store *store)
{
	if (store->trials >= 0)
		close(store->trials);
	if (store->folder >= 0)
		close(store->folder);
	store->trials = store->folder = -1;
}

/* 0 or -errno. */
static int write_whole(int fd, const char *text, size_t length)
{
	while (length > 0) {
		ssize_t n = write(fd, text, length);

		if (n < 0 && errno != EINTR)
			return -errno;
		if (n > 0) {
			text += n;
			length -= (size_t)n;
		}
	}
	return 0;
}

int store_append(struct store *store, const json_t *record, struct problem *problem)
{
	char *text = json_dumps(record, JSON_COMPACT);

	if (!text)
		return problem_set(problem, -ENOMEM, "out of memory for a trial record");
	size_t length = strlen(text);

	text[length] = '\n'; /* over the NUL: the line ends by its length */
	int error = write_whole(store->trials, text, length + 1);

	free(text);
	if (error == 0 && fdatasync(store->trials) < 0)
		error = -errno;
	if (error == 0) {
		store->trials_bytes += (off_t)length + 1;
		return 0;
	}
	/* What remains is whole lines, unless even this fails. */
	if (ftruncate(store->trials, store->trials_bytes) < 0)
		return problem_set(problem, error,
			"cannot write %.300s/" TRIALS_NAME
			": %s (its last line may be cut)",
			store->path, strerror(-error));
	return problem_set(problem, error, "cannot write %.300s/" TRIALS_NAME ": %s",
		store->path, strerror(-error));
}

int store_append_session(
	struct store *store, const json_t *record, struct problem *problem)
{
	int fd = openat(store->folder, SESSIONS_NAME,
		O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0666);
	char *text = json_dumps(record, JSON_COMPACT);
	int error = fd < 0 ? -errno
		    : text ? write_whole(fd, text, strlen(text))
			   : -ENOMEM;

	if (error == 0)
		error = write_whole(fd, "\n", 1);
	if (error == 0 && fdatasync(fd) < 0)
		error = -errno;
	free(text);
	if (fd >= 0)
		close(fd);
	if (error < 0)
		problem_set(problem, error, "cannot write %.300s/" SESSIONS_NAME ": %s",
			store->path, strerror(-error));
	return error;
}

int store_copy_trials(const struct store *store, FILE *out)
{
	char chunk[64 * 1024];
	bool line_ended = false;

	for (off_t at = 0; at < store->trials_bytes;) {
		ssize_t n = pread(store->trials, chunk, sizeof(chunk), at);

		if (n <= 0)
			return n < 0 ? -errno : -EIO;
		for (ssize_t i = 0; i < n; i++) {
			if (line_ended)
				fputs(",\n", out);
			line_ended = chunk[i] == '\n';
			if (!line_ended)
				putc(chunk[i], out);
		}
		at += n;
	}
	return 0;
}

/* Writes, flushes and closes; 0 or -errno. */
static int fill(int fd, store_writer *writer, const void *what)
{
	FILE *out = fdopen(fd, "w");

	if (!out) {
		close(fd);
		return -ENOMEM;
	}
	errno = 0;
	int error = writer(out, what);

	/* A write that failed on the way has left its errno and the stream's mark. */
	if (error == 0 && (ferror(out) || fflush(out) != 0 || fsync(fd) < 0))
		error = errno ? -errno : -EIO;
	if (fclose(out) != 0 && error == 0)
		error = -errno;
	return error;
}

int store_put(int folder, const char *name, store_writer *writer, const void *what,
	struct problem *problem)
{
	char temporary[NAME_MAX + 1];

	snprintf(temporary, sizeof(temporary), ".%s.%d.tmp", name, (int)getpid());
	int fd = openat(folder, temporary,
		O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0666);
	int error = fd < 0 ? -errno : fill(fd, writer, what);

	if (error == 0 && renameat(folder, temporary, folder, name) < 0)
		error = -errno;
	if (error == 0 && fsync(folder) < 0)
		error = -errno;
	if (error < 0) {
		if (fd >= 0)
			unlinkat(folder, temporary, 0);
		return problem_set(
			problem, error, "cannot write %s: %s", name, strerror(-error));
	}
	return 0;
}
