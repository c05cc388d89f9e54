/* options.c - the command line of muxbench-load, checked. */
#include "loadgen/options.h"

#include "common/clock.h"
#include "common/cpu.h"
#include "common/parse.h"
#include "loadgen/churn.h"
#include "loadgen/engine.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <string.h>

enum {
	OPTION_PORT = 'p',
	OPTION_HOST = 'H',
	OPTION_IDLE = 'i',
	OPTION_ACTIVE = 'a',
	OPTION_MESSAGE_BYTES = 'm',
	OPTION_DURATION = 'd',
	OPTION_REQUESTS = 'n',
	OPTION_HELP = 'h',
	OPTION_VERSION = 'V',
	OPTION_WARMUP = 256, /* from here on: long names only */
	OPTION_SEED,
	OPTION_CPU,
	OPTION_ECHO_IDLE,
	OPTION_CONTROL,
	OPTION_CONNECT_TIMEOUT,
	OPTION_RATE,
	OPTION_ARRIVAL,
	OPTION_PIPELINE,
	OPTION_ACTIVE_SET,
	OPTION_WORKLOAD,
	OPTION_CHURN_REQUESTS,
	OPTION_ENGINE,
};

static const char short_options[] = ":p:H:i:a:m:d:n:hV";

static const struct option long_options[] = {
	{"port", required_argument, NULL, OPTION_PORT},
	{"host", required_argument, NULL, OPTION_HOST},
	{"idle", required_argument, NULL, OPTION_IDLE},
	{"active", required_argument, NULL, OPTION_ACTIVE},
	{"message-bytes", required_argument, NULL, OPTION_MESSAGE_BYTES},
	{"duration", required_argument, NULL, OPTION_DURATION},
	{"requests", required_argument, NULL, OPTION_REQUESTS},
	{"warmup", required_argument, NULL, OPTION_WARMUP},
	{"seed", required_argument, NULL, OPTION_SEED},
	{"cpu", required_argument, NULL, OPTION_CPU},
	{"echo-idle", no_argument, NULL, OPTION_ECHO_IDLE},
	{"control", no_argument, NULL, OPTION_CONTROL},
	{"connect-timeout", required_argument, NULL, OPTION_CONNECT_TIMEOUT},
	{"rate", required_argument, NULL, OPTION_RATE},
	{"arrival", required_argument, NULL, OPTION_ARRIVAL},
	{"pipeline", required_argument, NULL, OPTION_PIPELINE},
	{"active-set", required_argument, NULL, OPTION_ACTIVE_SET},
	{"workload", required_argument, NULL, OPTION_WORKLOAD},
	{"churn-requests", required_argument, NULL, OPTION_CHURN_REQUESTS},
	{"engine", required_argument, NULL, OPTION_ENGINE},
	{"help", no_argument, NULL, OPTION_HELP},
	{"version", no_argument, NULL, OPTION_VERSION},
	{NULL, 0, NULL, 0},
};

#define IDLE_MAX          10000000
#define ACTIVE_MAX        1000000
#define MESSAGE_BYTES_MAX (16 << 20)
#define REQUESTS_MAX      1000000000000
#define CONNECT_MAX_NS    (3600 * NS_PER_S)

/* What was on the command line, until all of it is known. */
struct given {
	const char *host;
	int port; /* 0: not given */
	bool window;
	bool arrival;
	bool churn;
};

/* One of two words: 0 or 1 into *second, or -EINVAL with problem. */
static int parse_choice(const char *option, const char *text, const char *const words[2],
	bool *second, struct problem *problem)
{
	for (int i = 0; i < 2; i++)
		if (strcmp(text, words[i]) == 0) {
			*second = i == 1;
			return 0;
		}
	return problem_set(problem, -EINVAL, "%s is %s or %s, not '%.40s'", option,
		words[0], words[1], text);
}

static int parse_one(int option, const char *text, struct options *options,
	struct given *given, struct problem *problem)
{
	switch (option) {
	case OPTION_PORT:
		return parse_int("--port", text, 1, 65535, &given->port, problem);
	case OPTION_HOST:
		given->host = text;
		return 0;
	case OPTION_IDLE:
		return parse_u64(
			"--idle", text, 0, IDLE_MAX, &options->connections_idle, problem);
	case OPTION_ACTIVE:
		return parse_u64("--active", text, 1, ACTIVE_MAX,
			&options->connections_active, problem);
	case OPTION_MESSAGE_BYTES:
		return parse_bytes("--message-bytes", text, 1, MESSAGE_BYTES_MAX,
			&options->message_bytes, problem);
	case OPTION_DURATION:
		given->window = true;
		return parse_duration_ns("--duration", text, NS_PER_MS,
			ENGINE_DURATION_MAX_NS, &options->duration_ns, problem);
	case OPTION_REQUESTS:
		given->window = true;
		return parse_u64(
			"--requests", text, 1, REQUESTS_MAX, &options->requests, problem);
	case OPTION_WARMUP:
		return parse_duration_ns("--warmup", text, 0, ENGINE_DURATION_MAX_NS,
			&options->warmup_ns, problem);
	case OPTION_SEED:
		return parse_u64("--seed", text, 0, UINT64_MAX, &options->seed, problem);
	case OPTION_CPU:
		return parse_int("--cpu", text, 0, CPUS_MAX - 1, &options->cpu, problem);
	case OPTION_ECHO_IDLE:
		options->echo_idle = true;
		return 0;
	case OPTION_CONTROL:
		options->control = true;
		return 0;
	case OPTION_CONNECT_TIMEOUT:
		return parse_duration_ns("--connect-timeout", text, NS_PER_MS,
			CONNECT_MAX_NS, &options->connect_timeout_ns, problem);
	case OPTION_RATE:
		return parse_u64(
			"--rate", text, 1, SCHEDULE_RATE_MAX, &options->rate, problem);
	case OPTION_ARRIVAL:
		given->arrival = true;
		return schedule_arrival_parse(
			"--arrival", text, &options->arrival, problem);
	case OPTION_PIPELINE:
		return parse_u64("--pipeline", text, 1, ENGINE_PIPELINE_MAX,
			&options->pipeline, problem);
	case OPTION_ACTIVE_SET:
		return parse_choice("--active-set", text,
			(const char *const[]){"fixed", "spread"}, &options->spread,
			problem);
	case OPTION_WORKLOAD:
		return parse_choice("--workload", text,
			(const char *const[]){"echo", "churn"}, &given->churn, problem);
	case OPTION_CHURN_REQUESTS:
		return parse_u64("--churn-requests", text, 1, CHURN_REQUESTS_MAX,
			&options->churn_requests, problem);
	case OPTION_ENGINE:
		return engine_kind_parse("--engine", text, &options->engine, problem);
	case OPTION_HELP:
		options->help = true;
		return 0;
	case OPTION_VERSION:
		options->version = true;
		return 0;
	default:
		return -EINVAL;
	}
}

/* Open loop and the ways to use connections. */
static int check_workload(
	struct options *options, const struct given *given, struct problem *problem)
{
	uint64_t sent_over = options->connections_active +
			     (options->spread ? options->connections_idle : 0);

	if (given->arrival && !options->rate)
		return problem_set(problem, -EINVAL,
			"--arrival says how the requests of --rate arrive: give both");
	if (options->churn_requests && !given->churn)
		return problem_set(
			problem, -EINVAL, "--churn-requests needs --workload churn");
	if (given->churn && (options->rate || options->spread || options->pipeline > 1))
		return problem_set(problem, -EINVAL,
			"--workload churn goes without --rate, --active-set spread and "
			"--pipeline");
	if (given->churn && !options->churn_requests)
		options->churn_requests = 1;
	if (options->pipeline > ENGINE_IN_FLIGHT_MAX / sent_over)
		return problem_set(problem, -EINVAL,
			"--pipeline %" PRIu64 " on %" PRIu64
			" connections is more than the %d requests that can be in flight",
			options->pipeline, sent_over, ENGINE_IN_FLIGHT_MAX);
	return 0;
}

/* An open loop ends by time, and has so many requests at most. */
static int check_rate(const struct options *options, struct problem *problem)
{
	uint64_t longer_ns = options->duration_ns > options->warmup_ns
				     ? options->duration_ns
				     : options->warmup_ns;

	if (!options->rate)
		return 0;
	if (options->requests)
		return problem_set(problem, -EINVAL,
			"--rate ends by --duration: leave out --requests");
	return schedule_check(options->rate, longer_ns, problem);
}

/* What only shows when all options are known. */
static int check_together(
	struct options *options, const struct given *given, struct problem *problem)
{
	if (given->port == 0)
		return problem_set(problem, -EINVAL,
			"--port is missing: the port of the echo server to load");
	if (options->duration_ns && options->requests)
		return problem_set(problem, -EINVAL,
			"--duration and --requests both end the run: give one of them");
	if (options->control && (given->window || options->warmup_ns || options->rate))
		return problem_set(problem, -EINVAL,
			"--control takes what to run from standard input: leave out "
			"--duration, --requests, --warmup and --rate");
	if (!options->duration_ns && !options->requests)
		options->duration_ns = NS_PER_S;
	int error = check_workload(options, given, problem);

	if (error == 0)
		error = check_rate(options, problem);
	if (error < 0)
		return error;
	return net_address_parse(&options->target, given->host, given->port, problem);
}

int options_parse(
	int argc, char *argv[], struct options *options, struct problem *problem)
{
	struct given given = {.host = "127.0.0.1"};
	int option, error;

	*options = (struct options){
		.connections_active = 1,
		.message_bytes = 64,
		.pipeline = 1,
		.seed = 1,
		.connect_timeout_ns = 10 * NS_PER_S,
		.cpu = -1,
	};
	opterr = 0;
	while ((option = getopt_long(argc, argv, short_options, long_options, NULL)) !=
		-1) {
		if (option == '?' || option == ':')
			return parse_option_unknown(argv, option, problem);
		error = parse_one(option, optarg, options, &given, problem);
		if (error < 0)
			return error;
		if (options->help || options->version)
			return 0;
	}
	if (optind < argc)
		return problem_set(problem, -EINVAL,
			"'%.80s' is not an option: every value has a name (see --help)",
			argv[optind]);
	return check_together(options, &given, problem);
}

const char *options_help(void)
{
	return "usage: muxbench-load --port PORT [options]\n"
	       "\n"
	       "Holds idle connections to an echo server open, and on the active ones\n"
	       "sends a message, waits for all of its echo, checks every byte, and "
	       "sends\n"
	       "the next; or sends at a given rate, whatever the answers do. Prints one\n"
	       "JSON object: counts, latency histograms, CPU time.\n"
	       "\n"
	       "  -p, --port PORT           the server's port\n"
	       "  -H, --host ADDRESS        its numeric address (127.0.0.1)\n"
	       "  -i, --idle N              connections that only stay open (0); what "
	       "does\n"
	       "                            not fit in this process is held by others\n"
	       "  -a, --active N            connections that send and await (1)\n"
	       "  -m, --message-bytes SIZE  of each message, 1 to 16MiB (64)\n"
	       "  -d, --duration TIME       how long to start requests, as 2, 0.5, 300ms "
	       "(1)\n"
	       "  -n, --requests N          or how many to start in all\n"
	       "      --warmup TIME         run as long before, and forget it (0)\n"
	       "      --rate N              open loop: start N requests a second in all, "
	       "on\n"
	       "                            time, and count the wait of those that find "
	       "no\n"
	       "                            free connection\n"
	       "      --arrival HOW         constant (default) or poisson, from the "
	       "seed\n"
	       "      --pipeline N          requests in flight on a connection, to 1024 "
	       "(1)\n"
	       "      --active-set HOW      fixed: the same connections all the time\n"
	       "                            (default); spread: each request goes to any "
	       "of\n"
	       "                            active and idle, drawn from the seed\n"
	       "      --workload WHAT       echo (default) or churn: the active "
	       "connections\n"
	       "                            connect, echo, close, and connect again\n"
	       "      --churn-requests N    echoes between connect and close (1)\n"
	       "      --engine HOW          epoll (default), or io_uring, which costs "
	       "this\n"
	       "                            side less where many answers come together\n"
	       "      --seed N              of messages, arrivals and drawing (1)\n"
	       "      --cpu N               stay on this core\n"
	       "      --echo-idle           first make the server echo one short message "
	       "on\n"
	       "                            each idle connection: proof that it holds "
	       "them\n"
	       "      --connect-timeout TIME  for one connection (10)\n"
	       "      --control             take commands as JSON lines from standard\n"
	       "                            input, answer on standard output\n"
	       "  -h, --help                print this and exit\n"
	       "  -V, --version             print the version and exit\n"
	       "\n"
	       "examples:\n"
	       "  muxbench-load --port 7000\n"
	       "  muxbench-load --port 7000 --active 100 --idle 10000 --duration 5\n"
	       "  muxbench-load --port 7000 --message-bytes 16MiB --requests 10\n"
	       "  muxbench-load --port 7000 --active 50 --rate 5000 --arrival poisson\n"
	       "  muxbench-load --port 7000 --active 10 --workload churn\n"
	       "  muxbench-load --port 7000 --active 100 --engine io_uring\n"
	       "\n"
	       "exit status: 0 all went well, 1 an error or a wrong byte, 2 a wrong "
	       "command\n"
	       "line, 5 this machine cannot run that engine, 130 interrupted by ctrl-C\n";
}
