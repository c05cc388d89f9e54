/*
 * contract.h - what every backend must do, as a table of cases: each is run against a
 * server of its own, for every backend that this machine can run and for the plug-in.
 *
 * The cases are black-box: they see the server's sockets, its control events and what
 * /proc says of it. They assert bytes and counts. Times are never asserted; the one
 * deadline (server_process.h) only ends what would hang.
 */
#ifndef TESTS_CONTRACT_CONTRACT_H
#define TESTS_CONTRACT_CONTRACT_H

#include "tests/contract/client.h"
#include "tests/contract/rows.h"
#include "tests/contract/server_process.h"

enum { CLIENTS_MAX = 10240 };

/* One server and its clients. Whatever a case leaves open is closed behind it. */
struct contract {
	const char *backend; /* what the server is started with */
	struct server_process server;
	struct client clients[CLIENTS_MAX]; /* fd -1: not connected */
	uint64_t clients_connected;         /* so far: the seed of the last one */
};

struct contract_case {
	const char *name; /* what must hold, as a sentence; NULL ends a table */
	void (*run)(struct contract *contract);
	unsigned rows; /* ROW(n) of each fault of the matrix that it covers; 0: none */
	rlim_t descriptors;        /* RLIMIT_NOFILE of the server; 0: as it is here */
	rlim_t descriptors_needed; /* skipped where the hard limit is lower */
	const char *preload; /* a shared object under $BUILD for LD_PRELOAD; NULL: none */
	bool of_variants; /* asked of variants too, whose options change what it is about
			   */
	bool starts_server; /* run() itself starts it, with contract->backend */
	bool ends_server;   /* run() itself sees the server to its end */
};

extern const struct contract_case cases_bytes[];
extern const struct contract_case cases_resets[];
extern const struct contract_case cases_crowd[];
extern const struct contract_case cases_thousands[];
extern const struct contract_case cases_limits[];
extern const struct contract_case cases_control[];
extern const struct contract_case cases_end[];

/* Connects clients[slot], with a seed that no other client of this server has. */
struct client *contract_connect(
	struct contract *contract, size_t slot, enum client_buffers buffers);

/* The same for clients[first] to clients[first + count - 1]; returns the first. */
struct client *contract_connect_many(struct contract *contract, size_t first,
	size_t count, enum client_buffers buffers);

/*
 * The same while the server is stopped, so that it finds them together; returns when all
 * are held. Quick for thousands: a backend that scans does so once for many newcomers.
 */
struct client *contract_connect_stopped(
	struct contract *contract, size_t count, enum client_buffers buffers);

/* Sends without reading until nothing more fits: the server is blocked on its write. */
void contract_fill(struct contract *contract, struct client *client);
void contract_fill_many(struct contract *contract, struct client *clients, size_t count);

void contract_close_clients(struct contract *contract);

/* How often larger the memory of a server is that was built with a sanitizer. */
unsigned contract_memory_factor(void);

#endif
