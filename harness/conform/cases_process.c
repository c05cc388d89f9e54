/*
 * cases_process.c - what the kernel says of the server's processes while it serves.
 */
#include "harness/conform/case.h"

#include "harness/conform/gauge.h"
#include "harness/conform/visits.h"
#include "harness/human.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define LOOK_AGAIN_NS (20 * NS_PER_MS)

/* Are there more than before? Descriptors first, for they run out first. */
static bool has_grown(const struct tree_census *before, const struct tree_census *after)
{
	return after->descriptors > before->descriptors ||
	       after->processes > before->processes;
}

/* Waits until all is as before, for a server may notice ends a little later. */
static bool await_shrunk(struct scene *scene, const struct tree_census *before)
{
	uint64_t until_ns = scene_until(scene);
	struct tree_census after;
	char expected[128];

	for (;;) {
		if (!gauge_census(scene, &after))
			return false;
		if (!has_grown(before, &after))
			return true;
		if (clock_now_ns() >= until_ns)
			break;
		if (!scene_rest(scene, LOOK_AGAIN_NS))
			return false;
	}
	snprintf(expected, sizeof(expected),
		"%zu descriptors in %zu processes, as before", before->descriptors,
		before->processes);
	return scene_fail(scene, expected, "%zu descriptors in %zu processes",
		after.descriptors, after.processes);
}

/* A process that gets no descriptor for ten connections is another one than served them.
 */
static bool holds_connections(struct scene *scene, const struct tree_census *before)
{
	enum { CLIENTS = 10 };
	struct client *clients = scene_clients(scene, CLIENTS);
	struct tree_census during;

	if (!clients || !client_connect_all(clients, CLIENTS, CLIENT_PLAIN))
		return false;
	for (size_t i = 0; i < CLIENTS; i++)
		if (!client_echo(&clients[i], 1))
			return false;
	if (!gauge_census(scene, &during))
		return false;
	for (size_t i = 0; i < CLIENTS; i++)
		client_close(&clients[i]);
	if (has_grown(before, &during))
		return true;
	return scene_skip(scene,
		"process %d holds none of our connections: is it the server?",
		(int)scene->target->pid);
}

/* The last of those that came before us are noticed now, and what is lazy has been made.
 */
static bool warm_up(struct scene *scene, struct tree_census *seen)
{
	enum { CONNECTIONS = 100 };
	struct tree_census last;

	if (!visits_make(scene, CONNECTIONS) || !gauge_census(scene, seen))
		return false;
	do {
		last = *seen;
		if (!scene_rest(scene, 5 * LOOK_AGAIN_NS) || !gauge_census(scene, seen))
			return false;
	} while (seen->descriptors != last.descriptors ||
		 seen->processes != last.processes);
	return true;
}

static bool descriptor_leak(struct scene *scene)
{
	enum { CONNECTIONS = 2000 };
	struct tree_census before;

	return warm_up(scene, &before) && holds_connections(scene, &before) &&
	       await_shrunk(scene, &before) && visits_make(scene, CONNECTIONS) &&
	       await_shrunk(scene, &before) &&
	       scene_note(scene, "%zu descriptors in %zu processes before and after",
		       before.descriptors, before.processes);
}

/* The server has nothing to do: whatever it uses now, it wastes. */
static bool rests(struct scene *scene, const char *expected)
{
	enum { PERCENT_MAX = 5 };
	static const uint64_t settle_ns = 200 * NS_PER_MS, window_ns = NS_PER_S;
	double percent;

	if (!scene_rest(scene, settle_ns) ||
		!gauge_cpu_percent(scene, window_ns, &percent))
		return false;
	if (percent < PERCENT_MAX)
		return scene_note(scene, "%.2f %% of a core", percent);
	return scene_fail(scene, expected, "%.1f %%", percent);
}

static bool idle_cpu(struct scene *scene)
{
	enum { CLIENTS = 100 };
	struct client *clients = scene_clients(scene, CLIENTS);

	if (!clients || !client_connect_all(clients, CLIENTS, CLIENT_PLAIN))
		return false;
	for (size_t i = 0; i < CLIENTS; i++)
		if (!client_echo(&clients[i], 64))
			return false;
	return rests(scene, "less than 5 % of a core for 100 idle connections");
}

/*
 * Level-triggered, a descriptor that is watched for reading and not read is reported by
 * every wait; and so is one that is watched for writing with nothing to write.
 */
static bool stalled_cpu(struct scene *scene)
{
	enum { STALLED = 10, FILL_MAX_BYTES = 4 << 20 };
	struct client *stalled = scene_clients(scene, STALLED);

	if (!stalled || !client_connect_all(stalled, STALLED, CLIENT_SMALL) ||
		!client_fill_all(stalled, STALLED, FILL_MAX_BYTES))
		return false;
	return rests(scene, "less than 5 % of a core for 10 readers who have stopped");
}

/* Each is stuck: the server holds what it has read and cannot write. */
static bool stalled_memory(struct scene *scene)
{
	enum { STALLED = 40, FILL_MAX_BYTES = 4 << 20 };
	struct client *bystander = scene_clients(scene, 1);
	struct client *stalled = scene_clients(scene, STALLED);
	struct tree_census before, after;
	char each[HUMAN_BYTES], most[HUMAN_BYTES], expected[128];

	if (!bystander || !stalled || !client_connect(bystander, CLIENT_PLAIN) ||
		!client_echo(bystander, 1 << 20) || !gauge_census(scene, &before) ||
		!client_connect_all(stalled, STALLED, CLIENT_SMALL))
		return false;
	scene_doing(scene, "%d readers", STALLED);
	if (!client_fill_all(stalled, STALLED, FILL_MAX_BYTES) ||
		!gauge_census(scene, &after))
		return false;
	uint64_t grown = after.memory_bytes > before.memory_bytes
				 ? after.memory_bytes - before.memory_bytes
				 : 0;

	human_count(grown / STALLED / 1024, each, sizeof(each));
	human_count(scene->memory_max_bytes / 1024, most, sizeof(most));
	if (grown / STALLED > scene->memory_max_bytes) {
		snprintf(expected, sizeof(expected),
			"at most %s KiB of memory for a reader who has stopped", most);
		return scene_fail(scene, expected, "%s KiB each", each);
	}
	return client_echo(bystander, 1000) && scene_note(scene, "%s KiB each", each);
}

/* Stops it, lets bytes come, and lets it go on. */
static bool stop_and_go(struct scene *scene, struct client *quiet, struct client *busy)
{
	int error;

	if (!client_send(busy, 100000))
		return false;
	error = target_stop(scene->target);
	if (error < 0)
		return scene_skip(
			scene, "the server does not stop: %s", strerror(-error));
	if (!client_send(quiet, 64))
		return false;
	error = target_continue(scene->target);
	if (error < 0)
		return scene_fail(scene, "the server to run", "it is gone");
	return client_receive_owed(quiet) && client_receive_owed(busy);
}

/* SIGSTOP and SIGCONT end some calls with EINTR (signal(7)), without any handler. */
static bool stop_cont(struct scene *scene)
{
	enum { ROUNDS = 10 };
	struct client *clients = scene_clients(scene, 2);

	if (!clients || !client_connect_all(clients, 2, CLIENT_PLAIN))
		return false;
	for (int round = 0; round < ROUNDS; round++) {
		scene_doing(scene, "round %d", round + 1);
		if (!stop_and_go(scene, &clients[0], &clients[1]) ||
			!scene_rest(scene, NS_PER_MS))
			return false;
	}
	return true;
}

/* Whether it ever ended is known to who runs the cases; here, whether it still serves. */
static bool survives(struct scene *scene)
{
	struct client *client = scene_clients(scene, 1);

	return client && client_connect(client, CLIENT_PLAIN) &&
	       client_echo(client, 1000);
}

const struct conform_case cases_process[] = {
	{.name = "descriptor-leak",
		.what = "after 2,000 connections as many descriptors and processes as "
			"before",
		.needs = NEEDS_PROCESS,
		.run = descriptor_leak},
	{.name = "idle-cpu",
		.what = "100 idle connections cost less than 5 % of a core",
		.needs = NEEDS_PROCESS,
		.run = idle_cpu},
	{.name = "stalled-readers-memory",
		.what = "memory for a reader who has stopped is bounded (--memory-max)",
		.needs = NEEDS_PROCESS,
		.run = stalled_memory},
	{.name = "stalled-readers-cpu",
		.what = "10 readers who have stopped cost less than 5 % of a core",
		.needs = NEEDS_PROCESS,
		.run = stalled_cpu},
	{.name = "stop-cont",
		.what = "after SIGSTOP and SIGCONT it goes on, and no byte is lost",
		.needs = NEEDS_PROCESS,
		.run = stop_cont},
	{.name = "survives",
		.what = "through all of this the server has not ended",
		.needs = NEEDS_PROCESS,
		.run = survives,
		.judges_run = true},
	{.name = NULL},
};
