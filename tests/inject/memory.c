/*
 * memory.c - between a program and its memory: one allocation is refused. To be preloaded
 * (ld.so(8), LD_PRELOAD).
 *
 *	MUXBENCH_MEMORY=17 LD_PRELOAD=build/tests/inject/memory.so	the 17th fails
 *	MUXBENCH_MEMORY=17+ ...						the 17th and all after
 *it
 *	MUXBENCH_MEMORY=0 ...						none: they are only
 *counted
 *
 * malloc, calloc, realloc and mmap are counted together, those inside of the C library
 * and of jansson too. With MUXBENCH_MEMORY_LOG=FILE each process adds a line to it at its
 * end, "PROGRAM COUNT", and when it refuses, "PROGRAM refused N": so the one who calls
 * knows when there is nothing more to refuse. MUXBENCH_MEMORY_OF=PROGRAM spares all
 * others, which inherit the library.
 *
 * It stands on glibc's own names for what it replaces: dlsym() allocates.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *old, size_t size);

static struct {
	bool counts;
	bool all_after;
	uint64_t refused; /* the number of the allocation */
	uint64_t count;
} memory;

__attribute__((format(printf, 1, 2))) static void log_line(const char *format, ...)
{
	const char *path = getenv("MUXBENCH_MEMORY_LOG");
	char line[256];
	va_list arguments;

	va_start(arguments, format);
	int length = vsnprintf(line, sizeof(line), format, arguments);
	va_end(arguments);
	int fd = path ? open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666) : -1;

	if (fd >= 0) {
		if (write(fd, line, (size_t)length) < 0)
			_exit(99);
		close(fd);
	}
}

__attribute__((constructor)) static void memory_begin(void)
{
	const char *which = getenv("MUXBENCH_MEMORY");
	const char *of = getenv("MUXBENCH_MEMORY_OF");
	char *end = NULL;

	memory.refused = which ? strtoull(which, &end, 10) : 0;
	memory.all_after = end && *end == '+';
	memory.counts = which && (!of || strcmp(of, program_invocation_short_name) == 0);
}

__attribute__((destructor)) static void memory_end(void)
{
	if (memory.counts)
		log_line("%s %llu\n", program_invocation_short_name,
			(unsigned long long)memory.count);
}

static bool is_refused(void)
{
	if (!memory.counts)
		return false;
	uint64_t number = __atomic_add_fetch(&memory.count, 1, __ATOMIC_RELAXED);

	if (memory.refused == 0 || number < memory.refused ||
		(number > memory.refused && !memory.all_after))
		return false;
	if (number == memory.refused)
		log_line("%s refused %llu\n", program_invocation_short_name,
			(unsigned long long)number);
	errno = ENOMEM;
	return true;
}

void *malloc(size_t size)
{
	return is_refused() ? NULL : __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
	return is_refused() ? NULL : __libc_calloc(count, size);
}

void *realloc(void *old, size_t size)
{
	return is_refused() ? NULL : __libc_realloc(old, size);
}

void *mmap(void *address, size_t length, int protection, int flags, int fd, off_t offset)
{
	if (is_refused())
		return MAP_FAILED;
	return (void *)syscall(SYS_mmap, address, length, protection, flags, fd, offset);
}
