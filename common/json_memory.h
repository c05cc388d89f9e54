/*
 * json_memory.h - what happens when there is no memory for a piece of JSON.
 *
 * jansson answers a refused allocation by leaving something out: an object lacks one of
 * its members, a line is not written, and no caller would look at each of hundreds of
 * places. A snapshot or a result with a hole is worse than none. So the program ends at
 * once, with one line on stderr and EXIT_STATUS_FAILED; the programs that it has started
 * end with it (end of file on their stdin).
 */
#ifndef COMMON_JSON_MEMORY_H
#define COMMON_JSON_MEMORY_H

/* To be called first in main(), before any JSON is made (jansson, "Custom Memory
 * Allocation"). */
void json_memory_or_end(void);

#endif
