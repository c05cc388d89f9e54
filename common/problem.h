/*
 * problem.h - one line for a person about what went wrong and what to do.
 *
 * Functions return -errno; where an errno is too little for the person who must mend
 * it, they also fill a problem. Only main() prints it.
 */
#ifndef COMMON_PROBLEM_H
#define COMMON_PROBLEM_H

struct problem {
	/* One line, no newline at its end, no control character; "" while all is well. */
	char text[512];
};

/* Fills problem (which may be NULL) and returns error, a negative errno, unchanged. */
int problem_set(struct problem *problem, int error, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#endif
