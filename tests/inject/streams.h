/*
 * streams.h - clients of an echo server, many at once, who know every byte that they are
 * owed and who was lost.
 *
 * A seed decides all of them: how much each sends and in what pieces, how fast it reads,
 * how it ends. A few are open at a time, and as soon as one has ended the next begins. A
 * stream is SERVED when all of it came back and, after a half-close, the server's FIN
 * right behind it; it is LOST when the server ended it before that.
 */
#ifndef TESTS_INJECT_STREAMS_H
#define TESTS_INJECT_STREAMS_H

#include "common/problem.h"
#include "common/random.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { STREAMS_OPEN_MAX = 32 };

struct stream {
	int fd; /* -1: none here now */
	uint64_t seed;
	size_t total_bytes;
	size_t sent_bytes;
	size_t received_bytes;
	size_t piece_bytes;    /* a send takes at most so many */
	size_t mouthful_bytes; /* and a recv */
	bool half_closes;      /* FIN behind the last byte, and awaits the server's */
	bool finished;         /* has done so */
};

struct streams {
	int port;
	uint64_t count; /* how many there will be in all */
	struct random random;
	uint64_t begun, served, lost;
	uint64_t bytes;       /* that came back, each as it was sent */
	uint64_t half_closed; /* of the served */
	uint64_t wrong_bytes;
	struct stream open[STREAMS_OPEN_MAX];
};

void streams_begin(struct streams *streams, int port, uint64_t seed, uint64_t count);

/*
 * Sends and receives what goes without waiting, or waits at most timeout_ms until
 * something does. 1: there is more to do; 0: all have ended; -errno with problem.
 */
int streams_step(struct streams *streams, int timeout_ms, struct problem *problem);

/* A line on the first one that is still open, for who finds that nothing goes on. */
void streams_describe_stuck(const struct streams *streams, struct problem *problem);

void streams_end(struct streams *streams);

#endif
