/* options.c - the command line of `muxbench run`. */
#include "harness/run/options.h"

#include "common/clock.h"
#include "common/parse.h"
#include "harness/run/plan_file.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#define IDLE_CONNECTIONS_MAX   1000000
#define ACTIVE_CONNECTIONS_MAX 100000
#define MESSAGE_BYTES_MAX      (16 << 20)
#define PIPELINE_MAX           1024
#define RATE_MAX               10000000
#define CHURN_REQUESTS_MAX     1000
#define BLOCKS_MAX             1000
#define WINDOW_NS_MIN          (10 * NS_PER_MS)
#define WINDOW_NS_MAX          (3600 * NS_PER_S)
#define SEED_MAX               ((1ULL << 53) - 1) /* every JSON reader keeps it exact */
#define OUT_FORMAT             "results/run-%Y%m%d-%H%M%S"

enum {
	OPTION_HELP = 'h',
	OPTION_QUIET = 'q',
	OPTION_OUT = 'o',
	OPTION_PROFILE = 256, /* from here on: long names only */
	OPTION_PLAN,
	OPTION_RESUME,
	OPTION_BACKENDS,
	OPTION_REQUIRE,
	OPTION_EXEC,
	OPTION_TARGET,
	OPTION_IDLE,
	OPTION_ACTIVE,
	OPTION_MESSAGE_BYTES,
	OPTION_PIPELINE,
	OPTION_RATE,
	OPTION_RATE_SWEEP,
	OPTION_ARRIVAL,
	OPTION_ACTIVE_SET,
	OPTION_WORKLOAD,
	OPTION_CHURN_REQUESTS,
	OPTION_ENGINE,
	OPTION_BLOCKS,
	OPTION_DURATION,
	OPTION_COUNTED,
	OPTION_WARMUP,
	OPTION_PLACEMENT,
	OPTION_SCHED,
	OPTION_SEED,
	OPTION_NO_PLOTS,
};

static const char short_options[] = ":hqo:";

static const struct option long_options[] = {
	{"profile", required_argument, NULL, OPTION_PROFILE},
	{"plan", required_argument, NULL, OPTION_PLAN},
	{"resume", required_argument, NULL, OPTION_RESUME},
	{"backends", required_argument, NULL, OPTION_BACKENDS},
	{"require", required_argument, NULL, OPTION_REQUIRE},
	{"exec", required_argument, NULL, OPTION_EXEC},
	{"target", required_argument, NULL, OPTION_TARGET},
	{"idle", required_argument, NULL, OPTION_IDLE},
	{"active", required_argument, NULL, OPTION_ACTIVE},
	{"message-bytes", required_argument, NULL, OPTION_MESSAGE_BYTES},
	{"pipeline", required_argument, NULL, OPTION_PIPELINE},
	{"rate", required_argument, NULL, OPTION_RATE},
	{"rate-sweep", required_argument, NULL, OPTION_RATE_SWEEP},
	{"arrival", required_argument, NULL, OPTION_ARRIVAL},
	{"active-set", required_argument, NULL, OPTION_ACTIVE_SET},
	{"workload", required_argument, NULL, OPTION_WORKLOAD},
	{"churn-requests", required_argument, NULL, OPTION_CHURN_REQUESTS},
	{"engine", required_argument, NULL, OPTION_ENGINE},
	{"blocks", required_argument, NULL, OPTION_BLOCKS},
	{"duration", required_argument, NULL, OPTION_DURATION},
	{"counted", required_argument, NULL, OPTION_COUNTED},
	{"warmup", required_argument, NULL, OPTION_WARMUP},
	{"placement", required_argument, NULL, OPTION_PLACEMENT},
	{"sched", required_argument, NULL, OPTION_SCHED},
	{"seed", required_argument, NULL, OPTION_SEED},
	{"out", required_argument, NULL, OPTION_OUT},
	{"no-plots", no_argument, NULL, OPTION_NO_PLOTS},
	{"quiet", no_argument, NULL, OPTION_QUIET},
	{"help", no_argument, NULL, OPTION_HELP},
	{NULL, 0, NULL, 0},
};

/* Lists are shown in rising order, and nothing is run twice for a slip of the hand. */
static int sort_list(
	const char *option, uint64_t *values, size_t count, struct problem *problem)
{
	for (size_t i = 1; i < count; i++) {
		uint64_t value = values[i];
		size_t j = i;

		for (; j > 0 && values[j - 1] > value; j--)
			values[j] = values[j - 1];
		if (j > 0 && values[j - 1] == value)
			return problem_set(problem, -EINVAL, "%s names %" PRIu64 " twice",
				option, value);
		values[j] = value;
	}
	return 0;
}

static int take_list(const char *option, const char *text, uint64_t min, uint64_t max,
	struct run_list *list, struct problem *problem)
{
	int error = parse_u64_list(option, text, min, max, list->values, RUN_LIST_MAX,
		&list->count, problem);

	return error < 0 ? error : sort_list(option, list->values, list->count, problem);
}

/* The same of sizes: "64,1KiB,1MiB". */
static int take_sizes(const char *option, const char *text, struct run_list *list,
	struct problem *problem)
{
	const char *names[RUN_LIST_MAX];
	char *copy = NULL;
	int error = parse_name_list(
		option, text, names, RUN_LIST_MAX, &list->count, &copy, problem);

	for (size_t i = 0; i < list->count && error == 0; i++)
		error = parse_bytes(option, names[i], 1, MESSAGE_BYTES_MAX,
			&list->values[i], problem);
	free(copy);
	return error < 0 ? error : sort_list(option, list->values, list->count, problem);
}

static int take_rate(
	struct run_options *options, const char *text, struct problem *problem)
{
	struct run_list *list = &options->lists[PLAN_RATE];

	list->count = 1;
	return parse_u64("--rate", text, 1, RATE_MAX, &list->values[0], problem);
}

static int take_names(const char *option, const char *text, const char **names,
	size_t *count, char **copy, struct problem *problem)
{
	free(*copy);
	*copy = NULL;
	return parse_name_list(option, text, names, BACKENDS_MAX, count, copy, problem);
}

static int take_profile(
	struct run_options *options, const char *name, struct problem *problem)
{
	options->profile = profile_find(name);
	return options->profile
		       ? 0
		       : problem_set(problem, -EINVAL,
				 "there is no profile '%.40s' (see --help)", name);
}

static int take_out(
	struct run_options *options, const char *path, struct problem *problem)
{
	if (*path == '\0' || strlen(path) >= sizeof(options->out))
		return problem_set(problem, -EINVAL, "--out takes the path of a folder");
	strcpy(options->out, path);
	return 0;
}

/* A folder, which is then also where the results go. */
static int take_resume(
	struct run_options *options, const char *path, struct problem *problem)
{
	options->resume = true;
	return take_out(options, path, problem);
}

static int take_option(struct run_options *options, int option, const char *text,
	struct problem *problem)
{
	struct run_list *lists = options->lists;

	switch (option) {
	case OPTION_PROFILE:
		return take_profile(options, text, problem);
	case OPTION_BACKENDS:
		return take_names("--backends", text, options->backends,
			&options->backend_count, &options->backends_text, problem);
	case OPTION_REQUIRE:
		return take_names("--require", text, options->required,
			&options->required_count, &options->required_text, problem);
	case OPTION_EXEC:
		return foreign_add(&options->foreign, FOREIGN_EXEC, text, problem);
	case OPTION_TARGET:
		return foreign_add(&options->foreign, FOREIGN_TARGET, text, problem);
	case OPTION_IDLE:
		return take_list("--idle", text, 0, IDLE_CONNECTIONS_MAX,
			&lists[PLAN_IDLE], problem);
	case OPTION_ACTIVE:
		return take_list("--active", text, 1, ACTIVE_CONNECTIONS_MAX,
			&lists[PLAN_ACTIVE], problem);
	case OPTION_MESSAGE_BYTES:
		return take_sizes(
			"--message-bytes", text, &lists[PLAN_MESSAGE_BYTES], problem);
	case OPTION_PIPELINE:
		return take_list("--pipeline", text, 1, PIPELINE_MAX,
			&lists[PLAN_PIPELINE], problem);
	case OPTION_RATE:
		return take_rate(options, text, problem);
	case OPTION_RATE_SWEEP:
		return take_list(
			"--rate-sweep", text, 1, RATE_MAX, &lists[PLAN_RATE], problem);
	case OPTION_ARRIVAL:
		return arrival_parse(text, &options->workload.arrival, problem);
	case OPTION_ACTIVE_SET:
		return active_set_parse(text, &options->workload.active_set, problem);
	case OPTION_WORKLOAD:
		return workload_kind_parse(text, &options->workload.kind, problem);
	case OPTION_CHURN_REQUESTS:
		return parse_u64("--churn-requests", text, 1, CHURN_REQUESTS_MAX,
			&options->workload.churn_requests, problem);
	case OPTION_ENGINE:
		return engine_parse(text, &options->workload.engine, problem);
	case OPTION_BLOCKS:
		return parse_u64(
			"--blocks", text, 1, BLOCKS_MAX, &options->blocks, problem);
	case OPTION_DURATION:
		return parse_duration_ns("--duration", text, WINDOW_NS_MIN, WINDOW_NS_MAX,
			&options->timed_ns, problem);
	case OPTION_COUNTED:
		return parse_duration_ns("--counted", text, WINDOW_NS_MIN, WINDOW_NS_MAX,
			&options->counted_ns, problem);
	case OPTION_WARMUP:
		return parse_duration_ns(
			"--warmup", text, 0, WINDOW_NS_MAX, &options->warmup_ns, problem);
	case OPTION_PLACEMENT:
		return placement_parse(text, &options->placement, problem);
	case OPTION_SCHED:
		return sched_parse(text, &options->sched, problem);
	case OPTION_SEED:
		return parse_u64("--seed", text, 0, SEED_MAX, &options->seed, problem);
	case OPTION_OUT:
		return take_out(options, text, problem);
	case OPTION_NO_PLOTS:
		options->no_plots = true;
		return 0;
	case OPTION_QUIET:
		options->quiet = true;
		return 0;
	case OPTION_HELP:
		options->help = true;
		return 0;
	default: /* --plan and --resume have been seen to */
		return 0;
	}
}

int run_options_take(struct run_options *options, const char *name, const char *text,
	struct problem *problem)
{
	for (const struct option *option = long_options; option->name; option++) {
		if (strcmp(option->name, name) != 0)
			continue;
		struct foreign_list *foreign = &options->foreign;
		size_t known = foreign->count;
		int error = take_option(options, option->val, text, problem);

		if (foreign->count > known)
			foreign->entries[known].from_plan = true;
		return error;
	}
	return problem_set(problem, -ENOENT, "there is no option '%.40s'", name);
}

/* What an option was not given for; no option can set these values. */
static void mark_unset(struct run_options *options)
{
	*options = (struct run_options){
		.profile = profile_default(),
		.placement = PLACEMENT_SAME_CORE,
		.workload = {.churn_requests = 1},
		.warmup_ns = UINT64_MAX,
		.seed = UINT64_MAX,
	};
}

/* Lists that were not given: from the profile, or one value. */
static void fill_lists(struct run_options *options)
{
	const struct profile *profile = options->profile;
	struct run_list *idle = &options->lists[PLAN_IDLE];
	struct run_list *active = &options->lists[PLAN_ACTIVE];
	struct rlimit descriptors = {0};

	getrlimit(RLIMIT_NOFILE, &descriptors);
	if (active->count == 0) {
		memcpy(active->values, profile->active, sizeof(profile->active));
		active->count = profile->active_count;
	}
	if (idle->count == 0)
		idle->count = profile_idle(profile, active->values[active->count - 1],
			descriptors.rlim_max, idle->values);
	for (int axis = 0; axis < PLAN_AXES; axis++)
		if (options->lists[axis].count == 0)
			options->lists[axis] = (struct run_list){
				.values = {cell_number(
					&cell_default, (enum plan_axis)axis)},
				.count = 1,
			};
}

static void fill_unset(struct run_options *options)
{
	const struct profile *profile = options->profile;
	struct timespec now;
	struct tm local;

	fill_lists(options);
	if (options->blocks == 0)
		options->blocks = profile->blocks;
	if (options->timed_ns == 0)
		options->timed_ns = profile->timed_ns;
	if (options->counted_ns == 0)
		options->counted_ns = profile->counted_ns;
	if (options->warmup_ns == UINT64_MAX)
		options->warmup_ns = profile->warmup_ns;

	clock_gettime(CLOCK_REALTIME, &now);
	if (options->seed == UINT64_MAX)
		options->seed = timespec_to_ns(&now) / NS_PER_US;
	if (*options->out == '\0')
		strftime(options->out, sizeof(options->out), OUT_FORMAT,
			localtime_r(&now.tv_sec, &local));
}

/* What does not go together. */
static int check_together(const struct run_options *options, struct problem *problem)
{
	bool open_loop = options->lists[PLAN_RATE].values[0] > 0;
	const struct run_list *pipeline = &options->lists[PLAN_PIPELINE];
	bool pipelined = pipeline->values[pipeline->count - 1] > 1;
	bool spread = options->workload.active_set == ACTIVE_SET_SPREAD;

	if (open_loop && pipelined)
		return problem_set(problem, -EINVAL,
			"--pipeline above 1 is for a closed loop: leave it or --rate "
			"out");
	if (options->workload.kind == WORKLOAD_CHURN &&
		(open_loop || pipelined || spread))
		return problem_set(problem, -EINVAL,
			"--workload churn goes without --rate, --pipeline and "
			"--active-set spread");
	for (size_t i = 0; i < options->foreign.count; i++)
		if (options->foreign.entries[i].kind == FOREIGN_TARGET &&
			options->sched != SCHED_POLICY_OTHER)
			return problem_set(problem, -EINVAL,
				"--sched %s goes without --target: the priority of a "
				"server that is not started here is not ours to set",
				sched_name(options->sched));
	return 0;
}

/* One pass over the command line: only the options that name a plan, or all others. */
static int take_all(struct run_options *options, int argc, char *argv[], bool plans,
	struct problem *problem)
{
	int option, error = 0;

	opterr = 0;
	optind = 0; /* from the start again (getopt(3)) */
	while (error == 0 && !options->help &&
		(option = getopt_long(argc, argv, short_options, long_options, NULL)) !=
			-1) {
		bool is_plan = option == OPTION_PLAN || option == OPTION_RESUME;

		if (option == '?' || option == ':')
			return parse_option_unknown(argv, option, problem);
		if (plans && option == OPTION_RESUME)
			error = take_resume(options, optarg, problem);
		if (plans && is_plan && error == 0)
			error = plan_file_take(
				options, optarg, option == OPTION_RESUME, problem);
		else if (!plans || option == OPTION_HELP)
			error = take_option(options, option, optarg, problem);
	}
	return error;
}

int run_options_parse(
	struct run_options *options, int argc, char *argv[], struct problem *problem)
{
	mark_unset(options);
	int error = take_all(options, argc, argv, true, problem);

	if (error < 0 || options->help)
		return error;
	char begun[sizeof(options->out)];

	strcpy(begun, options->out);
	error = take_all(options, argc, argv, false, problem);
	if (error < 0 || options->help)
		return error;
	if (optind < argc)
		return problem_set(problem, -EINVAL,
			"unexpected '%.80s' after the options (see --help)",
			argv[optind]);
	fill_unset(options);
	error = check_together(options, problem);
	if (error == 0 && options->resume && strcmp(begun, options->out) != 0)
		error = problem_set(problem, -EINVAL, "--resume goes without --out");
	if (error == 0 && options->resume)
		error = plan_file_compare(options, options->out, problem);
	return error;
}

void run_options_free(struct run_options *options)
{
	free(options->backends_text);
	free(options->required_text);
	foreign_free(&options->foreign);
}
