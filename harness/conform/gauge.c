/* gauge.c - what a case reads off the server's processes. */
#include "harness/conform/gauge.h"

#include <errno.h>
#include <string.h>

bool gauge_census(struct scene *scene, struct tree_census *seen)
{
	int error = tree_census(scene->target->pid, seen);

	if (error == 0)
		return true;
	if (error == -ESRCH)
		return scene_fail(scene, "the server to run", "it is gone");
	return scene_skip(
		scene, "cannot look into the server's processes: %s", strerror(-error));
}

bool gauge_cpu_percent(struct scene *scene, uint64_t window_ns, double *percent)
{
	uint64_t before, after, began_ns = clock_now_ns();

	if (tree_cpu_ns(scene->target->pid, &before) < 0 ||
		!scene_rest(scene, window_ns) ||
		tree_cpu_ns(scene->target->pid, &after) < 0)
		return scene_fail(scene, "the server to run", "it is gone");
	uint64_t elapsed_ns = clock_now_ns() - began_ns;

	/* Processes that have ended took theirs along. */
	*percent =
		after > before ? (double)(after - before) * 100 / (double)elapsed_ns : 0;
	return true;
}
