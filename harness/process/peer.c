/* peer.c - a program that is launched and talked to in JSON lines. */
#include "harness/process/peer.h"

#include "common/clock.h"
#include "common/records.h"
#include "harness/files.h"
#include "harness/process/cancel.h"
#include "harness/text.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#define STOP_WAIT_NS (5 * NS_PER_S)
#define END_GRACE_NS (2 * NS_PER_S)

/* "NAME: what": one line, though the program may have had a hand in its text. */
static int blame(
	const struct peer *peer, int error, const char *what, struct problem *problem)
{
	problem_set(problem, error, "%s: %s", peer->name, what);
	if (problem)
		text_one_line(problem->text);
	return error;
}

void peer_init(struct peer *peer)
{
	*peer = (struct peer){.cancel_fd = -1};
	child_init(&peer->child);
	jsonl_reader_init(&peer->reader, -1);
}

int peer_start(struct peer *peer, const struct launcher *launcher,
	const char *const *argv, struct problem *problem)
{
	char path[PATH_MAX];

	peer_init(peer);
	peer->name = argv[0];
	peer->cancel_fd = launcher->cancel_fd;
	if (snprintf(path, sizeof(path), "%s/%s", launcher->directory, argv[0]) >=
		(int)sizeof(path))
		return problem_set(problem, -ENAMETOOLONG, "%s: path too long", argv[0]);
	struct child_command command = {
		.file = path, .argv = argv, .cpus = launcher->cpus};
	int error = child_start(&peer->child, &command, problem);

	jsonl_reader_init(&peer->reader, peer->child.out);
	return error;
}

int peer_hear_line(
	struct peer *peer, uint64_t wait_ns, json_t **object, struct problem *problem)
{
	uint64_t deadline_ns = clock_now_ns() + wait_ns;

	for (;;) {
		struct problem what = {""};
		int found = jsonl_next(&peer->reader, object, &what);

		if (found > 0)
			return 0;
		if (found < 0) {
			peer->reported = true;
			return blame(peer, found, what.text, problem);
		}
		int event = child_await(&peer->child, peer->cancel_fd, deadline_ns);

		if (event == -ECANCELED)
			return event;
		if (event == -ETIMEDOUT)
			return problem_set(problem, event, "%s: no answer within %.3g s",
				peer->name, (double)wait_ns / NS_PER_S);
		if (event < 0)
			return blame(peer, event, strerror(-event), problem);
		int n = event == CHILD_ENDED ? 0 : jsonl_fill(&peer->reader);

		if (n == 0)
			return blame(peer, -EPIPE, "ended without an answer", problem);
		if (n == -EMSGSIZE) {
			peer->reported = true;
			return blame(peer, n, "a line without an end", problem);
		}
		if (n < 0 && n != -EAGAIN)
			return blame(peer, n, strerror(-n), problem);
	}
}

int peer_hear_event(struct peer *peer, uint64_t wait_ns, json_t **answer,
	const char **event, struct problem *problem)
{
	struct problem what = {""};
	int error = peer_hear_line(peer, wait_ns, answer, problem);

	if (error < 0)
		return error;
	error = record_get_string(*answer, "event", event, &what);
	if (error == 0) {
		peer->reported |= strcmp(*event, "error") == 0;
		return 0;
	}
	json_decref(*answer);
	*answer = NULL;
	return blame(peer, error, what.text, problem);
}

const char *peer_reason(const json_t *event)
{
	const char *reason = "";

	record_get_string(event, "reason", &reason, NULL);
	return *reason ? reason : "no reason given";
}

int peer_expect(struct peer *peer, const char *due, const char *event, json_t **answer,
	struct problem *problem)
{
	struct problem what;
	int error;

	if (strcmp(event, due) == 0)
		return 0;
	if (strcmp(event, "error") == 0)
		error = blame(peer, -EREMOTEIO, peer_reason(*answer), problem);
	else {
		problem_set(&what, 0, "said '%.40s' where '%s' was due", event, due);
		error = blame(peer, -EBADMSG, what.text, problem);
	}
	json_decref(*answer);
	*answer = NULL;
	return error;
}

int peer_hear(struct peer *peer, const char *due, uint64_t wait_ns, json_t **answer,
	struct problem *problem)
{
	const char *event;
	int error = peer_hear_event(peer, wait_ns, answer, &event, problem);

	if (error == -ETIMEDOUT)
		return problem_set(problem, error, "%s: no '%s' within %.3g s",
			peer->name, due, (double)wait_ns / NS_PER_S);
	return error < 0 ? error : peer_expect(peer, due, event, answer, problem);
}

int peer_tell(struct peer *peer, json_t *command, struct problem *problem)
{
	int error = jsonl_write(peer->child.in, command);

	json_decref(command);
	/* One that has ended may have said why: that is heard next. */
	if (error < 0 && error != -EPIPE)
		return blame(peer, error, strerror(-error), problem);
	return 0;
}

int peer_ask(struct peer *peer, json_t *command, const char *due, uint64_t wait_ns,
	json_t **answer, struct problem *problem)
{
	int error = peer_tell(peer, command, problem);

	return error < 0 ? error : peer_hear(peer, due, wait_ns, answer, problem);
}

int peer_taken(struct peer *peer, json_t *answer, int error, const struct problem *what,
	struct problem *problem)
{
	json_decref(answer);
	return error < 0 ? blame(peer, error, what->text, problem) : 0;
}

int peer_check_protocol(const json_t *hello, struct problem *problem)
{
	uint64_t protocol = 0;
	int error = record_get_u64(hello, "protocol", &protocol, problem);

	if (error == 0 && protocol != PEER_PROTOCOL)
		error = problem_set(problem, -EBADMSG,
			"speaks protocol %" PRIu64 ", muxbench speaks %d: build both "
			"from one tree",
			protocol, PEER_PROTOCOL);
	return error;
}

int peer_stop(struct peer *peer, struct problem *problem)
{
	json_t *answer;

	peer->cancel_fd = -1;
	int error = peer_ask(peer, json_pack("{ss}", "cmd", "stop"), "stopped",
		STOP_WAIT_NS, &answer, problem);
	if (error < 0)
		return error;
	json_decref(answer);
	child_close_input(&peer->child);
	error = child_wait(&peer->child, -1, clock_now_ns() + STOP_WAIT_NS);
	if (error < 0)
		return blame(peer, error, "did not exit after 'stopped'", problem);
	if (!child_succeeded(&peer->child)) {
		char end[80];

		child_describe_end(&peer->child, end, sizeof(end));
		return problem_set(
			problem, -EREMOTEIO, "%s: %s after 'stopped'", peer->name, end);
	}
	return 0;
}

void peer_end(struct peer *peer)
{
	child_end(&peer->child, END_GRACE_NS);
	jsonl_reader_free(&peer->reader);
}

int launcher_open(struct launcher *launcher, char *directory, const cpu_set_t *cpus,
	int *cancel_fd, struct problem *problem)
{
	int error = files_program_directory(directory, PATH_MAX);

	signal(SIGPIPE, SIG_IGN); /* a child that is gone is an answer, not the end */
	*cancel_fd = error == 0 ? cancel_open() : -1;
	if (error == 0 && *cancel_fd < 0)
		error = *cancel_fd;
	if (error < 0) {
		*cancel_fd = -1;
		return problem_set(problem, error, "cannot start: %s", strerror(-error));
	}
	*launcher = (struct launcher){
		.directory = directory, .cpus = cpus, .cancel_fd = *cancel_fd};
	return 0;
}
