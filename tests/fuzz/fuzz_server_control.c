/* fuzz_server_control.c - commands as muxbench-server takes them from its standard input.
 */
#include "tests/fuzz/fuzz.h"

#include "common/jsonl.h"
#include "server/control.h"

#include <errno.h>
#include <pthread.h>
#include <unistd.h>

static const struct backend backend = {
	.abi = BACKEND_ABI, .name = "none", .flags = BACKEND_COMPLETIONS};

/* A thread that sleeps all the time: a worker at rest. */
static struct worker worker = {.backend = &backend, .cpu = -1};

static void *sleeper(void *arg)
{
	worker.tid = gettid();
	atomic_store(&worker.state, WORKER_SERVING);
	for (;;)
		pause();
	return arg;
}

void fuzz_set_up(void)
{
	pthread_t thread;

	fuzz_silence_stdout();
	fuzz_check(pthread_create(&thread, NULL, sleeper, NULL) == 0, "no thread");
	while (atomic_load(&worker.state) != WORKER_SERVING)
		usleep(100);
}

/* As the server's main() does. False: the end. */
static bool answer_all(struct jsonl_reader *reader)
{
	for (;;) {
		struct problem problem = {""};
		json_t *command;
		int found = jsonl_next(reader, &command, &problem);

		fuzz_check_problem(found, &problem);
		if (found == 0)
			return true;
		int result = found > 0 ? control_answer(&worker, command, -1) : 0;

		fuzz_check(result >= 0, "stdout is gone");
		json_decref(command);
		if (result > 0)
			return false;
	}
}

void fuzz_one(const uint8_t *data, size_t size)
{
	struct jsonl_reader reader;
	int fd = fuzz_open(data, size);

	jsonl_reader_init(&reader, fd);
	while (jsonl_fill(&reader) > 0 && answer_all(&reader))
		;
	jsonl_reader_free(&reader);
	close(fd);
}
