/* rows.c - the rows of the fault matrix. */
#include "tests/contract/rows.h"

#include <string.h>

/* Seen from outside, so that nobody gets out of a test by what he calls himself. */
static const char *absent_without_ring(
	const struct server_process *server, bool is_builtin)
{
	(void)is_builtin;
	return server_has_ring(server) ? NULL : "the process has no io_uring";
}

/*
 * Which buffers a ring takes its reads into cannot be seen from outside. Of our own
 * backends it is known; any other is put to the test.
 */
static const char *absent_without_provided_buffers(
	const struct server_process *server, bool is_builtin)
{
	if (is_builtin && (strcmp(server->backend, "io_uring") == 0 ||
				  strcmp(server->backend, "io_uring-noflags") == 0))
		return "single-shot: each recv names its own connection's buffer";
	if (is_builtin && strcmp(server->backend, "io_uring-poll") == 0)
		return "readiness: recv(2) reads, and into one buffer";
	return absent_without_ring(server, is_builtin);
}

const struct fault_row fault_rows[FAULT_ROWS + 1] = {
	[1] = {"No descriptor or memory left at accept"},
	[2] = {"A connection that fails while it waits for accept"},
	[3] = {"Interrupted calls"},
	[4] = {"A reset at any moment"},
	[5] = {"Half-close"},
	[6] = {"Half-close while the server is blocked on its write"},
	[7] = {"A slow or absent reader"},
	[8] = {"Short writes"},
	[9] = {"Any number of bytes, cut up in any way"},
	[10] = {"Urgent data"},
	[11] = {"Descriptor numbers that change hands"},
	[12] = {"Fire-hose clients"},
	[13] = {"Hundreds of connects at once"},
	[14] = {"Descriptors past FD_SETSIZE"},
	[15] = {"Provided buffers run out", absent_without_provided_buffers},
	[16] = {"Completion queue overflow, submission queue full", absent_without_ring},
	[17] = {"The ring cannot be made", absent_without_ring},
	[18] = {"SIGTERM and SIGINT with clients connected"},
	[19] = {"Server or load generator dies or hangs in a trial"},
	[20] = {"Disk full, read-only, or killed during a write"},
	[21] = {"A hostile result or baseline file"},
	[22] = {"A hostile command line"},
};
