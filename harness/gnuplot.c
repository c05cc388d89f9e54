/* gnuplot.c - scripts copied, gnuplot run without a shell, its pictures checked. */
#include "harness/gnuplot.h"

#include "common/clock.h"
#include "harness/process/child.h"
#include "harness/store.h"
#include "harness/text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define DRAW_WAIT_NS (60 * NS_PER_S)

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
	if (gnuplot->folder >= 0)
		return 0;
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

/* gnuplot ends with 0 on a full disk too: only the image itself tells. */
static int check_image(const struct gnuplot *gnuplot, const char *out, const char *type,
	struct problem *problem)
{
	char name[GNUPLOT_NAME_MAX];
	struct stat image;

	snprintf(name, sizeof(name), "%s.%s", out, type);
	if (fstatat(gnuplot->folder, name, &image, 0) == 0 && image.st_size > 0)
		return 0;
	return problem_set(problem, -EIO,
		"gnuplot left no picture %.300s/%s (is the disk full?)", gnuplot->path,
		name);
}

int gnuplot_draw(const struct gnuplot *gnuplot, const char *script,
	const char *assignments, const char *out, struct problem *problem)
{
	int error = run(gnuplot, script, assignments, problem);

	if (error == 0)
		error = check_image(gnuplot, out, "svg", problem);
	if (error == 0)
		error = check_image(gnuplot, out, "png", problem);
	return error;
}

void gnuplot_close(struct gnuplot *gnuplot)
{
	if (gnuplot->folder >= 0)
		close(gnuplot->folder);
	close(gnuplot->scripts);
	gnuplot->folder = gnuplot->scripts = -1;
}
