/* json_memory.c - what happens when there is no memory for a piece of JSON. */
#include "common/json_memory.h"

#include "common/exit_status.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* Without stdio and exit handlers, which may want memory too. */
static void *allocate_or_end(size_t size)
{
	void *memory = malloc(size);

	if (memory)
		return memory;
	dprintf(STDERR_FILENO, "%s: out of memory\n", program_invocation_short_name);
	_exit(EXIT_STATUS_FAILED);
}

void json_memory_or_end(void)
{
	json_set_alloc_funcs(allocate_or_end, free);
}
