/* waitcost_series.c - batches of one kind of operation on a bench, timed. */
#include "server/waitcost_series.h"

#include "common/clock.h"

enum {
	CLOCK_TRIES = 16, /* of so many reads each */
	CLOCK_READS = 256,
	BOTH = READY_READ | READY_WRITE,
};

#define WARMUP_NS NS_PER_MS /* at least, and every doubling */

static uint64_t thread_cpu_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return timespec_to_ns(&now);
}

/* 0 when a wait brought all that is ready, each once. */
static int wait_once(struct waitcost_bench *bench)
{
	int count = bench->ops->wait(bench->poller, bench->out, 0);

	if (count < 0)
		return count;
	return (uint64_t)count == bench->what->ready ? 0 : -EPROTO;
}

/* Waits back to back, the clock read before and after all of them. */
static int waits_level(
	struct waitcost_bench *bench, uint64_t waits, struct waitcost_batch *batch)
{
	uint64_t begin_ns = clock_now_ns();

	for (uint64_t i = 0; i < waits; i++) {
		int error = wait_once(bench);

		if (error < 0)
			return error;
	}
	batch->duration_ns[TIMED_WAIT] = clock_now_ns() - begin_ns;
	return 0;
}

/* Each wait timed by itself, for what re-arms the edges comes between. */
static int waits_edge(
	struct waitcost_bench *bench, uint64_t waits, struct waitcost_batch *batch)
{
	for (uint64_t i = 0; i < waits; i++) {
		int error = bench_rearm(bench);

		if (error < 0)
			return error;
		uint64_t begin_ns = clock_now_ns();

		error = wait_once(bench);
		batch->duration_ns[TIMED_WAIT] += clock_now_ns() - begin_ns;
		if (error < 0)
			return error;
	}
	return 0;
}

int series_waits(
	struct waitcost_bench *bench, uint64_t count, struct waitcost_batch *batch)
{
	return bench_is_edge(bench) ? waits_edge(bench, count, batch)
				    : waits_level(bench, count, batch);
}

/* Removes, registers again, and changes the interest there and back. */
static int interest_pass(struct waitcost_bench *bench, struct waitcost_batch *batch)
{
	const int *fds = bench->interest_fds;
	size_t count = bench->interest_count;
	uint64_t at_ns[4] = {clock_now_ns()};
	int error = bench_watch(bench, fds, count, READY_READ, 0);

	at_ns[1] = clock_now_ns();
	if (error == 0)
		error = bench_watch(bench, fds, count, 0, READY_READ);
	at_ns[2] = clock_now_ns();
	if (error == 0)
		error = bench_watch(bench, fds, count, READY_READ, BOTH);
	if (error == 0)
		error = bench_watch(bench, fds, count, BOTH, READY_READ);
	at_ns[3] = clock_now_ns();
	batch->duration_ns[TIMED_REMOVE] += at_ns[1] - at_ns[0];
	batch->duration_ns[TIMED_REGISTER] += at_ns[2] - at_ns[1];
	batch->duration_ns[TIMED_MODIFY] += at_ns[3] - at_ns[2];
	return error;
}

int series_interest(
	struct waitcost_bench *bench, uint64_t count, struct waitcost_batch *batch)
{
	int error = 0;

	for (uint64_t i = 0; i < count && error == 0; i++)
		error = interest_pass(bench, batch);
	return error;
}

static int run_batch(struct waitcost_bench *bench, series_repeat *repeat, uint64_t count,
	struct waitcost_batch *batch)
{
	*batch = (struct waitcost_batch){0};
	uint64_t cpu_ns = thread_cpu_ns();
	uint64_t begin_ns = clock_now_ns();
	int error = repeat(bench, count, batch);

	batch->elapsed_ns = clock_now_ns() - begin_ns;
	batch->cpu_ns = thread_cpu_ns() - cpu_ns;
	return error;
}

/* Finds how many repeats last batch_ns, by doubling; all of it is the warm-up. */
static int warm_up(struct waitcost_bench *bench, series_repeat *repeat, uint64_t batch_ns,
	uint64_t *repeats)
{
	uint64_t end_ns = clock_now_ns() + WARMUP_NS;

	for (*repeats = 1;;) {
		struct waitcost_batch batch;
		int error = run_batch(bench, repeat, *repeats, &batch);

		if (error < 0)
			return error;
		/* By CPU time: what another program took makes no batch longer. */
		if (batch.cpu_ns < batch_ns)
			*repeats *= 2;
		else if (clock_now_ns() >= end_ns)
			return 0;
	}
}

/* By name, and wait_bytes: the rest stands still here. */
static struct calls calls_difference(
	const struct calls *before, const struct calls *after)
{
	struct calls difference = {.wait_bytes = after->wait_bytes - before->wait_bytes};

	for (int i = 0; i < CALL_COUNT; i++)
		difference.count[i] = after->count[i] - before->count[i];
	return difference;
}

/* Off its core for more than a tenth of the time: nothing here sleeps. */
static bool is_disturbed(const struct waitcost_batch *batch)
{
	return batch->cpu_ns * 10 < batch->elapsed_ns * 9;
}

int series_run(struct waitcost_bench *bench, series_repeat *repeat,
	struct waitcost_series *series)
{
	const struct waitcost *what = bench->what;
	int error = warm_up(bench, repeat, what->batch_ns, &series->repeats);
	struct calls before = bench->calls;
	uint64_t good = 0;

	series->batches = 0;
	while (error == 0 && good < what->batches &&
		series->batches < WAITCOST_TRIES * what->batches) {
		struct waitcost_batch *batch = &series->batch[series->batches++];

		error = run_batch(bench, repeat, series->repeats, batch);
		good += is_disturbed(batch) ? 0 : 1;
	}
	series->calls = calls_difference(&before, &bench->calls);
	return error;
}

/* The least of several tries: much makes it more, nothing less. */
double series_clock_read_ns(void)
{
	uint64_t least_ns = UINT64_MAX;

	for (int try = 0; try < CLOCK_TRIES; try++) {
		uint64_t begin_ns = clock_now_ns();

		for (int i = 1; i < CLOCK_READS; i++)
			clock_now_ns();
		uint64_t took_ns = clock_now_ns() - begin_ns;

		least_ns = took_ns < least_ns ? took_ns : least_ns;
	}
	return (double)least_ns / CLOCK_READS;
}
