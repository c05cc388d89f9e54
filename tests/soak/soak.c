/*
 * soak.c - clients of every kind at once against an echo server, for long.
 *
 * What it asks of a server: nothing lost, nothing wrong, nothing leaked, whatever its
 * clients do and for as long as they do it. kind.c says who they are, client.c follows
 * their scripts, judge.c what counts as a fault. This file soaks one server after the
 * other; only here is anything exited.
 */
#include "common/exit_status.h"
#include "harness/process/backends.h"
#include "harness/process/cancel.h"
#include "harness/store.h"
#include "tests/soak/judge.h"
#include "tests/soak/options.h"
#include "tests/soak/run.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

struct soak {
	struct soak_options options;
	struct launcher launcher;
	char programs[PATH_MAX + 8];
	struct backend_list list;
	const char *names[OPTIONS_BACKENDS_MAX]; /* NULL: options.exec */
	size_t name_count;
	char out[PATH_MAX];
	int cancel_fd;
};

static int fail(const char *text, int status)
{
	fprintf(stderr, "soak: %s\n", text);
	return status;
}

/* The servers to soak: those asked for, or all that can run here. An exit status. */
static int choose(struct soak *soak, struct problem *problem)
{
	const struct soak_options *options = &soak->options;
	struct backend_list *list = &soak->list;

	if (options->exec) {
		soak->name_count = 1;
		return EXIT_STATUS_OK;
	}
	if (backends_list(list, &soak->launcher, problem) < 0)
		return EXIT_STATUS_FAILED;
	for (size_t i = 0; i < options->backend_count; i++)
		soak->names[soak->name_count++] = options->backends[i];
	if (options->backend_count)
		return backends_check(list, options->backends, options->backend_count,
			       problem) < 0
			       ? EXIT_STATUS_USAGE
			       : EXIT_STATUS_OK;
	for (size_t i = 0; i < list->count; i++) {
		if (list->entries[i].supported)
			soak->names[soak->name_count++] = list->entries[i].name;
		else
			printf("soak %s: unsupported: %s\n", list->entries[i].name,
				list->entries[i].reason);
	}
	return EXIT_STATUS_OK;
}

/* The folder of the records: made, and named in out. */
static int open_folder(struct soak *soak, struct problem *problem)
{
	time_t now = time(NULL);
	struct tm local;

	if (soak->options.out)
		snprintf(soak->out, sizeof(soak->out), "%s", soak->options.out);
	else
		strftime(soak->out, sizeof(soak->out), "results/soak-%Y%m%d-%H%M%S",
			localtime_r(&now, &local));
	int error = store_make_folders(soak->out);

	return error == 0 ? 0
			  : problem_set(problem, error,
				    "cannot make the folder %.300s: %s (choose another "
				    "with --out)",
				    soak->out, strerror(-error));
}

static int write_record(FILE *out, const void *what)
{
	if (json_dumpf(what, out, JSON_INDENT(1) | JSON_REAL_PRECISION(6)) < 0)
		return -EIO;
	return putc('\n', out) == EOF ? -EIO : 0;
}

/* "./mine.so" is recorded as "mine.json". */
static void record_name(const char *name, char *text, size_t text_size)
{
	const char *slash = strrchr(name, '/');
	const char *base = slash ? slash + 1 : name;
	const char *dot = strrchr(base, '.');
	size_t length = dot && dot > base ? (size_t)(dot - base) : strlen(base);

	snprintf(text, text_size, "%.*s.json", (int)length, base);
}

static int put_record(struct soak *soak, const struct judgement *judgement,
	const struct run_result *result, struct problem *problem)
{
	char name[NAME_MAX];
	json_t *record = judge_record(judgement, result, &soak->options);
	int folder = open(soak->out, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	record_name(result->name, name, sizeof(name));
	int error = folder < 0 ? -errno : record ? 0 : -ENOMEM;

	if (error < 0)
		problem_set(problem, error, "cannot write into %.300s: %s", soak->out,
			strerror(-error));
	else
		error = store_put(folder, name, write_record, record, problem);
	if (folder >= 0)
		close(folder);
	json_decref(record);
	return error;
}

/* One server; an exit status. */
static int soak_one(struct soak *soak, const char *backend)
{
	struct problem problem = {""};
	struct run_result result;
	struct judgement judgement;
	int error = run_soak(&result, &soak->options, &soak->launcher, backend, &problem);

	if (error == -ECANCELED)
		return cancel_exit_status(soak->cancel_fd);
	if (error < 0)
		return fail(problem.text,
			error == -ENOTSUP ? EXIT_STATUS_CANNOT_RUN : EXIT_STATUS_FAILED);
	judge_run(&judgement, &result, &soak->options);
	judge_print(&judgement, &result, &soak->options);
	if (put_record(soak, &judgement, &result, &problem) < 0)
		return fail(problem.text, EXIT_STATUS_FAILED);
	if (result.interrupted)
		return cancel_exit_status(soak->cancel_fd);
	return judgement.count > 0 ? EXIT_STATUS_FAILED : EXIT_STATUS_OK;
}

/* All of them, also after one that failed; not after an interrupt. An exit status. */
static int soak_all(struct soak *soak)
{
	int worst = EXIT_STATUS_OK;

	for (size_t i = 0; i < soak->name_count; i++) {
		if (cancel_pending(soak->cancel_fd))
			return cancel_exit_status(soak->cancel_fd);
		int status = soak_one(soak, soak->names[i]);

		if (status > 128)
			return status;
		if (worst != EXIT_STATUS_FAILED && status != EXIT_STATUS_OK)
			worst = status;
	}
	printf("records: %s\n", soak->out);
	return worst;
}

static int open_launcher(struct soak *soak, struct problem *problem)
{
	char here[PATH_MAX];
	int error = launcher_open(&soak->launcher, here, NULL, &soak->cancel_fd, problem);

	/* BUILD/tests/soak is where this program lies; BUILD holds the server. */
	snprintf(soak->programs, sizeof(soak->programs), "%s/../..", here);
	soak->launcher.directory = soak->programs;
	return error;
}

int main(int argc, char *argv[])
{
	struct soak soak = {.cancel_fd = -1};
	struct problem problem = {""};

	if (soak_options_parse(&soak.options, argc, argv, &problem) < 0) {
		soak_options_free(&soak.options);
		return fail(problem.text, EXIT_STATUS_USAGE);
	}
	if (soak.options.help) {
		fputs(soak_options_help(), stdout);
		soak_options_free(&soak.options);
		return EXIT_STATUS_OK;
	}
	int status = EXIT_STATUS_FAILED;

	if (open_launcher(&soak, &problem) == 0) {
		status = choose(&soak, &problem);
		if (status == EXIT_STATUS_OK && open_folder(&soak, &problem) < 0)
			status = EXIT_STATUS_FAILED;
		else if (status == EXIT_STATUS_OK)
			status = soak_all(&soak);
	}
	if (problem.text[0])
		fail(problem.text, status);
	if (soak.cancel_fd >= 0)
		close(soak.cancel_fd);
	soak_options_free(&soak.options);
	return status;
}
