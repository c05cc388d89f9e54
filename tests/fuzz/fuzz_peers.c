/*
 * fuzz_peers.c - what a server and a load generator say to the harness over a whole pair
 * of windows: both may be another program than it thinks. The input is what the server
 * says, a NUL, and what the load generator says.
 */
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/peer.h"

#include "harness/counts/record.h"
#include "harness/process/pair.h"
#include "harness/trial/trial.h"
#include "harness/trial/trial_json.h"
#include "harness/trial/window_check.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Nobody else has to be waited for. */
int __wrap_nanosleep(const struct timespec *wanted, struct timespec *left);

int __wrap_nanosleep(const struct timespec *wanted, struct timespec *left)
{
	(void)wanted;
	(void)left;
	return 0;
}

static const struct pair_order order = {
	.backend = "poll",
	.server_cpu = -1,
	.load_cpu = -1,
	.connections_active = 1,
	.message_bytes = 64,
};

static const struct load_window asked = {.duration_ns = 1000000, .rate = 100};

/* A window as a trial runs it, without the kernel's counters. */
static int run_window(struct pair *pair, struct window *window, struct problem *problem)
{
	int error = server_peer_snapshot(&pair->server, 500, &window->before, problem);

	if (error == 0)
		error = load_peer_run(&pair->load, &asked, &window->load, problem);
	if (error == 0)
		error = server_peer_snapshot(&pair->server, 500, &window->after, problem);
	if (error < 0)
		return error;
	window->measured = true;
	window->middle = window->before;
	window->halved = true;
	window_check(window, 1);
	window_check_times(window, &asked, 64, PLACEMENT_CROSS_CORE);
	window_check_run_delay(window);
	return 0;
}

/* What the trial becomes, read back. */
static void check_record(struct trial *trial, enum window_role role)
{
	json_t *record = trial_to_json(trial, role);
	struct trial *again = calloc(1, sizeof(*again));
	struct problem problem = {""};
	enum window_role role_again;

	fuzz_check(record && again, "no record");
	char *text = json_dumps(record, JSON_COMPACT);

	fuzz_check(text != NULL, "a record that cannot be written");
	trial_from_json(again, record, &role_again, &problem);
	free(text);
	free(again);
	json_decref(record);
}

static void check_counts(const struct pair *pair, const struct window *window)
{
	struct counts_record *record = calloc(1, sizeof(*record));
	char ratio[COUNTS_RATIO_BYTES];

	record->backend = order.backend;
	record->role = COUNTS_BATCH;
	record->server = pair->hello;
	record->window = *window;
	record->syscalls = window_calls(window);
	counts_record_check(record);
	counts_ratio(
		window->kernel_calls, window->load.counters.requests_completed, ratio);
	free(record);
}

static int converse(struct pair *pair, struct trial *trial, struct problem *problem)
{
	struct window *windows = trial->windows;
	int result = pair_start(pair, &order, &windows[WINDOW_TIMED], problem);

	trial->server_known = pair->server_known;
	trial->server = pair->hello;
	for (int role = 0; role < WINDOW_COUNT && result == 0; role++)
		result = run_window(pair, &windows[role], problem);
	return result == 0 ? pair_stop(pair, problem) : result;
}

void fuzz_one(const uint8_t *data, size_t size)
{
	struct trial *trial = calloc(1, sizeof(*trial));
	struct problem problem = {""};
	struct pair pair;

	trial->block = trial->order_in_block = 1;
	trial->cell = cell_default;
	trial->cell.backend = order.backend;
	fuzz_peers_say(data, size);
	int result = converse(&pair, trial, &problem);

	fuzz_check_problem(result, &problem);
	if (result < 0)
		pair_explain(&pair, &trial->windows[WINDOW_TIMED], &problem);
	for (int role = 0; role < WINDOW_COUNT; role++) {
		check_record(trial, (enum window_role)role);
		if (trial->windows[role].measured)
			check_counts(&pair, &trial->windows[role]);
	}
	pair_end(&pair);
	free(trial);
}
