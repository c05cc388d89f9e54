/*
 * buffers.h - one ECHO_BUFFER_BYTES buffer a descriptor number, in one mapping made at
 * the start. Pages that no connection ever wrote to cost no memory, and taking a buffer
 * costs no system call inside a measured window.
 */
#ifndef BACKENDS_BUFFERS_H
#define BACKENDS_BUFFERS_H

#include "backends/echo.h"

#include <stddef.h>

/* Maps count buffers (mmap(2), MAP_NORESERVE). The base, or NULL: out of address space.
 */
unsigned char *buffers_open(int count);
void buffers_close(unsigned char *base, int count);

static inline unsigned char *buffers_at(unsigned char *base, int fd)
{
	return base + (size_t)fd * ECHO_BUFFER_BYTES;
}

#endif
