/* names.c - the system calls of this machine: the kernel's numbers and names. */
#include "harness/syscalls/names.h"

#include <assert.h>
#include <string.h>
#include <sys/syscall.h>

static const struct syscall_name names[] = {
#define SYSCALL(call) {.number = SYS_##call, .name = #call},
#include "harness/syscalls/list.h"
#undef SYSCALL
};

enum { NAMES = sizeof(names) / sizeof(*names) };

static_assert((int)NAMES <= (int)SYSCALL_NAMES_MAX, "");

/* What the C library makes of a call that the machine has not. */
static const struct {
	const char *name;
	const char *instead;
} replaced[] = {
	{"epoll_wait", "epoll_pwait"},
	{"poll", "ppoll"},
};

const struct syscall_name *syscall_names(size_t *count)
{
	*count = NAMES;
	return names;
}

int syscall_names_place(long number)
{
	for (int i = 0; i < NAMES; i++)
		if (names[i].number == number)
			return i;
	return -1;
}

static int has(const char *name)
{
	for (int i = 0; i < NAMES; i++)
		if (strcmp(names[i].name, name) == 0)
			return 1;
	return 0;
}

const char *syscall_names_in_kernel(const char *name)
{
	for (size_t i = 0; i < sizeof(replaced) / sizeof(*replaced); i++)
		if (strcmp(replaced[i].name, name) == 0 && !has(name))
			return replaced[i].instead;
	return name;
}
