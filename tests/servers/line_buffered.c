/*
 * line_buffered.c - fault: answers whole lines, though TCP and an echo know no lines.
 *
 * Who makes it: fgets(3) or getline(3) on a socket; frameworks whose example protocol is
 * a line receiver. It echoes every byte, in order, once it has seen a newline, a full
 * buffer or the end.
 *
 * What goes wrong: who sends a message without a newline and waits for his answer waits
 * for ever. Benchmarks that send random bytes report it as "slow" or "hangs sometimes".
 *
 * Caught by: echo-sizes, dribble.
 */
#include "tests/servers/loop.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

struct line {
	size_t length; /* of what waits for its newline */
	char bytes[BUFFER_BYTES];
};

/* Moves the first bytes of the line into the empty buffer: they are owed now. */
static void owe(struct client *client, size_t bytes)
{
	struct line *line = client->own;

	memcpy(client->buffer, line->bytes, bytes);
	client->start = 0;
	client->end = bytes;
	line->length -= bytes;
	memmove(line->bytes, line->bytes + bytes, line->length);
}

static enum fate open_with_line(struct server *server, struct client *client)
{
	client->own = calloc(1, sizeof(struct line));
	return client->own ? client_watch(server, client, EPOLLIN) : ENDS;
}

static enum fate read_lines(struct server *server, struct client *client)
{
	struct line *line = client->own;
	ssize_t got = recv(client->fd, line->bytes + line->length,
		sizeof(line->bytes) - line->length, 0);

	(void)server;
	if (got < 0)
		return is_transient(errno) ? STAYS : ENDS;
	line->length += (size_t)got;
	if (got == 0 && line->length == 0)
		return ENDS;

	char *newline = memrchr(line->bytes, '\n', line->length);

	if (got == 0 || line->length == sizeof(line->bytes))
		owe(client, line->length);
	else if (newline) /* should be: always all of it */
		owe(client, (size_t)(newline + 1 - line->bytes));
	return STAYS;
}

int main(int argc, char **argv)
{
	static const struct steps steps = {.opened = open_with_line, .read = read_lines};

	return serve(argc, argv, &steps);
}
