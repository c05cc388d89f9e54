/* environment.c - the machine and the system a run was made on. */
#include "harness/machine/environment.h"

#include "common/clock.h"
#include "common/parse.h"
#include "common/records.h"
#include "harness/files.h"
#include "harness/process/child.h"
#include "harness/text.h"

#include <dirent.h>
#include <errno.h>
#include <gnu/libc-version.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#define VULNERABILITIES "/sys/devices/system/cpu/vulnerabilities"
#define CLOCKSOURCE     "/sys/devices/system/clocksource/clocksource0/current_clocksource"
#define GNUPLOT_WAIT_NS (5 * NS_PER_S)
#define CLOCK_SLOW_NS   150

enum { TEXT_BYTES = 512, CLOCK_READS = 20000 };

/* The content of a small file as a string, or null. */
static json_t *file_json(const char *path)
{
	char text[TEXT_BYTES];

	return files_read_small(path, text, sizeof(text)) < 0 ? json_null()
							      : text_json(text);
}

/* A small file with one whole number in it, or null. */
static json_t *file_number_json(const char *path)
{
	char text[32];
	uint64_t number;

	if (files_read_small(path, text, sizeof(text)) < 0 ||
		parse_u64(path, text, 0, INT64_MAX, &number, NULL) < 0)
		return json_null();
	return record_u64(number);
}

/* The value of the first line "key : value" of /proc/cpuinfo; false: there is none. */
static bool cpuinfo(const char *key, char *value, size_t value_size)
{
	FILE *file = fopen("/proc/cpuinfo", "re");
	char *line = NULL;
	size_t size = 0;
	bool found = false;

	while (file && !found && getline(&line, &size, file) > 0) {
		char *colon = strchr(line, ':');

		found = colon && strncmp(line, key, strlen(key)) == 0;
		if (found) {
			colon += 1 + strspn(colon + 1, " ");
			colon[strcspn(colon, "\n")] = '\0';
			snprintf(value, value_size, "%s", colon);
		}
	}
	free(line);
	if (file)
		fclose(file);
	return found;
}

static json_t *cpu_json(const struct placement *placement)
{
	char model[TEXT_BYTES], flags[8192], governor[96];
	bool model_known = cpuinfo("model name", model, sizeof(model));
	bool flags_known = cpuinfo("flags", flags, sizeof(flags));
	int cpu = placement->server_cpu < 0 ? 0 : placement->server_cpu;

	snprintf(governor, sizeof(governor),
		"/sys/devices/system/cpu/cpu%d/cpufreq/scaling_governor", cpu);
	return json_pack("{so sI sI so so}", "model",
		text_json(model_known ? model : NULL), "online",
		(json_int_t)sysconf(_SC_NPROCESSORS_ONLN), "allowed",
		(json_int_t)placement->allowed_count, "hypervisor",
		flags_known ? json_boolean(strstr(flags, " hypervisor")) : json_null(),
		"governor", file_json(governor));
}

/* {"spectre_v2": "Mitigation: ...", ...} as the kernel reports them, or null. */
static json_t *mitigations_json(void)
{
	DIR *folder = opendir(VULNERABILITIES);

	if (!folder)
		return json_null();
	json_t *mitigations = json_object();

	for (struct dirent *entry; (entry = readdir(folder));) {
		char path[sizeof(VULNERABILITIES) + sizeof(entry->d_name) + 1];

		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s/%s", VULNERABILITIES, entry->d_name);
		json_object_set_new(mitigations, entry->d_name, file_json(path));
	}
	closedir(folder);
	return mitigations;
}

/* What reading the clock costs: it is part of every latency. */
static double clock_read_ns(void)
{
	uint64_t begin_ns = clock_now_ns();

	for (int i = 0; i < CLOCK_READS; i++)
		clock_now_ns();
	return (double)(clock_now_ns() - begin_ns) / (CLOCK_READS + 1);
}

static json_t *clock_json(void)
{
	int slack_ns = prctl(PR_GET_TIMERSLACK);

	return json_pack("{so sf so}", "source", file_json(CLOCKSOURCE), "read_cost_ns",
		clock_read_ns(), "timer_slack_ns",
		slack_ns < 0 ? json_null() : json_integer(slack_ns));
}

static json_t *limits_json(void)
{
	struct rlimit nofile = {0};

	getrlimit(RLIMIT_NOFILE, &nofile);
	return json_pack("{so so so so so}", "nofile_soft", record_u64(nofile.rlim_cur),
		"nofile_hard", record_u64(nofile.rlim_max), "somaxconn",
		file_number_json("/proc/sys/net/core/somaxconn"), "ip_local_port_range",
		file_json("/proc/sys/net/ipv4/ip_local_port_range"), "tcp_mem_pages",
		file_json("/proc/sys/net/ipv4/tcp_mem"));
}

/* What "gnuplot --version" says, or null where it is not installed. */
static json_t *gnuplot_json(int cancel_fd)
{
	const char *argv[] = {"gnuplot", "--version", NULL};
	struct child_command command = {.file = "gnuplot", .argv = argv};
	struct child child;
	char text[TEXT_BYTES];
	ssize_t n = 0;

	if (child_start(&child, &command, NULL) < 0)
		return json_null();
	if (child_await(&child, cancel_fd, clock_now_ns() + GNUPLOT_WAIT_NS) ==
		CHILD_OUTPUT)
		n = read(child.out, text, sizeof(text) - 1);
	child_end(&child, NS_PER_S);
	text[n > 0 ? n : 0] = '\0';
	text[strcspn(text, "\n")] = '\0';
	return *text ? text_json(text) : json_null();
}

static json_t *software_json(int cancel_fd)
{
#ifdef __clang__
	const char *compiler = "clang " __clang_version__;
#else
	const char *compiler = "gcc " __VERSION__;
#endif
	return json_pack("{ss ss ss so}", "compiler", compiler, "glibc",
		gnu_get_libc_version(), "jansson", jansson_version_str(), "gnuplot",
		gnuplot_json(cancel_fd));
}

static json_t *date_json(void)
{
	time_t now = time(NULL);
	struct tm local;
	char text[40];

	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S%z", localtime_r(&now, &local));
	return json_string(text);
}

static json_t *load_average_json(void)
{
	double load[3];

	if (getloadavg(load, 3) < 3)
		return json_null();
	return json_pack("[fff]", load[0], load[1], load[2]);
}

static void warn_of_load(json_t *warnings, const json_t *environment)
{
	double load = json_real_value(
		json_array_get(json_object_get(environment, "load_average"), 0));
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);

	if (load > 0.75 * (double)cpus)
		json_array_append_new(warnings,
			json_sprintf("load average %.2f on %ld cpus at the start: what "
				     "else runs here will disturb the figures",
				load, cpus));
}

static void warn_of_cpus(json_t *warnings, const struct placement *placement)
{
	if (placement->kind == PLACEMENT_NONE)
		json_array_append_new(warnings,
			json_string("unpinned: the scheduler may move server and client "
				    "in the middle of a window"));
	else if (placement->allowed_count < 2)
		json_array_append_new(warnings,
			json_string("only one cpu is allowed: muxbench itself shares it "
				    "with what it measures"));
}

/* Real-time threads are held up when they have used their share of a period (sched(7)).
 */
static void warn_of_sched(json_t *warnings, const struct placement *placement)
{
	char runtime[32];

	if (placement->sched != SCHED_POLICY_FIFO ||
		files_read_small("/proc/sys/kernel/sched_rt_runtime_us", runtime,
			sizeof(runtime)) < 0 ||
		*runtime == '-')
		return;
	json_array_append_new(warnings,
		json_sprintf("the kernel stops real-time threads that run for %s us of a "
			     "period (sched_rt_runtime_us): a core that is always busy "
			     "will show a pause",
			runtime));
}

static void warn_of_clock(json_t *warnings, const json_t *environment)
{
	const json_t *clock = json_object_get(environment, "clock");
	double cost_ns = json_real_value(json_object_get(clock, "read_cost_ns"));

	if (cost_ns > CLOCK_SLOW_NS)
		json_array_append_new(warnings,
			json_sprintf("reading the clock takes %.0f ns here (clock source "
				     "%s): it is part of every latency",
				cost_ns,
				json_string_value(json_object_get(clock, "source"))));
}

json_t *environment_describe(const struct placement *placement,
	const struct kernel_tracepoint *tracepoint, int cancel_fd)
{
	struct utsname system;
	json_t *warnings = json_array();

	uname(&system);
	json_t *environment = json_pack("{so ss ss ss so so so so so so so so}", "date",
		date_json(), "kernel", system.release, "kernel_build", system.version,
		"architecture", system.machine, "machine",
		file_json("/sys/class/dmi/id/product_name"), "cpu", cpu_json(placement),
		"mitigations", mitigations_json(), "clock", clock_json(), "limits",
		limits_json(), "load_average", load_average_json(), "software",
		software_json(cancel_fd), "kernel_call_count",
		text_json(tracepoint->known ? KERNEL_COUNT_METHOD
					    : tracepoint->reason.text));

	warn_of_load(warnings, environment);
	warn_of_cpus(warnings, placement);
	warn_of_sched(warnings, placement);
	warn_of_clock(warnings, environment);
	json_object_set_new(environment, "warnings", warnings);
	return environment;
}
