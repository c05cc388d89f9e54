/* progress.h - a line each few seconds: rates, each kind's too, and what the server
 * takes. */
#ifndef TESTS_SOAK_PROGRESS_H
#define TESTS_SOAK_PROGRESS_H

#include "tests/soak/subject.h"
#include "tests/soak/tally.h"

#include <stdint.h>

struct progress {
	const char *name;
	uint64_t every_ns;
	uint64_t started_ns;
	uint64_t shown_ns;
	struct tally shown;          /* at that time */
	uint64_t connections, bytes; /* at the start */
	uint64_t shown_cpu_ns;
};

/* From here on it counts. */
void progress_start(struct progress *progress, const char *name, uint64_t every_ns,
	uint64_t now_ns, const struct tally *tally, const struct subject_state *state);

static inline uint64_t progress_due_ns(const struct progress *progress)
{
	return progress->shown_ns + progress->every_ns;
}

/* Prints the line to stdout. */
void progress_show(struct progress *progress, uint64_t now_ns, const struct tally *tally,
	const struct subject_state *state);

#endif
