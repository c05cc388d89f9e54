/* fuzz_waitcost.c - what `muxbench-server --waitcost` prints, up to result and verdict.
 */
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/peer.h"

#include "harness/waitcost/summary.h"
#include "harness/waitcost/waitcost.h"

#include <stdlib.h>
#include <string.h>

static const char *const backends[] = {"poll"};
static const uint64_t descriptors[] = {10, 30, 100, 1000}, ready[] = {1, 10};
static const struct launcher launcher = {.directory = "/nowhere", .cancel_fd = -1};
static const struct placement placement = {.server_cpu = -1, .load_cpu = -1};

static const struct waitcost_axes axes = {
	.backends = backends,
	.backend_count = 1,
	.descriptors = descriptors,
	.descriptor_count = 4,
	.ready = ready,
	.ready_count = 2,
	.blocks = 1,
	.seed = 1,
};

static void run_trials(struct waitcost_summary *summary, const struct waitcost_plan *plan)
{
	const struct waitcost_setting setting = {&launcher, &placement};

	for (size_t i = 0; i < plan->trial_count; i++) {
		struct waitcost_trial trial;
		uint32_t cell = plan->order[i];

		waitcost_trial_run(&trial, &setting, &plan->cells[cell], 1, i + 1);
		json_t *record = waitcost_trial_json(&trial, &placement);
		char *text = json_dumps(record, JSON_COMPACT);

		fuzz_check(text != NULL, "a record that cannot be written");
		fuzz_check((trial.status == TRIAL_OK) == (*trial.reason.text == '\0'),
			"a status without its reason");
		waitcost_summary_add(summary, cell, &trial);
		free(text);
		json_decref(record);
		waitcost_trial_free(&trial);
	}
}

void fuzz_one(const uint8_t *data, size_t size)
{
	struct waitcost_plan plan;
	struct waitcost_summary summary;
	struct problem problem = {""};

	fuzz_check(waitcost_plan_make(&plan, &axes, &problem) == 0 &&
			   waitcost_summary_make(&summary, &plan) == 0,
		"no plan");
	fuzz_peers_say(data, size);
	run_trials(&summary, &plan);
	fuzz_check(waitcost_summary_judge(&summary) == 0, "no verdict");
	json_t *json = waitcost_summary_json(&summary);
	json_t *complexity = waitcost_complexity_json(&summary);

	fuzz_check(json && complexity, "a summary that cannot be written");
	json_decref(json);
	json_decref(complexity);
	waitcost_summary_free(&summary);
	waitcost_plan_free(&plan);
}
