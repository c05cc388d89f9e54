/* waitcost.c - what one wait costs, without a network. */
#include "server/waitcost.h"

#include "common/clock.h"
#include "common/records.h"
#include "server/control.h"

#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>

enum {
	INTEREST_MAX = 100, /* descriptors that a pass removes and registers again */
	CLOCK_TRIES = 16,   /* of so many reads each */
	CLOCK_READS = 256,
	BOTH = READY_READ | READY_WRITE,
};

#define WARMUP_NS NS_PER_MS /* at least, and every doubling */

struct bench {
	const struct waitcost *what;
	const struct poller_ops *ops;
	void *poller; /* owned */
	struct calls calls;
	int *fds; /* owned; the count of them is what->descriptors */
	size_t fd_count;
	int *ready_fds;    /* owned: the K of them that are readable */
	int *interest_fds; /* owned: those that a pass operates on */
	size_t interest_count;
	struct ready *out; /* owned */
};

/* ---- one batch -------------------------------------------------------------------- */

enum timed { WAIT, REGISTER, MODIFY, REMOVE, TIMED_COUNT };

struct batch {
	uint64_t duration_ns[TIMED_COUNT]; /* of the operations alone */
	uint64_t elapsed_ns;               /* of all of it, re-arming included */
	uint64_t cpu_ns;                   /* likewise */
};

static uint64_t thread_cpu_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return timespec_to_ns(&now);
}

static int watch_all(
	struct bench *bench, const int *fds, size_t count, unsigned was, unsigned want)
{
	for (size_t i = 0; i < count; i++) {
		int error = bench->ops->watch(bench->poller, fds[i], was, want);

		if (error < 0)
			return error;
	}
	return 0;
}

static bool is_edge_triggered(const struct bench *bench)
{
	return bench->what->backend->flags & BACKEND_EDGE;
}

/* An edge was reported with the last wait: asks for all of them again. */
static int rearm(struct bench *bench)
{
	return watch_all(
		bench, bench->ready_fds, bench->what->ready, READY_READ, READY_READ);
}

/* 0 when a wait brought all that is ready, each once. */
static int wait_once(struct bench *bench)
{
	int count = bench->ops->wait(bench->poller, bench->out, 0);

	if (count < 0)
		return count;
	return (uint64_t)count == bench->what->ready ? 0 : -EPROTO;
}

/* Waits back to back, the clock read before and after all of them. */
static int waits_level(struct bench *bench, uint64_t waits, struct batch *batch)
{
	uint64_t begin_ns = clock_now_ns();

	for (uint64_t i = 0; i < waits; i++) {
		int error = wait_once(bench);

		if (error < 0)
			return error;
	}
	batch->duration_ns[WAIT] = clock_now_ns() - begin_ns;
	return 0;
}

/* Each wait timed by itself, for what re-arms the edges comes between. */
static int waits_edge(struct bench *bench, uint64_t waits, struct batch *batch)
{
	for (uint64_t i = 0; i < waits; i++) {
		int error = rearm(bench);

		if (error < 0)
			return error;
		uint64_t begin_ns = clock_now_ns();

		error = wait_once(bench);
		batch->duration_ns[WAIT] += clock_now_ns() - begin_ns;
		if (error < 0)
			return error;
	}
	return 0;
}

static int waits(struct bench *bench, uint64_t count, struct batch *batch)
{
	return is_edge_triggered(bench) ? waits_edge(bench, count, batch)
					: waits_level(bench, count, batch);
}

/* Removes, registers again, and changes the interest there and back. */
static int interest_pass(struct bench *bench, struct batch *batch)
{
	const int *fds = bench->interest_fds;
	size_t count = bench->interest_count;
	uint64_t at_ns[4] = {clock_now_ns()};
	int error = watch_all(bench, fds, count, READY_READ, 0);

	at_ns[1] = clock_now_ns();
	if (error == 0)
		error = watch_all(bench, fds, count, 0, READY_READ);
	at_ns[2] = clock_now_ns();
	if (error == 0)
		error = watch_all(bench, fds, count, READY_READ, BOTH);
	if (error == 0)
		error = watch_all(bench, fds, count, BOTH, READY_READ);
	at_ns[3] = clock_now_ns();
	batch->duration_ns[REMOVE] += at_ns[1] - at_ns[0];
	batch->duration_ns[REGISTER] += at_ns[2] - at_ns[1];
	batch->duration_ns[MODIFY] += at_ns[3] - at_ns[2];
	return error;
}

static int interest_passes(struct bench *bench, uint64_t count, struct batch *batch)
{
	int error = 0;

	for (uint64_t i = 0; i < count && error == 0; i++)
		error = interest_pass(bench, batch);
	return error;
}

/* ---- a series of them ------------------------------------------------------------- */

/* Does something that many times and adds its durations to batch. 0 or -errno. */
typedef int repeat_function(struct bench *bench, uint64_t count, struct batch *batch);

struct series {
	uint64_t repeats; /* of the function, in each batch */
	uint64_t batches;
	struct batch batch[WAITCOST_TRIES * WAITCOST_BATCHES_MAX];
	struct calls calls; /* made in all of them */
};

static int run_batch(
	struct bench *bench, repeat_function *repeat, uint64_t count, struct batch *batch)
{
	*batch = (struct batch){0};
	uint64_t cpu_ns = thread_cpu_ns();
	uint64_t begin_ns = clock_now_ns();
	int error = repeat(bench, count, batch);

	batch->elapsed_ns = clock_now_ns() - begin_ns;
	batch->cpu_ns = thread_cpu_ns() - cpu_ns;
	return error;
}

/* Finds how many repeats last batch_ns, by doubling; all of it is the warm-up. */
static int warm_up(struct bench *bench, repeat_function *repeat, uint64_t batch_ns,
	uint64_t *repeats)
{
	uint64_t end_ns = clock_now_ns() + WARMUP_NS;

	for (*repeats = 1;;) {
		struct batch batch;
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

static bool is_disturbed(const struct batch *batch)
{
	return batch->cpu_ns < batch->elapsed_ns / 10 * 9;
}

static int run_series(struct bench *bench, repeat_function *repeat, struct series *series)
{
	const struct waitcost *what = bench->what;
	int error = warm_up(bench, repeat, what->batch_ns, &series->repeats);
	struct calls before = bench->calls;

	uint64_t good = 0;

	series->batches = 0;
	while (error == 0 && good < what->batches &&
		series->batches < WAITCOST_TRIES * what->batches) {
		struct batch *batch = &series->batch[series->batches++];

		error = run_batch(bench, repeat, series->repeats, batch);
		good += is_disturbed(batch) ? 0 : 1;
	}
	series->calls = calls_difference(&before, &bench->calls);
	return error;
}

/* What reading CLOCK_MONOTONIC costs: the least of several tries, nothing makes it less.
 */
static double clock_read_ns(void)
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

/* ---- the bench -------------------------------------------------------------------- */

/* The place of item i of count, in the middle of its part of total. */
static size_t spread_place(size_t i, size_t count, size_t total)
{
	return (2 * i + 1) * total / (2 * count);
}

static void bench_close(struct bench *bench)
{
	if (bench->poller)
		bench->ops->close(bench->poller);
	for (size_t i = 0; i < bench->fd_count; i++)
		close(bench->fds[i]);
	free(bench->fds);
	free(bench->ready_fds);
	free(bench->interest_fds);
	free(bench->out);
}

static int bench_allocate(struct bench *bench)
{
	size_t count = (size_t)bench->what->descriptors;
	size_t ready = (size_t)bench->what->ready;

	bench->interest_count = count < INTEREST_MAX ? count : INTEREST_MAX;
	bench->fds = calloc(count, sizeof(*bench->fds));
	bench->ready_fds = calloc(ready, sizeof(*bench->ready_fds));
	bench->interest_fds = calloc(bench->interest_count, sizeof(*bench->interest_fds));
	bench->out = calloc(WAITCOST_READY_MAX, sizeof(*bench->out));
	return bench->fds && bench->ready_fds && bench->interest_fds && bench->out
		       ? 0
		       : -ENOMEM;
}

static int no_room(const struct bench *bench, struct problem *problem)
{
	int limit = bench->what->backend->fds_limit;
	bool by_backend = limit > 0 && limit < bench->what->fds_max;

	return problem_set(problem, -EMFILE, "%s %d: room for %zu descriptors",
		by_backend ? "fd_setsize" : "descriptors: RLIMIT_NOFILE",
		by_backend ? limit : bench->what->fds_max, bench->fd_count);
}

/* One eventfd: readable from its birth on, or never. */
static int add_descriptor(struct bench *bench, bool readable, struct problem *problem)
{
	int limit = bench->what->backend->fds_limit;
	int fd = eventfd(readable, EFD_CLOEXEC | EFD_NONBLOCK);
	int error = fd < 0 ? -errno : 0;

	if (fd >= bench->what->fds_max || (limit > 0 && fd >= limit)) {
		close(fd);
		error = -EMFILE;
	}
	if (error == -EMFILE || error == -ENFILE)
		return no_room(bench, problem);
	if (error < 0)
		return problem_set(problem, error, "eventfd: %s", strerror(-error));
	bench->fds[bench->fd_count++] = fd;
	return 0;
}

static int open_descriptors(struct bench *bench, struct problem *problem)
{
	size_t total = (size_t)bench->what->descriptors;
	size_t ready = (size_t)bench->what->ready, next = 0;

	for (size_t i = 0; i < total; i++) {
		bool readable = next < ready && i == spread_place(next, ready, total);
		int error = add_descriptor(bench, readable, problem);

		if (error < 0)
			return error;
		if (readable)
			bench->ready_fds[next++] = bench->fds[i];
	}
	for (size_t i = 0; i < bench->interest_count; i++)
		bench->interest_fds[i] =
			bench->fds[spread_place(i, bench->interest_count, total)];
	return 0;
}

static int register_all(struct bench *bench, struct problem *problem)
{
	int error = watch_all(bench, bench->fds, bench->fd_count, 0, READY_READ);

	return error == 0 ? 0
			  : problem_set(problem, error, "registering %zu descriptors: %s",
				    bench->fd_count, strerror(-error));
}

static int by_fd(const void *a, const void *b)
{
	return ((const struct ready *)a)->fd - ((const struct ready *)b)->fd;
}

/* Whoever does not report exactly what is readable is not worth timing. */
static int check_answer(struct bench *bench, struct problem *problem)
{
	size_t ready = (size_t)bench->what->ready;
	int error = is_edge_triggered(bench) ? rearm(bench) : 0;
	int count = error < 0 ? error : bench->ops->wait(bench->poller, bench->out, 0);

	if (count < 0)
		return problem_set(problem, count, "wait: %s", strerror(-count));
	if ((size_t)count != ready)
		return problem_set(problem, -EPROTO,
			"a wait reported %d descriptors where %zu are readable", count,
			ready);
	qsort(bench->out, ready, sizeof(*bench->out), by_fd);
	for (size_t i = 0; i < ready; i++)
		if (bench->out[i].fd != bench->ready_fds[i] ||
			bench->out[i].events != READY_READ)
			return problem_set(problem, -EPROTO,
				"a wait reported descriptor %d with events %u; %d is the "
				"readable one",
				bench->out[i].fd, bench->out[i].events,
				bench->ready_fds[i]);
	return 0;
}

static int bench_open(
	struct bench *bench, const struct waitcost *what, struct problem *problem)
{
	*bench = (struct bench){.what = what, .ops = what->backend->poller};
	int error = bench_allocate(bench);

	if (error == 0)
		error = bench->ops->open(
			&bench->poller, what->fds_max, WAITCOST_READY_MAX, &bench->calls);
	if (error < 0)
		return problem_set(
			problem, error, "opening the poller: %s", strerror(-error));
	error = open_descriptors(bench, problem);
	if (error == 0)
		error = register_all(bench, problem);
	if (error == 0)
		error = check_answer(bench, problem);
	return error;
}

/* ---- what comes out --------------------------------------------------------------- */

static json_t *durations_json(const struct series *series, enum timed timed)
{
	json_t *array = json_array();

	for (uint64_t i = 0; i < series->batches; i++)
		json_array_append_new(
			array, record_u64(series->batch[i].duration_ns[timed]));
	return array;
}

/* One kind of operation: what one batch held of it, and what it took in each. */
static json_t *operation_json(const struct series *series, enum timed timed,
	uint64_t operations, uint64_t clock_reads)
{
	return json_pack("{so so so}", "operations_per_batch", record_u64(operations),
		"clock_reads_per_batch", record_u64(clock_reads), "duration_ns",
		durations_json(series, timed));
}

/* What is known of the batches as a whole goes into object. */
static void add_whole(json_t *object, const struct series *series)
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

static json_t *wait_json(const struct bench *bench, const struct series *series)
{
	uint64_t reads = is_edge_triggered(bench) ? series->repeats : 1;
	json_t *wait = operation_json(series, WAIT, series->repeats, reads);

	add_whole(wait, series);
	json_object_set_new(wait, "wait_bytes", record_u64(series->calls.wait_bytes));
	return wait;
}

static json_t *interest_json(const struct bench *bench, const struct series *series)
{
	uint64_t passes = series->repeats;
	uint64_t each = passes * bench->interest_count;
	json_t *interest = json_pack("{so so so so}", "descriptors",
		record_u64(bench->interest_count), "register",
		operation_json(series, REGISTER, each, passes), "modify",
		operation_json(series, MODIFY, 2 * each, passes), "remove",
		operation_json(series, REMOVE, each, passes));

	add_whole(interest, series);
	return interest;
}

static json_t *result_json(const struct bench *bench, const struct series *wait,
	const struct series *interest)
{
	const struct waitcost *what = bench->what;

	return json_pack("{ss sb so so so sf so so}", "backend", what->backend->name,
		"edge_triggered", (int)is_edge_triggered(bench), "descriptors",
		record_u64(what->descriptors), "ready", record_u64(what->ready),
		"descriptor_highest",
		record_u64((uint64_t)bench->fds[bench->fd_count - 1]), "clock_read_ns",
		clock_read_ns(), "wait", wait_json(bench, wait), "interest",
		interest_json(bench, interest));
}

static int measure(struct bench *bench, struct series *wait, struct series *interest,
	struct problem *problem)
{
	int error = run_series(bench, waits, wait);

	if (error == 0)
		error = run_series(bench, interest_passes, interest);
	if (error == -EPROTO)
		return problem_set(problem, error,
			"a wait did not report every readable descriptor");
	if (error < 0)
		return problem_set(problem, error, "measuring: %s", strerror(-error));
	return check_answer(bench, problem);
}

int waitcost_measure(
	const struct waitcost *waitcost, json_t **result, struct problem *problem)
{
	struct series wait = {0}, interest = {0};
	struct bench bench;
	int error = bench_open(&bench, waitcost, problem);

	if (error == 0)
		error = measure(&bench, &wait, &interest, problem);
	if (error == 0)
		*result = result_json(&bench, &wait, &interest);
	bench_close(&bench);
	return error;
}
