/* buffers.c - one buffer a descriptor number, in one lazily filled mapping. */
#include "backends/buffers.h"

#include <sys/mman.h>

unsigned char *buffers_open(int count)
{
	void *base = mmap(NULL, (size_t)count * ECHO_BUFFER_BYTES, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (base == MAP_FAILED)
		return NULL;
	/* A huge page would fill the buffers of 64 neighbours with one's first byte. */
	madvise(base, (size_t)count * ECHO_BUFFER_BYTES, MADV_NOHUGEPAGE);
	return base;
}

void buffers_close(unsigned char *base, int count)
{
	munmap(base, (size_t)count * ECHO_BUFFER_BYTES);
}
