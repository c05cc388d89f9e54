/* run.c - one server under soak, from its start to its end. */
#include "tests/soak/run.h"

#include "common/clock.h"
#include "tests/soak/crowd.h"
#include "tests/soak/progress.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	CALM_PART = 8, /* of the time: so much is calm */
	WARM_UP_ROUNDS_LEAST = 3,
	WARM_UP_STILL_ROUNDS = 3,
	WARM_UP_ROUND_SECONDS = 15, /* of the run: one more round may come first */
	SETTLE_MS = 5000,
	FAULTS_ENOUGH = 50, /* the verdict is clear: no need to go on */
};

#define CALM_MAX_NS      (10 * NS_PER_S)
#define WORK_LOOK_NS     (20 * NS_PER_MS)
#define KINDS_WAIT_NS    (10 * NS_PER_S) /* more, for a kind that has not ended yet */
#define LOOK_NS          (5 * NS_PER_MS)
#define DRAIN_MORE_NS    (20 * NS_PER_S) /* over the patience of the clients */
#define CLOSES_NS        (400 * NS_PER_MS) /* a foreign server that closes nothing so long */
#define WARM_STILL_BYTES (64 * 1024) /* less growth in some rounds: it stands still */

struct run {
	const struct soak_options *options;
	struct run_result *result;
	struct subject subject;
	struct crowd *crowds; /* options->threads of them, those started */
	int crowd_count;
	uint8_t *pool;
	struct progress progress;
};

/* ---- the crowds ---- */

static int start_crowds(struct run *run, struct problem *problem)
{
	const struct soak_options *options = run->options;
	/* the yardstick of ten minutes: a million connections and 20 GB */
	double goal =
		(double)options->duration_ns / (600.0 * NS_PER_S) / options->threads;
	unsigned clients = (unsigned)(options->clients / options->threads);
	struct crowd_settings settings = {
		.crowds = (unsigned)options->threads,
		.places = 2 * clients,
		.clients = clients,
		.port = run->subject.port,
		.seed = options->seed,
		.patience_ns = options->patience_ns,
		.goal_connections = 1e6 * goal,
		.goal_bytes = 20e9 * goal,
	};

	run->pool = tape_pool_make(options->seed);
	run->crowds = calloc((size_t)options->threads, sizeof(*run->crowds));
	int error = run->pool && run->crowds ? 0 : -ENOMEM;

	settings.pool = run->pool;
	while (error == 0 && run->crowd_count < options->threads) {
		settings.index = (unsigned)run->crowd_count;
		error = crowd_start(&run->crowds[run->crowd_count], &settings);
		run->crowd_count += error == 0;
	}
	return error == 0 ? 0
			  : problem_set(problem, error, "cannot start the clients: %s",
				    strerror(-error));
}

static void command(struct run *run, enum crowd_order order)
{
	for (int i = 0; i < run->crowd_count; i++)
		crowd_command(&run->crowds[i], order);
}

static bool all_empty(const struct run *run)
{
	for (int i = 0; i < run->crowd_count; i++)
		if (!crowd_is_empty(&run->crowds[i]))
			return false;
	return true;
}

static void sum_up(const struct run *run, struct tally *tally)
{
	*tally = (struct tally){0};
	for (int i = 0; i < run->crowd_count; i++)
		tally_sum(tally, &run->crowds[i].tally);
}

static uint64_t faults(const struct run *run)
{
	struct tally tally;

	sum_up(run, &tally);
	return tally_faults(&tally);
}

/* Why clients could not be started, as an errno; 0: they could. */
static int unable(const struct run *run)
{
	for (int i = 0; i < run->crowd_count; i++)
		if (tally_get(&run->crowds[i].unable))
			return (int)tally_get(&run->crowds[i].unable);
	return 0;
}

static void end_crowds(struct run *run)
{
	struct run_result *result = run->result;

	command(run, CROWD_LEAVE);
	for (int i = 0; i < run->crowd_count; i++)
		crowd_end(&run->crowds[i]);
	sum_up(run, &result->tally);
	for (int i = 0; i < run->crowd_count && !result->first_fault.text[0]; i++)
		result->first_fault = run->crowds[i].tally.first_fault;
	free(run->crowds);
	free(run->pool);
}

/* ---- waiting ---- */

/* Until all clients are at their end. 0 or -errno with problem. */
static int await_empty(struct run *run, struct problem *problem)
{
	uint64_t deadline_ns = clock_now_ns() + run->options->patience_ns + DRAIN_MORE_NS;

	while (!all_empty(run)) {
		int error =
			subject_await(&run->subject, clock_now_ns() + LOOK_NS, problem);

		if (error < 0)
			return error;
		if (clock_now_ns() >= deadline_ns)
			return problem_set(problem, -ETIMEDOUT,
				"the clients do not come to their end");
	}
	return 0;
}

/* Until a foreign server has closed all, or closes nothing any more. */
static int await_closes(struct run *run, int descriptors, struct problem *problem)
{
	uint64_t moved_ns = clock_now_ns();
	int error = 0, last = 0;

	while (error == 0) {
		struct subject_state state;

		error = subject_look(&run->subject, &state, problem);
		if (error < 0 || state.descriptors <= descriptors ||
			clock_now_ns() - moved_ns >= CLOSES_NS)
			break;
		if (state.descriptors != last)
			moved_ns = clock_now_ns();
		last = state.descriptors;
		error = subject_await(&run->subject, clock_now_ns() + LOOK_NS, problem);
	}
	return error;
}

/* The server at rest. */
static int settle(struct run *run, int descriptors, struct problem *problem)
{
	if (run->subject.tells)
		return subject_counters(
			&run->subject, SETTLE_MS, &run->result->counters, problem);
	return await_closes(run, descriptors, problem);
}

/* Everybody to an end, and the server at rest. */
static int rest(struct run *run, int descriptors, struct problem *problem)
{
	command(run, CROWD_REST);
	int error = await_empty(run, problem);

	return error < 0 ? error : settle(run, descriptors, problem);
}

/* Whether clients of each kind have come to their end. */
static bool all_kinds_ended(const struct tally *tally)
{
	for (int kind = 0; kind < KIND_COUNT; kind++)
		if (tally->kinds[kind].finished == 0)
			return false;
	return true;
}

/* The verdict is clear, or nobody new can come. */
static bool is_pointless(const struct run *run, const struct tally *tally)
{
	return tally_faults(tally) >= FAULTS_ENOUGH || unable(run) != 0;
}

/*
 * The crowds at work until deadline_ns, and where that was short, until there was a
 * client of each kind.
 */
static int work(struct run *run, uint64_t deadline_ns, struct problem *problem)
{
	uint64_t now_ns = clock_now_ns();
	struct tally tally;

	sum_up(run, &tally);
	while (!is_pointless(run, &tally) &&
		(now_ns < deadline_ns || (!all_kinds_ended(&tally) &&
						 now_ns < deadline_ns + KINDS_WAIT_NS))) {
		struct subject_state state;
		int error = subject_await(&run->subject, now_ns + WORK_LOOK_NS, problem);

		sum_up(run, &tally);
		now_ns = clock_now_ns();
		if (error == 0 && now_ns >= progress_due_ns(&run->progress)) {
			error = subject_look(&run->subject, &state, problem);
			if (error == 0)
				progress_show(&run->progress, now_ns, &tally, &state);
		}
		if (error < 0)
			return error;
	}
	return 0;
}

/* ---- the three parts ---- */

/*
 * Where a connection gets stuck, and so how much the server keeps of it, is chance: each
 * round comes nearer to the most by less. A long run may spend more of them.
 */
static unsigned warm_up_rounds_most(const struct soak_options *options)
{
	unsigned rounds =
		(unsigned)(options->duration_ns / NS_PER_S / WARM_UP_ROUND_SECONDS);

	return rounds > WARM_UP_ROUNDS_LEAST ? rounds : WARM_UP_ROUNDS_LEAST;
}

/* Until some rounds add next to nothing: what the server keeps for so many it then has.
 */
static int warm_up(struct run *run, struct problem *problem)
{
	unsigned rounds_most = warm_up_rounds_most(run->options);
	struct run_result *result = run->result;
	int error = subject_look(&run->subject, &result->start, problem);
	struct tally tally;
	uint64_t before = 0;

	result->warm = result->start;
	do {
		if (result->warm_up_rounds % WARM_UP_STILL_ROUNDS == 0)
			before = result->warm.private_dirty_bytes;
		command(run, CROWD_WARM_UP);
		if (error == 0)
			error = await_empty(run, problem);
		if (error == 0)
			error = rest(run, result->start.descriptors, problem);
		if (error == 0)
			error = subject_look(&run->subject, &result->warm, problem);
		if (error < 0)
			return error;
		sum_up(run, &tally);
		result->warm_connections = tally.connections;
		result->warm_bytes = tally.bytes_verified;
		result->warm_up_rounds++;
	} while (result->warm_up_rounds < rounds_most &&
		 (result->warm_up_rounds % WARM_UP_STILL_ROUNDS > 0 ||
			 result->warm.private_dirty_bytes > before + WARM_STILL_BYTES));
	return 0;
}

static void begin_progress(struct run *run)
{
	struct tally tally;

	sum_up(run, &tally);
	progress_start(&run->progress, run->result->name, run->options->progress_ns,
		clock_now_ns(), &tally, &run->result->warm);
}

static int storm(struct run *run, uint64_t duration_ns, struct problem *problem)
{
	uint64_t began_ns = clock_now_ns();

	command(run, CROWD_STORM);
	int error = work(run, began_ns + duration_ns, problem);

	if (error == 0)
		error = rest(run, run->result->warm.descriptors, problem);
	run->result->storm_ns += clock_now_ns() - began_ns;
	return error;
}

static int calm(struct run *run, uint64_t duration_ns, struct problem *problem)
{
	struct run_result *result = run->result;
	uint64_t began_ns = clock_now_ns();
	struct subject_counters before = result->counters;
	struct tally tally;

	sum_up(run, &tally);
	uint64_t sent = tally.bytes_sent;

	command(run, CROWD_CALM);
	int error = work(run, began_ns + duration_ns, problem);

	if (error == 0)
		error = rest(run, result->warm.descriptors, problem);
	sum_up(run, &tally);
	result->calm_ns = clock_now_ns() - began_ns;
	result->calm_bytes_sent = tally.bytes_sent - sent;
	result->calm_bytes_rx = result->counters.bytes_rx - before.bytes_rx;
	result->calm_bytes_tx = result->counters.bytes_tx - before.bytes_tx;
	return error;
}

/* Nobody is there: what does it hold, and does it sleep? */
static int look_at_the_end(struct run *run, struct problem *problem)
{
	struct run_result *result = run->result;
	struct subject_state idle;
	int error = subject_look(&run->subject, &result->end, problem);

	if (error == 0)
		error = subject_await(
			&run->subject, clock_now_ns() + RUN_IDLE_NS, problem);
	if (error == 0)
		error = subject_look(&run->subject, &idle, problem);
	if (error == 0)
		result->idle_busy_ns = idle.busy_ns - result->end.busy_ns;
	return error;
}

static int all_parts(struct run *run, struct problem *problem)
{
	uint64_t duration_ns = run->options->duration_ns;
	uint64_t calm_ns = duration_ns / CALM_PART;

	if (calm_ns > CALM_MAX_NS)
		calm_ns = CALM_MAX_NS;
	int error = warm_up(run, problem);

	begin_progress(run);
	if (error == 0)
		error = storm(run, (duration_ns - calm_ns) / 2, problem);
	if (error == 0)
		error = subject_look(&run->subject, &run->result->half, problem);
	if (error == 0)
		error = storm(run, (duration_ns - calm_ns) / 2, problem);
	/* Counts that should be equal tell nothing new where bytes are missing. */
	if (error == 0 && unable(run) == 0 && faults(run) == 0)
		error = calm(run, calm_ns, problem);
	if (error == 0)
		error = look_at_the_end(run, problem);
	return error;
}

/* What there is to be judged when a part ended before its time. */
static void note_end(struct run *run, int error, const struct problem *problem)
{
	struct run_result *result = run->result;

	result->interrupted = error == -ECANCELED;
	if (error < 0 && !result->interrupted)
		result->broken = *problem;
	else if (unable(run))
		problem_set(&result->broken, 0,
			"this machine has nothing left for more clients: %s",
			strerror(unable(run)));
}

int run_soak(struct run_result *result, const struct soak_options *options,
	const struct launcher *launcher, const char *backend, struct problem *problem)
{
	struct run run = {.options = options, .result = result};
	struct problem part = {""};

	*result = (struct run_result){
		.name = backend ? backend : "exec",
		.started = time(NULL),
		.tells = backend != NULL,
	};
	int error = backend ? subject_start(&run.subject, launcher, backend, problem)
			    : subject_start_foreign(
				      &run.subject, launcher, options->exec, problem);

	if (error == 0)
		error = start_crowds(&run, problem);
	if (error == 0) {
		snprintf(result->backend, sizeof(result->backend), "%s",
			run.subject.backend);
		note_end(&run, all_parts(&run, &part), &part);
	}
	end_crowds(&run);
	int end_error = subject_end(&run.subject, &part);

	if (error == 0 && end_error < 0 && !result->broken.text[0])
		result->broken = part;
	return error;
}
