/*
 * test_wait.c - waiting to the nanosecond, with epoll_pwait2(2) and on a kernel that has
 * none: never too short, ended by an event, and it says which way it took.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/clock.h"
#include "loadgen/wait.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Makes epoll_pwait2 fail from now on in this process, as old kernels do. */
static int forbid_epoll_pwait2(void)
{
	struct sock_filter rules[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_epoll_pwait2, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	const struct sock_fprog program = {sizeof(rules) / sizeof(*rules), rules};

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -errno;
	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) < 0 ? -errno : 0;
}

/* Times around the millisecond of epoll_wait(2), and the length that takes a nap. */
static void check_never_early(struct waiter *waiter)
{
	static const uint64_t times_ns[] = {
		0, 1, 50000, 999999, 1000000, 3700000, 12000000};
	struct epoll_event event;

	for (size_t i = 0; i < sizeof(times_ns) / sizeof(*times_ns); i++) {
		uint64_t until_ns = clock_now_ns() + times_ns[i];
		int naps = 0;

		do
			assert_int_equal(wait_until(waiter, &event, 1, until_ns), 0);
		while (clock_now_ns() < until_ns && ++naps < 3);
		assert_true(naps <= (times_ns[i] > 10000000));
		assert_true(clock_now_ns() >= until_ns);
		/* Loosely: a busy machine is late too. */
		assert_true(clock_now_ns() - until_ns < NS_PER_S / 2);
	}
}

static void check_event_ends_it(struct waiter *waiter)
{
	struct epoll_event event = {.events = EPOLLIN};
	uint64_t start_ns = clock_now_ns();
	int fd = eventfd(1, 0);

	assert_int_equal(epoll_ctl(waiter->epoll_fd, EPOLL_CTL_ADD, fd, &event), 0);
	assert_int_equal(wait_until(waiter, &event, 1, start_ns + 60 * NS_PER_S), 1);
	assert_int_equal(wait_until(waiter, &event, 1, WAIT_FOREVER_NS), 1);
	/* Also when the time has passed: an event is never left lying. */
	assert_int_equal(wait_until(waiter, &event, 1, start_ns), 1);
	close(fd);
	assert_true(clock_now_ns() - start_ns < 30 * NS_PER_S);
}

static void test_with_epoll_pwait2(void **state)
{
	struct waiter waiter = {.epoll_fd = epoll_create1(0)};

	(void)state;
	check_never_early(&waiter);
	check_event_ends_it(&waiter);
	assert_string_equal(wait_method(&waiter),
		waiter.spins ? "epoll_wait and spinning" : "epoll_pwait2");
	close(waiter.epoll_fd);
}

static void test_on_a_kernel_without_it(void **state)
{
	struct waiter waiter = {.epoll_fd = epoll_create1(0)};

	(void)state;
	if (forbid_epoll_pwait2() < 0)
		skip();
	check_never_early(&waiter);
	check_event_ends_it(&waiter);
	assert_true(waiter.spins);
	assert_string_equal(wait_method(&waiter), "epoll_wait and spinning");
	close(waiter.epoll_fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_with_epoll_pwait2),
		cmocka_unit_test(test_on_a_kernel_without_it), /* for good: the last */
	};

	wait_without_slack();
	return cmocka_run_group_tests_name("wait", tests, NULL, NULL);
}
