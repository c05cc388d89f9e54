/*
 * drive.c - a server under injected faults, driven by clients who know every byte: the
 * test of tests/commands/inject.bats.
 *
 *	drive --backend poll --what short,eintr --rate 100 --seed 7
 *	drive --backend poll --stops --seed 7
 *	drive --backend poll -- strace -f -o LOG -e inject=recvfrom:error=EINTR:when=3+7
 *
 * What must hold whatever is injected: no byte is wrong; every stream is served, but for
 * those whose connection an injected error ended, and these are counted one by one; at
 * the end the server sleeps, makes no call, holds no connection and not one descriptor
 * more than at the start; it stops with status 0. And each fault that was asked for was
 * injected at least once.
 *
 * One line on stdout when all that held, exit status 0. Else 1, with what did not on
 * stderr, the server's log, and the command that does it again.
 */
#include "common/clock.h"
#include "tests/inject/streams.h"
#include "tests/inject/victim.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	PATIENCE_S = 20,  /* without a byte for so long it hangs, if not told else */
	REST_US = 100000, /* a server at rest is looked at for so long */
	REST_TRIES = 20,  /* a listener that rests at the end comes back first */
	STOP_ODDS = 4,    /* one step in so many stops the server */
	STOP_MAX_MS = 6,
};

struct drive {
	struct victim_setup setup;
	const char *what; /* faults with commas between; NULL: none */
	uint64_t seed, rate, streams_count, patience_s;
	bool stops; /* SIGSTOP and SIGCONT at random moments */
	struct victim victim;
	struct streams streams;
	struct random stop_random;
	uint64_t stopped_until_ns; /* 0: it runs */
	uint64_t stopped;          /* how often it was */
	int descriptors_before;
	int failures;
};

/* ---- what is checked
 * ------------------------------------------------------------------- */

__attribute__((format(printf, 2, 3))) static void failed(
	struct drive *drive, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	fputs("drive: ", stderr);
	vfprintf(stderr, format, arguments);
	fputc('\n', stderr);
	va_end(arguments);
	drive->failures++;
}

static void expect_equal(
	struct drive *drive, const char *what, uint64_t got, uint64_t wanted)
{
	if (got != wanted)
		failed(drive, "%s: %" PRIu64 ", not %" PRIu64, what, got, wanted);
}

/* What the server holds when all streams have ended, while it still runs. */
static void check_rest(struct drive *drive, struct victim_snapshot *at_end)
{
	struct problem problem = {0};
	struct victim_snapshot later = {0};

	if (victim_ask(&drive->victim, at_end, &problem) < 0) {
		failed(drive, "%s", problem.text);
		return;
	}
	for (int tries = 0; tries < REST_TRIES; tries++) {
		usleep(REST_US);
		later = *at_end;
		if (victim_ask(&drive->victim, at_end, &problem) < 0)
			failed(drive, "%s", problem.text);
		if (at_end->settled && at_end->calls == later.calls)
			break;
	}
	if (!at_end->settled)
		failed(drive, "it does not come to rest: it spins");
	expect_equal(drive, "calls made at rest", at_end->calls - later.calls, 0);
	expect_equal(drive, "connections still held", at_end->held, 0);
	expect_equal(drive, "descriptors", (uint64_t)victim_descriptors(&drive->victim),
		(uint64_t)drive->descriptors_before);
}

/* Every lost connection has its injected error, and every such error its connection. */
static void check_counts(struct drive *drive, const struct victim_snapshot *at_end)
{
	const struct streams *streams = &drive->streams;
	uint64_t reset = victim_injected(&drive->victim, "reset");
	uint64_t unwatched = victim_injected(&drive->victim, "unwatched");

	expect_equal(drive, "wrong bytes", streams->wrong_bytes, 0);
	expect_equal(drive, "lost streams", streams->lost, reset + unwatched);
	expect_equal(drive, "connections ended by an error", at_end->errors, reset);
	expect_equal(drive, "connections refused", at_end->refused, unwatched);
	expect_equal(drive, "connections accepted", at_end->accepted,
		streams->count - unwatched);
	if (drive->setup.shim)
		expect_equal(drive, "rests of the listener that shortage asked for",
			at_end->pauses, victim_injected(&drive->victim, "starved"));
	if (at_end->bytes_tx < streams->bytes)
		failed(drive, "%" PRIu64 " bytes came back, %" PRIu64 " were sent",
			streams->bytes, at_end->bytes_tx);
}

static void check_injected(struct drive *drive)
{
	char *names = strdup(drive->what ? drive->what : ""), *rest = names;

	for (char *name; (name = strsep(&rest, ","));)
		if (*name && victim_injected(&drive->victim, name) == 0)
			failed(drive, "not one '%s' was injected", name);
	free(names);
	if (drive->stops && drive->stopped == 0)
		failed(drive, "it was never stopped");
}

/* ---- what is done
 * ---------------------------------------------------------------------- */

/* Stops the server now and then, and lets it go on a little later. */
static void stop_or_continue(struct drive *drive)
{
	uint64_t now_ns = clock_now_ns();

	if (drive->stopped_until_ns && now_ns >= drive->stopped_until_ns) {
		kill(drive->victim.pid, SIGCONT);
		drive->stopped_until_ns = 0;
	} else if (!drive->stopped_until_ns &&
		   random_below(&drive->stop_random, STOP_ODDS) == 0) {
		kill(drive->victim.pid, SIGSTOP);
		drive->stopped++;
		drive->stopped_until_ns = now_ns + random_below(&drive->stop_random,
							   STOP_MAX_MS * NS_PER_MS);
	}
}

static int run_streams(struct drive *drive, struct problem *problem)
{
	struct streams *streams = &drive->streams;
	uint64_t moved = 0, moved_at_ns = clock_now_ns();
	int more = 1;

	streams_begin(streams, drive->victim.port, drive->seed, drive->streams_count);
	while (more > 0) {
		if (drive->stops)
			stop_or_continue(drive);
		more = streams_step(streams, drive->stops ? 1 : 1000, problem);
		uint64_t now_moved = streams->bytes + streams->served + streams->lost;

		if (now_moved != moved)
			moved_at_ns = clock_now_ns();
		moved = now_moved;
		if (clock_now_ns() > moved_at_ns + drive->patience_s * NS_PER_S) {
			streams_describe_stuck(streams, problem);
			more = -ETIMEDOUT;
		}
	}
	if (drive->stopped_until_ns)
		kill(drive->victim.pid, SIGCONT);
	return more;
}

static void drive_server(struct drive *drive)
{
	struct problem problem = {0};
	struct victim_snapshot at_end = {0};

	if (victim_start(&drive->victim, &drive->setup, &problem) < 0) {
		failed(drive, "%s", problem.text);
		return;
	}
	drive->descriptors_before = victim_descriptors(&drive->victim);
	if (run_streams(drive, &problem) < 0) {
		failed(drive, "%s", problem.text);
	} else {
		check_rest(drive, &at_end);
		if (victim_stop(&drive->victim, &problem) < 0)
			failed(drive, "%s", problem.text);
		else
			check_counts(drive, &at_end);
		check_injected(drive);
	}
	streams_end(&drive->streams);
}

static void report(const struct drive *drive, char *const argv[])
{
	const struct streams *streams = &drive->streams;

	if (drive->failures > 0) {
		victim_print_log(&drive->victim, STDERR_FILENO);
		fputs("drive: to see it again:", stderr);
		for (; *argv; argv++)
			fprintf(stderr, " %s", *argv);
		fputc('\n', stderr);
		return;
	}
	printf("%s, seed %" PRIu64 ": %" PRIu64 " streams, %" PRIu64
	       " half-closed, %" PRIu64 " bytes, 0 wrong, %" PRIu64
	       " lost, each to an injected error\n",
		drive->setup.backend, drive->seed, streams->count, streams->half_closed,
		streams->bytes, streams->lost);
}

/* ---- the command line
 * ------------------------------------------------------------------ */

static const struct option long_options[] = {
	{"backend", required_argument, NULL, 'b'},
	{"patience", required_argument, NULL, 'i'},
	{"rate", required_argument, NULL, 'r'},
	{"seed", required_argument, NULL, 's'},
	{"server", required_argument, NULL, 'p'},
	{"shim", required_argument, NULL, 'l'},
	{"stops", no_argument, NULL, 't'},
	{"streams", required_argument, NULL, 'n'},
	{"what", required_argument, NULL, 'w'},
	{0},
};

static int usage(void)
{
	fputs("drive: --backend NAME [--what FAULTS --rate PER_MILLE --shim PATH] "
	      "[--stops] [--patience S] "
	      "[--seed N] [--streams N] [--server PATH] [-- LAUNCHER...]\n",
		stderr);
	return 2;
}

static bool take_option(struct drive *drive, int option, const char *value)
{
	switch (option) {
	case 'b':
		drive->setup.backend = value;
		return true;
	case 'i':
		drive->patience_s = strtoull(value, NULL, 10);
		return drive->patience_s > 0;
	case 'l':
		drive->setup.shim = value;
		return true;
	case 'n':
		drive->streams_count = strtoull(value, NULL, 10);
		return drive->streams_count > 0;
	case 'p':
		drive->setup.server = value;
		return true;
	case 'r':
		drive->rate = strtoull(value, NULL, 10);
		return drive->rate > 0;
	case 's':
		drive->seed = strtoull(value, NULL, 10);
		return true;
	case 't':
		return drive->stops = true;
	case 'w':
		drive->what = value;
		return true;
	default:
		return false;
	}
}

int main(int argc, char *argv[])
{
	struct drive drive = {
		.rate = 50, .seed = 1, .streams_count = 100, .patience_s = PATIENCE_S};
	char faults[1024], server[4096], shim[4096];
	const char *build = getenv("BUILD") ? getenv("BUILD") : "build";

	snprintf(server, sizeof(server), "%s/muxbench-server", build);
	snprintf(shim, sizeof(shim), "%s/tests/inject/shim.so", build);
	drive.setup = (struct victim_setup){.server = server, .shim = shim};
	for (int option;
		(option = getopt_long(argc, argv, "", long_options, NULL)) != -1;)
		if (!take_option(&drive, option, optarg))
			return usage();
	if (!drive.setup.backend)
		return usage();
	signal(SIGPIPE, SIG_IGN);
	snprintf(faults, sizeof(faults), "seed=%" PRIu64 ",rate=%" PRIu64 ",what=%s",
		drive.seed, drive.rate, drive.what ? drive.what : "");
	drive.setup.faults = faults;
	drive.setup.launcher = argv + optind;
	if (!drive.what)
		drive.setup.shim = NULL;
	drive.stop_random.state = drive.seed;
	drive_server(&drive);
	report(&drive, argv);
	victim_discard(&drive.victim);
	return drive.failures > 0 ? 1 : 0;
}
