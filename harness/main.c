/* main.c - muxbench: finds the subcommand, and prints what went wrong in it. */
#include "common/exit_status.h"
#include "common/json_memory.h"
#include "common/version.h"
#include "harness/command.h"
#include "harness/process/privileges.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct command {
	const char *name;
	const char *summary;
	command_function *function;          /* one of the two */
	command_counting_function *counting; /* in the kernel */
	unsigned privileges; /* that it keeps when it was started through sudo */
};

static const struct command commands[] = {
	{"run", "measure backends against idle connections: table, JSON, pictures",
		.counting = command_run, .privileges = PRIVILEGE_COUNT | PRIVILEGE_FIFO},
	{"waitcost", "one wait alone, without a network, against descriptors",
		.function = command_waitcost},
	{"counts", "exact system calls of an echo and of a batch, by name",
		.counting = command_counts, .privileges = PRIVILEGE_COUNT},
	{"export", "write a run in a format that another tool reads",
		.function = command_export},
	{"report", "show a run: a page with plots, Markdown, or plain text",
		.function = command_report},
	{"limit", "how fast an echo can be here, and how near each backend comes",
		.function = command_limit},
	{"conform", "does a server echo, whatever is done to it? Any server, by cases",
		.function = command_conform},
};

enum { COMMANDS = sizeof(commands) / sizeof(*commands) };

static void print_help(void)
{
	puts("Usage: muxbench COMMAND [options]\n"
	     "\n"
	     "Measures what it costs a server to wait for many connections with select,\n"
	     "poll, epoll and io_uring.\n"
	     "\n"
	     "Commands:");
	for (size_t i = 0; i < COMMANDS; i++)
		printf("  %-10s %s\n", commands[i].name, commands[i].summary);
	puts("\n"
	     "muxbench COMMAND --help tells more; muxbench --version says which one this "
	     "is.\n"
	     "\n"
	     "Examples:\n"
	     "  muxbench run\n"
	     "  muxbench run --backends poll,epoll-lt --idle 0,1000,10000");
}

/* What needs root first, then never again; then the command looks at its options. */
static int start(
	const struct command *command, int argc, char *argv[], struct problem *problem)
{
	struct kernel_tracepoint tracepoint = {.known = false};

	if (command->counting)
		kernel_tracepoint_find(&tracepoint);
	if (privileges_drop(command->privileges, problem) < 0)
		return EXIT_STATUS_CANNOT_RUN;
	return command->counting ? command->counting(argc, argv, &tracepoint, problem)
				 : command->function(argc, argv, problem);
}

static int dispatch(int argc, char *argv[], struct problem *problem)
{
	if (argc < 2) {
		problem_set(problem, 0,
			"a command is missing: try 'muxbench run' or 'muxbench --help'");
		return EXIT_STATUS_USAGE;
	}
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
		print_help();
		return EXIT_STATUS_OK;
	}
	if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "-V") == 0) {
		puts("muxbench " MUXBENCH_VERSION);
		return EXIT_STATUS_OK;
	}
	for (size_t i = 0; i < COMMANDS; i++)
		if (strcmp(argv[1], commands[i].name) == 0)
			return start(&commands[i], argc - 1, argv + 1, problem);
	problem_set(problem, 0, "unknown command '%.80s' (see muxbench --help)", argv[1]);
	return EXIT_STATUS_USAGE;
}

/* Pipes to children must never land on the numbers of stdin, stdout and stderr. */
static void keep_standard_descriptors(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		close(fd);
}

int main(int argc, char *argv[])
{
	struct problem problem = {""};

	json_memory_or_end();
	keep_standard_descriptors();
	signal(SIGXFSZ, SIG_IGN); /* a file that may not grow is an error, not the end */
	int status = dispatch(argc, argv, &problem);
	if (status == EXIT_STATUS_OK && (fflush(stdout) != 0 || ferror(stdout))) {
		problem_set(&problem, 0, "cannot write to stdout");
		status = EXIT_STATUS_FAILED;
	}
	if (*problem.text)
		fprintf(stderr, "muxbench: %s\n", problem.text);
	return status;
}
