/*
 * runner.c - runs the cases one after the other.
 *
 * Cases share a server, for what one leaves behind is what the next one finds. But a
 * server that was started here is replaced behind a case that failed: one fault then
 * colours one line. Cases that limit or end their server have one of their own.
 */
#include "harness/conform/conform.h"

#include "common/clock.h"
#include "harness/process/tree.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum {
	CASE_TIMEOUTS = 12,       /* a case takes so many times --timeout at most */
	DESCRIPTORS_KEPT = 64,    /* of ours, for all but idle connections */
	SERVER_DESCRIPTORS = 100, /* of the server's, so too */
};

/* A socket closes a little before its process is gone; and the clients' ends end some. */
#define END_WAIT_NS (200 * NS_PER_MS)
#define END_LOOK_NS (10 * NS_PER_MS)

static int spawn(struct conform *conform, struct target *target, rlim_t descriptors,
	struct problem *problem)
{
	const struct rlimit few = {.rlim_cur = descriptors, .rlim_max = descriptors};
	const struct target_command command = {
		.words = conform->options.words,
		.descriptors = descriptors ? &few : &conform->descriptors,
	};

	return target_spawn(target, &command, conform->options.timeout_ns,
		conform->cancel_fd, problem);
}

int conform_start(struct conform *conform, struct problem *problem)
{
	int error;

	if (conform->options.words) {
		error = spawn(conform, &conform->target, 0, problem);
	} else {
		error = target_find(&conform->target, &conform->endpoint,
			conform->options.timeout_ns, conform->cancel_fd, problem);
		conform->target.pid = conform->options.pid;
		if (error == 0 && target_ended(&conform->target, 0))
			error = problem_set(problem, -ESRCH, "--pid: no process %d",
				(int)conform->options.pid);
	}
	/* To stop it would be to stop ourselves. */
	if (error == 0 && conform->options.pid &&
		tree_contains(conform->options.pid, getpid()))
		error = problem_set(problem, -EINVAL,
			"--pid: process %d is a parent of muxbench, not a server",
			(int)conform->options.pid);
	conform->target_up = error == 0;
	return error;
}

void conform_end(struct conform *conform)
{
	target_end(&conform->target);
	conform->target_up = false;
	/* Whoever left its family behind came to us. */
	if (conform->options.words)
		tree_kill_below(getpid());
}

/* As many as both sides have room for. */
static uint64_t idle_connections(const struct conform *conform)
{
	struct rlimit ours;
	uint64_t count = conform->options.connections_idle;
	uint64_t theirs = conform->descriptors.rlim_cur;

	if (getrlimit(RLIMIT_NOFILE, &ours) == 0 &&
		count + DESCRIPTORS_KEPT > ours.rlim_cur)
		count = ours.rlim_cur > 2 * DESCRIPTORS_KEPT
				? ours.rlim_cur - DESCRIPTORS_KEPT
				: 1;
	if (conform->options.words && count + SERVER_DESCRIPTORS > theirs)
		count = theirs > 2 * SERVER_DESCRIPTORS ? theirs - SERVER_DESCRIPTORS : 1;
	return count;
}

/* Notes, once, that the server which cases share has ended. */
static void note_end(struct conform *conform, const char *name)
{
	char end[400];

	if (!target_ended(&conform->target, 0))
		return;
	target_describe_end(&conform->target, end, sizeof(end));
	if (!*conform->ended)
		snprintf(conform->ended, sizeof(conform->ended), "it ended in %s: %s",
			name, end);
}

static void add_end(const struct target *target, struct verdict *verdict)
{
	size_t used = strlen(verdict->seen);
	char end[400];

	target_describe_end(target, end, sizeof(end));
	snprintf(verdict->seen + used, sizeof(verdict->seen) - used,
		"; the server ended: %s", end);
}

/* One case against one server. 0 or -ECANCELED. */
static int play(struct conform *conform, const struct conform_case *conform_case,
	struct target *target, struct verdict *verdict)
{
	struct scene scene = {
		.target = target,
		.timeout_ns = conform->options.timeout_ns,
		.deadline_ns =
			clock_now_ns() + CASE_TIMEOUTS * conform->options.timeout_ns,
		.seed = conform->options.seed,
		.clients_made = &conform->clients_made,
		.connections_idle = idle_connections(conform),
		.memory_max_bytes = conform->options.memory_max_bytes,
		.cancel_fd = conform->cancel_fd,
	};

	if (!conform_case->run(&scene) && !scene.failed && !scene.canceled)
		scene_fail(&scene, "a verdict", "a case that gave none");
	scene_close(&scene);
	if (target->stopped)
		target_continue(target);
	*verdict = scene.verdict;
	if (verdict->status == VERDICT_FAIL && target_ended(target, END_WAIT_NS))
		add_end(target, verdict);
	return scene.canceled ? -ECANCELED : 0;
}

static void set_verdict(struct verdict *verdict, enum verdict_status status,
	const char *expected, const char *seen)
{
	*verdict = (struct verdict){.status = status};
	snprintf(verdict->expected, sizeof(verdict->expected), "%s", expected);
	snprintf(verdict->seen, sizeof(verdict->seen), "%s", seen);
}

static int play_alone(struct conform *conform, const struct conform_case *conform_case,
	struct verdict *verdict)
{
	struct target target;
	struct problem problem = {0};
	int error = spawn(conform, &target, conform_case->descriptors, &problem);

	if (error == -ECANCELED)
		return error;
	if (error < 0) {
		char expected[80] = "a server that starts";

		if (conform_case->descriptors)
			snprintf(expected, sizeof(expected),
				"a server that starts with %ju descriptors",
				(uintmax_t)conform_case->descriptors);
		set_verdict(verdict, VERDICT_FAIL, expected, problem.text);
		return 0;
	}
	error = play(conform, conform_case, &target, verdict);
	target_end(&target);
	return error;
}

/* Behind a failure: is there anybody for the next case? */
static void look_after(struct conform *conform, const char *name)
{
	note_end(conform, name);
	if (conform->options.words) {
		target_end(&conform->target);
		conform->target_up = false; /* the next case starts another */
		return;
	}
	struct problem problem;
	struct target again;

	usleep(END_WAIT_NS / NS_PER_US); /* its listener may be about to close */
	if (target_find(&again, &conform->endpoint, conform->options.timeout_ns,
		    conform->cancel_fd, &problem) == 0)
		return;
	conform->target_up = false;
	if (!*conform->ended)
		snprintf(conform->ended, sizeof(conform->ended),
			"nobody answers since %s", name);
}

static int play_shared(struct conform *conform, const struct conform_case *conform_case,
	struct verdict *verdict)
{
	struct problem problem = {0};

	if (conform_case->judges_run && *conform->ended) {
		set_verdict(verdict, VERDICT_FAIL, "a server that runs to the end",
			conform->ended);
		return 0;
	}
	if (!conform->target_up && !conform->options.words) {
		set_verdict(verdict, VERDICT_SKIP, "", conform->ended);
		return 0;
	}
	int error = conform->target_up ? 0 : conform_start(conform, &problem);

	if (error == -ECANCELED)
		return error;
	if (error < 0) {
		set_verdict(verdict, VERDICT_FAIL, "a server that starts again",
			problem.text);
		return 0;
	}
	error = play(conform, conform_case, &conform->target, verdict);
	if (error == 0 && verdict->status != VERDICT_FAIL &&
		target_ended(&conform->target, END_LOOK_NS)) {
		set_verdict(
			verdict, VERDICT_FAIL, "the server to run on", "it has ended");
		add_end(&conform->target, verdict);
	}
	if (error == 0 && verdict->status == VERDICT_FAIL)
		look_after(conform, conform_case->name);
	return error;
}

/* What a case asks for and is not there; NULL: nothing. */
static const char *missing(
	const struct conform *conform, const struct conform_case *conform_case)
{
	bool spawned = conform->options.words != NULL;

	if (conform_case->needs == NEEDS_COMMAND && !spawned)
		return "it needs a server of its own: --spawn";
	if (conform_case->needs == NEEDS_PROCESS && !spawned && !conform->options.pid)
		return "it looks into the process: --spawn, or --pid PID";
	if (conform_case->descriptors > conform->descriptors.rlim_max)
		return "RLIMIT_NOFILE is too low here to give the server what it asks "
		       "for";
	return NULL;
}

static int run_case(struct conform *conform, const struct conform_case *conform_case)
{
	struct conform_result *result = &conform->results[conform->result_count];
	const char *why = missing(conform, conform_case);
	uint64_t began_ns = clock_now_ns();
	int error = 0;

	conform_report_begin(conform, conform_case->name);
	*result = (struct conform_result){.conform_case = conform_case};
	if (why)
		set_verdict(&result->verdict, VERDICT_SKIP, "", why);
	else if (conform_case->needs == NEEDS_COMMAND)
		error = play_alone(conform, conform_case, &result->verdict);
	else
		error = play_shared(conform, conform_case, &result->verdict);
	result->duration_ns = clock_now_ns() - began_ns;
	if (error < 0)
		return error;
	conform->result_count++;
	conform_report_result(conform, result);
	return fflush(stdout) == 0 && !ferror(stdout) ? 0 : -EIO;
}

int conform_run_cases(struct conform *conform)
{
	const struct conform_case *conform_case;
	int error = 0;

	for (size_t i = 0; error == 0 && (conform_case = case_at(i)); i++) {
		if (!conform->options.selected[i] ||
			(conform->options.tcp && conform_case->needs != NEEDS_ADDRESS))
			continue;
		error = run_case(conform, conform_case);
	}
	conform->complete = error == 0;
	return error;
}
