/*
 * test_counts.c - exact counts: nothing is rounded, no difference between kernel and
 * server goes unseen but the one wait that a stop restarts, and tracing a process counts
 * every call it makes, once.
 */
#include "harness/counts/meter.h"
#include "harness/counts/record.h"

#include "common/clock.h"
#include "common/usage.h"

#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/* ---- names and ratios ---- */

static void test_ratios_are_exact(void **state)
{
	static const struct {
		uint64_t count, per;
		const char *text;
	} cases[] = {
		{300, 100, "3"},
		{0, 100, "0"},
		{34, 1, "34"},
		{301, 100, "301/100"},
		{50, 100, "1/2"},
		{3, 0, "-"},
		{0, 0, "-"},
		{UINT64_MAX, 1, "18446744073709551615"},
		{UINT64_MAX, 2, "18446744073709551615/2"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		char text[COUNTS_RATIO_BYTES];

		counts_ratio(cases[i].count, cases[i].per, text);
		assert_string_equal(text, cases[i].text);
	}
}

static const char *name_of(long number)
{
	size_t count;
	const struct syscall_name *list = syscall_names(&count);
	int place = syscall_names_place(number);

	return place < 0 ? NULL : list[place].name;
}

static void test_names_are_the_kernels(void **state)
{
	size_t count;
	const struct syscall_name *list = syscall_names(&count);

	(void)state;
	assert_true(count > 200);
	assert_string_equal(name_of(SYS_recvfrom), "recvfrom");
	assert_string_equal(name_of(SYS_pselect6), "pselect6");
	assert_string_equal(name_of(SYS_restart_syscall), "restart_syscall");
	assert_null(name_of(-1));
	assert_null(name_of(100000));
	/* perf counts by number: one that had two names would be counted twice. */
	for (size_t i = 0; i < count; i++)
		assert_int_equal(syscall_names_place(list[i].number), i);
	assert_string_equal(syscall_names_in_kernel("recvfrom"), "recvfrom");
#ifdef SYS_epoll_wait
	assert_string_equal(syscall_names_in_kernel("epoll_wait"), "epoll_wait");
#else
	assert_string_equal(syscall_names_in_kernel("epoll_wait"), "epoll_pwait");
#endif
}

/* ---- the kernel's account against the server's ---- */

/* As they are written down: {"poll", 1}, ... up to a NULL. */
struct pairs {
	struct {
		const char *name;
		uint64_t count;
	} list[5];
};

static void fill(struct call_counts *counts, const struct pairs *pairs)
{
	counts->length = 0;
	for (size_t i = 0; i < 5 && pairs->list[i].name; i++) {
		struct call_count *call = &counts->calls[counts->length++];

		strcpy(call->name, pairs->list[i].name);
		call->count = pairs->list[i].count;
	}
}

static void test_every_difference_but_a_restarted_wait_is_found(void **state)
{
	static const struct {
		enum counts_role role;
		struct pairs server, kernel;
		enum trial_status status;
		uint64_t restarted;
	} cases[] = {
		/* agreement */
		{COUNTS_LOCKSTEP, {{{"poll", 5}, {"sendto", 5}}},
			{{{"sendto", 5}, {"poll", 5}}}, TRIAL_OK, 0},
		{COUNTS_BATCH, {{{"epoll_wait", 2}}}, {{{"epoll_wait", 2}}}, TRIAL_OK, 0},
		/* the wait that a stop interrupts, as select and as poll go on with it */
		{COUNTS_BATCH, {{{"pselect6", 1}}}, {{{"pselect6", 2}}}, TRIAL_OK, 1},
		{COUNTS_BATCH, {{{"poll", 1}}}, {{{"poll", 1}, {"restart_syscall", 1}}},
			TRIAL_OK, 1},
		/* but one a worker, and only where there was a stop */
		{COUNTS_BATCH, {{{"pselect6", 1}}}, {{{"pselect6", 3}}}, TRIAL_INVALID,
			0},
		{COUNTS_BATCH, {{{"pselect6", 1}}},
			{{{"pselect6", 2}, {"restart_syscall", 1}}}, TRIAL_INVALID, 1},
		{COUNTS_LOCKSTEP, {{{"pselect6", 1}}}, {{{"pselect6", 2}}}, TRIAL_INVALID,
			0},
		{COUNTS_LOCKSTEP, {{{"poll", 1}}},
			{{{"poll", 1}, {"restart_syscall", 1}}}, TRIAL_INVALID, 0},
		/* a call of one side alone; the same total by other names */
		{COUNTS_LOCKSTEP, {{{"poll", 1}}}, {{{"poll", 1}, {"getppid", 1}}},
			TRIAL_INVALID, 0},
		{COUNTS_BATCH, {{{"poll", 1}}}, {{{"poll", 1}, {"getppid", 1}}},
			TRIAL_INVALID, 0},
		{COUNTS_BATCH, {{{"poll", 1}}}, {{{"poll", 1}, {"other", 1}}},
			TRIAL_INVALID, 0},
		{COUNTS_LOCKSTEP, {{{"poll", 1}, {"sendto", 1}}}, {{{"poll", 1}}},
			TRIAL_INVALID, 0},
		{COUNTS_LOCKSTEP, {{{"recvfrom", 4}}}, {{{"read", 4}}}, TRIAL_INVALID, 0},
		{COUNTS_BATCH, {{{"pselect6", 2}}}, {{{"pselect6", 1}}}, TRIAL_INVALID,
			0},
	};
	struct counts_record *record = calloc(1, sizeof(*record));

	(void)state;
	assert_non_null(record);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		memset(record, 0, sizeof(*record));
		record->role = cases[i].role;
		record->server.worker_count = 1;
		record->window.kernel_counted = true;
		fill(&record->window.after.calls, &cases[i].server);
		fill(&record->syscalls, &cases[i].kernel);
		counts_record_check(record);
		if (record->window.status != cases[i].status ||
			record->waits_restarted != cases[i].restarted)
			fail_msg("case %zu: status %d, %d restarted: %s", i,
				(int)record->window.status, (int)record->waits_restarted,
				record->window.reasons[0]);
	}
	free(record);
}

static void test_calls_without_a_name_are_other(void **state)
{
	struct counts_reading before = {.total = 10}, after = {.total = 17};
	int send = syscall_names_place(SYS_sendto);

	(void)state;
	before.by_name[send] = 3;
	after.by_name[send] = 8;
	struct call_counts counts = counts_reading_difference(&before, &after);

	assert_int_equal(counts.length, 2);
	assert_int_equal(call_counts_get(&counts, "sendto"), 5);
	assert_int_equal(call_counts_get(&counts, "other"), 2);
	assert_int_equal(call_counts_total(&counts), 7);
}

/* ---- tracing ---- */

enum { GETPPIDS = 7, ORDERS = 3 };

/* The child: for every byte that comes, some calls and a byte back. */
static _Noreturn void obey(int orders, int answers)
{
	char byte;

	while (read(orders, &byte, 1) == 1) {
		for (int i = 0; i < GETPPIDS; i++)
			syscall(SYS_getppid);
		if (write(answers, &byte, 1) != 1)
			break;
	}
	_exit(0);
}

struct traced {
	pid_t pid;
	int orders, answers;
	struct counts_meter *meter;
};

static void await_asleep(const struct traced *traced)
{
	uint64_t deadline_ns = clock_now_ns() + 5 * NS_PER_S;

	do {
		ptrace_count_serve(&traced->meter->traced);
		usleep(1000);
		assert_true(clock_now_ns() < deadline_ns);
	} while (usage_thread_state(traced->pid, traced->pid) != 'S');
}

/* Hears the byte that comes back, serving the meter as the harness does. */
static void hear(const struct traced *traced)
{
	struct child_service service = counts_meter_service(traced->meter);
	struct pollfd fds[] = {
		{.fd = traced->answers, .events = POLLIN},
		{.fd = service.fd, .events = POLLIN},
	};
	char byte;

	do {
		assert_true(poll(fds, 2, 5000) > 0);
		if (fds[1].revents)
			service.serve(service.context);
	} while (!fds[0].revents);
	assert_int_equal(read(traced->answers, &byte, 1), 1);
}

static void start(struct traced *traced)
{
	int orders[2], answers[2];

	assert_int_equal(pipe(orders), 0);
	assert_int_equal(pipe(answers), 0);
	traced->meter = calloc(1, sizeof(*traced->meter));
	assert_non_null(traced->meter);
	traced->pid = fork();
	if (traced->pid == 0) {
		close(orders[1]);
		obey(orders[0], answers[1]);
	}
	close(orders[0]);
	close(answers[1]);
	traced->orders = orders[1];
	traced->answers = answers[0];
	while (usage_thread_state(traced->pid, traced->pid) != 'S')
		usleep(1000);
}

static void finish(struct traced *traced)
{
	int status;

	counts_meter_detach(traced->meter);
	close(traced->orders);
	assert_int_equal(waitpid(traced->pid, &status, 0), traced->pid);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	close(traced->answers);
	free(traced->meter);
}

static struct call_counts calls_between(
	const struct counts_reading *before, const struct traced *traced)
{
	struct counts_reading after;

	await_asleep(traced);
	assert_int_equal(counts_meter_read(traced->meter, &after, NULL), 0);
	return counts_reading_difference(before, &after);
}

/* Where ptrace(2) is forbidden, there is nothing to test. */
static bool attach(struct traced *traced)
{
	struct problem problem = {""};
	int error = counts_meter_attach(
		traced->meter, COUNTS_METHOD_PTRACE, NULL, &traced->pid, 1, &problem);

	if (error == 0)
		return true;
	assert_true(error == -EPERM || error == -EACCES || error == -ENOSYS);
	assert_non_null(strstr(problem.text, "ptrace"));
	finish(traced);
	return false;
}

static void test_traced_calls_are_all_counted(void **state)
{
	struct traced traced;
	struct counts_reading before;

	(void)state;
	start(&traced);
	if (!attach(&traced))
		skip();
	await_asleep(&traced);
	assert_int_equal(counts_meter_read(traced.meter, &before, NULL), 0);
	for (int i = 0; i < ORDERS; i++) {
		assert_int_equal(write(traced.orders, "x", 1), 1);
		hear(&traced);
	}
	struct call_counts counts = calls_between(&before, &traced);

	assert_int_equal(call_counts_get(&counts, "getppid"), ORDERS * GETPPIDS);
	assert_int_equal(call_counts_get(&counts, "write"), ORDERS);
	assert_int_equal(call_counts_get(&counts, "read"), ORDERS);
	assert_int_equal(call_counts_total(&counts), ORDERS * (GETPPIDS + 2));
	finish(&traced);
}

static void test_a_traced_stop_and_what_it_restarts(void **state)
{
	struct traced traced;
	struct counts_reading before;

	(void)state;
	start(&traced);
	if (!attach(&traced))
		skip();
	await_asleep(&traced);
	assert_int_equal(counts_meter_read(traced.meter, &before, NULL), 0);
	assert_false(counts_meter_stopped(traced.meter, traced.pid, traced.pid));
	kill(traced.pid, SIGSTOP);
	while (!counts_meter_stopped(traced.meter, traced.pid, traced.pid))
		usleep(1000);
	assert_int_equal(write(traced.orders, "x", 1), 1);
	kill(traced.pid, SIGCONT);
	hear(&traced);
	struct call_counts counts = calls_between(&before, &traced);

	/* read(2) is entered again after SIGCONT, and once more for the next order. */
	assert_int_equal(call_counts_get(&counts, "read"), 2);
	assert_int_equal(call_counts_total(&counts), GETPPIDS + 3);
	finish(&traced);
}

static void test_a_traced_process_may_die(void **state)
{
	struct traced traced;
	struct counts_reading reading;
	int status;

	(void)state;
	start(&traced);
	if (!attach(&traced))
		skip();
	kill(traced.pid, SIGKILL);
	usleep(10000);
	assert_int_equal(counts_meter_read(traced.meter, &reading, NULL), 0);
	counts_meter_detach(traced.meter);
	/* Its end was taken note of by the meter, or is still to be. */
	assert_true(waitpid(traced.pid, &status, 0) == traced.pid || errno == ECHILD);
	close(traced.orders);
	close(traced.answers);
	free(traced.meter);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ratios_are_exact),
		cmocka_unit_test(test_names_are_the_kernels),
		cmocka_unit_test(test_every_difference_but_a_restarted_wait_is_found),
		cmocka_unit_test(test_calls_without_a_name_are_other),
		cmocka_unit_test(test_traced_calls_are_all_counted),
		cmocka_unit_test(test_a_traced_stop_and_what_it_restarts),
		cmocka_unit_test(test_a_traced_process_may_die),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
