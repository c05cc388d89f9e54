/* gnuplot.c - scripts copied, gnuplot run without a shell, its pictures checked. */
#include "harness/gnuplot.h"

#include "common/clock.h"
#include "harness/process/child.h"
#include "harness/store.h"
#include "harness/text.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define DRAW_WAIT_NS (60 * NS_PER_S)
#define DRAWING_NAME ".drawing-XXXXXX" /* mkdtemp(3) */

/* Where the scripts lie, seen from the programs: in the source tree, and installed. */
static const char *const script_folders[] = {"../plots", "../share/muxbench/plots"};

static int open_scripts(const char *program_directory, struct problem *problem)
{
	char path[PATH_MAX + 32];

	for (size_t i = 0; i < sizeof(script_folders) / sizeof(*script_folders); i++) {
		snprintf(path, sizeof(path), "%s/%s", program_directory,
			script_folders[i]);
		int folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

		if (folder >= 0)
			return folder;
	}
	return problem_set(problem, -ESRCH,
		"no plots: found no gnuplot scripts in %.300s/%s or %s",
		program_directory, script_folders[0], script_folders[1]);
}

/* Removes a folder of a drawing with all in it, which is plain files. */
static void remove_drawing(int plots, const char *name)
{
	int fd = openat(plots, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	DIR *list = fd < 0 ? NULL : fdopendir(fd);

	if (!list && fd >= 0)
		close(fd);
	for (struct dirent *entry; list && (entry = readdir(list));)
		unlinkat(fd, entry->d_name, 0);
	if (list)
		closedir(list);
	unlinkat(plots, name, AT_REMOVEDIR);
}

/* What a process that was killed has left. */
static void sweep_drawings(int plots)
{
	const size_t prefix = strcspn(DRAWING_NAME, "X");
	int fd = openat(plots, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *list = fd < 0 ? NULL : fdopendir(fd);

	if (!list && fd >= 0)
		close(fd);
	for (struct dirent *entry; list && (entry = readdir(list));)
		if (strncmp(entry->d_name, DRAWING_NAME, prefix) == 0)
			remove_drawing(plots, entry->d_name);
	if (list)
		closedir(list);
}

int gnuplot_open(struct gnuplot *gnuplot, const char *result_path, int result_folder,
	const char *program_directory, struct problem *problem)
{
	*gnuplot = (struct gnuplot){
		.result_path = result_path, .cancel_fd = -1, .folder = -1};
	snprintf(gnuplot->path, sizeof(gnuplot->path), "%s/plots", result_path);
	gnuplot->scripts = open_scripts(program_directory, problem);
	if (gnuplot->scripts < 0)
		return gnuplot->scripts;
	if (mkdirat(result_folder, "plots", 0777) == 0 || errno == EEXIST)
		gnuplot->folder = openat(
			result_folder, "plots", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (gnuplot->folder >= 0) {
		sweep_drawings(gnuplot->folder);
		return 0;
	}
	int error = problem_set(problem, -errno, "cannot make %.300s: %s", gnuplot->path,
		strerror(errno));

	gnuplot_close(gnuplot);
	return error;
}

static int copy_out(FILE *out, const void *what)
{
	const int *from = what;
	char chunk[16 * 1024];
	ssize_t n;

	while ((n = read(*from, chunk, sizeof(chunk))) > 0)
		fwrite(chunk, 1, (size_t)n, out);
	return n < 0 ? -errno : 0;
}

int gnuplot_copy_script(
	const struct gnuplot *gnuplot, const char *name, struct problem *problem)
{
	int from = openat(gnuplot->scripts, name, O_RDONLY | O_CLOEXEC);

	if (from < 0)
		return problem_set(problem, -errno, "no plots: cannot read %s: %s", name,
			strerror(errno));
	int error = store_put(gnuplot->folder, name, copy_out, &from, problem);

	close(from);
	return error;
}

/* The last line that a program wrote on its stderr. */
static const char *last_said(struct child *child)
{
	while (child->said_bytes > 0 && child->said[child->said_bytes - 1] == '\n')
		child->said[--child->said_bytes] = '\0';
	char *line = strrchr(child->said, '\n');

	text_one_line(child->said);
	return line ? line + 1 : child->said;
}

static int run(const struct gnuplot *gnuplot, const char *script, const char *assignments,
	struct problem *problem)
{
	const char *const argv[] = {"gnuplot", "-e", assignments, script, NULL};
	struct child_command command = {
		.file = "gnuplot", .argv = argv, .directory = gnuplot->path};
	struct child child;
	char end[80];
	int error = child_start(&child, &command, NULL);

	if (error == -ENOENT)
		return problem_set(problem, error,
			"gnuplot is not installed: the results are in %.200s, plots can "
			"be made later with: cd %.200s && gnuplot %s "
			"(apt-get install gnuplot-nox)",
			gnuplot->result_path, gnuplot->path, script);
	if (error < 0)
		return problem_set(
			problem, error, "cannot start gnuplot: %s", strerror(-error));
	error = child_wait(&child, gnuplot->cancel_fd, clock_now_ns() + DRAW_WAIT_NS);
	child_end(&child, 0);
	if (error == -ECANCELED)
		return error;
	if (error < 0)
		return problem_set(
			problem, error, "gnuplot %s: %s", script, strerror(-error));
	if (child_succeeded(&child))
		return 0;
	child_describe_end(&child, end, sizeof(end));
	return problem_set(
		problem, -EIO, "gnuplot %s: %s: %.200s", script, end, last_said(&child));
}

/* How a whole image ends: PNG, ISO/IEC 15948, 11.2.5; and an XML document. */
static const struct image_type {
	const char *suffix;
	const char *end;
	size_t end_bytes;
} image_types[] = {
	{"svg", "</svg>", 6},
	{"png", "IEND\xae\x42\x60\x82", 8},
};

enum { IMAGE_TYPES = sizeof(image_types) / sizeof(*image_types), IMAGE_TAIL_BYTES = 16 };

/* gnuplot ends with 0 on a full disk too: only the image itself tells. */
static bool is_whole(int drawing, const char *name, const struct image_type *type)
{
	char tail[IMAGE_TAIL_BYTES];
	int fd = openat(drawing, name, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOFOLLOW);
	struct stat image;
	ssize_t n = 0;

	if (fd < 0)
		return false;
	if (fstat(fd, &image) == 0 && S_ISREG(image.st_mode) &&
		image.st_size > IMAGE_TAIL_BYTES && fsync(fd) == 0)
		n = pread(fd, tail, sizeof(tail), image.st_size - IMAGE_TAIL_BYTES);
	close(fd);
	return n == IMAGE_TAIL_BYTES &&
	       memmem(tail, sizeof(tail), type->end, type->end_bytes);
}

/* From the folder it was drawn in to its place, over an older one. */
static int take_image(const struct gnuplot *gnuplot, int drawing, const char *out,
	const struct image_type *type, struct problem *problem)
{
	char name[GNUPLOT_NAME_MAX];

	snprintf(name, sizeof(name), "%s.%s", out, type->suffix);
	if (!is_whole(drawing, name, type))
		return problem_set(problem, -EIO,
			"gnuplot left no whole picture %.300s/%s (is the disk full?)",
			gnuplot->path, name);
	if (renameat(drawing, name, gnuplot->folder, name) == 0)
		return 0;
	return problem_set(problem, -errno, "cannot write %.300s/%s: %s", gnuplot->path,
		name, strerror(errno));
}

/* The images of one drawing, in a folder of their own beside the data until they are
 * whole. */
struct drawing {
	char name[sizeof(DRAWING_NAME)];
	int folder; /* owned */
};

static int open_drawing(
	const struct gnuplot *gnuplot, struct drawing *drawing, struct problem *problem)
{
	char path[sizeof(gnuplot->path) + sizeof(DRAWING_NAME) + 1];

	snprintf(path, sizeof(path), "%s/" DRAWING_NAME, gnuplot->path);
	drawing->folder = -1;
	if (mkdtemp(path)) {
		strcpy(drawing->name, strrchr(path, '/') + 1);
		drawing->folder = openat(gnuplot->folder, drawing->name,
			O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	}
	if (drawing->folder >= 0)
		return 0;
	return problem_set(problem, -errno, "cannot make a folder in %.300s: %s",
		gnuplot->path, strerror(errno));
}

int gnuplot_draw(const struct gnuplot *gnuplot, const char *script,
	const char *assignments, const char *out, struct problem *problem)
{
	struct drawing drawing;
	char all[2048];
	int error = open_drawing(gnuplot, &drawing, problem);

	if (error < 0)
		return error;
	if (snprintf(all, sizeof(all), "%s; out='%s/%s'", assignments, drawing.name,
		    out) >= (int)sizeof(all))
		error = problem_set(
			problem, -ENAMETOOLONG, "gnuplot %s: too long", script);
	if (error == 0)
		error = run(gnuplot, script, all, problem);
	for (size_t i = 0; i < IMAGE_TYPES && error == 0; i++)
		error = take_image(
			gnuplot, drawing.folder, out, &image_types[i], problem);
	close(drawing.folder);
	remove_drawing(gnuplot->folder, drawing.name);
	return error;
}

void gnuplot_close(struct gnuplot *gnuplot)
{
	if (gnuplot->folder >= 0)
		close(gnuplot->folder);
	close(gnuplot->scripts);
	gnuplot->folder = gnuplot->scripts = -1;
}
