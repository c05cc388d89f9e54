/*
 * cancel.h - SIGINT, SIGTERM and SIGHUP as a descriptor that every wait watches too, so
 * that a run ends in order wherever it is: no handler, no global (signalfd(2)).
 */
#ifndef HARNESS_PROCESS_CANCEL_H
#define HARNESS_PROCESS_CANCEL_H

#include <stdbool.h>

/*
 * Blocks the signals; children must unblock them. The descriptor, readable from the first
 * signal on (the caller closes it), or -errno.
 */
int cancel_open(void);

/* Whether a signal has come. */
bool cancel_pending(int fd);

/* What the shell expects of a program that this signal has ended: 128 + its number. */
int cancel_exit_status(int fd);

#endif
