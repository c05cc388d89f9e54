/* verdicts.c - for each curve of a run, whether its cost grows with the connections. */
#include "harness/result/verdicts.h"

#include "common/records.h"
#include "harness/text.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

static const struct summary_cell *cell_at(const struct plan *plan,
	const struct summary *summary, size_t backend, size_t group, size_t x)
{
	return &summary->cells[plan_cell(plan, backend, group, x)];
}

/* Fills the points of a curve. How many values are measured. */
static size_t fill(const struct plan *plan, const struct summary *summary, size_t backend,
	size_t group, size_t blocks, double *connections, double *cpu_ns)
{
	size_t measured = 0;

	for (size_t x = 0; x < plan->x_count; x++) {
		const struct summary_cell *cell =
			cell_at(plan, summary, backend, group, x);
		const struct samples *cost = summary_cost(cell);

		connections[x] = (double)(cell->cell->connections_idle +
					  cell->cell->connections_active);
		for (size_t b = 0; b < blocks; b++) {
			cpu_ns[b * plan->x_count + x] = cost->values[b];
			measured += isnan(cost->values[b]) ? 0 : 1;
		}
	}
	return measured;
}

static bool judge(const struct plan *plan, const struct summary *summary,
	struct verdict *verdict, double *cpu_ns)
{
	double connections[COMPLEXITY_POINTS_MAX];
	size_t blocks = plan->axes.blocks > COMPLEXITY_BLOCKS_MAX
				? COMPLEXITY_BLOCKS_MAX
				: (size_t)plan->axes.blocks;
	struct complexity_input input = {
		.connections = connections,
		.points = plan->x_count,
		.cpu_ns = cpu_ns,
		.blocks = blocks,
	};

	if (fill(plan, summary, verdict->backend, verdict->group, blocks, connections,
		    cpu_ns) == 0)
		return false;
	return complexity_judge(&input, &verdict->complexity) == 0;
}

int verdicts_make(
	struct verdicts *verdicts, const struct plan *plan, const struct summary *summary)
{
	size_t backends = plan->axes.backend_count;

	*verdicts = (struct verdicts){0};
	if (plan->x != PLAN_IDLE || plan->x_count < COMPLEXITY_POINTS_MIN ||
		plan->x_count > COMPLEXITY_POINTS_MAX)
		return 0;
	verdicts->list = calloc(backends * plan->group_count, sizeof(*verdicts->list));
	double *cpu_ns = calloc(plan->x_count * COMPLEXITY_BLOCKS_MAX, sizeof(*cpu_ns));

	for (size_t g = 0; g < plan->group_count && verdicts->list && cpu_ns; g++)
		for (size_t b = 0; b < backends; b++) {
			struct verdict *verdict = &verdicts->list[verdicts->count];

			*verdict = (struct verdict){.backend = b, .group = g};
			verdicts->count += judge(plan, summary, verdict, cpu_ns);
		}
	int error = verdicts->list && cpu_ns ? 0 : -ENOMEM;

	free(cpu_ns);
	return error;
}

void verdicts_free(struct verdicts *verdicts)
{
	free(verdicts->list);
	*verdicts = (struct verdicts){0};
}

const struct complexity *verdicts_find(
	const struct verdicts *verdicts, size_t backend, size_t group)
{
	for (size_t i = 0; i < verdicts->count; i++)
		if (verdicts->list[i].backend == backend &&
			verdicts->list[i].group == group)
			return &verdicts->list[i].complexity;
	return NULL;
}

/* ---- JSON ---- */

static json_t *figure_json(double value)
{
	return isfinite(value) ? json_real(value) : json_null();
}

static json_t *interval_json(const struct interval *interval)
{
	return json_pack("{so so so}", "estimate", figure_json(interval->estimate), "low",
		figure_json(interval->low), "high", figure_json(interval->high));
}

static json_t *knot_json(const struct complexity *c)
{
	if (!isfinite(c->knot_connections))
		return json_null();
	return json_pack("{sf sf sf}", "connections", c->knot_connections,
		"ns_per_connection_below", c->knot_ns_below, "ns_per_connection_above",
		c->knot_ns_above);
}

/* Which curve it is. */
static json_t *curve_json(const struct cell *cell, const struct workload *workload)
{
	bool churn = workload->kind == WORKLOAD_CHURN;

	return json_pack("{so ss so so so so ss ss}", "backend", text_json(cell->backend),
		"metric",
		churn ? "server_cpu_ns_per_connection" : "server_cpu_ns_per_request",
		"connections_active", record_u64(cell->connections_active),
		"message_bytes", record_u64(cell->message_bytes), "pipeline",
		record_u64(cell->pipeline), "rate",
		cell->rate > 0 ? record_u64(cell->rate) : json_null(), "active_set",
		active_set_name(workload->active_set), "workload",
		workload_kind_name(workload->kind));
}

static json_t *complexity_json(const struct complexity *c)
{
	return json_pack("{ss sb so so so so so so so so so so ss so ss}", "verdict",
		complexity_verdict_name(c->verdict), "publishable", c->publishable,
		"points", record_u64(c->points), "blocks", record_u64(c->blocks),
		"connections_min", figure_json(c->connections_min), "connections_max",
		figure_json(c->connections_max), "ns_per_connection",
		interval_json(&c->ns_per_connection), "intercept_ns",
		interval_json(&c->intercept_ns), "share", interval_json(&c->share),
		"exponent_at_end", interval_json(&c->tail), "growth",
		interval_json(&c->growth), "p_linear", figure_json(c->p_linear), "form",
		complexity_form_name(c->form), "knot", knot_json(c), "sentence",
		c->sentence);
}

json_t *verdicts_to_json(const struct verdicts *verdicts, const struct plan *plan,
	const struct workload *workload)
{
	json_t *array = json_array();

	for (size_t i = 0; i < verdicts->count; i++) {
		const struct verdict *v = &verdicts->list[i];
		json_t *entry = curve_json(
			&plan->cells[plan_cell(plan, v->backend, v->group, 0)], workload);

		json_object_update_new(entry, complexity_json(&v->complexity));
		json_array_append_new(array, entry);
	}
	return array;
}
