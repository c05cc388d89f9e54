/*
 * fuzz_proc.c - what is read from /proc: the account of a thread and the cpu lines. Names
 * of programs stand in it, and those are whatever somebody chose. The linker gives the
 * files of /proc another content; it is the input.
 */
#include "tests/fuzz/fuzz.h"

#include "common/usage.h"
#include "harness/files.h"
#include "harness/machine/steal.h"

#include <fcntl.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

static struct {
	const uint8_t *data;
	size_t size;
} input;

int __wrap_open(const char *path, int flags, ...);
int __real_open(const char *path, int flags, ...);
FILE *__wrap_fopen(const char *path, const char *mode);
FILE *__real_fopen(const char *path, const char *mode);

int __wrap_open(const char *path, int flags, ...)
{
	return strncmp(path, "/proc/", 6) == 0 ? fuzz_open(input.data, input.size)
					       : __real_open(path, flags, 0600);
}

FILE *__wrap_fopen(const char *path, const char *mode)
{
	if (strncmp(path, "/proc/", 6) != 0)
		return __real_fopen(path, mode);
	return fdopen(fuzz_open(input.data, input.size), "r");
}

void fuzz_one(const uint8_t *data, size_t size)
{
	const struct placement anywhere = {.server_cpu = -1, .load_cpu = -1};
	const struct placement pinned = {.server_cpu = 0, .load_cpu = 1};
	struct usage usage;
	uint64_t steal_ns;
	char text[64];

	input.data = data;
	input.size = size;
	fuzz_check(usage_read(getpid(), 0, &usage) == 0, "no account of this process");
	int state = usage_thread_state(getpid(), getpid());

	fuzz_check(state < 0 || state <= 255, "a state that is no letter");
	steal_read(&anywhere, &steal_ns);
	steal_read(&pinned, &steal_ns);
	fuzz_check(files_read_small("/proc/x", text, sizeof(text)) == 0 &&
			   strlen(text) < sizeof(text),
		"a text too long");
}
