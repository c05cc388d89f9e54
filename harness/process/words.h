/*
 * words.h - a command line split into words as a shell would, without being one.
 *
 * Blanks separate; '...' keeps everything, "..." keeps all but \" and \\; outside of
 * quotes \ keeps the next character. Nothing else is special: no variables, no patterns,
 * no pipes.
 */
#ifndef HARNESS_PROCESS_WORDS_H
#define HARNESS_PROCESS_WORDS_H

#include "common/problem.h"

#include <stdbool.h>

/*
 * The words, ended by NULL; words_free() follows. 0, -ENOMEM, or -EINVAL with a problem
 * that names the option: a quote that is not closed, a \ at the end, or not one word.
 */
int words_split(
	const char *option, const char *text, char ***words, struct problem *problem);

/* A copy in which every {port} is the number. NULL: out of memory. */
char **words_with_port(char *const *words, int port);

/* Is there a {port} in any of them? */
bool words_have_port(char *const *words);

void words_free(char **words);

#endif
