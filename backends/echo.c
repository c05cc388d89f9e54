/* echo.c - what a connection does next. */
#include "backends/echo.h"

#include <errno.h>

/* Errors that say "not now": the connection lives and wants the same again. */
static int is_transient(ssize_t result)
{
	return result == -EAGAIN || result == -EINTR;
}

static enum echo_next end_with(struct echo *echo, int error)
{
	echo->error = error;
	return echo->next = ECHO_CLOSE;
}

enum echo_next echo_after_read(struct echo *echo, ssize_t result)
{
	if (is_transient(result))
		return echo->next;
	if (result <= 0)
		return end_with(echo, (int)result);
	if (echo->next == ECHO_DISCARD) {
		echo->heard = true;
		return echo->next;
	}
	echo->offset = 0;
	echo->owed = (uint32_t)result;
	return echo->next = ECHO_WRITE;
}

enum echo_next echo_after_write(struct echo *echo, ssize_t result)
{
	if (is_transient(result))
		return echo->next;
	if (result < 0)
		return end_with(echo, (int)result);
	echo->offset += (uint32_t)result;
	echo->owed -= (uint32_t)result;
	return echo->next = echo->owed > 0 ? ECHO_WRITE : ECHO_READ;
}

void echo_finish(struct echo *echo)
{
	*echo = (struct echo){.next = ECHO_DISCARD};
}
