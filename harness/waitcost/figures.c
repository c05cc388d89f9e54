/* figures.c - from a server's raw batches to ns an operation. */
#include "harness/waitcost/figures.h"

#include "common/records.h"
#include "harness/statistics/statistics.h"

#include <errno.h>
#include <math.h>

#define CPU_SHARE_MIN 0.9 /* of a batch that nothing disturbed */

enum { BATCHES_MAX = 512, UNDISTURBED_MIN = 3 };

static const char *const figure_names[] = {
	[WAITCOST_WAIT] = "wait",
	[WAITCOST_REGISTER] = "register",
	[WAITCOST_MODIFY] = "modify",
	[WAITCOST_REMOVE] = "remove",
};

const char *waitcost_figure_name(enum waitcost_figure figure)
{
	return figure_names[figure];
}

/* The batches of one series, and which of them count. */
struct series {
	size_t batches;
	size_t disturbed;
	bool counts[BATCHES_MAX];
};

/* A list of whole numbers; as many as there are batches, or any number if that is 0. */
static int get_numbers(const json_t *object, const char *key, uint64_t *numbers,
	size_t *batches, struct problem *problem)
{
	const json_t *item, *list = json_object_get(object, key);
	size_t i, count = json_array_size(list);

	if (!json_is_array(list) || count == 0 || count > BATCHES_MAX ||
		(*batches > 0 && count != *batches))
		return problem_set(problem, -EBADMSG,
			"'%s' is no list, or not of one number a batch", key);
	json_array_foreach(list, i, item)
	{
		if (!json_is_integer(item) || json_integer_value(item) < 0)
			return problem_set(problem, -EBADMSG,
				"'%s' holds something that is no count of ns", key);
		numbers[i] = (uint64_t)json_integer_value(item);
	}
	*batches = count;
	return 0;
}

static int read_series(
	struct series *series, const json_t *object, struct problem *problem)
{
	uint64_t elapsed_ns[BATCHES_MAX], cpu_ns[BATCHES_MAX];

	*series = (struct series){0};
	int error =
		get_numbers(object, "elapsed_ns", elapsed_ns, &series->batches, problem);

	if (error == 0)
		error = get_numbers(object, "cpu_ns", cpu_ns, &series->batches, problem);
	for (size_t i = 0; i < series->batches && error == 0; i++) {
		series->counts[i] =
			(double)cpu_ns[i] >= CPU_SHARE_MIN * (double)elapsed_ns[i];
		series->disturbed += !series->counts[i];
	}
	return error;
}

static int read_operation(double *ns, const json_t *object, double clock_read_ns,
	const struct series *series, struct problem *problem)
{
	uint64_t duration_ns[BATCHES_MAX], operations, clock_reads;
	size_t batches = series->batches, count = 0;
	double values[BATCHES_MAX];
	int error = record_get_u64(object, "operations_per_batch", &operations, problem);

	if (error == 0)
		error = record_get_u64(
			object, "clock_reads_per_batch", &clock_reads, problem);
	if (error == 0)
		error = get_numbers(
			object, "duration_ns", duration_ns, &batches, problem);
	if (error == 0 && operations == 0)
		error = problem_set(problem, -EBADMSG, "a batch without operations");
	if (error < 0)
		return error;
	for (size_t i = 0; i < batches; i++)
		if (series->counts[i])
			values[count++] = ((double)duration_ns[i] -
						  (double)clock_reads * clock_read_ns) /
					  (double)operations;
	*ns = statistics_median(values, count);
	return 0;
}

/* An undisturbed batch is as good in bad company, if it is not alone. */
static bool is_enough(const struct series *series)
{
	return series->batches - series->disturbed >= UNDISTURBED_MIN;
}

static int read_waits(struct waitcost_figures *figures, const json_t *measured,
	double clock_read_ns, struct problem *problem)
{
	struct series series;
	uint64_t bytes, operations;
	json_t *wait;
	int error = record_get_object(measured, "wait", &wait, problem);

	if (error == 0)
		error = read_series(&series, wait, problem);
	if (error == 0)
		error = read_operation(&figures->ns[WAITCOST_WAIT], wait, clock_read_ns,
			&series, problem);
	if (error == 0)
		error = record_get_u64(wait, "wait_bytes", &bytes, problem);
	if (error == 0)
		error = record_get_u64(
			wait, "operations_per_batch", &operations, problem);
	if (error < 0)
		return error;
	figures->wait_bytes =
		(double)bytes / ((double)operations * (double)series.batches);
	figures->batches += series.batches;
	figures->disturbed += series.disturbed;
	figures->trusted &= is_enough(&series);
	return 0;
}

static int read_interest(struct waitcost_figures *figures, const json_t *measured,
	double clock_read_ns, struct problem *problem)
{
	struct series series;
	json_t *interest, *operation;
	int error = record_get_object(measured, "interest", &interest, problem);

	if (error == 0)
		error = read_series(&series, interest, problem);
	for (int f = WAITCOST_REGISTER; f < WAITCOST_FIGURES && error == 0; f++) {
		error = record_get_object(interest, figure_names[f], &operation, problem);
		if (error == 0)
			error = read_operation(&figures->ns[f], operation, clock_read_ns,
				&series, problem);
	}
	if (error < 0)
		return error;
	figures->batches += series.batches;
	figures->disturbed += series.disturbed;
	figures->trusted &= is_enough(&series);
	return 0;
}

int waitcost_figures_read(
	struct waitcost_figures *figures, const json_t *measured, struct problem *problem)
{
	const json_t *clock = json_object_get(measured, "clock_read_ns");

	*figures = (struct waitcost_figures){.trusted = true};
	for (int f = 0; f < WAITCOST_FIGURES; f++)
		figures->ns[f] = NAN;
	if (!json_is_number(clock))
		return problem_set(
			problem, -EBADMSG, "'clock_read_ns' is missing or no number");
	int error = read_waits(figures, measured, json_number_value(clock), problem);

	if (error == 0)
		error = read_interest(
			figures, measured, json_number_value(clock), problem);
	return error;
}
