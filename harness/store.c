/* store.c - the folder of a run. */
#include "harness/store.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
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

/* Left by a process that was killed before its plan was written: nothing is in it. */
static bool begin_again(struct store *store)
{
	struct stat status;

	if (faccessat(store->folder, PLAN_FILE_NAME, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		return false;
	store->trials = openat(store->folder, TRIALS_NAME,
		O_RDWR | O_APPEND | O_NONBLOCK | O_CLOEXEC | O_NOFOLLOW);
	if (store->trials < 0)
		return false;
	if (fstat(store->trials, &status) == 0 && S_ISREG(status.st_mode) &&
		status.st_size == 0)
		return true;
	close(store->trials);
	store->trials = -1;
	return false;
}

static int open_trials(struct store *store, struct problem *problem)
{
	if (faccessat(store->folder, RESULT_NAME, F_OK, 0) == 0)
		return already_used(store, RESULT_NAME, ":", problem);
	store->trials = openat(store->folder, TRIALS_NAME,
		O_RDWR | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0666);
	bool exists = store->trials < 0 && errno == EEXIST;

	if (store->trials >= 0 || (exists && begin_again(store)))
		return lock_trials(store, problem);
	if (exists)
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

/* The process that has name as its temporary of file, ".FILE.123.tmp", or 0. */
static pid_t writer_of(const char *name, const char *file)
{
	size_t length = strlen(file);
	char *end;

	if (name[0] != '.' || strncmp(name + 1, file, length) != 0 ||
		name[1 + length] != '.')
		return 0;
	long pid = strtol(name + length + 2, &end, 10);

	return strcmp(end, ".tmp") == 0 && pid > 0 && pid <= INT_MAX ? (pid_t)pid : 0;
}

/* Removes what killed processes have left; what cannot be removed does no harm. */
static void sweep(int folder, const char *file)
{
	int fd = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *list = fd < 0 ? NULL : fdopendir(fd);

	if (!list && fd >= 0)
		close(fd);
	for (struct dirent *entry; list && (entry = readdir(list));) {
		pid_t pid = writer_of(entry->d_name, file);

		if (pid > 0 && (pid == getpid() || (kill(pid, 0) < 0 && errno == ESRCH)))
			unlinkat(folder, entry->d_name, 0);
	}
	if (list)
		closedir(list);
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
	int error = lock_trials(store, problem);

	if (error == 0)
		sweep(store->folder, TRIALS_NAME);
	return error;
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

/* Whether the file has no name any more. */
static bool is_removed(int fd)
{
	struct stat status;

	return fstat(fd, &status) == 0 && status.st_nlink == 0;
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
	if (error == 0 && is_removed(store->trials))
		return problem_set(problem, -ENOENT,
			"%.300s/" TRIALS_NAME " was removed during the run: its trials "
			"are lost",
			store->path);
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
	return problem_set(problem, error,
		"cannot write %.300s/" TRIALS_NAME
		": %s; the trials before are kept: --resume goes on with them",
		store->path, strerror(-error));
}

/* Whether a new line can begin: not behind one that was torn. */
static bool at_line_begin(int fd)
{
	struct stat status;
	char last;

	return fstat(fd, &status) == 0 &&
	       (status.st_size == 0 ||
		       (pread(fd, &last, 1, status.st_size - 1) == 1 && last == '\n'));
}

int store_append_session(
	struct store *store, const json_t *record, struct problem *problem)
{
	int fd = openat(store->folder, SESSIONS_NAME,
		O_RDWR | O_CREAT | O_APPEND | O_NONBLOCK | O_CLOEXEC | O_NOFOLLOW, 0666);
	char *text = json_dumps(record, JSON_COMPACT);
	size_t length = text ? strlen(text) : 0;
	int error = fd < 0 ? -errno : text ? 0 : -ENOMEM;

	if (error == 0 && !at_line_begin(fd))
		error = write_whole(fd, "\n", 1);
	if (error == 0) {
		text[length] = '\n'; /* over the NUL: the line ends by its length */
		error = write_whole(fd, text, length + 1);
	}
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

/* Copies a piece of one file to the end of another; 0 or -errno. */
static int copy_piece(int from, struct store_piece piece, int to)
{
	char chunk[64 * 1024];

	while (piece.begin < piece.end) {
		size_t left = (size_t)(piece.end - piece.begin);
		ssize_t n = pread(from, chunk,
			left < sizeof(chunk) ? left : sizeof(chunk), piece.begin);

		if (n <= 0)
			return n < 0 ? -errno : -EIO;
		int error = write_whole(to, chunk, (size_t)n);

		if (error < 0)
			return error;
		piece.begin += n;
	}
	return 0;
}

/* 0 or -errno. */
static int append_failed(
	const struct store *store, const struct store_piece *pieces, size_t count)
{
	int fd = openat(store->folder, FAILED_NAME,
		O_RDWR | O_CREAT | O_APPEND | O_NONBLOCK | O_CLOEXEC | O_NOFOLLOW, 0666);
	int error = fd < 0 ? -errno : 0;

	if (error == 0 && !at_line_begin(fd))
		error = write_whole(fd, "\n", 1);
	for (size_t i = 0; i < count && error == 0; i++)
		error = copy_piece(store->trials, pieces[i], fd);
	if (error == 0 && fsync(fd) < 0)
		error = -errno;
	if (fd >= 0)
		close(fd);
	return error;
}

/* What lies between the pieces, and behind the last; 0 or -errno. */
static int copy_others(
	const struct store *store, const struct store_piece *pieces, size_t count, int to)
{
	struct store_piece kept = {0};
	int error = 0;

	for (size_t i = 0; i <= count && error == 0; i++) {
		kept.end = i < count ? pieces[i].begin : store->trials_bytes;
		error = copy_piece(store->trials, kept, to);
		kept.begin = i < count ? pieces[i].end : kept.end;
	}
	if (error == 0 && fsync(to) < 0)
		error = -errno;
	return error;
}

/* ".trials.jsonl.123.tmp": what sweep() knows as left behind. */
static void temporary_name(char *text, size_t text_size, const char *name)
{
	snprintf(text, text_size, ".%s.%d.tmp", name, (int)getpid());
}

/* The new file is locked before it gets its name. 0 or -errno. */
static int replace_trials(
	struct store *store, const struct store_piece *pieces, size_t count)
{
	char temporary[NAME_MAX + 1];
	struct stat status;

	temporary_name(temporary, sizeof(temporary), TRIALS_NAME);
	int fd = openat(store->folder, temporary,
		O_RDWR | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0666);
	int error = fd < 0 || flock(fd, LOCK_EX | LOCK_NB) < 0 ? -errno : 0;

	if (error == 0)
		error = copy_others(store, pieces, count, fd);
	if (error == 0 &&
		(fstat(fd, &status) < 0 || renameat(store->folder, temporary,
						   store->folder, TRIALS_NAME) < 0))
		error = -errno;
	if (error < 0) {
		if (fd >= 0) {
			unlinkat(store->folder, temporary, 0);
			close(fd);
		}
		return error;
	}
	close(store->trials);
	store->trials = fd;
	store->trials_bytes = status.st_size;
	return fsync(store->folder) < 0 ? -errno : 0;
}

int store_move_failed(struct store *store, const struct store_piece *pieces, size_t count,
	struct problem *problem)
{
	int error = append_failed(store, pieces, count);

	if (error < 0)
		return problem_set(problem, error,
			"cannot write %.300s/" FAILED_NAME ": %s", store->path,
			strerror(-error));
	error = replace_trials(store, pieces, count);
	if (error < 0)
		problem_set(problem, error, "cannot write %.300s/" TRIALS_NAME ": %s",
			store->path, strerror(-error));
	return error;
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

	/* A write that failed on the way has left its errno and the stream's mark; what
	 * the writer made of it says less. */
	if (ferror(out) || (error == 0 && (fflush(out) != 0 || fsync(fd) < 0)))
		error = errno ? -errno : -EIO;
	if (fclose(out) != 0 && error == 0)
		error = -errno;
	return error;
}

int store_put(int folder, const char *name, store_writer *writer, const void *what,
	struct problem *problem)
{
	char temporary[NAME_MAX + 1];

	sweep(folder, name);
	temporary_name(temporary, sizeof(temporary), name);
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

static bool is_special(const char *path)
{
	struct stat status;

	return stat(path, &status) == 0 && !S_ISREG(status.st_mode) &&
	       !S_ISDIR(status.st_mode);
}

/* The folder of a path (a descriptor, the caller's, or -errno), and the name in it. */
static int open_folder_of(const char *path, const char **name)
{
	char copy[PATH_MAX];
	const char *slash = strrchr(path, '/');
	size_t length = slash ? (size_t)(slash - path) : 0;

	if (strlen(path) >= sizeof(copy))
		return -ENAMETOOLONG;
	*name = slash ? slash + 1 : path;
	memcpy(copy, path, length);
	copy[length] = '\0';
	int folder = open(!slash       ? "."
			  : length > 0 ? copy
				       : "/",
		O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return folder < 0 ? -errno : folder;
}

static int write_special(const char *path, store_writer *writer, const void *what)
{
	FILE *out = fopen(path, "we");

	if (!out)
		return -errno;
	int error = writer(out, what);

	return fclose(out) == 0 ? error : -errno;
}

int store_put_path(const char *path, store_writer *writer, const void *what)
{
	struct problem problem;
	const char *name;

	if (is_special(path))
		return write_special(path, writer, what);
	int folder = open_folder_of(path, &name);

	if (folder < 0)
		return folder;
	int error = *name ? store_put(folder, name, writer, what, &problem) : -EISDIR;

	close(folder);
	return error;
}

int store_check_path(const char *path)
{
	struct stat status;
	const char *name;

	if (is_special(path))
		return access(path, W_OK) < 0 ? -errno : 0;
	int folder = open_folder_of(path, &name);

	if (folder < 0)
		return folder;
	int error = faccessat(folder, ".", W_OK | X_OK, AT_EACCESS) < 0 ? -errno : 0;

	if (!*name || (fstatat(folder, name, &status, 0) == 0 && S_ISDIR(status.st_mode)))
		error = -EISDIR;
	close(folder);
	return error;
}
