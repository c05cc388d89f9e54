/* judge.c - what a run is worth. */
#include "tests/soak/judge.h"

#include "common/clock.h"
#include "common/records.h"
#include "harness/human.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>

static void find(struct judgement *judgement, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static void find(struct judgement *judgement, const char *format, ...)
{
	va_list arguments;

	if (judgement->count == JUDGE_FINDINGS_MAX)
		return;
	va_start(arguments, format);
	vsnprintf(judgement->findings[judgement->count++], JUDGE_FINDING_BYTES, format,
		arguments);
	va_end(arguments);
}

/* ---- findings ---- */

static void judge_bytes(struct judgement *judgement, const struct run_result *result)
{
	const struct tally *tally = &result->tally;

	if (tally->wrong_connections)
		find(judgement, "%" PRIu64 " wrong bytes on %" PRIu64 " connections",
			tally->wrong_bytes, tally->wrong_connections);
	if (tally->lost_connections)
		find(judgement,
			"%" PRIu64 " connections lost with %" PRIu64 " bytes owed",
			tally->lost_connections, tally->lost_bytes);
	if (result->first_fault.text[0])
		find(judgement, "first: %s", result->first_fault.text);
}

static int64_t growth(uint64_t before, uint64_t after)
{
	return (int64_t)after - (int64_t)before;
}

/*
 * A server keeps the buffers that its clients needed at worst, and the last page of the
 * last buffer may be touched late. That comes to an end and a leak does not: what the
 * second half of the storm adds is judged, which brings as many connections as the first.
 */
static int64_t memory_growth(const struct run_result *result)
{
	return growth(result->half.private_dirty_bytes, result->end.private_dirty_bytes);
}

/* Only of a run that came to its end: before that clients may be connected. */
static void judge_leaks(struct judgement *judgement, const struct run_result *result,
	const struct soak_options *options)
{
	int64_t memory = memory_growth(result);

	if (result->end.descriptors != result->start.descriptors)
		find(judgement, "descriptors %+d: %d before, %d at the end",
			result->end.descriptors - result->start.descriptors,
			result->start.descriptors, result->end.descriptors);
	if (options->memory_growth_bytes != UINT64_MAX &&
		memory >= (int64_t)options->memory_growth_bytes)
		find(judgement, "memory %+" PRId64 " KiB in the second half",
			memory / 1024);
	if (result->idle_busy_ns > RUN_IDLE_NS / 2)
		find(judgement, "spins with nobody connected: busy %.0f %% of the time",
			100.0 * (double)result->idle_busy_ns / (double)RUN_IDLE_NS);
}

/* What the server says, against what its clients know. */
static void judge_counters(struct judgement *judgement, const struct run_result *result)
{
	const struct subject_counters *counters = &result->counters;
	const struct tally *tally = &result->tally;
	uint64_t read_least =
		tally->bytes_sent - tally->cut_bytes_sent + tally->cut_bytes_received;

	if (!counters->settled)
		find(judgement, "does not come to rest");
	if (counters->held != 0 || counters->accepted != counters->closed)
		find(judgement, "accepted %" PRIu64 ", closed %" PRIu64 ", held %" PRIu64,
			counters->accepted, counters->closed, counters->held);
	if (counters->accepted != tally->connections || counters->refused != 0)
		find(judgement,
			"accepted %" PRIu64 " and refused %" PRIu64 " where %" PRIu64
			" connected",
			counters->accepted, counters->refused, tally->connections);
	if (counters->bytes_rx > tally->bytes_sent || counters->bytes_rx < read_least)
		find(judgement,
			"says that it read %" PRIu64 " bytes: not within %" PRIu64
			" to %" PRIu64,
			counters->bytes_rx, read_least, tally->bytes_sent);
	if (counters->bytes_tx > counters->bytes_rx ||
		counters->bytes_tx < tally->bytes_verified)
		find(judgement,
			"says that it wrote %" PRIu64 " bytes: not within %" PRIu64
			" to %" PRIu64,
			counters->bytes_tx, tally->bytes_verified, counters->bytes_rx);
	if (result->calm_bytes_rx != result->calm_bytes_sent ||
		result->calm_bytes_tx != result->calm_bytes_sent)
		find(judgement,
			"calm: %" PRIu64 " bytes sent, the server says %" PRIu64
			" read and %" PRIu64 " written",
			result->calm_bytes_sent, result->calm_bytes_rx,
			result->calm_bytes_tx);
}

static void judge_kinds(struct judgement *judgement, const struct run_result *result)
{
	for (int kind = 0; kind < KIND_COUNT; kind++)
		if (result->tally.kinds[kind].finished == 0)
			find(judgement, "no %s client came to its end", kinds[kind].name);
}

void judge_run(struct judgement *judgement, const struct run_result *result,
	const struct soak_options *options)
{
	judgement->count = 0;
	if (result->broken.text[0])
		find(judgement, "%s", result->broken.text);
	judge_bytes(judgement, result);
	if (result->broken.text[0] || result->interrupted)
		return;
	judge_leaks(judgement, result, options);
	if (result->tells && result->tally.lost_connections == 0 &&
		result->tally.wrong_connections == 0)
		judge_counters(judgement, result);
	if (tally_faults(&result->tally) == 0)
		judge_kinds(judgement, result);
}

/* ---- the line ---- */

/* A run that was cut short has no end to compare with. */
static bool was_seen_at_the_end(const struct run_result *result)
{
	return result->end.resident_bytes > 0;
}

static const char *verdict(
	const struct judgement *judgement, const struct run_result *result)
{
	return judgement->count > 0  ? "FAIL"
	       : result->interrupted ? "INTERRUPTED"
				     : "PASS";
}

void judge_print(const struct judgement *judgement, const struct run_result *result,
	const struct soak_options *options)
{
	const struct tally *tally = &result->tally;
	double seconds = (double)(result->storm_ns + result->calm_ns) / NS_PER_S;
	char connections[HUMAN_BYTES];

	human_count(tally->connections - result->warm_connections, connections,
		sizeof(connections));
	printf("soak %s: %s: %.1f s, %s connections, %.2f GB verified, %" PRIu64
	       " lost, %" PRIu64 " wrong, ",
		result->name, verdict(judgement, result), seconds, connections,
		(double)(tally->bytes_verified - result->warm_bytes) / 1e9,
		tally->lost_connections, tally->wrong_connections);
	if (was_seen_at_the_end(result))
		printf("descriptors %+d, memory %+" PRId64 " KiB, ",
			result->end.descriptors - result->start.descriptors,
			memory_growth(result) / 1024);
	printf("seed %" PRIu64, options->seed);
	for (size_t i = 0; i < judgement->count; i++)
		printf("; %s", judgement->findings[i]);
	putchar('\n');
	fflush(stdout);
}

/* ---- the record ---- */

static json_t *kinds_object(const struct run_result *result)
{
	double seconds = (double)(result->storm_ns + result->calm_ns) / NS_PER_S;
	json_t *object = json_object();

	for (int kind = 0; kind < KIND_COUNT; kind++) {
		const struct tally_kind *one = &result->tally.kinds[kind];

		json_object_set_new(object, kinds[kind].name,
			json_pack("{so so sf}", "finished", record_u64(one->finished),
				"bytes_verified", record_u64(one->bytes_verified),
				"finished_per_s",
				seconds > 0 ? (double)one->finished / seconds : 0.0));
	}
	return object;
}

static json_t *clients_object(const struct run_result *result)
{
	const struct tally *tally = &result->tally;
	const struct {
		const char *name;
		uint64_t value;
	} members[] = {
		{"connections", tally->connections - result->warm_connections},
		{"bytes_verified", tally->bytes_verified - result->warm_bytes},
		{"warm_up_connections", result->warm_connections},
		{"warm_up_bytes_verified", result->warm_bytes},
		{"bytes_sent", tally->bytes_sent},
		{"resets", tally->resets},
		{"half_closes", tally->half_closes},
		{"lost_connections", tally->lost_connections},
		{"lost_bytes", tally->lost_bytes},
		{"wrong_connections", tally->wrong_connections},
		{"wrong_bytes", tally->wrong_bytes},
		{"quiet_longest_ns", tally->quiet_longest_ns},
	};
	json_t *object = json_object();

	for (size_t i = 0; i < sizeof(members) / sizeof(*members); i++)
		json_object_set_new(
			object, members[i].name, record_u64(members[i].value));
	json_object_set_new(object, "kinds", kinds_object(result));
	return object;
}

/* From outside: what the kernel says of the process. */
static json_t *process_object(const struct run_result *result)
{
	const struct subject_state *start = &result->start, *warm = &result->warm,
				   *half = &result->half, *end = &result->end;
	bool ended = was_seen_at_the_end(result);

	return json_pack("{si so so so so so so so so}", "descriptors_before",
		start->descriptors, "descriptors_after",
		ended ? json_integer(end->descriptors) : json_null(),
		"memory_start_bytes", record_u64(start->private_dirty_bytes),
		"memory_warm_bytes", record_u64(warm->private_dirty_bytes),
		"memory_half_bytes",
		ended ? record_u64(half->private_dirty_bytes) : json_null(),
		"memory_end_bytes",
		ended ? record_u64(end->private_dirty_bytes) : json_null(),
		"resident_end_bytes",
		ended ? record_u64(end->resident_bytes) : json_null(), "cpu_ns",
		ended ? record_u64(end->cpu_ns - warm->cpu_ns) : json_null(),
		"idle_busy_share",
		ended ? json_real((double)result->idle_busy_ns / (double)RUN_IDLE_NS)
		      : json_null());
}

static json_t *counters_object(const struct run_result *result)
{
	const struct subject_counters *counters = &result->counters;

	if (!result->tells)
		return json_null();
	return json_pack("{sb so so so so so so so so s{so so so}}", "settled",
		(int)counters->settled, "accepted", record_u64(counters->accepted),
		"closed", record_u64(counters->closed), "refused",
		record_u64(counters->refused), "held", record_u64(counters->held),
		"bytes_rx", record_u64(counters->bytes_rx), "bytes_tx",
		record_u64(counters->bytes_tx), "connection_errors",
		record_u64(counters->connection_errors), "accept_pauses",
		record_u64(counters->accept_pauses), "calm", "bytes_sent",
		record_u64(result->calm_bytes_sent), "bytes_rx",
		record_u64(result->calm_bytes_rx), "bytes_tx",
		record_u64(result->calm_bytes_tx));
}

json_t *judge_record(const struct judgement *judgement, const struct run_result *result,
	const struct soak_options *options)
{
	json_t *findings = json_array();
	char started[40];
	struct tm utc;

	for (size_t i = 0; i < judgement->count; i++) {
		json_t *text = json_string(judgement->findings[i]);

		json_array_append_new(
			findings, text ? text : json_string("not UTF-8: see stderr"));
	}
	strftime(started, sizeof(started), "%Y-%m-%dT%H:%M:%SZ",
		gmtime_r(&result->started, &utc));
	return json_pack("{ss si ss ss so ss ss so sf sf sf so si si si so so so so}",
		"schema", "muxbench.soak", "version", 1, "name", result->name, "backend",
		result->backend, "exec",
		options->exec ? json_string(options->exec) : json_null(), "started",
		started, "verdict", verdict(judgement, result), "findings", findings,
		"seconds", (double)(result->storm_ns + result->calm_ns) / NS_PER_S,
		"storm_seconds", (double)result->storm_ns / NS_PER_S, "calm_seconds",
		(double)result->calm_ns / NS_PER_S, "seed", record_u64(options->seed),
		"clients", options->clients, "threads", options->threads,
		"warm_up_rounds", (int)result->warm_up_rounds, "memory_growth_allowed",
		options->memory_growth_bytes == UINT64_MAX
			? json_null()
			: record_u64(options->memory_growth_bytes),
		"load", clients_object(result), "process", process_object(result),
		"server", counters_object(result));
}
