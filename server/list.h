/* list.h - muxbench-server --list: every backend and whether this machine can run it. */
#ifndef SERVER_LIST_H
#define SERVER_LIST_H

#include <stdbool.h>

/* Prints to stdout, for people or, with json, one object a line. 0 or -errno. */
int list_print(bool json);

#endif
