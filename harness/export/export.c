/* export.c - `muxbench export`: a finished run in a format that another tool reads. */
#include "harness/command.h"

#include "common/exit_status.h"
#include "harness/export/options.h"
#include "harness/result/result_file.h"
#include "harness/run/plan_file.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- where it goes -------------------------------------------------------------- */

/* What a run writes itself is never written over. */
static bool belongs_to_run(const char *name)
{
	static const char *const names[] = {
		RESULT_NAME, TRIALS_NAME, SESSIONS_NAME, PLAN_FILE_NAME};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (strcmp(name, names[i]) == 0)
			return true;
	return false;
}

/* Puts the file there whole; what is there already must be a plain file. */
static int put_file(int folder, const char *name, const struct export_format *format,
	const struct export_view *view, struct problem *problem)
{
	struct stat status;

	if (belongs_to_run(name))
		return problem_set(problem, -EINVAL,
			"--out: %s is what a run keeps of itself: choose another "
			"name",
			name);
	if (fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
		!S_ISREG(status.st_mode))
		return problem_set(problem, -EINVAL,
			"--out: there is a %.80s already, and it is not a plain file",
			name);
	return store_put(folder, name, format->write, view, problem);
}

static int open_folder(const char *path, struct problem *problem)
{
	int folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return folder >= 0
		       ? folder
		       : problem_set(problem, -errno, "cannot open the folder %.300s: %s",
				 path, strerror(errno));
}

static int write_file(const char *path, const struct export_format *format,
	const struct export_view *view, struct problem *problem)
{
	char folder_path[PATH_MAX], name[PATH_MAX];

	if (strlen(path) >= PATH_MAX)
		return problem_set(problem, -ENAMETOOLONG, "--out: the path is too long");
	strcpy(folder_path, path);
	strcpy(name, path);
	int folder = open_folder(dirname(folder_path), problem);

	if (folder < 0)
		return folder;
	int error = put_file(folder, basename(name), format, view, problem);

	close(folder);
	return error;
}

static int write_stdout(const struct export_format *format,
	const struct export_view *view, struct problem *problem)
{
	int error = format->write(stdout, view);

	return error == 0 ? 0
			  : problem_set(problem, error, "cannot write %s: %s",
				    format->name, strerror(-error));
}

/* ---- formats of one cell -------------------------------------------------------- */

static bool has_latency(const struct export_cell *cell)
{
	struct histogram *latency = malloc(sizeof(*latency));

	if (!latency)
		return false;
	export_cell_latency(cell, latency);
	bool any = latency->count > 0;

	free(latency);
	return any;
}

/* "Echo-backend=poll-idle=0-active=1.hgrm": a name without slashes. */
static int write_cell(int folder, const struct export_format *format,
	struct export_view *view, struct problem *problem)
{
	char name[NAME_MAX + 1];
	int length = snprintf(
		name, sizeof(name), "%s%s", view->cell->name, format->cell_suffix);

	/* store_put() needs a little more room for the name it has while it is written */
	if (length > NAME_MAX - 24)
		return problem_set(problem, -ENAMETOOLONG,
			"the name '%.80s...' is too long for a file", name);
	for (char *p = name; *p; p++)
		if (*p == '/')
			*p = '-';
	return put_file(folder, name, format, view, problem);
}

static int write_cells(const struct export_options *options, struct export_view *view,
	struct problem *problem)
{
	if (mkdir(options->out, 0777) < 0 && errno != EEXIST)
		return problem_set(problem, -errno, "cannot make the folder %.300s: %s",
			options->out, strerror(errno));
	int folder = open_folder(options->out, problem);
	int error = folder < 0 ? folder : 0;

	for (size_t c = 0; c < view->run->cell_count && error == 0; c++) {
		view->cell = &view->run->cells[c];
		if (has_latency(view->cell))
			error = write_cell(folder, options->format, view, problem);
	}
	if (folder >= 0)
		close(folder);
	return error;
}

/* The only cell that can be shown, to stdout. */
static int write_one_cell(const struct export_options *options, struct export_view *view,
	struct problem *problem)
{
	size_t count = 0;

	for (size_t c = 0; c < view->run->cell_count; c++)
		if (has_latency(&view->run->cells[c])) {
			view->cell = &view->run->cells[c];
			count++;
		}
	if (count > 1)
		return problem_set(problem, -EINVAL,
			"%s holds one cell, and there are %zu: choose with --backends, "
			"--idle and --active, or name a folder with --out",
			options->format->name, count);
	return write_stdout(options->format, view, problem);
}

/* ---- the command ---------------------------------------------------------------- */

/* Whether there is anything that the format would show. */
static bool any_to_show(
	const struct export_options *options, const struct export_view *view)
{
	if (options->format->cell_suffix) {
		for (size_t c = 0; c < view->run->cell_count; c++)
			if (has_latency(&view->run->cells[c]))
				return true;
		return false;
	}
	return options->metrics == 0 || (view->run->metrics & options->metrics);
}

/* An exit status. */
static int write_run(const struct export_options *options, const struct export_run *run,
	struct problem *problem)
{
	struct export_view view = {.run = run, .metrics = options->metrics};
	int error;

	if (run->record_count == 0) {
		problem_set(
			problem, 0, "%.200s has no trial of that choice", options->path);
		return EXIT_STATUS_USAGE;
	}
	if (!any_to_show(options, &view)) {
		problem_set(problem, 0,
			"%.200s has no figure that %s could show: no trial is ok, or "
			"--metric names what was not measured",
			options->path, options->format->name);
		return EXIT_STATUS_INCONCLUSIVE;
	}
	if (options->format->cell_suffix)
		error = options->out ? write_cells(options, &view, problem)
				     : write_one_cell(options, &view, problem);
	else
		error = options->out ? write_file(options->out, options->format, &view,
					       problem)
				     : write_stdout(options->format, &view, problem);
	if (error == 0)
		return EXIT_STATUS_OK;
	return error == -EINVAL ? EXIT_STATUS_USAGE : EXIT_STATUS_FAILED;
}

/* An exit status. */
static int export_run(const struct export_options *options, struct problem *problem)
{
	struct export_run run = {0};
	struct problem what = {""};
	json_t *root;
	int status = EXIT_STATUS_USAGE;

	if (result_file_load(options->path, &root, problem) < 0)
		return EXIT_STATUS_USAGE;
	if (export_run_make(&run, root, &options->choice, &what) == 0)
		status = write_run(options, &run, problem);
	else
		problem_set(problem, 0, "cannot read %.160s: %.320s", options->path,
			what.text);
	export_run_free(&run);
	json_decref(root);
	return status;
}

int command_export(int argc, char *argv[], struct problem *problem)
{
	struct export_options options;
	int status = EXIT_STATUS_USAGE;

	if (export_options_parse(&options, argc, argv, problem) == 0) {
		if (options.help)
			export_options_help(stdout);
		status = options.help ? EXIT_STATUS_OK : export_run(&options, problem);
	}
	export_options_free(&options);
	return status;
}
