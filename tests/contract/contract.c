/* contract.c - a server and its clients, as the cases use them. */
#include "tests/contract/contract.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

struct client *contract_connect(
	struct contract *contract, size_t slot, enum client_buffers buffers)
{
	assert_true(slot < CLIENTS_MAX && contract->clients[slot].fd < 0);
	client_connect(&contract->clients[slot], contract->server.port,
		++contract->clients_connected, buffers);
	return &contract->clients[slot];
}

struct client *contract_connect_many(struct contract *contract, size_t first,
	size_t count, enum client_buffers buffers)
{
	for (size_t i = 0; i < count; i++)
		contract_connect(contract, first + i, buffers);
	return &contract->clients[first];
}

struct client *contract_connect_stopped(
	struct contract *contract, size_t count, enum client_buffers buffers)
{
	enum { BACKLOG_SURE = 1000 }; /* the server's is net.core.somaxconn: 4,096 */

	for (size_t first = 0; first < count; first += BACKLOG_SURE) {
		size_t left = count - first;
		size_t some = left < BACKLOG_SURE ? left : BACKLOG_SURE;

		server_pause(&contract->server);
		contract_connect_many(contract, first, some, buffers);
		server_resume(&contract->server);
		server_await_held(&contract->server, first + some);
	}
	return contract->clients;
}

void contract_fill(struct contract *contract, struct client *client)
{
	contract_fill_many(contract, client, 1);
}

void contract_fill_many(struct contract *contract, struct client *clients, size_t count)
{
	struct server_snapshot snapshot;
	bool more;

	do {
		more = false;
		for (size_t i = 0; i < count; i++) {
			uint64_t sent_before = clients[i].sent;

			client_send_what_fits(&clients[i]);
			more = more || clients[i].sent > sent_before;
		}
		server_settle(&contract->server, &snapshot);
	} while (more);
}

void contract_close_clients(struct contract *contract)
{
	for (size_t i = 0; i < CLIENTS_MAX; i++)
		client_close(&contract->clients[i]);
}

/* gcc tells by macros of its own, clang by __has_feature. */
#ifndef __has_feature
#define __has_feature(feature) 0
#endif
#if defined(__SANITIZE_THREAD__) || __has_feature(thread_sanitizer) ||                   \
	defined(__SANITIZE_ADDRESS__) || __has_feature(address_sanitizer)
#define SANITIZED 1
#else
#define SANITIZED 0
#endif

unsigned contract_memory_factor(void)
{
	return SANITIZED ? 10 : 1; /* shadow memory: TSan keeps 8 bytes a byte or so */
}
