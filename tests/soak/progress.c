/* progress.c - a line each few seconds. */
#include "tests/soak/progress.h"

#include "common/clock.h"
#include "harness/human.h"

#include <inttypes.h>
#include <stdio.h>

void progress_start(struct progress *progress, const char *name, uint64_t every_ns,
	uint64_t now_ns, const struct tally *tally, const struct subject_state *state)
{
	*progress = (struct progress){
		.name = name,
		.every_ns = every_ns,
		.started_ns = now_ns,
		.shown_ns = now_ns,
		.shown = *tally,
		.connections = tally->connections,
		.bytes = tally->bytes_verified,
		.shown_cpu_ns = state->cpu_ns,
	};
}

void progress_show(struct progress *progress, uint64_t now_ns, const struct tally *tally,
	const struct subject_state *state)
{
	const struct tally *shown = &progress->shown;
	double seconds = (double)(now_ns - progress->shown_ns) / NS_PER_S;
	char connections[HUMAN_BYTES];

	human_count(tally->connections - progress->connections, connections,
		sizeof(connections));
	printf("soak %s: %.0f s, %s connections (%.0f/s), %.2f GB (%.0f MB/s), "
	       "lost %" PRIu64 ", wrong %" PRIu64 ";",
		progress->name, (double)(now_ns - progress->started_ns) / NS_PER_S,
		connections, (double)(tally->connections - shown->connections) / seconds,
		(double)(tally->bytes_verified - progress->bytes) / 1e9,
		(double)(tally->bytes_verified - shown->bytes_verified) / seconds / 1e6,
		tally->lost_connections, tally->wrong_connections);
	for (int kind = 0; kind < KIND_COUNT; kind++)
		if (kinds[kind].role != ROLE_WARM_UP)
			printf(" %s %.0f", kinds[kind].name,
				(double)(tally->kinds[kind].finished -
					 shown->kinds[kind].finished) /
					seconds);
	printf(" /s; server: %d descriptors, %.1f MiB, CPU %.0f %%\n", state->descriptors,
		(double)state->private_dirty_bytes / (1 << 20),
		(double)(state->cpu_ns - progress->shown_cpu_ns) / 1e7 / seconds);
	fflush(stdout);
	progress->shown = *tally;
	progress->shown_ns = now_ns;
	progress->shown_cpu_ns = state->cpu_ns;
}
