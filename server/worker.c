/* worker.c - the thread that moves the data. */
#include "server/worker.h"

#include "common/clock.h"
#include "common/cpu.h"
#include "common/usage.h"

#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum {
	BATCH_MAX = 512, /* events taken from one wait, unless it is chosen */
	SETTLE_STEP_NS = 100000,
};

/* An eventfd's counter never fills here, so the write cannot fail or block. */
static void notify(int event_fd)
{
	uint64_t one = 1;
	ssize_t written = write(event_fd, &one, sizeof(one));

	(void)written;
}

static void enter_state(struct worker *worker, enum worker_state state)
{
	atomic_store_explicit(&worker->state, state, memory_order_release);
	notify(worker->notice_fd);
}

/* struct server.ready: the backend says that it is about to wait for the first time. */
static void worker_is_ready(struct server *server, const char *modes)
{
	struct worker *worker = (struct worker *)server;

	snprintf(worker->modes, sizeof(worker->modes), "%s", modes);
	enter_state(worker, WORKER_SERVING);
}

/* struct server.starved. The write is the worker's own call, so it is counted. */
static void worker_is_starved(struct server *server, int error)
{
	struct worker *worker = (struct worker *)server;

	if (error < 0)
		atomic_store_explicit(
			&worker->starved_error, error, memory_order_relaxed);
	atomic_fetch_add_explicit(&worker->starved_changes, 1, memory_order_release);
	calls_count(&worker->calls, CALL_write);
	notify(worker->notice_fd);
}

static void *worker_main(void *argument)
{
	struct worker *worker = argument;

	worker->tid = gettid();
	worker->error = worker->cpu >= 0 ? cpu_pin_self(worker->cpu) : 0;
	if (worker->error == 0)
		worker->error = worker->backend->run(&worker->server, worker->backend);
	enter_state(worker, WORKER_ENDED);
	return NULL;
}

int worker_start(struct worker *worker, const struct choice *choice, int listen_fd,
	int fds_max, int cpu)
{
	*worker = (struct worker){
		.backend = &choice->backend,
		.cpu = cpu,
		.notice_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK),
		.server =
			{
				.listen_fd = listen_fd,
				.stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK),
				.fds_max = fds_max,
				.batch_max = choice->batch_max > 0 ? choice->batch_max
								   : BATCH_MAX,
				.drain = choice->drain,
				.budget_bytes = choice->budget_bytes,
				.calls = &worker->calls,
				.ready = worker_is_ready,
				.starved = worker_is_starved,
			},
	};
	int error = worker->notice_fd < 0 || worker->server.stop_fd < 0 ? errno : 0;

	if (error == 0)
		error = pthread_create(&worker->thread, NULL, worker_main, worker);
	if (error == 0)
		return 0;
	if (worker->notice_fd >= 0)
		close(worker->notice_fd);
	if (worker->server.stop_fd >= 0)
		close(worker->server.stop_fd);
	return -error;
}

int worker_stop(struct worker *worker, uint64_t deadline_ns)
{
	/* pthread_timedjoin_np wants CLOCK_REALTIME; the wait is short, the clock will
	 * do. */
	uint64_t left_ms = (uint64_t)clock_timeout_ms(deadline_ns);
	struct timespec until;

	notify(worker->server.stop_fd);
	clock_gettime(CLOCK_REALTIME, &until);
	uint64_t until_ns = timespec_to_ns(&until) + left_ms * NS_PER_MS;
	until.tv_sec = (time_t)(until_ns / NS_PER_S);
	until.tv_nsec = (long)(until_ns % NS_PER_S);
	if (pthread_timedjoin_np(worker->thread, NULL, &until) != 0)
		return -ETIMEDOUT;
	close(worker->notice_fd);
	close(worker->server.stop_fd);
	return worker->error;
}

/* All calls that the worker has counted: grows with anything it does. */
static uint64_t calls_total(const struct calls *calls)
{
	uint64_t total = 0;

	for (int i = 0; i < CALL_COUNT; i++)
		total += __atomic_load_n(&calls->count[i], __ATOMIC_RELAXED);
	return total;
}

enum worker_state worker_state(const struct worker *worker)
{
	return atomic_load_explicit(&worker->state, memory_order_acquire);
}

/* Sleeps for a step, or less: true, for interrupt_fd is readable. */
static bool is_interrupted(int interrupt_fd)
{
	const struct timespec step = {.tv_nsec = SETTLE_STEP_NS};
	struct pollfd interrupt = {.fd = interrupt_fd, .events = POLLIN};

	return ppoll(&interrupt, 1, &step, NULL) > 0;
}

/* It, and what the kernel started to serve it (io_uring's threads): all but ourselves. */
static bool is_asleep(const struct worker *worker)
{
	return usage_thread_state(getpid(), worker->tid) == 'S' &&
	       usage_threads_asleep(getpid(), gettid());
}

bool worker_settle(const struct worker *worker, uint64_t deadline_ns, int interrupt_fd)
{
	uint64_t before = calls_total(&worker->calls);

	do {
		bool asleep = is_asleep(worker);
		uint64_t now = calls_total(&worker->calls);

		if (is_interrupted(interrupt_fd) || worker_state(worker) == WORKER_ENDED)
			return false;
		if (asleep && now == before && calls_total(&worker->calls) == before)
			return true;
		before = now;
	} while (clock_now_ns() < deadline_ns);
	return false;
}
