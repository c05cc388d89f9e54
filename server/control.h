/*
 * control.h - the JSON lines that the harness and the server exchange.
 *
 * Events go to stdout, one object a line; commands come from stdin: {"cmd":"snapshot"},
 * {"cmd":"snapshot","settle_ms":500}, {"cmd":"stop"}. docs/reference/protocol.md has them
 * all with their fields.
 */
#ifndef SERVER_CONTROL_H
#define SERVER_CONTROL_H

#include "common/net.h"
#include "server/worker.h"

#include <jansson.h>

/* What "ready" tells besides what the worker knows. */
struct control_facts {
	const struct net_address *address; /* as bound */
	int connections_max;               /* how many can be held */
	uint64_t descriptors_soft;
	uint64_t descriptors_hard;
};

/* Each builds an event that the caller owns. */
json_t *control_ready(const struct worker *worker, const struct control_facts *facts);
json_t *control_snapshot(const struct worker *worker, bool settled);
json_t *control_reason(const char *event, const char *backend, const char *reason);

/* {"epoll_wait":12,...}: system calls by name, those that were made. */
json_t *control_calls(const struct calls *calls);

/*
 * Writes an event to stdout when there is room for it, and frees it. Where nobody reads,
 * that is never; so it is dropped when interrupt_fd becomes readable (-1: at once). 0, or
 * -errno: stdout is gone.
 */
int control_tell(json_t *event, int interrupt_fd);

/*
 * Answers one command on stdout. 1: it was stop; 0: go on; -errno: stdout is gone. A
 * command that is not understood is answered with an error event, and the server goes on.
 * An answer that must be waited for is given up when interrupt_fd becomes readable.
 */
int control_answer(const struct worker *worker, const json_t *command, int interrupt_fd);

#endif
