/* visits.h - connections that come and go fast, in every way that there is to end one. */
#ifndef HARNESS_CONFORM_VISITS_H
#define HARNESS_CONFORM_VISITS_H

#include "harness/conform/scene.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * So many connections, a few at a time. Each gets an echo of its own or goes with its
 * bytes unanswered, to be followed at once by one whose bytes the server must not mix up
 * with those.
 */
bool visits_make(struct scene *scene, size_t count);

#endif
