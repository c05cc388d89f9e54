/* waitcost_bench.c - descriptors registered with a poller, some of them readable. */
#include "server/waitcost_bench.h"

#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>

/* Descriptors that a pass removes and registers again. */
enum { INTEREST_MAX = 100 };

int bench_watch(struct waitcost_bench *bench, const int *fds, size_t count, unsigned was,
	unsigned want)
{
	for (size_t i = 0; i < count; i++) {
		int error = bench->ops->watch(bench->poller, fds[i], was, want);

		if (error < 0)
			return error;
	}
	return 0;
}

bool bench_is_edge(const struct waitcost_bench *bench)
{
	return bench->what->backend->flags & BACKEND_EDGE;
}

int bench_rearm(struct waitcost_bench *bench)
{
	return bench_watch(
		bench, bench->ready_fds, bench->what->ready, READY_READ, READY_READ);
}

/* The place of item i of count, in the middle of its part of total. */
static size_t spread_place(size_t i, size_t count, size_t total)
{
	return (2 * i + 1) * total / (2 * count);
}

void bench_close(struct waitcost_bench *bench)
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

static int bench_allocate(struct waitcost_bench *bench)
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

static int no_room(const struct waitcost_bench *bench, struct problem *problem)
{
	int limit = bench->what->backend->fds_limit;
	bool by_backend = limit > 0 && limit < bench->what->fds_max;

	return problem_set(problem, -EMFILE, "%s %d: room for %zu descriptors",
		by_backend ? "fd_setsize" : "descriptors: RLIMIT_NOFILE",
		by_backend ? limit : bench->what->fds_max, bench->fd_count);
}

/* One eventfd: readable from its birth on, or never. */
static int add_descriptor(
	struct waitcost_bench *bench, bool readable, struct problem *problem)
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

static int open_descriptors(struct waitcost_bench *bench, struct problem *problem)
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

static int register_all(struct waitcost_bench *bench, struct problem *problem)
{
	int error = bench_watch(bench, bench->fds, bench->fd_count, 0, READY_READ);

	return error == 0 ? 0
			  : problem_set(problem, error, "registering %zu descriptors: %s",
				    bench->fd_count, strerror(-error));
}

static int by_fd(const void *a, const void *b)
{
	return ((const struct ready *)a)->fd - ((const struct ready *)b)->fd;
}

/* Whoever does not report exactly what is readable is not worth timing. */
int bench_check(struct waitcost_bench *bench, struct problem *problem)
{
	size_t ready = (size_t)bench->what->ready;
	int error = bench_is_edge(bench) ? bench_rearm(bench) : 0;
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

int bench_open(struct waitcost_bench *bench, const struct waitcost *what,
	struct problem *problem)
{
	*bench = (struct waitcost_bench){.what = what, .ops = what->backend->poller};
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
		error = bench_check(bench, problem);
	return error;
}
