/* registry.h - every backend by name, and third-party ones from shared objects. */
#ifndef BACKENDS_REGISTRY_H
#define BACKENDS_REGISTRY_H

#include "backends/backend.h"
#include "common/problem.h"

/* The built-in backends in the order in which they are listed; ends with NULL. */
extern const struct backend *const registry_backends[];

/*
 * The built-in of that name, or, where the name holds a '/' or ends in ".so", the backend
 * that this shared object exports (it stays loaded until the process ends). 0 and
 * *backend; -ENOENT: no such name or file; -EINVAL: not a muxbench plug-in of this ABI;
 * with problem.
 */
int registry_find(
	const char *name, const struct backend **backend, struct problem *problem);

/* 0 if this machine can run it, else -errno with why. */
int registry_probe(const struct backend *backend, struct problem *why);

#endif
