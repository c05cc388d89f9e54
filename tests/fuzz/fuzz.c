/* fuzz.c - libFuzzer's two entry points, and limits on what an input may take. */
#include "tests/fuzz/fuzz.h"

#include "common/clock.h"

#include <fcntl.h>
#include <sanitizer/allocator_interface.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* libFuzzer knows no context, so this is the one global state. */
static struct {
	size_t live, peak; /* bytes on the heap since the input began */
	int file;          /* of fuzz_file() */
	char path[32];
} fuzz = {.file = -1};

void fuzz_check(bool so, const char *what)
{
	if (so)
		return;
	fprintf(stderr, "fuzz: %s\n", what);
	abort();
}

/* ---- what an input takes ---- */

static void on_malloc(const volatile void *memory, size_t size)
{
	(void)memory;
	fuzz.live += size;
	if (fuzz.live > fuzz.peak)
		fuzz.peak = fuzz.live;
}

static void on_free(const volatile void *memory)
{
	size_t size = memory ? __sanitizer_get_allocated_size((const void *)memory) : 0;

	/* What was there before the input began was never added. */
	fuzz.live -= size < fuzz.live ? size : fuzz.live;
}

static uint64_t cpu_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return timespec_to_ns(&now);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	__sanitizer_install_malloc_and_free_hooks(on_malloc, on_free);
	if (fuzz_set_up)
		fuzz_set_up();
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint64_t begin_ns = cpu_ns();

	fuzz.live = fuzz.peak = 0;
	fuzz_one(data, size);
	fuzz_check(cpu_ns() - begin_ns < FUZZ_CPU_NS_MAX,
		"an input took more than a second of CPU time");
	fuzz_check(fuzz.peak < FUZZ_HEAP_BYTES_MAX, "an input took more than 64 MiB");
	return 0;
}

/* ---- what targets need ---- */

void fuzz_check_problem(int error, const struct problem *problem)
{
	fuzz_check((error < 0) == (*problem->text != '\0'),
		error < 0 ? "refused without a word" : "a complaint, and no error");
	for (const unsigned char *p = (const unsigned char *)problem->text; *p; p++)
		fuzz_check(*p >= ' ' && *p != 0x7f, "a control character in a message");
}

static void fill(int fd, const uint8_t *data, size_t size)
{
	fuzz_check(fd >= 0 && ftruncate(fd, 0) == 0 &&
			   pwrite(fd, data, size, 0) == (ssize_t)size,
		"cannot write the input to a file");
}

const char *fuzz_file(const uint8_t *data, size_t size)
{
	if (fuzz.file < 0) {
		fuzz.file = memfd_create("input", MFD_CLOEXEC);
		snprintf(fuzz.path, sizeof(fuzz.path), "/proc/self/fd/%d", fuzz.file);
	}
	fill(fuzz.file, data, size);
	return fuzz.path;
}

int fuzz_open(const uint8_t *data, size_t size)
{
	int fd = memfd_create("input", MFD_CLOEXEC);

	fill(fd, data, size);
	return fd;
}

char *fuzz_string(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);

	memcpy(text, data, size);
	text[size] = '\0';
	return text;
}

void fuzz_enter_empty_folder(void)
{
	char folder[] = "/tmp/muxbench-fuzz-XXXXXX";

	/* Removed at once: nothing can be made in it, and nothing is left behind. */
	fuzz_check(mkdtemp(folder) && chdir(folder) == 0 && rmdir(folder) == 0,
		"cannot make an empty folder");
}

void fuzz_silence_stdout(void)
{
	int fd = open("/dev/null", O_WRONLY | O_CLOEXEC);

	fuzz_check(fd >= 0 && dup2(fd, STDOUT_FILENO) >= 0, "cannot open /dev/null");
	close(fd);
}
