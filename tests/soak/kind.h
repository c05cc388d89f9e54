/*
 * kind.h - the kinds of clients, and the script that each client of a kind follows.
 *
 * A script is plain numbers, drawn from the seed and the client's own number; client.c
 * follows any of them and knows no kind. So a new kind is one function that draws and one
 * line of the table in kind.c.
 */
#ifndef TESTS_SOAK_KIND_H
#define TESTS_SOAK_KIND_H

#include "common/random.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum ending {
	END_RESET_WHEN_BACK, /* all is back: RST, which leaves no TIME_WAIT behind */
	END_CLOSE_WHEN_BACK, /* all is back: FIN, and TIME_WAIT on our side */
	END_HALF_CLOSE, /* FIN behind the last byte sent; all must come, then a FIN */
	END_CUT,        /* RST at a moment of its own, whatever is under way */
};

struct script {
	uint64_t bytes;         /* to send in all */
	uint64_t message_bytes; /* each waits for the last one's echo; 0: none does */
	size_t send_bytes;      /* at most, a call */
	size_t read_bytes;      /* at most, a call */
	uint64_t send_pause_ns; /* between two sends; lockstep: between two messages */
	uint64_t read_pause_ns; /* between two reads */
	uint64_t stall_ns;      /* before the first read */
	/* Each send begins the stall anew; after it no more is sent: bytes is the most.
	 */
	bool until_stuck;
	/*
	 * TCP_MAXSEG, with a small SO_RCVBUF: our buffers and, by the segments, those of
	 * the server (tcp(7)) are small, so that it is soon stuck; 0: as the kernel
	 * likes.
	 */
	int segment_bytes;
	enum ending ending;
	/* END_CUT: the first of these that comes to pass. */
	uint64_t cut_sent, cut_received, cut_ns;
};

enum kind_role {
	ROLE_SHORT,  /* brings connections */
	ROLE_BULK,   /* brings bytes */
	ROLE_STEADY, /* is there all the time, the same number of them */
	ROLE_WARM_UP,
};

struct kind {
	const char *name; /* as the progress line and the record say it */
	enum kind_role role;
	unsigned places; /* of KIND_PLACES, when no bulk is there */
	bool together;   /* all of them connect at once, when the last ones have ended */
	bool no_delay;   /* TCP_NODELAY: each send a segment */
	bool cuts;       /* may end with bytes still owed: not in the calm */
	void (*draw)(struct random *random, struct script *script);
};

enum {
	KIND_CHURN,
	KIND_BURST,
	KIND_HALF_CLOSE,
	KIND_RESET,
	KIND_HOSE,
	KIND_SLOW,
	KIND_STALLED,
	KIND_DRIBBLER,
	KIND_QUIET,
	KIND_WARM_UP,
	KIND_COUNT,
};

enum { KIND_PLACES = 256 };

extern const struct kind kinds[KIND_COUNT];

#endif
