/* fuzz_list.c - `muxbench-server --list --json` as the harness reads it. */
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/peer.h"

#include "harness/process/backends.h"

#include <string.h>

void fuzz_one(const uint8_t *data, size_t size)
{
	const struct launcher launcher = {.directory = "/nowhere", .cancel_fd = -1};
	const char *names[BACKENDS_MAX], *unknown[] = {"none"};
	struct problem problem = {""};
	struct backend_list list;
	size_t count = 0;

	fuzz_peers_say(data, size);
	int status = backends_choose(&list, &launcher, names, &count, &problem);

	fuzz_check_problem(status == 0 ? 0 : -1, &problem);
	if (status != 0)
		return;
	fuzz_check(count == list.count && count > 0, "names that are not the list's");
	problem = (struct problem){""};
	fuzz_check_problem(backends_check(&list, unknown, 1, &problem), &problem);
}
