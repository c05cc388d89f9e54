/* content.c - what stands in a report, from the top to the end. */
#include "harness/report/content.h"

#include "harness/report/figures.h"
#include "harness/report/numbers.h"

#include <string.h>

static void content_plots(struct report *report, struct report_writer *writer);
static void content_reading(struct report *report, struct report_writer *writer);

static const struct section {
	struct report_anchor anchor;
	void (*content)(struct report *report, struct report_writer *writer);
	bool pictures; /* and nothing else */
} sections[] = {
	{.anchor = {"verdicts", "Verdicts"}, .content = content_verdicts},
	{.anchor = {"plots", "Plots"}, .content = content_plots, .pictures = true},
	{.anchor = {"figures", "Medians and intervals"}, .content = content_costs},
	{.anchor = {"counts", "Exact counts"}, .content = content_counts},
	{.anchor = {"basis", "What the verdicts rest on"},
		.content = content_verdict_figures},
	{.anchor = {"trials", "Trials"}, .content = content_trials},
	{.anchor = {"environment", "Environment"}, .content = content_machine},
	{.anchor = {"repeat", "How to repeat it"}, .content = content_repeat},
	{.anchor = {"reading", "How to read this"}, .content = content_reading},
};

enum {
	SECTIONS = sizeof(sections) / sizeof(*sections),
	GROUPS_OPEN = 2, /* of more, the further ones are folded away */
};

/* ---- what sections share ---- */

size_t content_groups(const struct report *report)
{
	size_t groups = report->replay.plan.group_count;

	return groups < REPORT_GROUPS_MAX ? groups : REPORT_GROUPS_MAX;
}

static const char *group_words(struct report *report, size_t group)
{
	char text[160];

	plan_group_text(&report->replay.plan, group, text, sizeof(text));
	return report_text(&report->memory, "%s", text);
}

void content_group_heading(
	struct report *report, struct report_writer *writer, size_t group)
{
	if (report->replay.plan.group_count > 1)
		writer_heading(writer, group_words(report, group));
}

void content_each_group(struct report *report, struct report_writer *writer,
	void (*content)(
		struct report *report, struct report_writer *writer, size_t group))
{
	for (size_t group = 0; group < content_groups(report); group++) {
		bool folded = group >= GROUPS_OPEN;

		if (folded)
			writer_fold(writer, group_words(report, group));
		if (!folded || !writer->form->fold)
			content_group_heading(report, writer, group);
		content(report, writer, group);
		if (folded)
			writer_unfold(writer);
	}
}

struct report_table content_table(struct report *report, size_t group, const char *title)
{
	const struct plan *plan = &report->replay.plan;
	struct report_table table = {.memory = &report->memory, .title = title};
	char text[64];

	report_table_column(&table, false, "backend");
	for (size_t x = 0; x < plan->x_count; x++) {
		const struct cell *cell = &plan->cells[plan_cell(plan, 0, group, x)];

		plan_number_text(plan->x, cell_number(cell, plan->x), text, sizeof(text));
		/* "10,000 idle" stays on one line. */
		size_t words = strcspn(text, " ");

		report_table_column(&table, true, "%.*s%s%s", (int)words, text,
			text[words] ? "\u00a0" : "", text + words + (text[words] != 0));
	}
	return table;
}

/* ---- the head ---- */

static const char *get_text(const json_t *object, const char *member, const char *key)
{
	const json_t *inner = *member ? json_object_get(object, member) : object;
	const char *text = json_string_value(json_object_get(inner, key));

	return text ? text : "unknown";
}

/* "2026-11-20 23:04 UTC" of "2026-11-20T23:04:58Z"; what looks otherwise stays. */
static const char *when(struct report *report)
{
	const char *text = get_text(report->root, "run", "started");

	if (strlen(text) != strlen("2026-11-20T23:04:58Z") || text[10] != 'T')
		return text;
	return report_text(&report->memory, "%.10s %.5s UTC", text, text + 11);
}

/* "1 to 10,001 open connections" */
static const char *range_words(struct report *report)
{
	const struct plan *plan = &report->replay.plan;
	double low = 0, high = 0;

	for (size_t i = 0; i < plan->cell_count; i++) {
		double x = report_x_value(report, &report->replay.summary.cells[i]);

		low = i == 0 || x < low ? x : low;
		high = i == 0 || x > high ? x : high;
	}
	if (low == high)
		return report_text(&report->memory, "%s %s", report_count(low).text,
			report_x_title(report));
	return report_text(&report->memory, "%s to %s %s", report_count(low).text,
		report_count(high).text, report_x_title(report));
}

static const char *workload_words(struct report *report)
{
	const struct workload *workload = &report->replay.workload;
	const char *set = workload->active_set == ACTIVE_SET_SPREAD
				  ? ", each request on a connection drawn from all"
				  : "";

	const char *client = workload->engine == ENGINE_EPOLL ? "" : ", client io_uring";

	if (workload->kind == WORKLOAD_CHURN)
		return report_text(&report->memory, "connect, %llu echo%s, close%s%s",
			(unsigned long long)workload->churn_requests,
			workload->churn_requests == 1 ? "" : "es", set, client);
	return report_text(
		&report->memory, "echo on connections that stay%s%s", set, client);
}

static const char *subtitle(struct report *report)
{
	size_t backends = report->replay.plan.axes.backend_count;
	char group[160] = "";

	if (report->replay.plan.group_count == 1)
		plan_group_text(&report->replay.plan, 0, group, sizeof(group));
	return report_text(&report->memory, "%zu backend%s, %s, %s%s%s", backends,
		backends == 1 ? "" : "s", range_words(report),
		placement_words(report->replay.placement), *group ? ", " : "", group);
}

/* "288: 276 ok, 12 skipped" */
static const char *trial_words(struct report *report)
{
	const char *words = report_text(
		&report->memory, "%s: ", report_count((double)report->trial_count).text);
	bool first = true;

	for (int status = 0; status < TRIAL_STATUS_COUNT; status++) {
		size_t count =
			summary_count(&report->replay.summary, (enum trial_status)status);

		if (count == 0 && status != TRIAL_OK && status != TRIAL_INVALID)
			continue;
		words = report_text(&report->memory, "%s%s%s %s", words,
			first ? "" : ", ", report_count((double)count).text,
			trial_status_name((enum trial_status)status));
		first = false;
	}
	return words;
}

static const char *machine_words(struct report *report)
{
	const json_t *environment = json_object_get(report->root, "environment");
	const json_t *cpu = json_object_get(environment, "cpu");
	const json_t *online = json_object_get(cpu, "online");

	return report_text(&report->memory, "%s, %s CPUs%s",
		get_text(environment, "cpu", "model"),
		json_is_integer(online)
			? report_count((double)json_integer_value(online)).text
			: "unknown",
		json_is_true(json_object_get(cpu, "hypervisor")) ? ", virtual" : "");
}

static void put_head(struct report *report, struct report_writer *writer)
{
	const json_t *root = report->root;
	struct report_anchor anchors[SECTIONS];
	struct report_fact facts[] = {
		{"run", when(report)},
		{"blocks", report_text(&report->memory,
				   "%llu, cells in random order, seed "
				   "%llu",
				   (unsigned long long)report->replay.plan.axes.blocks,
				   (unsigned long long)report->replay.plan.axes.seed)},
		{"trials", trial_words(report)},
		{"workload", workload_words(report)},
		{"machine", machine_words(report)},
		{"kernel", get_text(root, "environment", "kernel")},
	};
	struct report_head head = {
		.title = "muxbench report",
		.subtitle = subtitle(report),
		.facts = facts,
		.fact_count = sizeof(facts) / sizeof(*facts),
		.sections = anchors,
		.section_count = SECTIONS,
	};

	for (size_t i = 0; i < SECTIONS; i++)
		anchors[i] = sections[i].anchor;
	writer_begin(writer, &head);
}

/* ---- sections of a few lines ---- */

static void content_plots(struct report *report, struct report_writer *writer)
{
	content_each_group(report, writer, figures_of_group);
	figures_of_run(report, writer);
	if (content_groups(report) < report->replay.plan.group_count)
		writer_warning(writer,
			report_text(&report->memory,
				"The first %d of %zu combinations are shown, here and in "
				"the "
				"tables; all are in result.json.",
				REPORT_GROUPS_MAX, report->replay.plan.group_count));
}

static void content_reading(struct report *report, struct report_writer *writer)
{
	static const char *const paragraphs[] = {
		"A cell is one backend at one number of connections. A block runs every "
		"cell "
		"once, in random order and each with a fresh server process; what is "
		"shown is "
		"the median over the blocks. An interval comes from the spread between "
		"blocks, "
		"never from inside a trial, where values resemble each other too much. "
		"With "
		"fewer than 6 blocks no 95 % interval of a median exists, and the "
		"smallest and "
		"the largest block stand in its place.",
		"CPU is what the kernel charged the server for, its own code and the "
		"system "
		"calls it made, divided by the requests answered meanwhile. It repeats "
		"far "
		"better than requests per second. Results of different placements or "
		"machines "
		"are not to be compared; backends of one run are.",
		"linear: the cost grows at least in proportion to the connections; three "
		"quarters or more of it at the far end belong to them, and a line, bent "
		"or "
		"not, describes the growth better than a logarithm or a root. flat: the "
		"end of "
		"the curve rises by less than N to the power of 0.25, and the whole of "
		"it by "
		"less than half. That is bounded growth over the tested range; no "
		"measurement "
		"excludes O(log n). grows: it grows, but is not shown to be linear. "
		"inconclusive: neither is shown.",
		"To be published, a verdict needs 10 blocks and 8 numbers of connections "
		"over "
		"two decades.",
		"System calls are counted in a window of their own, in which a request "
		"is sent "
		"only when the server sleeps. The server counts by name, the kernel "
		"counts "
		"them all, and a trial in which the two differ is invalid.",
	};

	(void)report;
	for (size_t i = 0; i < sizeof(paragraphs) / sizeof(*paragraphs); i++)
		writer_paragraph(writer, paragraphs[i]);
}

void report_content(struct report *report, struct report_writer *writer)
{
	put_head(report, writer);
	content_warnings(report, writer);
	for (size_t i = 0; i < SECTIONS; i++) {
		if (sections[i].pictures && !writer->form->figure)
			continue;
		writer_section(writer, &sections[i].anchor);
		sections[i].content(report, writer);
	}
	writer_end(writer);
}
