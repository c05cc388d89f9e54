/* log.c - lines for a person on stderr. */
#include "server/log.h"

#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

enum { LINE_BYTES = 600 }; /* far below PIPE_BUF: all of it or nothing (pipe(7)) */

void log_line(const char *format, ...)
{
	char text[LINE_BYTES / 2], line[LINE_BYTES];
	struct pollfd room = {.fd = STDERR_FILENO, .events = POLLOUT};
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	int length = snprintf(line, sizeof(line), "muxbench-server: %s\n", text);

	if (poll(&room, 1, 0) > 0 && (room.revents & POLLOUT)) {
		ssize_t written = write(STDERR_FILENO, line, (size_t)length);

		(void)written; /* there is nobody else to tell */
	}
}
