/* engine.c - one window after the other: opening, measuring, the account. */
#include "loadgen/engine.h"

#include "common/clock.h"
#include "loadgen/connections.h"
#include "loadgen/engine_state.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct engine_io *const kinds[] = {
	[ENGINE_EPOLL] = &engine_io_epoll,
	[ENGINE_IO_URING] = &engine_io_uring,
};

int engine_kind_parse(const char *option, const char *text, enum engine_kind *kind,
	struct problem *problem)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		if (strcmp(text, kinds[i]->name) == 0) {
			*kind = (enum engine_kind)i;
			return 0;
		}
	return problem_set(
		problem, -EINVAL, "%s is epoll or io_uring, not '%.40s'", option, text);
}

const char *engine_kind_name(enum engine_kind kind)
{
	return kinds[kind]->name;
}

int engine_probe(enum engine_kind kind, struct problem *problem)
{
	return kinds[kind]->probe ? kinds[kind]->probe(problem) : 0;
}

const char *engine_modes(const struct engine *engine)
{
	return engine->io->modes(engine);
}

void engine_result_error(struct engine_result *result, const char *format, ...)
{
	va_list args;

	if (result->errors++ > 0)
		return;
	va_start(args, format);
	vsnprintf(
		result->first_error.text, sizeof(result->first_error.text), format, args);
	va_end(args);
}

/* Watches the stop descriptor while a window runs. Regular files cannot be: EPERM. */
static int watch_stop(struct engine *engine, const struct engine_stop *stop)
{
	struct epoll_event event = {.events = EPOLLIN | EPOLLET, .data.ptr = NULL};

	if (stop->fd < 0 ||
		epoll_ctl(engine->waiter.epoll_fd, EPOLL_CTL_ADD, stop->fd, &event) ==
			0 ||
		errno == EPERM)
		return 0;
	return -errno;
}

/* When the window ended, or was ended: by someone, or because no connection was left. */
static uint64_t ended_ns(const struct engine *engine)
{
	if (engine->result->interrupted)
		return engine->stopped_ns;
	return engine->stopping ? engine->end_ns : clock_now_ns();
}

/* How long the window was, and what of its schedule never started. */
static void close_account(struct engine *engine)
{
	struct engine_result *result = engine->result;
	uint64_t last_ns = engine->completed_ns ? engine->completed_ns : clock_now_ns();

	if (engine_is_open_loop(engine)) {
		uint64_t end_ns = ended_ns(engine);

		result->requests_intended +=
			schedule_skip_until(&engine->schedule, end_ns);
		if (last_ns < end_ns)
			last_ns = end_ns;
		result->wait_method = engine->io->wait_method(engine);
	}
	result->measured_ns = last_ns - engine->start_ns;
}

/* From the first send to the last answer, with the clock and the usage around it. */
static int measure(struct engine *engine, const struct engine_stop *stop)
{
	const struct engine_window *window = engine->window;
	struct usage before, after;
	int error = usage_read(getpid(), 0, &before);

	if (error < 0)
		return error;
	engine->start_ns = clock_now_ns();
	engine->end_ns = engine->start_ns + window->duration_ns;
	if (engine_is_open_loop(engine))
		schedule_start(&engine->schedule, window->rate, window->arrival,
			engine->setup.seed, engine->start_ns);
	error = engine_loop(engine, stop);
	if (error < 0)
		return error;
	close_account(engine);
	error = usage_read(getpid(), 0, &after);
	if (error < 0)
		return error;
	engine->result->usage = usage_difference(&before, &after);
	return 0;
}

/* All is forgotten of the window before. */
static void reset(struct engine *engine, const struct engine_window *window,
	struct engine_result *result)
{
	memset(result, 0, sizeof(*result));
	histogram_reset(&result->response);
	histogram_reset(&result->service);
	histogram_reset(&result->send_lag);
	histogram_reset(&result->connect);
	result->is_open_loop = window->rate > 0;
	result->is_churn = engine_is_churn(engine);
	engine->window = window;
	engine->result = result;
	engine->requests_planned = 0;
	engine->completed_ns = 0;
	engine->more = false;
	engine->stopping = false;
	turns_clear(&engine->turns);
	for (size_t i = 0; i < engine->count; i++) {
		engine->connections[i].has_turn = false;
		if (stream_is_open(&engine->connections[i].stream) ||
			engine_is_churn(engine))
			engine_give_turn(engine, &engine->connections[i]);
	}
}

int engine_run(struct engine *engine, const struct engine_window *window,
	const struct engine_stop *stop, struct engine_result *result,
	struct problem *problem)
{
	reset(engine, window, result);
	engine->io->look(engine);

	int error = watch_stop(engine, stop);

	if (error == 0)
		error = measure(engine, stop);
	if (stop->fd >= 0)
		epoll_ctl(engine->waiter.epoll_fd, EPOLL_CTL_DEL, stop->fd, NULL);
	if (error < 0)
		return problem_set(problem, error, "the measured loop cannot go on: %s",
			strerror(-error));
	engine->io->look(engine);
	if (result->requests_completed == 0 && result->errors == 0 &&
		!result->interrupted)
		engine_result_error(result, "no request was made: %s",
			result->is_open_loop && result->requests_intended == 0
				? "none fell due in so short a window"
				: "no active connection is left");
	return 0;
}

/* ---- opening and closing ---- */

/* For good. 0 or -errno. */
static int watch_connections(struct engine *engine)
{
	int error = 0;

	for (size_t i = 0; i < engine->count && error == 0; i++)
		error = engine->io->watch(engine, &engine->connections[i]);
	return error < 0 ? error : engine->io->flush(engine);
}

/* 0 or -ENOMEM. The rings are touched, and so get memory, only where they are used. */
static int allocate(struct engine *engine)
{
	const struct engine_setup *setup = &engine->setup;
	int error = turns_init(&engine->turns, engine->count);

	engine->connections = calloc(engine->count, sizeof(*engine->connections));
	engine->requests =
		calloc(engine->count * setup->pipeline, sizeof(*engine->requests));
	if (error < 0 || !engine->connections || !engine->requests)
		return -ENOMEM;
	for (size_t i = 0; i < engine->count; i++)
		engine->connections[i].stream = (struct stream){
			.fd = &setup->set->fds[i],
			.number = setup->set->first_number + i,
			.message_bytes = setup->message_bytes,
			.ring = engine->requests + i * setup->pipeline,
			.capacity = setup->pipeline,
		};
	return 0;
}

int engine_open(
	struct engine **engine, const struct engine_setup *setup, struct problem *problem)
{
	struct engine *opened = calloc(1, sizeof(*opened));
	size_t count = setup->set->count;
	size_t at_once = setup->spread_active ? setup->spread_active : count;

	if (!opened)
		return problem_set(problem, -ENOMEM, "out of memory");
	*opened = (struct engine){
		.io = kinds[setup->kind],
		.waiter.epoll_fd = epoll_create1(EPOLL_CLOEXEC),
		.setup = *setup,
		.count = count,
		.busy_max = at_once * setup->pipeline,
		.random.state = setup->seed,
	};
	int error = opened->waiter.epoll_fd < 0 ? -errno : allocate(opened);

	if (error == 0)
		error = opened->io->open(opened);
	if (error == 0 && !setup->churn)
		error = watch_connections(opened);
	if (error < 0) {
		engine_close(opened);
		return problem_set(problem, error, "cannot watch %zu connections: %s",
			count, strerror(-error));
	}
	*engine = opened;
	return 0;
}

void engine_close(struct engine *engine)
{
	if (!engine)
		return;
	engine->io->close(engine);
	if (engine->waiter.epoll_fd >= 0)
		close(engine->waiter.epoll_fd);
	turns_free(&engine->turns);
	free(engine->requests);
	free(engine->connections);
	free(engine);
}
