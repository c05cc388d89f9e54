/*
 * echo.h - what a connection does next. A pure step: it makes no system call and knows no
 * multiplexer, so that every backend serves exactly the same thing.
 *
 * A connection reads, then writes all that it read, then reads again. It never reads
 * while it owes bytes: a peer that does not take its echo stops being read, TCP's window
 * closes, and no connection ever holds more than one buffer. After the peer's FIN it
 * closes, which by then sends our FIN behind the last byte.
 *
 * When the server stops, a connection that owes nothing any more sends its FIN and then
 * throws away what still comes: see STOP_FLUSH_MS in backend.h.
 */
#ifndef BACKENDS_ECHO_H
#define BACKENDS_ECHO_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum {
	ECHO_BUFFER_BYTES = 32 * 1024, /* the most a connection ever holds */
	/*
	 * What one event may move before others get their turn: under an edge-triggered
	 * poller or a fast sender one connection could otherwise keep the loop for ever.
	 */
	ECHO_BUDGET_BYTES = 4 * ECHO_BUFFER_BYTES,
};

enum echo_next { ECHO_READ, ECHO_WRITE, ECHO_DISCARD, ECHO_CLOSE };

struct echo {
	enum echo_next next; /* ECHO_READ at the start: all zero */
	uint32_t offset; /* of the first byte still owed, in the connection's buffer */
	uint32_t owed;   /* bytes read and not yet written back */
	int error;       /* why it closes: 0 after a FIN, else -errno */
	bool heard;      /* bytes came in ECHO_DISCARD: more may follow */
};

/*
 * After a read: result is what recv gave, bytes (> 0), 0 for the peer's FIN, or -errno.
 * After a write: bytes taken, or -errno. -EAGAIN and -EINTR change nothing.
 */
enum echo_next echo_after_read(struct echo *echo, ssize_t result);
enum echo_next echo_after_write(struct echo *echo, ssize_t result);

/* Our FIN is out: what comes from now on is read and thrown away, until the peer's. */
void echo_finish(struct echo *echo);

#endif
