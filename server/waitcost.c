/* waitcost.c - what one wait costs, without a network: measured, and as JSON. */
#include "server/waitcost.h"

#include "common/records.h"
#include "server/control.h"
#include "server/waitcost_series.h"

#include <string.h>

static json_t *durations_json(
	const struct waitcost_series *series, enum waitcost_timed timed)
{
	json_t *array = json_array();

	for (uint64_t i = 0; i < series->batches; i++)
		json_array_append_new(
			array, record_u64(series->batch[i].duration_ns[timed]));
	return array;
}

/* One kind of operation: what one batch held of it, and what it took in each. */
static json_t *operation_json(const struct waitcost_series *series,
	enum waitcost_timed timed, uint64_t operations, uint64_t clock_reads)
{
	return json_pack("{so so so}", "operations_per_batch", record_u64(operations),
		"clock_reads_per_batch", record_u64(clock_reads), "duration_ns",
		durations_json(series, timed));
}

/* What is known of the batches as a whole goes into object. */
static void add_whole(json_t *object, const struct waitcost_series *series)
{
	json_t *elapsed = json_array(), *cpu = json_array();

	for (uint64_t i = 0; i < series->batches; i++) {
		json_array_append_new(elapsed, record_u64(series->batch[i].elapsed_ns));
		json_array_append_new(cpu, record_u64(series->batch[i].cpu_ns));
	}
	json_object_set_new(object, "elapsed_ns", elapsed);
	json_object_set_new(object, "cpu_ns", cpu);
	json_object_set_new(object, "calls", control_calls(&series->calls));
}

static json_t *wait_json(
	const struct waitcost_bench *bench, const struct waitcost_series *series)
{
	uint64_t reads = bench_is_edge(bench) ? series->repeats : 1;
	json_t *wait = operation_json(series, TIMED_WAIT, series->repeats, reads);

	add_whole(wait, series);
	json_object_set_new(wait, "wait_bytes", record_u64(series->calls.wait_bytes));
	return wait;
}

static json_t *interest_json(
	const struct waitcost_bench *bench, const struct waitcost_series *series)
{
	uint64_t passes = series->repeats;
	uint64_t each = passes * bench->interest_count;
	json_t *interest = json_pack("{so so so so}", "descriptors",
		record_u64(bench->interest_count), "register",
		operation_json(series, TIMED_REGISTER, each, passes), "modify",
		operation_json(series, TIMED_MODIFY, 2 * each, passes), "remove",
		operation_json(series, TIMED_REMOVE, each, passes));

	add_whole(interest, series);
	return interest;
}

static json_t *result_json(const struct waitcost_bench *bench,
	const struct waitcost_series *wait, const struct waitcost_series *interest)
{
	const struct waitcost *what = bench->what;

	return json_pack("{ss sb so so so sf so so}", "backend", what->backend->name,
		"edge_triggered", (int)bench_is_edge(bench), "descriptors",
		record_u64(what->descriptors), "ready", record_u64(what->ready),
		"descriptor_highest",
		record_u64((uint64_t)bench->fds[bench->fd_count - 1]), "clock_read_ns",
		series_clock_read_ns(), "wait", wait_json(bench, wait), "interest",
		interest_json(bench, interest));
}

static int measure(struct waitcost_bench *bench, struct waitcost_series *wait,
	struct waitcost_series *interest, struct problem *problem)
{
	int error = series_run(bench, series_waits, wait);

	if (error == 0)
		error = series_run(bench, series_interest, interest);
	if (error == -EPROTO)
		return problem_set(problem, error,
			"a wait did not report every readable descriptor");
	if (error < 0)
		return problem_set(problem, error, "measuring: %s", strerror(-error));
	return bench_check(bench, problem);
}

int waitcost_measure(
	const struct waitcost *waitcost, json_t **result, struct problem *problem)
{
	struct waitcost_series wait = {0}, interest = {0};
	struct waitcost_bench bench;
	int error = bench_open(&bench, waitcost, problem);

	if (error == 0)
		error = measure(&bench, &wait, &interest, problem);
	if (error == 0)
		*result = result_json(&bench, &wait, &interest);
	bench_close(&bench);
	return error;
}
