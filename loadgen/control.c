/* control.c - the --control protocol. */
#include "loadgen/control.h"

#include "common/jsonl.h"
#include "common/records.h"
#include "loadgen/result.h"

#include <errno.h>
#include <string.h>

struct control {
	struct load *load;
	struct jsonl_reader reader;
	int out_fd;
	struct engine_result *result;
	bool stop;
};

/* Writes an event and lets go of it. 0, or -errno with problem. */
static int tell(struct control *control, json_t *event, struct problem *problem)
{
	int error = event ? jsonl_write(control->out_fd, event) : -ENOMEM;

	json_decref(event);
	if (error < 0)
		return problem_set(problem, error, "cannot answer: %s", strerror(-error));
	return 0;
}

/*
 * The commands became readable while a window runs. Their end stops it, since nobody
 * waits for it any more; but not when whole commands are left: then someone wrote them
 * all at once and closed.
 */
static bool ended_in_window(void *context)
{
	struct control *control = context;
	struct jsonl_reader *reader = &control->reader;
	int n = jsonl_fill(reader);

	if (n > 0 || n == -EAGAIN)
		return false;
	control->stop = reader->used == 0 || !memchr(reader->buffer, '\n', reader->used);
	return control->stop;
}

/* The server's thread that each request of a lockstep window waits for. */
static int parse_lockstep(
	const json_t *command, struct engine_window *window, struct problem *problem)
{
	uint64_t pid, tid;

	if (!json_object_get(command, "lockstep_tid"))
		return 0;
	int error = record_get_u64(command, "lockstep_pid", &pid, problem);

	if (error == 0)
		error = record_get_u64(command, "lockstep_tid", &tid, problem);
	if (error < 0)
		return error;
	if (pid == 0 || pid > INT32_MAX || tid == 0 || tid > INT32_MAX)
		return problem_set(problem, -EBADMSG, "lockstep names no thread");
	window->lockstep_pid = (pid_t)pid;
	window->lockstep_tid = (pid_t)tid;
	return 0;
}

/* The process that is let go on once the first requests are sent. */
static int parse_resume(
	const json_t *command, struct engine_window *window, struct problem *problem)
{
	uint64_t pid;

	if (!json_object_get(command, "resume_pid"))
		return 0;
	int error = record_get_u64(command, "resume_pid", &pid, problem);

	if (error == 0 && (pid == 0 || pid > INT32_MAX))
		error = problem_set(problem, -EBADMSG, "resume_pid names no process");
	window->resume_pid = error == 0 ? (pid_t)pid : 0;
	return error;
}

/* An open loop's rate and arrival. It ends by time, and its times are not lockstep's. */
static int parse_rate(const struct load *load, const json_t *command,
	struct engine_window *window, struct problem *problem)
{
	const char *arrival = "constant";
	int error;

	if (!json_object_get(command, "rate")) {
		if (json_object_get(command, "arrival"))
			return problem_set(problem, -EBADMSG, "arrival needs a rate");
		return 0;
	}
	error = record_get_u64(command, "rate", &window->rate, problem);
	if (error == 0 && json_object_get(command, "arrival"))
		error = record_get_string(command, "arrival", &arrival, problem);
	if (error == 0)
		error = schedule_arrival_parse(
			"arrival", arrival, &window->arrival, problem);
	if (error < 0)
		return error;
	if (load->is_churn || window->requests || window->lockstep_tid)
		return problem_set(problem, -EBADMSG,
			"rate goes with duration_ns, and not with churn or lockstep");
	return schedule_check(window->rate, window->duration_ns, problem);
}

/* What a run command asks for: a duration or a number of requests, not both. */
static int parse_window(const struct load *load, const json_t *command,
	struct engine_window *window, struct problem *problem)
{
	bool by_time = json_object_get(command, "duration_ns");
	bool by_requests = json_object_get(command, "requests");
	int error = 0;

	*window = (struct engine_window){0};
	if (by_time)
		error = record_get_u64(
			command, "duration_ns", &window->duration_ns, problem);
	if (error == 0 && by_requests)
		error = record_get_u64(command, "requests", &window->requests, problem);
	if (error < 0)
		return error;
	if (by_time == by_requests || window->duration_ns + window->requests == 0)
		return problem_set(problem, -EBADMSG,
			"run takes either duration_ns or requests, above 0");
	if (window->duration_ns > ENGINE_DURATION_MAX_NS)
		return problem_set(problem, -EBADMSG, "duration_ns is above a day");
	error = parse_resume(command, window, problem);
	if (error == 0)
		error = parse_lockstep(command, window, problem);
	return error < 0 ? error : parse_rate(load, command, window, problem);
}

static int run(struct control *control, const json_t *command, struct problem *problem)
{
	const struct engine_stop stop = {control->reader.fd, ended_in_window, control};
	struct engine_window window;
	int error = parse_window(control->load, command, &window, problem);

	if (error < 0)
		return tell(control, result_error(problem->text), problem);
	error = load_run(control->load, &window, &stop, control->result, problem);
	if (error < 0 || control->stop)
		return error;
	return tell(control, result_done(control->result), problem);
}

static int obey(struct control *control, const json_t *command, struct problem *problem)
{
	const char *name;

	if (record_get_string(command, "cmd", &name, problem) < 0)
		return tell(control, result_error(problem->text), problem);
	if (strcmp(name, "run") == 0)
		return run(control, command, problem);
	if (strcmp(name, "stop") != 0) {
		problem_set(problem, -EBADMSG, "unknown command '%.80s'", name);
		return tell(control, result_error(problem->text), problem);
	}
	control->stop = true;
	return 0;
}

/* Takes one command and does it. */
static int serve_one(struct control *control, struct problem *problem)
{
	json_t *command = NULL;
	int error = jsonl_read(&control->reader, UINT64_MAX, &command, problem);

	switch (error) {
	case 0:
		error = obey(control, command, problem);
		json_decref(command);
		return error;
	case -EPIPE: /* the end of the commands */
		control->stop = true;
		return 0;
	case -EBADMSG:
		return tell(control, result_error(problem->text), problem);
	case -EINTR:
	case -ETIMEDOUT: /* jsonl_read() waits an hour at the most */
		return 0;
	default:
		return error;
	}
}

int control_serve(struct load *load, int in_fd, int out_fd, struct engine_result *result,
	struct problem *problem)
{
	struct control control = {.load = load, .out_fd = out_fd, .result = result};
	int error = 0;

	jsonl_reader_init(&control.reader, in_fd);
	while (error == 0 && !control.stop)
		error = serve_one(&control, problem);
	jsonl_reader_free(&control.reader);
	return error;
}
