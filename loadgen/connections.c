/* connections.c - a set of open connections that one process holds. */
#include "loadgen/connections.h"

#include "loadgen/engine.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

enum {
	PROGRESS_EVERY = 512,
	ECHO_BYTES_MAX = 64, /* a proof, not a load */
	ECHO_AT_ONCE = 256,
	POLL_AT_ONCE = 1024,
};

static void show(const struct connections_progress *progress, uint64_t done)
{
	if (progress->show)
		progress->show(progress->context, done);
}

int connections_reserve(struct connections *set, uint64_t first_number, size_t count)
{
	*set = (struct connections){
		.fds = malloc(count * sizeof(*set->fds)),
		.count = count,
		.first_number = first_number,
	};
	if (!set->fds) {
		set->count = 0;
		return -ENOMEM;
	}
	for (size_t i = 0; i < count; i++)
		set->fds[i] = -1;
	return 0;
}

int connections_open(struct connections *set, const struct connector *connector,
	uint64_t first_number, size_t count, const struct connections_progress *progress,
	struct problem *problem)
{
	*set = (struct connections){.first_number = first_number};
	if (count == 0)
		return 0;
	set->fds = calloc(count, sizeof(*set->fds));
	if (!set->fds)
		return problem_set(problem, -ENOMEM, "out of memory");
	while (set->count < count) {
		int fd = connector_open(connector, first_number + set->count, problem);

		if (fd < 0) {
			connections_close(set);
			return fd;
		}
		set->fds[set->count++] = fd;
		if (set->count % PROGRESS_EVERY == 0 || set->count == count)
			show(progress, set->count);
	}
	return 0;
}

/* One message over each connection of a part of a set; *result is scratch. */
static int echo_part(struct connections *part, const struct payload *payload,
	struct engine_result *result, struct problem *problem)
{
	const struct engine_window each_once = {.requests = part->count};
	const struct engine_stop nobody = {.fd = -1};
	const struct engine_setup setup = {
		.set = part,
		.payload = payload,
		.message_bytes = payload->message_bytes < ECHO_BYTES_MAX
					 ? payload->message_bytes
					 : ECHO_BYTES_MAX,
		.pipeline = 1,
	};
	struct engine *engine;
	int error = engine_open(&engine, &setup, problem);

	if (error < 0)
		return error;
	error = engine_run(engine, &each_once, &nobody, result, problem);
	engine_close(engine);
	if (error == 0 && result->errors > 0)
		error = problem_set(problem, -EPROTO,
			"not every idle connection answers: %s",
			result->first_error.text);
	return error;
}

int connections_echo(struct connections *set, const struct payload *payload,
	const struct connections_progress *progress, struct problem *problem)
{
	struct engine_result *result = malloc(sizeof(*result));
	int error = 0;

	if (!result)
		return problem_set(problem, -ENOMEM, "out of memory");
	for (size_t at = 0; at < set->count && error == 0; at += ECHO_AT_ONCE) {
		size_t left = set->count - at;
		struct connections part = {
			.fds = set->fds + at,
			.count = left < ECHO_AT_ONCE ? left : ECHO_AT_ONCE,
			.first_number = set->first_number + at,
		};

		error = echo_part(&part, payload, result, problem);
		show(progress, at + part.count);
	}
	free(result);
	return error;
}

size_t connections_count_lost(struct connections *set)
{
	struct pollfd pollfds[POLL_AT_ONCE];
	size_t lost = 0;

	for (size_t at = 0; at < set->count; at += POLL_AT_ONCE) {
		size_t left = set->count - at;
		size_t n = left < POLL_AT_ONCE ? left : POLL_AT_ONCE;

		/* poll(2) skips descriptors below 0: those that were given up. */
		for (size_t i = 0; i < n; i++)
			pollfds[i] = (struct pollfd){
				.fd = set->fds[at + i],
				.events = POLLIN | POLLRDHUP,
			};
		if (poll(pollfds, n, 0) <= 0)
			continue;
		for (size_t i = 0; i < n; i++) {
			if (pollfds[i].revents == 0)
				continue;
			close(set->fds[at + i]);
			set->fds[at + i] = -1;
			lost++;
		}
	}
	return lost;
}

void connections_close(struct connections *set)
{
	for (size_t i = 0; i < set->count; i++)
		if (set->fds[i] >= 0)
			close(set->fds[i]);
	free(set->fds);
	*set = (struct connections){0};
}
