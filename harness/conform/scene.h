/*
 * scene.h - what a case acts in: a server, the clients, a deadline, and the verdict.
 *
 * Whatever can fail returns a bool: true when all is well; false when the case is over,
 * for the verdict has been given or the whole run is canceled. So steps are joined by &&,
 * and the first that fails is the verdict.
 */
#ifndef HARNESS_CONFORM_SCENE_H
#define HARNESS_CONFORM_SCENE_H

#include "common/clock.h"
#include "harness/conform/client.h"
#include "harness/conform/verdict.h"
#include "harness/process/target.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>

struct client_block;

/* All but the verdict is set by who runs the case. */
struct scene {
	struct target *target;
	uint64_t timeout_ns;       /* the longest wait for any one thing */
	uint64_t deadline_ns;      /* of the whole case */
	uint64_t seed;             /* of the run */
	uint64_t *clients_made;    /* of the run: no two have one stream */
	uint64_t connections_idle; /* for the cases with many of them */
	uint64_t memory_max_bytes; /* that a reader who has stopped may cost */
	struct rlimit descriptors; /* that a server gets when nothing else is said */
	int cancel_fd;
	bool canceled;
	bool failed; /* or skipped: verdict holds the reason */
	struct verdict verdict;
	char doing[80];              /* put behind a failure, for it says where */
	struct client_block *blocks; /* all clients of the case */
};

/* Each returns false. Only the first of a case counts. */
bool scene_fail(struct scene *scene, const char *expected, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
bool scene_skip(struct scene *scene, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* What a pass measured; returns true. */
bool scene_note(struct scene *scene, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Where the case is by now: "size 4,097", "round 3". */
void scene_doing(struct scene *scene, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/*
 * So many clients, not connected yet; they are closed, and the memory is freed, behind
 * the case. NULL: out of memory, and the case is over.
 */
struct client *scene_clients(struct scene *scene, size_t count);

/* The clients of the case one after the other, for those who look for a culprit; NULL. */
const struct client *scene_client(const struct scene *scene, size_t index);

/*
 * Sleeps until one of events is there on fd (-1: never) or until_ns has come; *ready
 * tells which. False: canceled, or the deadline of the case has passed.
 */
bool scene_await(
	struct scene *scene, int fd, short events, uint64_t until_ns, bool *ready);

/* Sleeps. */
bool scene_rest(struct scene *scene, uint64_t ns);

/* When a wait that begins now must end. */
static inline uint64_t scene_until(const struct scene *scene)
{
	return clock_now_ns() + scene->timeout_ns;
}

/* Closes what is open, as clients do: what else an end can be, cases do on purpose. */
void scene_close(struct scene *scene);

#endif
