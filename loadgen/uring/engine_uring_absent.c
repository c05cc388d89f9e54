/* engine_uring_absent.c - where liburing is missing: the engine says so, and never runs.
 */
#include "loadgen/engine_state.h"

#include <errno.h>

static int uring_probe(struct problem *problem)
{
	return problem_set(problem, -ENOSYS,
		"the io_uring engine was not built in: liburing 2.3 or newer was missing "
		"(make deps)");
}

static int uring_open(struct engine *engine)
{
	(void)engine;
	return -ENOSYS;
}

static void uring_close(struct engine *engine)
{
	(void)engine;
}

const struct engine_io engine_io_uring = {
	.name = "io_uring",
	.probe = uring_probe,
	.open = uring_open,
	.close = uring_close,
};
