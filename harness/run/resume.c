/* resume.c - a run made in several sessions. */
#include "harness/run/resume.h"

#include "common/jsonl.h"
#include "common/records.h"
#include "common/version.h"
#include "harness/result/replay.h"
#include "harness/run/plan_file.h"
#include "harness/text.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { SESSIONS_MAX = 1000, LINE_STEP = 64 * 1024 };

/* ---- the plan ---- */

static int write_plan(FILE *out, const void *what)
{
	json_t *plan = plan_file_json(what);

	if (!plan)
		return -ENOMEM;
	json_dumpf(plan, out, JSON_INDENT(1));
	fputc('\n', out);
	json_decref(plan);
	return 0;
}

int resume_write_plan(struct run *run, struct problem *problem)
{
	return store_put(
		run->store.folder, PLAN_FILE_NAME, write_plan, &run->options, problem);
}

/* ---- lines, however long ---- */

/* As a reader of a file that somebody may have put there: no line takes more than this.
 */
struct lines {
	FILE *file;
	char *line; /* with its newline, if it has one; owned */
	size_t length;
	size_t capacity;
};

/* True: there was a line; one longer than JSONL_LINE_MAX comes cut, and is no line. */
static bool next_line(struct lines *lines)
{
	int byte = EOF;

	lines->length = 0;
	while (lines->length <= JSONL_LINE_MAX &&
		(byte = getc_unlocked(lines->file)) != EOF) {
		if (lines->length == lines->capacity) {
			size_t capacity = 2 * lines->capacity + LINE_STEP;
			char *grown = realloc(lines->line, capacity);

			if (!grown)
				return false;
			lines->line = grown;
			lines->capacity = capacity;
		}
		lines->line[lines->length++] = (char)byte;
		if (byte == '\n')
			break;
	}
	return lines->length > 0;
}

/* ---- the sessions ---- */

static const char *text_at(const json_t *object, const char *outer, const char *inner)
{
	const char *text = json_string_value(
		json_object_get(outer ? json_object_get(object, outer) : object, inner));

	return text ? text : "";
}

static json_t *session_json(const struct run *run)
{
	struct tm utc;
	char started[32];

	strftime(started, sizeof(started), "%Y-%m-%dT%H:%M:%SZ",
		gmtime_r(&run->facts.started, &utc));
	return json_pack("{ss so so ss ss ss}", "started", started, "trials_before",
		record_u64(run->done_count), "trials_failed",
		record_u64(run->failed_before), "version", MUXBENCH_VERSION, "kernel",
		text_at(run->environment, NULL, "kernel"), "cpu",
		text_at(run->environment, "cpu", "model"));
}

/* The lines there are; a last one that is torn does not count. */
static int read_sessions(struct run *run, struct problem *problem)
{
	FILE *file = store_read(&run->store, SESSIONS_NAME);
	struct lines lines = {.file = file};

	if (!file && errno != ENOENT)
		return problem_set(problem, -errno,
			"cannot read %.200s/" SESSIONS_NAME ": %s", run->store.path,
			strerror(errno));
	int error = 0;

	for (int n = 1; file && n <= SESSIONS_MAX && error == 0 && next_line(&lines);
		n++) {
		json_t *session;

		if (lines.length > JSONL_LINE_MAX)
			error = problem_set(problem, -EBADMSG,
				"cannot resume: %.200s/" SESSIONS_NAME
				", line %d: it has no end",
				run->store.path, n);
		else if (jsonl_parse(lines.line, lines.length, &session, NULL) == 0)
			json_array_append_new(run->sessions, session);
	}
	free(lines.line);
	if (file)
		fclose(file);
	return error;
}

/* Trials of two machines, kernels or versions do not belong on one curve. */
static int check_same(struct run *run, const json_t *now, struct problem *problem)
{
	static const char *const keys[] = {"version", "kernel", "cpu"};
	static const char *const words[] = {"version of muxbench", "kernel", "processor"};
	const json_t *first = json_array_get(run->sessions, 0);

	for (size_t i = 0; first && i < sizeof(keys) / sizeof(*keys); i++)
		if (strcmp(text_at(first, NULL, keys[i]), text_at(now, NULL, keys[i])) !=
			0)
			return problem_set(problem, -EBADMSG,
				"%.200s was begun with another %s (%.100s): begin a new "
				"run",
				run->store.path, words[i], text_at(first, NULL, keys[i]));
	return 0;
}

int resume_begin_session(struct run *run, struct problem *problem)
{
	run->sessions = json_array();
	int error = run->options.resume ? read_sessions(run, problem) : 0;
	json_t *now = session_json(run);

	if (error == 0)
		error = check_same(run, now, problem);
	if (error == 0)
		error = store_append_session(&run->store, now, problem);
	json_array_append_new(run->sessions, now);
	return error;
}

/* ---- the trials ---- */

/* What reading has come to. */
struct reading {
	struct run *run;
	struct replay_pair pair;
	off_t whole_bytes;          /* up to the end of the last trial that is whole */
	size_t line;                /* its number, for messages */
	struct store_piece *failed; /* of trials that are to be made again; owned */
	size_t failed_count;
};

/* A program broke down in it: the next session makes it again. Its end comes later. */
static int note_failed(struct reading *reading)
{
	if (!reading->failed)
		reading->failed =
			calloc(reading->run->plan.trial_count, sizeof(*reading->failed));
	if (!reading->failed)
		return -ENOMEM;
	reading->failed[reading->failed_count++].begin = reading->whole_bytes;
	return 0;
}

static int take_line(struct reading *reading, const char *line, size_t length,
	bool *whole, struct problem *problem)
{
	struct run *run = reading->run;
	json_t *record;
	size_t cell;

	*whole = false;
	if (jsonl_parse(line, length, &record, problem) < 0)
		return -EBADMSG;
	int error = replay_pair_take(&reading->pair, &run->plan, record, &cell, problem);

	json_decref(record);
	if (error <= 0)
		return error;
	const struct trial *trial = run->trial;
	size_t k = (trial->block - 1) * run->plan.cell_count + trial->order_in_block - 1;

	if (run->plan.order[k] != cell)
		return problem_set(problem, -EBADMSG,
			"trial %" PRIu64 ".%02" PRIu64 " is not what the plan has there",
			trial->block, trial->order_in_block);
	*whole = true;
	if (trial_status(trial) == TRIAL_FAILED) {
		run->done[k] = false;
		return note_failed(reading);
	}
	run->done_count++;
	return summary_add(&run->summary, cell, trial);
}

static void end_trial(struct reading *reading, off_t bytes)
{
	size_t count = reading->failed_count;

	reading->whole_bytes = bytes;
	if (count > 0 && reading->failed[count - 1].end == 0)
		reading->failed[count - 1].end = bytes;
}

/* The last line may lack its end, and the last trial its second line. */
static int read_lines(struct reading *reading, FILE *file, struct problem *problem)
{
	struct lines lines = {.file = file};
	off_t bytes = 0;
	int error = 0;

	while (error == 0 && next_line(&lines)) {
		bool whole = false;

		if (lines.line[lines.length - 1] != '\n' &&
			lines.length <= JSONL_LINE_MAX)
			break;
		reading->line++;
		bytes += (off_t)lines.length;
		error = take_line(reading, lines.line, lines.length, &whole, problem);
		if (error == 0 && whole)
			end_trial(reading, bytes);
	}
	if (error == 0 && (ferror(file) || !feof(file)))
		error = problem_set(problem, -EIO, "cannot be read");
	free(lines.line);
	return error;
}

static int cut(struct reading *reading, struct problem *problem)
{
	struct run *run = reading->run;

	if (reading->whole_bytes == run->store.trials_bytes)
		return 0;
	progress_say(&run->progress,
		"note: the last trial in %s was not whole: it is dropped and made again",
		run->store.path);
	return store_cut_trials(&run->store, reading->whole_bytes, problem);
}

static int move_failed(struct reading *reading, struct problem *problem)
{
	struct run *run = reading->run;

	if (reading->failed_count == 0)
		return 0;
	progress_say(&run->progress,
		"note: %zu trial%s had failed and %s made again (see %s/" FAILED_NAME ")",
		reading->failed_count, reading->failed_count == 1 ? "" : "s",
		reading->failed_count == 1 ? "is" : "are", run->store.path);
	run->failed_before = reading->failed_count;
	return store_move_failed(
		&run->store, reading->failed, reading->failed_count, problem);
}

int resume_take_trials(struct run *run, struct problem *problem)
{
	struct reading reading = {
		.run = run,
		.pair = {.trial = run->trial, .done = run->done},
	};
	struct problem what = {""};
	FILE *file = store_read(&run->store, TRIALS_NAME);

	if (!file)
		return problem_set(problem, -errno,
			"cannot read %.200s/" TRIALS_NAME ": %s", run->store.path,
			strerror(errno));
	int error = read_lines(&reading, file, &what);

	fclose(file);
	if (error < 0) {
		text_one_line(what.text);
		problem_set(problem, error,
			"cannot resume: %.160s/" TRIALS_NAME ", line %zu: %.240s",
			run->store.path, reading.line, what.text);
	} else
		error = cut(&reading, problem);
	if (error == 0)
		error = move_failed(&reading, problem);
	free(reading.failed);
	return error;
}
