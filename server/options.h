/* options.h - the command line of muxbench-server. */
#ifndef SERVER_OPTIONS_H
#define SERVER_OPTIONS_H

#include "common/problem.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct server_options {
	const char *backend; /* as typed; with --list it may be NULL */
	const char *listen;  /* numeric address */
	int port;            /* 0: any free one */
	int cpu;             /* the worker's core; -1: any */
	bool waitcost;       /* measure waits and end; see waitcost.h for what follows */
	uint64_t descriptors;
	uint64_t ready;
	uint64_t batches;
	uint64_t batch_ns;
	bool control;
	bool list;
	bool json;
	bool help;
	bool version;
};

/* 0, or -EINVAL with problem. Strings point into argv. */
int server_options_parse(
	struct server_options *options, int argc, char *argv[], struct problem *problem);

void server_options_help(FILE *out);

#endif
