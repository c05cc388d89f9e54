/* options.h - the command line of muxbench-load, checked. */
#ifndef LOADGEN_OPTIONS_H
#define LOADGEN_OPTIONS_H

#include "common/net.h"
#include "common/problem.h"
#include "loadgen/engine.h"
#include "loadgen/schedule.h"

#include <stdbool.h>
#include <stdint.h>

struct options {
	struct net_address target;
	enum engine_kind engine;
	uint64_t connections_idle;
	uint64_t connections_active;
	uint64_t message_bytes;
	uint64_t duration_ns; /* 0: by requests */
	uint64_t requests;
	uint64_t warmup_ns; /* 0: none */
	uint64_t rate;      /* open loop; 0: closed */
	enum arrival arrival;
	uint64_t pipeline;       /* requests in flight on one connection */
	bool spread;             /* each request goes to any connection */
	uint64_t churn_requests; /* of one visit; 0: connections stay open */
	uint64_t seed;
	uint64_t connect_timeout_ns;
	int cpu; /* -1: any */
	bool echo_idle;
	bool control;
	bool help;    /* asked for: nothing else was checked */
	bool version; /* the same */
};

/* 0, or -EINVAL with problem. Allocates nothing that lasts. */
int options_parse(
	int argc, char *argv[], struct options *options, struct problem *problem);

/* What --help prints. */
const char *options_help(void);

#endif
