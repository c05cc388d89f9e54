/*
 * test_contract.c - every case of the contract over every backend: those that
 * `muxbench-server --list` names, and the plug-in; or over those that are asked for. Some
 * of it is run over variants, too, which are built-ins with options. A case that cannot
 * be run here is a test that passes under a name with "# SKIP reason", as TAP wants it.
 *
 * --report writes a JSON line a test as soon as it has ended, with the rows of the fault
 * matrix that it covers; tests/faults/matrix.py makes the table of them. --list tells
 * what there is, and runs nothing.
 */
#include "tests/contract/contract.h"

#include "common/net.h"
#include "common/records.h"

#include <getopt.h>
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

enum { SUBJECTS_MAX = 40, PLUGINS_MAX = 5, CASES_MAX = 96, TEXT_BYTES = 4096 };

/* A backend under test. */
struct subject {
	char backend[TEXT_BYTES];     /* what --backend is given */
	char name[BACKEND_NAME_MAX];  /* what the test is called by */
	char unsupported[TEXT_BYTES]; /* why it cannot run here; "": it can */
	bool is_builtin;
	bool is_variant; /* a built-in with options: only cases that are of_variants */
	/* why a row of the matrix cannot happen to it; NULL: it can, or nobody looked */
	const char *absent[FAULT_ROWS + 1];
};

static const struct contract_case *const case_tables[] = {
	cases_bytes,
	cases_resets,
	cases_crowd,
	cases_thousands,
	cases_limits,
	cases_control,
	cases_end,
};

/* Built-ins with options: each value of each option is there, and all of one backend. */
static const char *const variants[] = {
	"epoll-et:drain=short-read",
	"epoll-et:drain=short-read:budget=5000:batch=2",
	"epoll-et:budget=1:batch=1",
	"epoll-lt:drain=eagain:batch=1",
	"epoll-lt:drain=short-read:wait=epoll_pwait2",
	"poll:drain=eagain:budget=5000",
};

enum { VARIANTS = sizeof(variants) / sizeof(*variants) };

enum { CASE_TABLES = sizeof(case_tables) / sizeof(*case_tables) };

/* What the command line asks for. */
struct options {
	const char *
		backends; /* names with commas between; NULL: all, unless plugin is set */
	const char
		*plugin; /* its file; NULL: those of the build, unless backends is set */
	const char *report;  /* the file for it; NULL: none */
	const char *pattern; /* of test names, with * and ?; NULL: all */
	bool list;
};

/* One test: a case on a subject. */
struct trial {
	struct subject *subject;
	const struct contract_case
		*contract_case; /* NULL: a look at what it is made of */
	FILE *report;           /* NULL: none */
	char *name;             /* owned by the trial */
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

/*
 * What --list names, or tells of the one with that name; as many as there is room for.
 * How many, 0: it cannot be had.
 */
static size_t list_builtins(struct subject *subjects, size_t room, const char *name)
{
	char command[TEXT_BYTES], line[TEXT_BYTES];
	size_t count = 0;

	snprintf(command, sizeof(command), "'%s/muxbench-server' --list --json%s%s",
		build_folder(), name ? " --backend " : "", name ? name : "");
	FILE *list = popen(command, "r");

	while (list && count < room && fgets(line, sizeof(line), list)) {
		json_t *object = json_loads(line, 0, NULL);

		add_subject(&subjects[count], object);
		subjects[count++].is_builtin = true;
		json_decref(object);
	}
	return list && pclose(list) == 0 ? count : 0;
}

/* Those that a run of the whole suite has beside the built-ins. */
static size_t add_variants(struct subject *subjects)
{
	size_t count = 0;

	for (size_t i = 0; i < VARIANTS; i++)
		if (list_builtins(&subjects[count], 1, variants[i]) == 1)
			subjects[count++].is_variant = true;
	return count;
}

static void add_plugin(struct subject *subject, const char *file)
{
	const char *slash = strrchr(file, '/');

	/* without a slash it would be looked for among the names of backends */
	snprintf(subject->backend, sizeof(subject->backend), "%s%s", slash ? "" : "./",
		file);
	snprintf(subject->name, sizeof(subject->name), "%.*s", BACKEND_NAME_MAX - 1,
		slash ? slash + 1 : file);
}

/* Those of the build: the example, and rings with tiny queues and pools if they were
 * built.
 */
static size_t add_plugins(struct subject *subjects)
{
	static const char *const files[PLUGINS_MAX] = {
		"select_wide.so",
		"tests/fixtures/small_ring.so",
		"tests/fixtures/small_pool.so",
		"tests/fixtures/small_pool_direct.so",
		"tests/fixtures/small_poll.so",
	};
	size_t count = 0;

	for (size_t i = 0; i < PLUGINS_MAX; i++) {
		char path[TEXT_BYTES / 2];

		snprintf(path, sizeof(path), "%s/%s", build_folder(), files[i]);
		if (i == 0 || access(path, R_OK) == 0)
			add_plugin(&subjects[count++], path);
	}
	return count;
}

/* Is name one of the names with commas between? */
static bool is_among(const char *names, const char *name)
{
	size_t length = strlen(name);

	for (const char *at = names; at; at = strchr(at, ',')) {
		at += *at == ',';
		if (strncmp(at, name, length) == 0 &&
			(at[length] == ',' || at[length] == '\0'))
			return true;
	}
	return false;
}

/* Keeps those that are asked for, and adds those with options; how many. */
static size_t keep_asked(struct subject *subjects, size_t count, const char *names)
{
	size_t kept = 0;

	for (size_t i = 0; i < count; i++)
		if (is_among(names, subjects[i].name))
			subjects[kept++] = subjects[i];
	for (const char *at = names; at; at = strchr(at, ',')) {
		char name[BACKEND_NAME_MAX];

		at += *at == ',';
		snprintf(name, sizeof(name), "%.*s", (int)strcspn(at, ","), at);
		if (strchr(name, ':') && kept < SUBJECTS_MAX - PLUGINS_MAX)
			kept += list_builtins(&subjects[kept], 1, name);
	}
	return kept;
}

static size_t count_names(const char *names)
{
	size_t count = 1;

	while ((names = strchr(names, ',')))
		names++, count++;
	return count;
}

/* The subjects that options ask for; how many, 0 after a line on stderr. */
static size_t choose_subjects(
	const struct options *options, struct subject subjects[SUBJECTS_MAX])
{
	size_t count = 0;

	if (options->backends || !options->plugin)
		count = list_builtins(
			subjects, SUBJECTS_MAX - PLUGINS_MAX - VARIANTS, NULL);
	if (count == 0 && !options->plugin) {
		fprintf(stderr, "no list from %s/muxbench-server: is BUILD right?\n",
			build_folder());
		return 0;
	}
	if (options->backends) {
		count = keep_asked(subjects, count, options->backends);
		if (count != count_names(options->backends)) {
			fprintf(stderr, "not all of '%s' are backends\n",
				options->backends);
			return 0;
		}
	}
	if (options->plugin)
		add_plugin(&subjects[count++], options->plugin);
	else if (!options->backends)
		count += add_plugins(&subjects[count]);
	/* the matrix of faults has a column a backend, and none for these */
	if (!options->plugin && !options->backends && !options->report && !options->list)
		count += add_variants(&subjects[count]);
	return count;
}

/* ---- the report ---- */

static json_t *rows_array(unsigned rows)
{
	json_t *array = json_array();

	for (int row = 1; row <= FAULT_ROWS; row++)
		if (rows & ROW(row))
			json_array_append_new(array, json_integer(row));
	return array;
}

/* Takes the object. Flushed at once: what ends this program does not end the report. */
static void write_line(FILE *file, json_t *object)
{
	json_dumpf(object, file, JSON_COMPACT);
	fputc('\n', file);
	fflush(file);
	json_decref(object);
}

/* reason: NULL for none. */
static void report_result(
	const struct trial *trial, const char *result, const char *reason)
{
	const struct contract_case *contract_case = trial->contract_case;

	if (trial->report && contract_case)
		write_line(trial->report,
			json_pack("{ss ss so ss ss*}", "subject", trial->subject->name,
				"case", contract_case->name, "rows",
				rows_array(contract_case->rows), "result", result,
				"reason", reason));
}

/* What cannot happen to a subject, or all of it where it cannot run. */
static void report_absent(const struct trial *trial)
{
	const struct subject *subject = trial->subject;
	json_t *absent = json_object();
	char number[16];

	for (int row = 1; row <= FAULT_ROWS_BACKEND; row++) {
		snprintf(number, sizeof(number), "%d", row);
		if (subject->absent[row])
			json_object_set_new(
				absent, number, json_string(subject->absent[row]));
	}
	if (trial->report)
		write_line(trial->report,
			json_pack("{ss so ss*}", "subject", subject->name, "absent",
				absent, "unsupported",
				subject->unsupported[0] ? subject->unsupported : NULL));
	else
		json_decref(absent);
}

/* Rows, cases and subjects, a JSON line each. */
static void print_list(const struct subject *subjects, size_t count)
{
	for (int row = 1; row <= FAULT_ROWS; row++)
		write_line(stdout, json_pack("{si ss sb}", "row", row, "title",
					   fault_rows[row].title, "of_backend",
					   row <= FAULT_ROWS_BACKEND));
	for (size_t t = 0; t < CASE_TABLES; t++)
		for (const struct contract_case *c = case_tables[t]; c->name; c++)
			write_line(stdout, json_pack("{ss so}", "case", c->name, "rows",
						   rows_array(c->rows)));
	for (size_t i = 0; i < count; i++)
		write_line(stdout, json_pack("{ss}", "subject", subjects[i].name));
}

/* ---- the tests ---- */

/* A trial while it runs. */
struct run {
	const struct trial *trial;
	const char *result; /* "failed" until it is known better */
	const char *reason;
	struct contract contract;
};

static int run_open(void **state)
{
	struct run *run = calloc(1, sizeof(*run));

	if (!run)
		return -1;
	run->trial = *state;
	run->result = "failed";
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
	report_result(run->trial, run->result, run->reason);
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

/* Why none of the rows that a case covers can happen to a subject; NULL: one can. */
static const char *find_absent(
	const struct subject *subject, const struct contract_case *contract_case)
{
	const char *reason = NULL;

	for (int row = 1; row <= FAULT_ROWS; row++) {
		if (!(contract_case->rows & ROW(row)))
			continue;
		if (!subject->absent[row])
			return NULL;
		reason = subject->absent[row];
	}
	return reason;
}

static void run_trial(void **state)
{
	struct run *run = *state;
	const struct contract_case *contract_case = run->trial->contract_case;
	const struct subject *subject = run->trial->subject;

	run->reason = find_absent(subject, contract_case);
	if (run->reason) {
		run->result = "absent";
		skip();
	}
	run->contract.backend = subject->backend;
	if (!contract_case->starts_server)
		server_start(&run->contract.server,
			&(struct server_settings){.backend = subject->backend,
				.descriptors = contract_case->descriptors,
				.preload = contract_case->preload});
	contract_case->run(&run->contract);
	if (!contract_case->ends_server)
		expect_good_end(&run->contract);
	run->result = "passed";
}

/* Comes before the cases of a subject: which rows cannot happen to it. */
static void look_inside(void **state)
{
	struct run *run = *state;
	struct server_process *server = &run->contract.server;
	struct subject *subject = run->trial->subject;

	server_start(server, &(struct server_settings){.backend = subject->backend});
	for (int row = 1; row <= FAULT_ROWS_BACKEND; row++)
		if (fault_rows[row].absent)
			subject->absent[row] =
				fault_rows[row].absent(server, subject->is_builtin);
	server_stop(server);
	report_absent(run->trial);
}

static void skip_trial(void **state)
{
	const struct trial *trial = *state; /* its name says why */

	if (trial->contract_case)
		report_result(trial, "skipped", strstr(trial->name, "# SKIP ") + 7);
	else
		report_absent(trial);
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
	if (contract_case && limit.rlim_max < contract_case->descriptors_needed) {
		snprintf(reason, TEXT_BYTES,
			"needs %ju descriptors, RLIMIT_NOFILE is %ju",
			(uintmax_t)contract_case->descriptors_needed,
			(uintmax_t)limit.rlim_max);
		return true;
	}
	return false;
}

/* The test of a trial, which must outlive it. */
static struct CMUnitTest make_test(struct trial *trial)
{
	char reason[TEXT_BYTES];
	const struct contract_case *contract_case = trial->contract_case;
	bool skipped = is_skipped(trial->subject, contract_case, reason);

	if (asprintf(&trial->name, "%s: %s%s%s", trial->subject->name,
		    contract_case ? contract_case->name : "starts, and stops again",
		    skipped ? " # SKIP " : "", skipped ? reason : "") < 0)
		trial->name = NULL;
	if (skipped)
		return (struct CMUnitTest){.name = trial->name,
			.test_func = skip_trial,
			.initial_state = trial};
	return (struct CMUnitTest){
		.name = trial->name,
		.test_func = contract_case ? run_trial : look_inside,
		.setup_func = run_open,
		.teardown_func = run_close,
		.initial_state = trial,
	};
}

/* Every case of every subject, after a look at it. */
struct plan {
	size_t count;
	struct trial trials[SUBJECTS_MAX * CASES_MAX];
	struct CMUnitTest tests[SUBJECTS_MAX * CASES_MAX];
};

static void plan_add(struct plan *plan, struct trial trial)
{
	plan->trials[plan->count] = trial;
	plan->tests[plan->count] = make_test(&plan->trials[plan->count]);
	plan->count++;
}

static void plan_fill(
	struct plan *plan, struct subject *subjects, size_t subjects_count, FILE *report)
{
	for (size_t s = 0; s < subjects_count; s++) {
		plan_add(plan, (struct trial){.subject = &subjects[s], .report = report});
		for (size_t t = 0; t < CASE_TABLES; t++)
			for (const struct contract_case *c = case_tables[t]; c->name; c++)
				if (c->of_variants || !subjects[s].is_variant)
					plan_add(plan,
						(struct trial){.subject = &subjects[s],
							.contract_case = c,
							.report = report});
	}
}

/* 0, or -1 after a line on stderr. */
static int parse_options(struct options *options, int argc, char *argv[])
{
	static const struct option names[] = {
		{"backends", required_argument, NULL, 'b'},
		{"plugin", required_argument, NULL, 'p'},
		{"report", required_argument, NULL, 'r'},
		{"list", no_argument, NULL, 'l'},
		{0},
	};
	int option;

	*options = (struct options){0};
	while ((option = getopt_long(argc, argv, "", names, NULL)) != -1)
		switch (option) {
		case 'b':
			options->backends = optarg;
			break;
		case 'p':
			options->plugin = optarg;
			break;
		case 'r':
			options->report = optarg;
			break;
		case 'l':
			options->list = true;
			break;
		default:
			return -1;
		}
	options->pattern = argv[optind];
	return 0;
}

int main(int argc, char *argv[])
{
	static struct subject subjects[SUBJECTS_MAX];
	static struct plan plan;
	struct options options;
	uint64_t soft_before, soft, hard;
	FILE *report = NULL;

	if (parse_options(&options, argc, argv) < 0)
		return 2;
	size_t subjects_count = choose_subjects(&options, subjects);

	if (subjects_count == 0)
		return 2;
	if (options.list) {
		print_list(subjects, subjects_count);
		return EXIT_SUCCESS;
	}
	if (options.report && !(report = fopen(options.report, "we"))) {
		perror(options.report);
		return 2;
	}
	signal(SIGPIPE, SIG_IGN); /* a server that died is a failed test, not our end */
	net_raise_descriptor_limit(&soft_before, &soft, &hard);
	if (options.pattern)
		cmocka_set_test_filter(options.pattern);
	plan_fill(&plan, subjects, subjects_count, report);
	int failed =
		_cmocka_run_group_tests("contract", plan.tests, plan.count, NULL, NULL);

	for (size_t i = 0; i < plan.count; i++)
		free(plan.trials[i].name);
	if (report)
		fclose(report);
	return failed > 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
