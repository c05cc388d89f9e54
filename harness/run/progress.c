/* progress.c - how far a run is, on stderr. */
#include "harness/run/progress.h"

#include "common/clock.h"
#include "harness/human.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#define PLAIN_PAUSE_NS (5 * NS_PER_S)
#define CLEAR_LINE     "\r\033[K"

void progress_begin(struct progress *progress, bool silent, size_t trials,
	size_t done_before, uint64_t guess_ns)
{
	uint64_t now = clock_now_ns();

	*progress = (struct progress){
		.silent = silent,
		.terminal = isatty(STDERR_FILENO),
		.trials = trials,
		.done_before = done_before,
		.guess_ns = guess_ns,
		.began_ns = now,
		.said_ns = now,
	};
}

/* The trials to come last as long as those before did, on average. */
static unsigned left_s(const struct progress *progress, size_t done)
{
	size_t made = done - progress->done_before;

	if (made == 0)
		return (unsigned)(progress->guess_ns / NS_PER_S);
	uint64_t each_ns = (clock_now_ns() - progress->began_ns) / made;

	return (unsigned)((progress->trials - done) * each_ns / NS_PER_S);
}

void progress_trial(struct progress *progress, size_t done, const struct cell *cell)
{
	char idle[HUMAN_BYTES], active[HUMAN_BYTES];

	if (progress->silent)
		return;
	if (!progress->terminal && clock_now_ns() - progress->said_ns < PLAIN_PAUSE_NS)
		return;
	human_count(cell->connections_idle, idle, sizeof(idle));
	human_count(cell->connections_active, active, sizeof(active));
	fprintf(stderr, "%strial %zu of %zu  %s idle %s active %s  time left ~%u s%s",
		progress->terminal ? CLEAR_LINE : "muxbench: ", done + 1,
		progress->trials, cell->backend, idle, active, left_s(progress, done),
		progress->terminal ? "" : "\n");
	progress->line_open = progress->terminal;
	progress->said_ns = clock_now_ns();
}

void progress_block(
	struct progress *progress, uint64_t block, uint64_t blocks, size_t done)
{
	if (progress->silent || progress->terminal)
		return;
	fprintf(stderr, "muxbench: block %" PRIu64 " of %" PRIu64 " done", block, blocks);
	if (done < progress->trials)
		fprintf(stderr, "  time left ~%u s", left_s(progress, done));
	fputc('\n', stderr);
	progress->said_ns = clock_now_ns();
}

void progress_say(struct progress *progress, const char *format, ...)
{
	va_list args;

	progress_end(progress);
	fputs("muxbench: ", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
}

void progress_end(struct progress *progress)
{
	if (progress->line_open)
		fputs(CLEAR_LINE, stderr);
	progress->line_open = false;
}
