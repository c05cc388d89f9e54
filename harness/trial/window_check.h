/*
 * window_check.h - every way in which a measured window is not to be trusted. Each check
 * marks it invalid and says why; a window may have several reasons.
 */
#ifndef HARNESS_TRIAL_WINDOW_CHECK_H
#define HARNESS_TRIAL_WINDOW_CHECK_H

#include "harness/trial/window.h"

#include "harness/machine/placement.h"

#include <stddef.h>
#include <stdint.h>

/*
 * For any window: connections is how many the server had to hold at both ends. It must
 * have been at rest there, no request may have failed, and both sides must agree on what
 * was echoed.
 */
void window_check(struct window *window, uint64_t connections);

/*
 * For a window whose times matter, when the server has a core of its own: having to wait
 * for it means that something else ran there. (On one core server and client wait for
 * each other by design.)
 */
void window_check_run_delay(struct window *window);

/*
 * For a window whose times matter: sets the flags that withdraw latency or throughput,
 * and warns when the server's CPU a request differs between the halves. duration_ns and
 * rate are what was asked for, rate 0 in a closed loop.
 */
void window_check_times(struct window *window, const struct load_window *asked,
	uint64_t message_bytes, enum placement_kind placement);

/*
 * Whether the kernel's count of system calls, if there is one, differs from the server's
 * own account. Then the whole trial is in doubt, and reason says why.
 */
bool window_calls_differ(const struct window *window, char *reason, size_t reason_size);

#endif
