/*
 * fuzz_resume.c - trials.jsonl and sessions.jsonl as `run --resume` reads them back: what
 * a kill, a full disk or an editor left. The input is the one, a NUL, and the other.
 */
#include "tests/fuzz/fuzz.h"

#include "harness/run/resume.h"
#include "harness/run/run.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char folder[] = "/tmp/muxbench-fuzz-XXXXXX";
static const char *const backends[] = {"poll", "epoll-lt"};
static const uint64_t idle[] = {0, 10};

static const struct plan_axes axes = {
	.backends = backends,
	.backend_count = 2,
	.lists = {[PLAN_IDLE] = {idle, 2}},
	.blocks = 2,
	.seed = 1,
};

/* Disks are slow, and notes are many. */
int __wrap_fdatasync(int fd);
void __wrap_progress_say(struct progress *progress, const char *format, ...);

int __wrap_fdatasync(int fd)
{
	(void)fd;
	return 0;
}

void __wrap_progress_say(struct progress *progress, const char *format, ...)
{
	(void)progress;
	(void)format;
}

static void remove_folder(void)
{
	static const char *const names[] = {TRIALS_NAME, SESSIONS_NAME};

	for (size_t i = 0; i < 2; i++) {
		char path[64];

		snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
		unlink(path);
	}
	rmdir(folder);
}

void fuzz_set_up(void)
{
	fuzz_check(mkdtemp(folder) != NULL, "cannot make a folder");
	atexit(remove_folder);
}

static void put(const char *name, const uint8_t *data, size_t size)
{
	char path[64];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	fuzz_check(fd >= 0 && write(fd, data, size) == (ssize_t)size, "cannot write");
	close(fd);
}

static void open_run(struct run *run)
{
	struct problem problem = {""};

	run_init(run, 0, NULL);
	run->options.resume = true;
	run->environment = json_pack("{ss s{ss}}", "kernel", "6.1", "cpu", "model", "x");
	fuzz_check(plan_make(&run->plan, &axes, &problem) == 0 &&
			   summary_make(&run->summary, &run->plan) == 0,
		"no plan");
	run->trial = calloc(1, sizeof(*run->trial));
	run->done = calloc(run->plan.trial_count, sizeof(*run->done));
	fuzz_check(store_reopen(&run->store, folder, &problem) == 0, "no store");
}

/* What is left is whole lines of whole trials, and a second look finds the same. */
static void check_again(const struct run *run)
{
	struct problem problem = {""};
	struct run again;

	open_run(&again);
	fuzz_check(resume_take_trials(&again, &problem) == 0, "refused at second sight");
	fuzz_check(again.done_count == run->done_count, "another number of trials");
	run_free(&again);
}

void fuzz_one(const uint8_t *data, size_t size)
{
	const uint8_t *end = size > 0 ? memchr(data, 0, size) : NULL;
	size_t trials = end ? (size_t)(end - data) : size;
	struct problem problem = {""};
	struct run run;

	put(TRIALS_NAME, data, trials);
	put(SESSIONS_NAME, data + trials + (end ? 1 : 0), size - trials - (end ? 1 : 0));
	open_run(&run);
	int error = resume_take_trials(&run, &problem);

	fuzz_check_problem(error, &problem);
	if (error == 0) {
		int session = resume_begin_session(&run, &problem);

		fuzz_check_problem(session, &problem);
	}
	bool taken = error == 0;

	close(run.store.trials); /* and with it the lock */
	run.store.trials = -1;
	if (taken)
		check_again(&run);
	run_free(&run);
}
