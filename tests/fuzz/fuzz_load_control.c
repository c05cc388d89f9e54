/*
 * fuzz_load_control.c - commands as muxbench-load takes them. Windows are not run: the
 * linker puts load_run() aside, and here is checked what it would have been given.
 */
#include "tests/fuzz/fuzz.h"

#include "loadgen/control.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

int __wrap_load_run(struct load *load, const struct engine_window *window,
	const struct engine_stop *stop, struct engine_result *result,
	struct problem *problem);

int __wrap_load_run(struct load *load, const struct engine_window *window,
	const struct engine_stop *stop, struct engine_result *result,
	struct problem *problem)
{
	(void)problem;
	fuzz_check((window->duration_ns > 0) != (window->requests > 0),
		"a window by time and by requests, or by neither");
	fuzz_check(window->duration_ns <= ENGINE_DURATION_MAX_NS, "more than a day");
	fuzz_check(window->rate <= SCHEDULE_RATE_MAX, "a rate out of bounds");
	fuzz_check(window->rate == 0 || (window->duration_ns > 0 && !load->is_churn &&
						window->lockstep_tid == 0),
		"a rate that goes with nothing");
	fuzz_check(window->resume_pid >= 0 && window->lockstep_pid >= 0 &&
			   (window->lockstep_pid > 0) == (window->lockstep_tid > 0),
		"a process that is none");
	stop->asked(stop->context);
	memset(result, 0, sizeof(*result));
	histogram_reset(&result->service);
	return 0;
}

void fuzz_one(const uint8_t *data, size_t size)
{
	static struct engine_result result;
	struct load load = {.is_churn = size > 0 && data[0] == '\n'};
	struct problem problem = {""};
	int in = fuzz_open(data, size), out = open("/dev/null", O_WRONLY | O_CLOEXEC);
	int error = control_serve(&load, in, out, &result, &problem);

	/* What one command left in problem was told, and is no error of serving. */
	fuzz_check(error == 0 || *problem.text, "an end without a word");
	close(in);
	close(out);
}
