/* load.c - everything that is connected to the server. */
#include "loadgen/load.h"

#include "common/clock.h"
#include "common/cpu.h"
#include "common/net.h"
#include "loadgen/wait.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

enum {
	/* For what is open only now and then: epoll, sockets between processes, /proc. */
	DESCRIPTORS_RESERVED = 24,
};

/* Who holds the idle connections. */
struct plan {
	uint64_t idle_here;
	struct holders_share share; /* the others */
};

/*
 * Each holder costs this process a descriptor, so one more of them is tried until
 * everything has a place.
 */
static int make_plan(struct plan *plan, const struct options *options,
	uint64_t descriptors_max, struct problem *problem)
{
	int open_now = net_descriptors_open();

	if (open_now < 0)
		return problem_set(
			problem, open_now, "/proc/self/fd: %s", strerror(-open_now));
	uint64_t taken = (uint64_t)open_now + DESCRIPTORS_RESERVED;
	uint64_t room = descriptors_max > taken ? descriptors_max - taken : 0;
	uint64_t active = options->connections_active, idle = options->connections_idle;

	if (active > room)
		return problem_set(problem, -EMFILE,
			"--active %" PRIu64 " does not fit in this process, which may "
			"open %" PRIu64 " connections (ulimit -n %" PRIu64
			"): fewer, or a higher limit",
			active, room, descriptors_max);
	uint64_t holders = 0;

	if (options->spread && idle > room - active)
		return problem_set(problem, -EMFILE,
			"--active-set spread sends over every connection, so this "
			"process "
			"must open them all: %" PRIu64 " do not fit in %" PRIu64
			" (ulimit -n %" PRIu64 "): fewer, or a higher limit",
			active + idle, room, descriptors_max);
	while (holders < HOLDERS_MAX && active + holders < room &&
		active + holders + idle > room + holders * room)
		holders++;
	if (active + holders + idle > room + holders * room)
		return problem_set(problem, -EMFILE,
			"--idle %" PRIu64 " does not fit: beside --active %" PRIu64
			" this process can start %" PRIu64 " others that hold %" PRIu64
			" each; fewer, or a higher 'ulimit -n'",
			idle, active, holders, room);
	uint64_t room_idle = room - active - holders;

	plan->idle_here = idle < room_idle ? idle : room_idle;
	plan->share = (struct holders_share){
		.first_number = active + plan->idle_here,
		.count = idle - plan->idle_here,
		.each_max = room,
	};
	return 0;
}

/* One progress over several sets of connections. */
struct sum_progress {
	const struct connections_progress *outer;
	uint64_t before; /* done in the sets before this one */
};

static void show_sum(void *context, uint64_t done)
{
	const struct sum_progress *sum = context;

	if (sum->outer->show)
		sum->outer->show(sum->outer->context, sum->before + done);
}

/* The connections that the engine sends over, or in churn the places for them. */
static int open_active(struct load *load, const struct options *options,
	const struct connections_progress *progress, struct problem *problem)
{
	uint64_t count = options->connections_active;

	if (options->churn_requests) {
		if (connections_reserve(&load->active, 0, count) < 0)
			return problem_set(problem, -ENOMEM, "out of memory");
		return 0;
	}
	if (options->spread)
		count += options->connections_idle;
	return connections_open(
		&load->active, &load->connector, 0, count, progress, problem);
}

/*
 * Those of this process: a set of their own; where requests are spread over all, none is
 * more idle than the others.
 */
static int echo_idle(struct load *load, bool spread,
	const struct connections_progress *progress, struct problem *problem)
{
	return connections_echo(
		spread ? &load->active : &load->idle, &load->payload, progress, problem);
}

static int open_engine(
	struct load *load, const struct options *options, struct problem *problem)
{
	struct engine_setup setup = {
		.kind = options->engine,
		.set = &load->active,
		.payload = &load->payload,
		.message_bytes = options->message_bytes,
		.pipeline = (uint32_t)options->pipeline,
		.spread_active = options->spread ? options->connections_active : 0,
		.seed = options->seed,
	};

	if (options->churn_requests) {
		setup.churn = &load->connector;
		setup.churn_requests = options->churn_requests;
		setup.churn_number =
			options->connections_active + options->connections_idle;
	}
	wait_without_slack();
	return engine_open(&load->engine, &setup, problem);
}

static int open_connections(struct load *load, const struct options *options,
	const struct plan *plan, const struct connections_progress *outer,
	struct problem *problem)
{
	uint64_t active = options->connections_active;
	struct sum_progress sum = {.outer = outer};
	const struct connections_progress progress = {show_sum, &sum};
	uint64_t start_ns = clock_now_ns();
	int error = open_active(load, options, &progress, problem);

	sum.before = active;
	if (error == 0 && !options->spread)
		error = connections_open(&load->idle, &load->connector, active,
			plan->idle_here, &progress, problem);
	if (error == 0 && options->echo_idle)
		error = echo_idle(load, options->spread, &progress, problem);
	sum.before = active + plan->idle_here;
	if (error == 0)
		error = holders_open(&load->holders, &progress, problem);
	load->connect_ns = clock_now_ns() - start_ns;
	return error;
}

/* load_open, but leaves what it opened to the caller when it fails. */
static int open_all(struct load *load, const struct options *options,
	const struct connections_progress *progress, struct problem *problem)
{
	const struct holders_how how = {
		&load->connector, &load->payload, options->echo_idle};
	struct plan plan;
	uint64_t soft_before;
	int error = options->cpu < 0 ? 0 : cpu_pin_self(options->cpu);

	if (error < 0)
		return problem_set(problem, error,
			"cannot stay on core %d: %s; --cpu takes a core that this "
			"process may use (see taskset -p)",
			options->cpu, strerror(-error));
	error = net_raise_descriptor_limit(
		&soft_before, &load->descriptors_soft, &load->descriptors_hard);
	if (error < 0)
		return problem_set(
			problem, error, "descriptor limit: %s", strerror(-error));
	error = make_plan(&plan, options, load->descriptors_soft, problem);
	if (error < 0)
		return error;
	error = payload_init(&load->payload, options->message_bytes, options->seed);
	if (error < 0)
		return problem_set(problem, error, "out of memory for the messages");
	connector_init(&load->connector, &options->target, options->connect_timeout_ns);
	error = holders_fork(&load->holders, &plan.share, &how, problem);
	if (error == 0)
		error = open_connections(load, options, &plan, progress, problem);
	return error == 0 ? open_engine(load, options, problem) : error;
}

int load_open(struct load *load, const struct options *options,
	const struct connections_progress *progress, struct problem *problem)
{
	*load = (struct load){.is_churn = options->churn_requests > 0};
	int error = open_all(load, options, progress, problem);

	if (error < 0)
		load_close(load);
	return error;
}

/* Idle connections that went away belong to the errors of the window. */
static void count_idle_lost(struct load *load, struct engine_result *result)
{
	struct problem problem = {""};
	uint64_t lost = connections_count_lost(&load->idle);

	lost += holders_count_lost(&load->holders, &problem);
	result->connections_lost += lost;
	if (problem.text[0])
		engine_result_error(result, "%s", problem.text);
	else if (lost > 0)
		engine_result_error(result,
			"%" PRIu64 " idle connections were closed by the server, or "
			"brought bytes that nobody asked for",
			lost);
}

int load_run(struct load *load, const struct engine_window *window,
	const struct engine_stop *stop, struct engine_result *result,
	struct problem *problem)
{
	int error = engine_run(load->engine, window, stop, result, problem);

	if (error == 0)
		count_idle_lost(load, result);
	return error;
}

void load_close(struct load *load)
{
	engine_close(load->engine);
	connections_close(&load->active);
	connections_close(&load->idle);
	holders_end(&load->holders);
	payload_free(&load->payload);
	*load = (struct load){0};
}
