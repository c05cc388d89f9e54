/* scene.c - what a case acts in: a server, the clients, a deadline, and the verdict. */
#include "harness/conform/scene.h"

#include "harness/human.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct client_block {
	struct client_block *next;
	size_t count;
	struct client clients[];
};

const char *verdict_name(enum verdict_status status)
{
	static const char *const names[] = {
		[VERDICT_PASS] = "pass",
		[VERDICT_FAIL] = "fail",
		[VERDICT_SKIP] = "skip",
	};

	return names[status];
}

bool scene_fail(struct scene *scene, const char *expected, const char *format, ...)
{
	struct verdict *verdict = &scene->verdict;
	va_list arguments;

	if (scene->failed || scene->canceled)
		return false;
	scene->failed = true;
	verdict->status = VERDICT_FAIL;
	snprintf(verdict->expected, sizeof(verdict->expected), "%s", expected);
	va_start(arguments, format);
	vsnprintf(verdict->seen, sizeof(verdict->seen), format, arguments);
	va_end(arguments);
	size_t used = strlen(verdict->seen);

	if (*scene->doing)
		snprintf(verdict->seen + used, sizeof(verdict->seen) - used, " (%s)",
			scene->doing);
	return false;
}

bool scene_skip(struct scene *scene, const char *format, ...)
{
	va_list arguments;

	if (scene->failed || scene->canceled)
		return false;
	scene->failed = true;
	scene->verdict.status = VERDICT_SKIP;
	va_start(arguments, format);
	vsnprintf(scene->verdict.seen, sizeof(scene->verdict.seen), format, arguments);
	va_end(arguments);
	return false;
}

bool scene_note(struct scene *scene, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(scene->verdict.seen, sizeof(scene->verdict.seen), format, arguments);
	va_end(arguments);
	return true;
}

void scene_doing(struct scene *scene, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(scene->doing, sizeof(scene->doing), format, arguments);
	va_end(arguments);
}

struct client *scene_clients(struct scene *scene, size_t count)
{
	struct client_block *block =
		calloc(1, sizeof(*block) + count * sizeof(block->clients[0]));

	if (!block) {
		scene_skip(scene, "out of memory for %zu clients", count);
		return NULL;
	}
	block->count = count;
	block->next = scene->blocks;
	scene->blocks = block;
	for (size_t i = 0; i < count; i++) {
		block->clients[i].fd = -1;
		block->clients[i].scene = scene;
	}
	return block->clients;
}

const struct client *scene_client(const struct scene *scene, size_t index)
{
	for (const struct client_block *block = scene->blocks; block; block = block->next)
		if (index < block->count)
			return &block->clients[index];
		else
			index -= block->count;
	return NULL;
}

bool scene_await(
	struct scene *scene, int fd, short events, uint64_t until_ns, bool *ready)
{
	struct child *child = &scene->target->child;

	*ready = false;
	if (until_ns > scene->deadline_ns)
		until_ns = scene->deadline_ns;
	for (;;) {
		enum { CLIENT, CANCEL, OUT, ERR, COUNT };
		/* What the server writes is read away, or it may wait for us. */
		struct pollfd fds[COUNT] = {
			[CLIENT] = {.fd = fd, .events = events},
			[CANCEL] = {.fd = scene->cancel_fd, .events = POLLIN},
			[OUT] = {.fd = child->out, .events = POLLIN},
			[ERR] = {.fd = child->err, .events = POLLIN},
		};
		int found = poll(fds, COUNT, clock_timeout_ms(until_ns));

		if (found > 0 && fds[CANCEL].revents) {
			scene->canceled = true;
			return false;
		}
		if (found > 0 && (fds[OUT].revents || fds[ERR].revents))
			target_drain(scene->target);
		if (found > 0 && fds[CLIENT].revents) {
			*ready = true;
			return true;
		}
		if (clock_now_ns() < until_ns)
			continue;
		if (until_ns < scene->deadline_ns)
			return true;
		return scene_fail(scene, "the case to come to an end",
			"it went on and on, though never without progress");
	}
}

bool scene_rest(struct scene *scene, uint64_t ns)
{
	bool ready;

	return scene_await(scene, -1, 0, clock_now_ns() + ns, &ready);
}

void scene_close(struct scene *scene)
{
	struct client_block *block = scene->blocks;

	while (block) {
		struct client_block *next = block->next;

		for (size_t i = 0; i < block->count; i++)
			client_close(&block->clients[i]);
		free(block);
		block = next;
	}
	scene->blocks = NULL;
}
