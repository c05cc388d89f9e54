/* list.h - muxbench-server --list: backends and whether this machine can run them. */
#ifndef SERVER_LIST_H
#define SERVER_LIST_H

#include "backends/backend.h"

#include <stdbool.h>

/* Prints all built-in ones to stdout, for people or, with json, one object a line. 0 or
 * -errno. */
int list_print(bool json);

/* The same of one. */
int list_print_one(const struct backend *backend, bool json);

#endif
