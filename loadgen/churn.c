/* churn.c - connections that come and go. */
#include "loadgen/churn.h"

#include "loadgen/connect.h"
#include "loadgen/engine_state.h"

#include "common/clock.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

/* It stands: the time that took is known. 0, or -ECONNREFUSED: it is no server. */
static int connected(struct engine *engine, struct connection *c, uint64_t now_ns)
{
	if (connector_met_itself(engine->setup.churn, *c->stream.fd))
		return -ECONNREFUSED;
	c->phase = CHURN_ECHOING;
	engine->result->connections_opened++;
	histogram_record(&engine->result->connect, now_ns - c->connect_ns);
	return 0;
}

/*
 * Sends what is unsent. A connection that does not stand yet takes nothing, so the first
 * byte taken proves that it does: no further system call has to ask.
 */
static int send_some(struct engine *engine, struct connection *c)
{
	uint64_t sent_before = engine->result->bytes_tx;
	uint64_t now_ns = 0;

	if (c->phase == CHURN_CONNECTING) {
		now_ns = clock_now_ns();
		c->stream.ring[c->stream.first].sent_ns = now_ns;
	}
	int error = engine->io->send(engine, c);

	if (c->phase == CHURN_CONNECTING && engine->result->bytes_tx > sent_before)
		error = connected(engine, c, now_ns);
	return error;
}

/* The next request of a visit, as far as it goes at once. 0 or -errno. */
static int send_request(struct engine *engine, struct connection *c)
{
	engine_await_sleep(engine);
	struct request *request = stream_add(&c->stream, engine->setup.payload);

	if (c->phase != CHURN_CONNECTING)
		engine->io->stamp(engine, request, engine->io->now_ns(engine));
	engine->result->requests_started++;
	return send_some(engine, c);
}

/* 0, or -errno when there is no connection to be had. */
static int open_connection(struct engine *engine, struct connection *c)
{
	const struct connector *connector = engine->setup.churn;
	uint64_t number = engine->setup.churn_number + engine->connections_opened++;
	int fd = connector_socket(connector, number);

	if (fd < 0)
		return fd;
	*c->stream.fd = fd;
	c->stream.number = number;
	c->stream.requests_started = 0;
	c->phase = CHURN_CONNECTING;
	c->requests_left = engine->setup.churn_requests;
	engine_await_sleep(engine);
	c->connect_ns = clock_now_ns();
	return connector_begin(connector, fd);
}

void churn_start(struct engine *engine, struct connection *c)
{
	engine->busy++;
	engine->requests_planned += engine->setup.churn_requests;
	int error = open_connection(engine, c);

	if (error < 0) {
		struct problem problem;

		connector_problem(engine->setup.churn,
			engine->setup.churn_number + engine->connections_opened - 1,
			error, &problem);
		engine_result_error(engine->result, "%s", problem.text);
		engine_give_up(engine, c);
		return;
	}
	error = send_request(engine, c);
	if (error == 0)
		error = engine->io->watch(engine, c);
	if (error < 0)
		engine_lost(engine, c, error);
}

void churn_writable(struct engine *engine, struct connection *c)
{
	int error = send_some(engine, c);

	if (error < 0)
		engine_lost(engine, c, error);
}

void churn_answered(struct engine *engine, struct connection *c)
{
	int error = 0;

	if (--c->requests_left > 0) {
		error = send_request(engine, c);
	} else {
		engine_await_sleep(engine);
		c->phase = CHURN_CLOSING;
		if (shutdown(*c->stream.fd, SHUT_WR) < 0)
			error = -errno;
	}
	if (error < 0)
		engine_lost(engine, c, error);
}

bool churn_ended(struct engine *engine, struct connection *c)
{
	if (c->phase != CHURN_CLOSING)
		return false;
	engine->io->forget(engine, c);
	close(*c->stream.fd);
	*c->stream.fd = -1;
	engine->busy--;
	engine_give_turn(engine, c);
	return true;
}
