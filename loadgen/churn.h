/*
 * churn.h - connections that come and go: connect, some echoes, close, and again.
 *
 * Each place of the engine makes one visit after the other. A visit ends as clients
 * should: shutdown(2) sends the FIN, the server sees the end and closes, its FIN comes
 * back, and only then the visit is over. So when a window has ended, the server has
 * nothing of it left.
 *
 * Who closes first keeps TIME_WAIT, a minute long: that is the client, whatever linger
 * time its socket has, since TIME_WAIT begins when the server's FIN arrives. Over IPv4
 * loopback this is no limit, for sources change (connect.h) and 127.0.0.0/8 has more of
 * them than a minute can use up; nor does it cost the server anything (measured: 22.9 us
 * a visit with 70,000 in TIME_WAIT, with 131,072, and when net.ipv4.tcp_max_tw_buckets
 * forbade more). A reset in place of the FIN would leave nothing behind, but the server
 * would see an error and not an end.
 */
#ifndef LOADGEN_CHURN_H
#define LOADGEN_CHURN_H

#include <stdbool.h>

struct connection;
struct engine;

#define CHURN_REQUESTS_MAX 1000 /* of one visit: it is never cut short */

/* Opens the connection and sends its first request. */
void churn_start(struct engine *engine, struct connection *c);

/* The connection became writable, or broke: goes on connecting or sending. */
void churn_writable(struct engine *engine, struct connection *c);

/* A request was answered: sends the next one, or the FIN. */
void churn_answered(struct engine *engine, struct connection *c);

/* The server's FIN has come. True: it was awaited, and the visit is over. */
bool churn_ended(struct engine *engine, struct connection *c);

#endif
