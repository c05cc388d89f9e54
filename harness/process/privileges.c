/* privileges.c - becoming the user who called sudo. */
#include "harness/process/privileges.h"

#include "common/parse.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static const struct {
	enum privilege privilege;
	unsigned capability;
} kept[] = {
	{PRIVILEGE_COUNT, CAP_PERFMON},
	{PRIVILEGE_FIFO, CAP_SYS_NICE},
};

/* ---- capabilities: capset(2) as it is, for the two sets that matter ---- */

static uint64_t capabilities_of(unsigned privileges)
{
	uint64_t set = 0;

	for (size_t i = 0; i < sizeof(kept) / sizeof(*kept); i++)
		if (privileges & (unsigned)kept[i].privilege)
			set |= 1ULL << kept[i].capability;
	return set;
}

/* Leaves those of the set that this process has. 0, or -1 with errno. */
static int limit_capabilities(uint64_t set)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];

	if (syscall(SYS_capget, &header, data) < 0)
		return -1;
	for (size_t i = 0; i < _LINUX_CAPABILITY_U32S_3; i++) {
		data[i].permitted &= (uint32_t)(set >> (32 * i));
		data[i].effective = data[i].permitted;
		data[i].inheritable = 0;
	}
	return syscall(SYS_capset, &header, data) < 0 ? -1 : 0;
}

/* ---- the user ---- */

/* 1 and who called sudo, 0 when nobody did, or -EINVAL with problem. */
static int find_caller(uid_t *uid, gid_t *gid, struct problem *problem)
{
	const char *uid_text = getenv("SUDO_UID"), *gid_text = getenv("SUDO_GID");
	uint64_t uid_number = 0, gid_number = 0;

	if (geteuid() != 0 || !uid_text)
		return 0;
	int error =
		parse_u64("SUDO_UID", uid_text, 0, UINT32_MAX - 1, &uid_number, problem);

	if (error == 0)
		error = parse_u64("SUDO_GID", gid_text ? gid_text : "", 0, UINT32_MAX - 1,
			&gid_number, problem);
	if (error < 0)
		return error;
	*uid = (uid_t)uid_number;
	*gid = (gid_t)gid_number;
	return uid_number > 0;
}

/* The other groups of the user too: the folder of the results may be theirs. */
static int take_groups(uid_t uid, gid_t gid)
{
	const struct passwd *entry = getpwuid(uid);

	return entry ? initgroups(entry->pw_name, gid) : setgroups(1, &gid);
}

/* 0, or -1 with errno. */
static int become(uid_t uid, gid_t gid, uint64_t capabilities)
{
	if (prctl(PR_SET_KEEPCAPS, 1) < 0 || take_groups(uid, gid) < 0 ||
		setresgid(gid, gid, gid) < 0 || setresuid(uid, uid, uid) < 0 ||
		limit_capabilities(capabilities) < 0 || prctl(PR_SET_KEEPCAPS, 0) < 0)
		return -1;
	if (setresuid(0, 0, 0) == 0 || setresgid(0, 0, 0) == 0) { /* a way back */
		errno = EPERM;
		return -1;
	}
	return 0;
}

int privileges_drop(unsigned keep, struct problem *problem)
{
	uid_t uid;
	gid_t gid;
	int found = find_caller(&uid, &gid, problem);

	if (found <= 0)
		return found;
	if (become(uid, gid, capabilities_of(keep)) == 0)
		return 0;
	return problem_set(problem, -errno,
		"started through sudo, but cannot become user %u again: %s",
		(unsigned)uid, strerror(errno));
}

void privileges_keep_only(unsigned keep)
{
	if (geteuid() != 0) /* root itself has dropped nothing */
		limit_capabilities(capabilities_of(keep));
}

int privileges_give_up(void)
{
	/* EINVAL: a kernel without ambient capabilities (before 4.3) has none to clear.
	 */
	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0 &&
		errno != EINVAL)
		return -1;
	if (geteuid() != 0 && limit_capabilities(0) < 0)
		return -1;
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}
