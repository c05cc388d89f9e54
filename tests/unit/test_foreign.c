/*
 * test_foreign.c - other people's servers: what they may be called, whose a listening
 * socket is, what a tree of processes has used, and that a record of such a trial says
 * null where a server of ours would have spoken, and is read back so.
 */
#include "harness/process/foreign.h"
#include "harness/process/keeper.h"
#include "harness/process/listener.h"
#include "harness/process/tree.h"
#include "harness/trial/trial_json.h"

#include "common/clock.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

/* ---- names and commands ---- */

static const struct {
	enum foreign_kind kind;
	const char *text;
	const char *words; /* of the refusal; NULL: taken */
} definitions[] = {
	{FOREIGN_EXEC, "a=./server {port}", NULL},
	{FOREIGN_EXEC, "a.b_c-d+1='my server' --port={port}", NULL},
	{FOREIGN_EXEC, "a=env X=y ./server {port}", NULL},
	{FOREIGN_TARGET, "a=127.0.0.1:7", NULL},
	{FOREIGN_TARGET, "a=[::1]:65535", NULL},
	{FOREIGN_EXEC, "./server {port}", "takes NAME='COMMAND {port}'"},
	{FOREIGN_TARGET, "127.0.0.1:7", "takes NAME=HOST:PORT"},
	{FOREIGN_EXEC, "=./server {port}", "is no name"},
	{FOREIGN_EXEC, "-a=./server {port}", "is no name"},
	{FOREIGN_EXEC, "a,b=./server {port}", "is no name"},
	{FOREIGN_EXEC, "a/b=./server {port}", "is no name"},
	{FOREIGN_EXEC, "a\n=./server {port}", "is no name"},
	{FOREIGN_EXEC, "epoll-et:x=./server {port}", "is no name"},
	{FOREIGN_EXEC, "x.so=./server {port}", "plug-in"},
	{FOREIGN_EXEC, "a=./server", "needs a {port}"},
	{FOREIGN_EXEC, "a=", "takes a command"},
	{FOREIGN_EXEC, "a='' {port}", "takes a command"},
	{FOREIGN_EXEC, "a=./server \"{port}", "is not closed"},
	{FOREIGN_TARGET, "a=7", "is not HOST:PORT"},
	{FOREIGN_TARGET, "a=127.0.0.1:65536", "65535"},
};

static void test_definitions(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(definitions) / sizeof(*definitions); i++) {
		struct foreign_list list = {.count = 0};
		struct problem problem = {""};
		int error = foreign_add(
			&list, definitions[i].kind, definitions[i].text, &problem);

		if (definitions[i].words) {
			assert_int_equal(error, -EINVAL);
			if (!strstr(problem.text, definitions[i].words))
				fail_msg("'%s': %s", definitions[i].text, problem.text);
			assert_int_equal(list.count, 0);
		} else {
			assert_int_equal(error, 0);
			assert_int_equal(list.count, 1);
			assert_int_equal(list.entries[0].name[0], 'a');
		}
		foreign_free(&list);
	}
}

static void test_limits_and_twins(void **state)
{
	struct backend_list backends = {.count = 1, .entries = {{.name = "epoll-lt"}}};
	struct foreign_list list = {.count = 0};
	struct problem problem = {""};
	char text[80];

	(void)state;
	for (int i = 0; i < FOREIGN_MAX; i++) {
		snprintf(text, sizeof(text), "s%d=./s {port}", i);
		assert_int_equal(foreign_add(&list, FOREIGN_EXEC, text, &problem), 0);
	}
	assert_int_equal(
		foreign_add(&list, FOREIGN_EXEC, "more=./s {port}", &problem), -EINVAL);
	assert_int_equal(foreign_check_names(&list, &backends, &problem), 0);
	foreign_free(&list);
	assert_int_equal(
		foreign_add(&list, FOREIGN_EXEC, "Epoll-LT=./s {port}", &problem), 0);
	assert_int_equal(foreign_add(&list, FOREIGN_TARGET, "epoll-lt=[::1]:7", &problem),
		-EINVAL);
	assert_non_null(strstr(problem.text, "two servers"));
	assert_int_equal(foreign_check_names(&list, &backends, &problem), -EINVAL);
	foreign_free(&list);
}

/* ---- processes ---- */

/* A process that does nothing until it is told to end, in a group of its own. */
static pid_t start_sleeper(bool with_child, int *told)
{
	int up[2];
	char byte;
	pid_t pid;

	assert_int_equal(pipe(up), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		setpgid(0, 0);
		if (with_child && fork() == 0) {
			while (write(up[1], "c", 1) == 1)
				pause();
			_exit(0);
		}
		if (!with_child && write(up[1], "p", 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	/* Whoever is last to come up says so. */
	assert_int_equal(read(up[0], &byte, 1), 1);
	close(up[0]);
	*told = up[1];
	return pid;
}

static void end_sleeper(pid_t pid, int told)
{
	kill(-pid, SIGKILL);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	close(told);
}

static void test_listener_is_the_first_of_its_family(void **state)
{
	struct net_address address;
	struct problem problem = {""};
	int told, port;
	char host[80];

	(void)state;
	assert_int_equal(net_address_parse(&address, "127.0.0.1", 0, NULL), 0);
	int fd = net_listen(&address, 8, NULL);

	assert_true(fd >= 0);
	net_address_format(&address, host, sizeof(host), &port);
	/* This process listens there itself, and is no server. */
	assert_int_equal(listener_find(&address, &problem), -EINVAL);
	/* Two processes have the socket now; the parent is the server. */
	pid_t server = start_sleeper(true, &told);

	close(fd);
	assert_int_equal(listener_find(&address, &problem), server);
	end_sleeper(server, told);
	assert_int_equal(listener_find(&address, &problem), -ESRCH);
	assert_int_equal(net_address_parse(&address, "192.0.2.1", port, NULL), 0);
	assert_int_equal(listener_find(&address, &problem), -EHOSTUNREACH);
}

static void burn(uint64_t ns)
{
	struct timespec used;

	do
		clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
	while (timespec_to_ns(&used) < ns);
}

static void test_tree_usage_has_those_who_ended(void **state)
{
	struct tree_usage before, after;
	int told;
	pid_t pids[4];
	pid_t pid = start_sleeper(true, &told);

	(void)state;
	assert_int_equal(tree_usage(pid, &before), 0);
	assert_int_equal(before.processes, 2);
	assert_int_equal(before.threads, 2);
	assert_false(before.children_forgotten);
	assert_int_equal(tree_threads(pid, pids, 4), 2);
	assert_int_equal(tree_threads(pid, pids, 1), 2); /* and does not overflow */
	assert_true(tree_sleeps(pid));
	assert_int_equal(tree_usage(pid, &after), 0);
	assert_int_equal(before.identity, after.identity);
	end_sleeper(pid, told);
	assert_int_equal(tree_usage(pid, &after), -ESRCH);

	/* Of this process: a child that burns 60 ms, ends, and is waited for. */
	assert_int_equal(tree_usage(getpid(), &before), 0);
	pid = fork();
	if (pid == 0) {
		burn(60 * NS_PER_MS);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_int_equal(tree_usage(getpid(), &after), 0);
	assert_true(after.usage.cpu_ns - before.usage.cpu_ns >= 40 * NS_PER_MS);
	signal(SIGCHLD, SIG_IGN);
	assert_int_equal(tree_usage(getpid(), &after), 0);
	assert_true(after.children_forgotten);
	signal(SIGCHLD, SIG_DFL);
}

/* Until a group has no member left. */
static bool group_ends(pid_t group)
{
	for (int i = 0; i < 400; i++) {
		waitpid(group, NULL, WNOHANG);
		if (kill(-group, 0) < 0)
			return true;
		usleep(5000);
	}
	return false;
}

static void test_keeper(void **state)
{
	struct keeper keeper;
	struct problem problem;
	int told, nothing;
	pid_t pid = start_sleeper(true, &told);

	(void)state;
	/* Told that all is done it ends, and does nothing. */
	assert_int_equal(keeper_start(&keeper, pid, &problem), 0);
	keeper_end(&keeper);
	assert_int_equal(kill(-pid, 0), 0);
	/* Its owner killed, it ends the group. */
	pid_t owner = fork();

	if (owner == 0) {
		if (keeper_start(&keeper, pid, &problem) == 0)
			raise(SIGKILL);
		_exit(1);
	}
	assert_int_equal(waitpid(owner, &nothing, 0), owner);
	assert_true(WIFSIGNALED(nothing));
	assert_true(group_ends(pid));
	close(told);
}

/* ---- records ---- */

static struct trial *foreign_trial(void)
{
	struct trial *trial = calloc(1, sizeof(*trial));

	assert_non_null(trial);
	trial->cell = cell_default;
	trial->cell.backend = "theirs";
	trial->block = trial->order_in_block = 1;
	trial->workload.churn_requests = 1;
	trial->foreign = trial->setup_known = true;
	for (int role = 0; role < WINDOW_COUNT; role++) {
		struct window *window = &trial->windows[role];

		window->foreign = window->measured = true;
		window->load.measured_ns = 1000000;
		window->load.counters.requests_completed = 10;
		window->load.counters.bytes_rx = window->load.counters.bytes_tx = 640;
		window->after.usage.cpu_ns = 50000;
		window->after.usage.run_delay_ns = 7;
		strcpy(window->kernel_method, KERNEL_METHOD_NONE "a test");
		strcpy(window->cpu_method, "clocks of the process tree");
	}
	return trial;
}

static void test_a_record_says_null(void **state)
{
	static const char *const server_only[] = {"bytes_rx", "bytes_tx", "wakeups",
		"events", "eagain_accept", "eagain_recv", "eagain_send", "wait_bytes",
		"connection_errors", "accept_pauses", "cq_overflows"};
	struct trial *trial = foreign_trial();
	struct trial *again = calloc(1, sizeof(*again));
	enum window_role role;

	(void)state;
	assert_non_null(again);
	trial->windows[WINDOW_COUNTED].cpu_unknown = true;
	trial->windows[WINDOW_COUNTED].switches_unknown = true;
	for (int r = 0; r < WINDOW_COUNT; r++) {
		json_t *record = trial_to_json(trial, (enum window_role)r);
		const json_t *counters = json_object_get(record, "counters");
		const json_t *server = json_object_get(record, "server");
		const struct window *window = &again->windows[r];

		assert_true(json_is_null(json_object_get(record, "calls")));
		for (size_t i = 0; i < sizeof(server_only) / sizeof(*server_only); i++)
			assert_true(
				json_is_null(json_object_get(counters, server_only[i])));
		assert_int_equal(json_is_null(json_object_get(server, "cpu_ns")),
			r == WINDOW_COUNTED);
		assert_string_equal(json_string_value(json_object_get(
					    json_object_get(record, "setup"), "held_by")),
			"echo");
		assert_int_equal(trial_from_json(again, record, &role, NULL), 0);
		assert_true(window->foreign);
		assert_int_equal(window->cpu_unknown, r == WINDOW_COUNTED);
		assert_int_equal(window->load.counters.requests_completed, 10);
		if (r == WINDOW_TIMED)
			assert_int_equal(window->after.usage.cpu_ns, 50000);
		/* Of a server of ours a null is not taken. */
		json_object_set_new(record, "calls", json_object());
		assert_int_equal(trial_from_json(again, record, &role, NULL), -EBADMSG);
		json_decref(record);
	}
	free(trial);
	free(again);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_definitions),
		cmocka_unit_test(test_limits_and_twins),
		cmocka_unit_test(test_listener_is_the_first_of_its_family),
		cmocka_unit_test(test_tree_usage_has_those_who_ended),
		cmocka_unit_test(test_keeper),
		cmocka_unit_test(test_a_record_says_null),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
