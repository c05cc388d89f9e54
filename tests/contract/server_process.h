/*
 * server_process.h - one muxbench-server under test: started with --control, asked over
 * its pipes, stopped, and sure to be gone at the end of the test.
 *
 * For use inside a running cmocka test: whatever does not go as it should, an answer that
 * does not come before the deadline included, fails that test with a line that says so.
 */
#ifndef TESTS_CONTRACT_SERVER_PROCESS_H
#define TESTS_CONTRACT_SERVER_PROCESS_H

#include "backends/calls.h"
#include "common/jsonl.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/types.h>

enum {
	DEADLINE_S = 20, /* of every wait: only a broken server ever takes so long */
	BACKEND_NAME_MAX = 64, /* with options */
};

/* Now and DEADLINE_S, on the clock of common/clock.h. */
uint64_t deadline_ns(void);

struct server_process {
	pid_t pid;                  /* 0: none, or ended and reaped */
	int commands_fd;            /* its stdin */
	struct jsonl_reader events; /* its stdout */
	int log_fd;                 /* a memory file that is its stderr */
	/* what its ready event told */
	char backend[BACKEND_NAME_MAX];
	int port;
	int connections_max;
	int fds_limit; /* 0: none */
	pid_t worker_tid;
};

/* What a snapshot says; the members are those of the event. */
struct server_snapshot {
	uint64_t at_ns;
	bool settled;
	uint64_t accepted, closed, refused, held;
	uint64_t bytes_rx, bytes_tx, wakeups, events, wait_bytes;
	uint64_t eagain_accept, eagain_recv, eagain_send;
	uint64_t connection_errors, accept_pauses;
	uint64_t calls[CALL_COUNT];
	bool counts_overflows; /* a backend with a completion queue says so */
	uint64_t cq_overflows;
	uint64_t cpu_ns; /* of all threads but its first; with usage */
	bool has_usage;  /* it had the descriptors left to look at itself in /proc */
};

/* What a server is started with. */
struct server_settings {
	const char *backend; /* a name or the path of a plug-in */
	rlim_t descriptors;  /* its RLIMIT_NOFILE, soft and hard; 0: as here */
	const char
		*preload; /* a shared object of $BUILD to load first (ld.so(8)); NULL */
	int ring_error;   /* what io_uring_setup gives it, by seccomp(2); 0: as is */
};

/* Starts $BUILD/muxbench-server and reads its ready event. */
void server_start(struct server_process *server, const struct server_settings *settings);

/* Only starts it: what it says comes by server_event(). */
void server_launch(struct server_process *server, const struct server_settings *settings);

/* Sets its soft RLIMIT_NOFILE while it runs (prlimit(2)), unnoticed by itself. */
void server_limit_descriptors(struct server_process *server, rlim_t descriptors);

/* Writes one line, whatever it is, to the server's stdin. */
void server_command(struct server_process *server, const char *line);

/* The next event, which must be of this name; the caller owns it. */
json_t *server_event(struct server_process *server, const char *event);

/* Asks; settle_ms as in the protocol, 0: answered at once. */
void server_ask(struct server_process *server, unsigned settle_ms,
	struct server_snapshot *snapshot);

/* Asks until the worker sleeps and stands still; fails if it never does: it spins. */
void server_settle(struct server_process *server, struct server_snapshot *snapshot);

/* Asks until so many connections are held. */
void server_await_held(struct server_process *server, uint64_t held);

uint64_t server_calls_total(const struct server_snapshot *snapshot);

/* Stops it in its tracks (SIGSTOP), all threads, and lets it go on (SIGCONT). */
void server_pause(struct server_process *server);
void server_resume(struct server_process *server);

void server_signal(struct server_process *server, int signal_number);

/* End of file on its stdin, which means: stop. */
void server_close_commands(struct server_process *server);

/* Waits until it has ended by itself, which must be with this exit status; with 0. */
void server_expect_status(struct server_process *server, int status);
void server_expect_exit(struct server_process *server);

/* The stop command: answered with a stopped event and exit status 0. */
void server_stop(struct server_process *server);

/*
 * How many descriptors it holds, whether one of them is an io_uring, and how much memory
 * of its own it has written to: Private_Dirty of smaps_rollup (proc(5)).
 */
int server_descriptors(const struct server_process *server);
bool server_has_ring(const struct server_process *server);
uint64_t server_private_bytes(const struct server_process *server);

/* How often its worker began or ceased to run, by the kernel's account (proc(5)). */
uint64_t server_worker_switches(const struct server_process *server);

/*
 * Ends it the hard way if it still runs, prints what it said on stderr if it did not end
 * well, and frees everything. Does not fail a test: for teardown.
 */
void server_discard(struct server_process *server);

#endif
