/*
 * cases_control.c - what the server says of itself, and how it comes to its end.
 */
#include "tests/contract/contract.h"

#include <dirent.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { REQUESTS = 50, REQUEST_BYTES = 64 };

/* The difference of two snapshots, in what this file looks at. */
static void expect_counts_add_up(const struct server_snapshot *before,
	const struct server_snapshot *after, uint64_t requests, uint64_t bytes)
{
	assert_int_equal(after->bytes_rx - before->bytes_rx, bytes);
	assert_int_equal(after->bytes_tx - before->bytes_tx, bytes);
	assert_int_equal(after->held, before->held);
	assert_int_equal(after->connection_errors, 0);
	assert_int_equal(after->refused, 0);
	assert_true(after->wakeups - before->wakeups >= requests);
	assert_true(after->events - before->events >= requests);
	assert_true(server_calls_total(after) > server_calls_total(before));
}

struct calls_per_echo {
	const char *backend; /* as its ready event names it */
	unsigned calls[CALL_COUNT];
};

/*
 * What an echo costs when one comes at a time: the same for every one of them, and not a
 * call more. Above all no epoll_ctl: interest changes only when it must.
 */
static const struct calls_per_echo calls_per_echo[] = {
	{"select", {[CALL_pselect6] = 1, [CALL_recvfrom] = 1, [CALL_sendto] = 1}},
	{"select-wide", {[CALL_pselect6] = 1, [CALL_recvfrom] = 1, [CALL_sendto] = 1}},
	{"poll", {[CALL_poll] = 1, [CALL_recvfrom] = 1, [CALL_sendto] = 1}},
	{"epoll-lt", {[CALL_epoll_wait] = 1, [CALL_recvfrom] = 1, [CALL_sendto] = 1}},
	/* its second recv says EAGAIN: only then will a new arrival be reported */
	{"epoll-et", {[CALL_epoll_wait] = 1, [CALL_recvfrom] = 2, [CALL_sendto] = 1}},
	/* unless it believes a short read */
	{"epoll-et:drain=short-read",
		{[CALL_epoll_wait] = 1, [CALL_recvfrom] = 1, [CALL_sendto] = 1}},
	{"epoll-lt:drain=short-read:wait=epoll_pwait2",
		{[CALL_epoll_pwait2] = 1, [CALL_recvfrom] = 1, [CALL_sendto] = 1}},
	{"epoll-lt:drain=eagain:batch=1",
		{[CALL_epoll_wait] = 1, [CALL_recvfrom] = 2, [CALL_sendto] = 1}},
	/* each step uses the budget up, and asks for the next; then there is room to
	 * write, once more, where nothing is to be written */
	{"epoll-et:budget=1:batch=1", {[CALL_epoll_wait] = 3,
					      [CALL_epoll_ctl] = 2,
					      [CALL_recvfrom] = 1,
					      [CALL_sendto] = 1}},
	/* the send's result comes with the call that submits it */
	{"io_uring", {[CALL_io_uring_enter] = 2}},
	/* epoll-et's by other means */
	{"io_uring-poll",
		{[CALL_io_uring_enter] = 1, [CALL_recvfrom] = 2, [CALL_sendto] = 1}},
	{"io_uring-noflags", {[CALL_io_uring_enter] = 2}},
	/* the send goes out with the call that waits for the next request */
	{"io_uring-multishot", {[CALL_io_uring_enter] = 1}},
	{"io_uring-direct", {[CALL_io_uring_enter] = 1}},
};

static const struct calls_per_echo *find_calls_per_echo(const char *backend)
{
	for (size_t i = 0; i < sizeof(calls_per_echo) / sizeof(*calls_per_echo); i++)
		if (strcmp(calls_per_echo[i].backend, backend) == 0)
			return &calls_per_echo[i];
	return NULL;
}

/*
 * In lockstep: each request waits until the server sleeps again, so no two share a call.
 * Of a backend that the table does not know, the counts must only add up.
 */
static void counts_calls(struct contract *contract)
{
	const struct calls_per_echo *expected =
		find_calls_per_echo(contract->server.backend);
	struct client *client = contract_connect(contract, 0, CLIENT_BUFFERS_PLAIN);
	struct server_snapshot before, after;

	client_echo(client, REQUEST_BYTES);
	server_settle(&contract->server, &before);
	for (int i = 0; i < REQUESTS; i++) {
		client_echo(client, REQUEST_BYTES);
		server_settle(&contract->server, &after);
	}
	expect_counts_add_up(
		&before, &after, REQUESTS, (uint64_t)REQUESTS * REQUEST_BYTES);
	for (int i = 0; i < CALL_COUNT && expected; i++)
		if (after.calls[i] - before.calls[i] != REQUESTS * expected->calls[i])
			fail_msg(
				"call %d of the table in calls.h: %ju times in %d echoes",
				i, (uintmax_t)(after.calls[i] - before.calls[i]),
				REQUESTS);
}

/* Idle connections cost nothing but what a wait does with them: no call is made. */
static void idle_is_idle(struct contract *contract)
{
	struct server_snapshot before, after;

	contract_connect_many(contract, 0, 100, CLIENT_BUFFERS_PLAIN);
	server_await_held(&contract->server, 100);
	server_settle(&contract->server, &before);
	server_settle(&contract->server, &after);
	assert_int_equal(server_calls_total(&before), server_calls_total(&after));
	assert_int_equal(after.accepted, 100);
	assert_int_equal(after.held, 100);
}

/* The first line of a file of a thread in /proc. */
static void read_thread_line(pid_t pid, int tid, const char *file, char line[64])
{
	char path[96];

	snprintf(path, sizeof(path), "/proc/%d/task/%d/%s", (int)pid, tid, file);
	FILE *opened = fopen(path, "r");

	assert_non_null(opened);
	assert_non_null(fgets(line, 64, opened));
	fclose(opened);
}

/*
 * What its threads have run, by the kernel's account (schedstat of proc(5)), but the one
 * that answers; and how much of it is a thread's that polls for a ring (iou-sqp-...).
 */
static uint64_t threads_run_ns(
	const struct server_process *server, uint64_t *poll_thread_ns)
{
	char path[96], line[64];
	uint64_t sum = 0;

	*poll_thread_ns = 0;
	snprintf(path, sizeof(path), "/proc/%d/task", (int)server->pid);
	DIR *tasks = opendir(path);

	assert_non_null(tasks);
	for (struct dirent *entry; (entry = readdir(tasks));) {
		int tid = atoi(entry->d_name);

		if (tid <= 0 || tid == server->pid)
			continue;
		read_thread_line(server->pid, tid, "schedstat", line);
		uint64_t run_ns = strtoull(line, NULL, 10);

		read_thread_line(server->pid, tid, "comm", line);
		if (strncmp(line, "iou-sqp", 7) == 0)
			*poll_thread_ns += run_ns;
		sum += run_ns;
	}
	closedir(tasks);
	return sum;
}

/* Whatever thread works for it is charged to it, whoever started that thread. */
static void cpu_of_all_threads(struct contract *contract)
{
	enum { ECHOES = 500 };
	struct server_process *server = &contract->server;
	struct client *client = contract_connect(contract, 0, CLIENT_BUFFERS_PLAIN);
	struct server_snapshot settled, snapshot;
	uint64_t poll_before_ns, poll_after_ns;

	for (int i = 0; i < ECHOES; i++)
		client_echo(client, REQUEST_BYTES);
	server_settle(server, &settled);
	uint64_t before_ns = threads_run_ns(server, &poll_before_ns);

	server_ask(server, 0, &snapshot);
	uint64_t after_ns = threads_run_ns(server, &poll_after_ns);

	assert_true(before_ns > 0);
	assert_in_range(snapshot.cpu_ns, before_ns, after_ns);
	if (strcmp(server->backend, "io_uring-sqpoll") == 0)
		assert_true(poll_before_ns > 0 && snapshot.cpu_ns > poll_before_ns);
}

static void garbage_commands(struct contract *contract)
{
	static const char *const lines[] = {
		"garbage",
		"",
		"[1]",
		"\"stop\"",
		"{}",
		"{\"cmd\":7}",
		"{\"cmd\":\"fly\"}",
		"{\"cmd\":\"stop\"",
		"{\"cmd\":\"stop\",\"cmd\":\"stop\"}",
		"{\"cmd\":\"snapshot\",\"settle_ms\":-1}",
		"{\"cmd\":\"snapshot\",\"settle_ms\":\"500\"}",
		"{\"cmd\":\"snapshot\",\"settle_ms\":1e3}",
		"{\"cmd\":\"snapshot\",\"settle_ms\":9223372036854775807}",
		"\xff\xfe",
	};
	struct client *client = contract_connect(contract, 0, CLIENT_BUFFERS_PLAIN);
	struct server_snapshot snapshot;

	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++) {
		server_command(&contract->server, lines[i]);
		json_t *event = server_event(&contract->server, "error");

		assert_true(json_is_string(json_object_get(event, "reason")));
		json_decref(event);
		client_echo(client, 10);
	}
	/* two commands in one write, and one in two */
	server_command(&contract->server, "{\"cmd\":\"snapshot\"}\n{\"cmd\":\"fly\"}");
	json_decref(server_event(&contract->server, "snapshot"));
	json_decref(server_event(&contract->server, "error"));
	server_ask(&contract->server, 0, &snapshot);
}

/*
 * Makes the server owe bytes to a client who does not read: it has read all that was
 * sent, and could not write all of it back.
 */
static void make_it_owe(struct contract *contract, struct client *client)
{
	struct server_snapshot before, now;

	server_settle(&contract->server, &before);
	do {
		assert_true(client->sent < 64 << 20);
		client_send_some(client, 4096);
		server_settle(&contract->server, &now);
	} while (now.bytes_rx == now.bytes_tx);
	assert_int_equal(now.bytes_rx - before.bytes_rx, client->sent);
}

/* A signal is the usual end of a server: idle clients see a FIN, owed bytes go first. */
static void ends_by_signal(struct contract *contract, int signal_number)
{
	enum { IDLE = 20, REST_US = 20000 };
	struct client *reader = contract_connect(contract, IDLE, CLIENT_BUFFERS_SMALL);
	struct client *idle =
		contract_connect_many(contract, 0, IDLE, CLIENT_BUFFERS_PLAIN);

	for (size_t i = 0; i < IDLE / 2; i++)
		client_echo(&idle[i], 64);
	make_it_owe(contract, reader);
	server_signal(&contract->server, signal_number);
	usleep(REST_US); /* a server that does not wait for its reader has ended by now */
	client_receive_owed(reader);
	client_expect_end(reader);
	for (size_t i = 0; i < IDLE; i++)
		client_expect_end(&idle[i]);
	json_decref(server_event(&contract->server, "stopped"));
	server_expect_exit(&contract->server);
}

static void ends_by_sigterm(struct contract *contract)
{
	ends_by_signal(contract, SIGTERM);
}

static void ends_by_sigint(struct contract *contract)
{
	ends_by_signal(contract, SIGINT);
}

/* Somebody who never takes what he is owed must not keep it from ending. */
static void ends_in_spite_of_a_stalled_reader(struct contract *contract)
{
	make_it_owe(contract, contract_connect(contract, 0, CLIENT_BUFFERS_SMALL));
	server_signal(&contract->server, SIGTERM);
	server_expect_exit(&contract->server);
}

/*
 * After a signal it takes nothing new, though it still runs for one who is owed: a
 * request, a connection, one that waited in the queue. None of them gets a byte, and the
 * one who is owed gets all of his.
 */
static void nothing_new_after_the_signal(struct contract *contract)
{
	struct client *reader = contract_connect(contract, 0, CLIENT_BUFFERS_SMALL);
	struct client *idle = contract_connect_many(contract, 1, 3, CLIENT_BUFFERS_PLAIN);

	for (size_t i = 0; i < 3; i++)
		client_echo(&idle[i], 64);
	make_it_owe(contract, reader);
	server_signal(&contract->server, SIGTERM);
	client_expect_end(&idle[0]); /* it has begun to stop */
	client_send(&idle[1], 100);
	client_expect_refusal(&idle[1]);
	client_expect_end(&idle[2]);
	struct client *late = contract_connect(contract, 4, CLIENT_BUFFERS_PLAIN);

	client_send(late, 100);
	client_receive_owed(reader);
	client_expect_end(reader);
	server_expect_exit(&contract->server);
	client_expect_refusal(late);
}

static void ends_by_command(struct contract *contract)
{
	struct client *client = contract_connect(contract, 0, CLIENT_BUFFERS_PLAIN);

	client_echo(client, 1000);
	server_stop(&contract->server);
	client_expect_end(client);
}

/* Whoever started it has gone: with --control it does not stay behind. */
static void ends_with_its_stdin(struct contract *contract)
{
	struct client *client = contract_connect(contract, 0, CLIENT_BUFFERS_PLAIN);

	client_echo(client, 1000);
	server_close_commands(&contract->server);
	server_expect_exit(&contract->server);
	client_expect_end(client);
}

const struct contract_case cases_control[] = {
	{.name = "an echo costs the calls it must, and no more",
		.of_variants = true,
		.run = counts_calls},
	{.name = "idle connections cause no call", .run = idle_is_idle},
	{.name = "the CPU time of all its threads is told", .run = cpu_of_all_threads},
	{.name = "a garbage command is an error event, and it goes on",
		.run = garbage_commands},
	{.name = "SIGTERM: what is owed goes out, then the FINs, then exit 0",
		.run = ends_by_sigterm,
		.rows = ROW(18),
		.ends_server = true},
	{.name = "SIGINT: the same",
		.run = ends_by_sigint,
		.rows = ROW(18),
		.ends_server = true},
	{.name = "SIGTERM while one is owed: nobody else gets a byte",
		.run = nothing_new_after_the_signal,
		.rows = ROW(18),
		.ends_server = true},
	{.name = "SIGTERM with a reader who never reads: exit 0",
		.run = ends_in_spite_of_a_stalled_reader,
		.rows = ROW(7) | ROW(18),
		.ends_server = true},
	{.name = "the stop command", .run = ends_by_command, .ends_server = true},
	{.name = "end of file on stdin", .run = ends_with_its_stdin, .ends_server = true},
	{.name = NULL},
};
