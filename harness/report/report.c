/* report.c - `muxbench report`: from a stored result to a page, Markdown or plain text.
 */
#include "harness/report/report.h"

#include "common/exit_status.h"
#include "common/parse.h"
#include "harness/command.h"
#include "harness/report/content.h"
#include "harness/report/data.h"
#include "harness/store.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <libgen.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- options ---- */

static const struct format {
	const char *name;
	const struct report_form *form;
} formats[] = {
	{"html", &report_form_html}, /* the default */
	{"markdown", &report_form_markdown},
	{"text", &report_form_text},
};

enum { FORMATS = sizeof(formats) / sizeof(*formats) };

struct options {
	const char *path;
	const struct report_form *form;
	const char *out; /* NULL: report.html beside the result, or stdout */
	bool help;
};

enum { OPTION_HELP = 'h', OPTION_OUT = 'o', OPTION_FORMAT = 256 };

static void print_help(void)
{
	puts("Usage: muxbench report DIR [options]\n"
	     "\n"
	     "Shows what a run found, from DIR/result.json alone: verdicts, plots, "
	     "tables\n"
	     "with intervals, exact counts, what was left out and why, how to repeat "
	     "it.\n"
	     "\n"
	     "  --format html        one page that needs no other file and no network\n"
	     "                       (default; written to DIR/" REPORT_NAME ")\n"
	     "  --format markdown    for the summary of a CI job (to stdout)\n"
	     "  --format text        for a terminal (to stdout)\n"
	     "  -o, --out FILE       write it there; - is stdout\n"
	     "  -h, --help\n"
	     "\n"
	     "Exit status: 0 done, 1 it could not be written, 2 wrong command line or a\n"
	     "result that cannot be read.\n"
	     "\n"
	     "Examples:\n"
	     "  muxbench report results/run-20250101-120000\n"
	     "  muxbench report DIR --format text | less\n"
	     "  muxbench report DIR --format markdown >>\"$GITHUB_STEP_SUMMARY\"");
}

static int take_format(struct options *options, const char *name, struct problem *problem)
{
	for (size_t i = 0; i < FORMATS; i++)
		if (strcmp(formats[i].name, name) == 0) {
			options->form = formats[i].form;
			return 0;
		}
	return problem_set(problem, -EINVAL,
		"--format takes html, markdown or text, not '%.40s'", name);
}

static int parse_options(
	struct options *options, int argc, char *argv[], struct problem *problem)
{
	static const struct option long_options[] = {
		{"format", required_argument, NULL, OPTION_FORMAT},
		{"out", required_argument, NULL, OPTION_OUT},
		{"help", no_argument, NULL, OPTION_HELP},
		{NULL, 0, NULL, 0},
	};
	int option, error = 0;

	*options = (struct options){.form = formats[0].form};
	opterr = 0;
	while (error == 0 &&
		(option = getopt_long(argc, argv, ":ho:", long_options, NULL)) != -1) {
		if (option == '?' || option == ':')
			return parse_option_unknown(argv, option, problem);
		if (option == OPTION_FORMAT)
			error = take_format(options, optarg, problem);
		else if (option == OPTION_OUT)
			options->out = optarg;
		else
			options->help = true;
	}
	if (error < 0 || options->help)
		return error;
	if (optind != argc - 1)
		return problem_set(problem, -EINVAL,
			"report takes one folder of a run (see muxbench report --help)");
	options->path = argv[optind];
	if (options->out && *options->out == '\0')
		return problem_set(
			problem, -EINVAL, "--out takes the path of a file, or -");
	return 0;
}

/* ---- writing ---- */

struct content {
	struct report *report;
	const struct report_form *form;
	bool colour;
};

static int write_content(FILE *out, const void *what)
{
	const struct content *content = what;
	struct report_writer writer = {
		.form = content->form, .out = out, .colour = content->colour};

	report_content(content->report, &writer);
	return content->report->memory.failed || writer.failed ? -ENOMEM : 0;
}

int report_write_html(int folder, const char *path, struct problem *problem)
{
	struct report report;
	struct content content = {.report = &report, .form = &report_form_html};
	int error = report_load(&report, path, problem);

	if (error == 0)
		error = store_put(folder, REPORT_NAME, write_content, &content, problem);
	report_free(&report);
	return error;
}

static int write_stdout(const struct content *content, struct problem *problem)
{
	struct content to_terminal = *content;
	const char *no_color = getenv("NO_COLOR");

	to_terminal.colour = isatty(STDOUT_FILENO) && !(no_color && *no_color);
	int error = write_content(stdout, &to_terminal);

	return error < 0 ? problem_set(problem, error, "out of memory for the report")
			 : 0;
}

/* A device or a pipe is written to; replacing it by a file would be a surprise. */
static int write_through(
	const char *path, const struct content *content, struct problem *problem)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
	FILE *out = fd < 0 ? NULL : fdopen(fd, "w");
	int error = out ? write_content(out, content) : -errno;

	if (out && (ferror(out) || fflush(out) != 0) && error == 0)
		error = -EIO;
	if (out)
		fclose(out);
	else if (fd >= 0)
		close(fd);
	return error == 0 ? 0
			  : problem_set(problem, error, "cannot write %.300s: %s", path,
				    strerror(-error));
}

/* Whole or not at all. A link stays one: the file it names is replaced. */
static int write_file(
	const char *path, const struct content *content, struct problem *problem)
{
	char target[PATH_MAX], folder_path[PATH_MAX];
	struct stat status;

	if (stat(path, &status) == 0 && !S_ISREG(status.st_mode) &&
		!S_ISDIR(status.st_mode))
		return write_through(path, content, problem);
	if (!realpath(path, target))
		snprintf(target, sizeof(target), "%s", path);
	snprintf(folder_path, sizeof(folder_path), "%s", target);
	int folder = open(dirname(folder_path), O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (folder < 0)
		return problem_set(problem, -errno, "cannot write %.300s: %s", path,
			strerror(errno));
	int error = store_put(folder, basename(target), write_content, content, problem);

	close(folder);
	if (error < 0)
		problem_set(problem, error, "cannot write %.300s: %s", path,
			strerror(-error));
	return error;
}

/* DIR/report.html; DIR may be given as the result.json in it. */
static const char *default_path(const char *path, char *text)
{
	struct stat status;
	char copy[PATH_MAX];

	snprintf(copy, sizeof(copy), "%s", path);
	const char *folder = stat(path, &status) == 0 && S_ISDIR(status.st_mode)
				     ? copy
				     : dirname(copy);

	snprintf(text, PATH_MAX, "%.4000s/" REPORT_NAME, folder);
	return text;
}

static int write_report(
	const struct options *options, struct report *report, struct problem *problem)
{
	struct content content = {.report = report, .form = options->form};
	bool page = options->form == &report_form_html;
	char path[PATH_MAX];
	const char *out = options->out;

	if (!out)
		out = page ? default_path(options->path, path) : "-";
	if (strcmp(out, "-") == 0)
		return write_stdout(&content, problem);
	int error = write_file(out, &content, problem);

	if (error == 0 && !options->out)
		printf("Report: %s\n", out);
	return error;
}

int command_report(int argc, char *argv[], struct problem *problem)
{
	struct options options;
	struct report report;
	int status = EXIT_STATUS_OK;

	if (parse_options(&options, argc, argv, problem) < 0)
		return EXIT_STATUS_USAGE;
	if (options.help) {
		print_help();
		return EXIT_STATUS_OK;
	}
	int error = report_load(&report, options.path, problem);

	if (error < 0)
		status = error == -ENOMEM ? EXIT_STATUS_FAILED : EXIT_STATUS_USAGE;
	else if (write_report(&options, &report, problem) < 0)
		status = EXIT_STATUS_FAILED;
	report_free(&report);
	return status;
}
