/*
 * test_contract.c - every case of the contract over every backend: those that
 * `muxbench-server --list` names, and the plug-in. A case that cannot be run here is a
 * test that passes under a name with "# SKIP reason", as TAP wants it.
 */
#include "tests/contract/contract.h"

#include "common/net.h"
#include "common/records.h"

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

enum { SUBJECTS_MAX = 16, CASES_MAX = 64, TEXT_BYTES = 4096 };

/* A backend under test. */
struct subject {
	char backend[TEXT_BYTES];     /* what --backend is given */
	char name[BACKEND_NAME_MAX];  /* what the test is called by */
	char unsupported[TEXT_BYTES]; /* why it cannot run here; "": it can */
};

/* One row of the test list. */
struct row {
	const struct subject *subject;
	const struct contract_case *contract_case;
	char *name; /* owned by the row */
};

static const char *build_folder(void)
{
	const char *build = getenv("BUILD");

	return build ? build : "build";
}

/* Takes a line of --list --json. */
static void add_subject(struct subject *subject, const json_t *line)
{
	const char *name = "?", *reason = "no reason given";
	bool supported = false;

	record_get_string(line, "name", &name, NULL);
	record_get_bool(line, "supported", &supported, NULL);
	record_get_string(line, "reason", &reason, NULL);
	snprintf(subject->backend, sizeof(subject->backend), "%s", name);
	snprintf(subject->name, sizeof(subject->name), "%s", name);
	if (!supported)
		snprintf(
			subject->unsupported, sizeof(subject->unsupported), "%s", reason);
}

/* All subjects; how many, 0 when the list cannot be had. */
static size_t list_subjects(struct subject subjects[SUBJECTS_MAX])
{
	char command[TEXT_BYTES], line[TEXT_BYTES];
	size_t count = 0;

	snprintf(command, sizeof(command), "'%s/muxbench-server' --list --json",
		build_folder());
	FILE *list = popen(command, "r");

	while (list && count < SUBJECTS_MAX - 1 && fgets(line, sizeof(line), list)) {
		json_t *object = json_loads(line, 0, NULL);

		add_subject(&subjects[count++], object);
		json_decref(object);
	}
	if (!list || pclose(list) != 0 || count == 0)
		return 0;
	struct subject *plugin = &subjects[count++];
	snprintf(plugin->backend, sizeof(plugin->backend), "%s/select_wide.so",
		build_folder());
	snprintf(plugin->name, sizeof(plugin->name), "select_wide.so");
	return count;
}

/* A row while it runs. */
struct run {
	const struct row *row;
	struct contract contract;
};

static int run_open(void **state)
{
	struct run *run = calloc(1, sizeof(*run));

	if (!run)
		return -1;
	run->row = *state;
	for (size_t i = 0; i < CLIENTS_MAX; i++)
		run->contract.clients[i].fd = -1;
	run->contract.server = (struct server_process){.commands_fd = -1, .log_fd = -1};
	*state = run;
	return 0;
}

static int run_close(void **state)
{
	struct run *run = *state;

	contract_close_clients(&run->contract);
	server_discard(&run->contract.server);
	free(run);
	return 0;
}

/* After every case: nobody is held any more, one who comes is served, and it ends well.
 */
static void expect_good_end(struct contract *contract)
{
	struct client *client = &contract->clients[0];

	contract_close_clients(contract);
	server_await_held(&contract->server, 0);
	contract_connect(contract, 0, CLIENT_BUFFERS_PLAIN);
	client_echo(client, 100000);
	client_finish(client);
	client_expect_end(client);
	client_close(client);
	server_await_held(&contract->server, 0);
	server_stop(&contract->server);
}

static void run_row(void **state)
{
	struct run *run = *state;
	const struct contract_case *contract_case = run->row->contract_case;

	server_start(&run->contract.server, run->row->subject->backend,
		contract_case->descriptors);
	contract_case->run(&run->contract);
	if (!contract_case->ends_server)
		expect_good_end(&run->contract);
}

static void skip_row(void **state)
{
	(void)state; /* its name says why */
}

/* Why a case cannot be run on a subject here, into reason; false: it can. */
static bool is_skipped(const struct subject *subject,
	const struct contract_case *contract_case, char reason[TEXT_BYTES])
{
	struct rlimit limit;

	if (subject->unsupported[0]) {
		snprintf(
			reason, TEXT_BYTES, "unsupported: %.1000s", subject->unsupported);
		return true;
	}
	getrlimit(RLIMIT_NOFILE, &limit);
	if (limit.rlim_max < contract_case->descriptors_needed) {
		snprintf(reason, TEXT_BYTES,
			"needs %ju descriptors, RLIMIT_NOFILE is %ju",
			(uintmax_t)contract_case->descriptors_needed,
			(uintmax_t)limit.rlim_max);
		return true;
	}
	return false;
}

/* The test of a row; initial_state is the row, which must outlive it. */
static struct CMUnitTest make_test(struct row *row)
{
	char reason[TEXT_BYTES];
	bool skipped = is_skipped(row->subject, row->contract_case, reason);

	if (asprintf(&row->name, "%s: %s%s%s", row->subject->name,
		    row->contract_case->name, skipped ? " # SKIP " : "",
		    skipped ? reason : "") < 0)
		row->name = NULL;
	if (skipped)
		return (struct CMUnitTest){.name = row->name, .test_func = skip_row};
	return (struct CMUnitTest){
		.name = row->name,
		.test_func = run_row,
		.setup_func = run_open,
		.teardown_func = run_close,
		.initial_state = row,
	};
}

/* Fills rows and tests with every case of every subject; how many. */
static size_t make_tests(const struct subject *subjects, size_t subjects_count,
	struct row *rows, struct CMUnitTest *tests)
{
	static const struct contract_case *const tables[] = {
		cases_bytes, cases_crowd, cases_limits, cases_control};
	size_t count = 0;

	for (size_t s = 0; s < subjects_count; s++)
		for (size_t t = 0; t < sizeof(tables) / sizeof(*tables); t++)
			for (const struct contract_case *c = tables[t]; c->name; c++) {
				rows[count] = (struct row){
					.subject = &subjects[s], .contract_case = c};
				tests[count] = make_test(&rows[count]);
				count++;
			}
	return count;
}

/* An argument is a pattern with * and ?: only the tests that it matches are run. */
int main(int argc, char *argv[])
{
	static struct subject subjects[SUBJECTS_MAX];
	static struct row rows[SUBJECTS_MAX * CASES_MAX];
	static struct CMUnitTest tests[SUBJECTS_MAX * CASES_MAX];
	uint64_t soft_before, soft, hard;
	size_t subjects_count = list_subjects(subjects);

	if (subjects_count == 0) {
		fprintf(stderr, "no list from %s/muxbench-server: is BUILD right?\n",
			build_folder());
		return EXIT_FAILURE;
	}
	signal(SIGPIPE, SIG_IGN); /* a server that died is a failed test, not our end */
	net_raise_descriptor_limit(&soft_before, &soft, &hard);
	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	size_t count = make_tests(subjects, subjects_count, rows, tests);
	int failed = _cmocka_run_group_tests("contract", tests, count, NULL, NULL);

	for (size_t i = 0; i < count; i++)
		free(rows[i].name);
	return failed;
}
