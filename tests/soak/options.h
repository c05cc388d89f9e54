/* options.h - the command line of the soak. */
#ifndef TESTS_SOAK_OPTIONS_H
#define TESTS_SOAK_OPTIONS_H

#include "common/problem.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { OPTIONS_BACKENDS_MAX = 32 };

struct soak_options {
	const char
		*backends[OPTIONS_BACKENDS_MAX]; /* none: all that this machine can run */
	size_t backend_count;
	char *backends_copy;  /* owned; the names lie in it */
	const char *exec;     /* the command of a foreign server instead, or NULL */
	const char *out;      /* folder; NULL: results/soak-DATE */
	uint64_t duration_ns; /* of each backend, without warm-up and drains */
	uint64_t patience_ns;
	uint64_t progress_ns; /* between two lines */
	uint64_t seed;
	uint64_t memory_growth_bytes; /* that is still no leak; UINT64_MAX: not judged */
	int clients;                  /* at once */
	int threads;                  /* that they are spread over */
	bool help;
};

/* 0, or -EINVAL with problem. */
int soak_options_parse(
	struct soak_options *options, int argc, char *argv[], struct problem *problem);
void soak_options_free(struct soak_options *options);

const char *soak_options_help(void);

#endif
