/*
 * deny.c - runs a command to whom some system calls are denied, as a container's profile,
 * an old kernel or a hardened one would (seccomp(2), libseccomp).
 *
 *	deny io_uring_setup=EPERM epoll_pwait2=ENOSYS -- build/muxbench-server --list
 *
 * The filter is inherited by everything that the command starts. Needs no privilege: it
 * sets no_new_privs. Exit status 2 for a wrong command line, else that of the command.
 */
#include <errno.h>
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { ERRNO_MAX = 133 };

static int refuse(const char *what)
{
	fprintf(stderr, "deny: '%s' is not SYSCALL=ERRNO, such as io_uring_setup=EPERM\n",
		what);
	return 2;
}

/* 0: no errno has that name. */
static int errno_of(const char *name)
{
	for (int number = 1; number <= ERRNO_MAX; number++) {
		const char *known = strerrorname_np(number);

		if (known && strcmp(known, name) == 0)
			return number;
	}
	return 0;
}

static int add_rule(scmp_filter_ctx filter, char *rule)
{
	char copy[128], *name = copy;

	snprintf(copy, sizeof(copy), "%s", rule);
	char *error_name = strchr(copy, '=');
	if (!error_name)
		return refuse(rule);
	*error_name++ = '\0';
	int number = seccomp_syscall_resolve_name(name), error = errno_of(error_name);

	if (number == __NR_SCMP_ERROR || error == 0)
		return refuse(rule);
	int failed = seccomp_rule_add(filter, SCMP_ACT_ERRNO((uint32_t)error), number, 0);

	if (failed == 0)
		return 0;
	fprintf(stderr, "deny: %s: %s\n", rule, strerror(-failed));
	return 1;
}

int main(int argc, char *argv[])
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
	int i, status = 0;

	for (i = 1; i < argc && strcmp(argv[i], "--") != 0 && status == 0; i++)
		status = add_rule(filter, argv[i]);
	if (status != 0)
		return status;
	if (i + 1 >= argc) {
		fputs("deny: SYSCALL=ERRNO... -- COMMAND...\n", stderr);
		return 2;
	}
	int failed = seccomp_load(filter);

	if (failed < 0) {
		fprintf(stderr, "deny: seccomp: %s\n", strerror(-failed));
		return 1;
	}
	execvp(argv[i + 1], argv + i + 1);
	fprintf(stderr, "deny: %s: %s\n", argv[i + 1], strerror(errno));
	return 127;
}
