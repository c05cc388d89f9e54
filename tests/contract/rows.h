/*
 * rows.h - the rows of the fault matrix: what can go wrong, by number.
 *
 * docs/reference/faults.md tells of each what it is and how it is brought about here; its
 * headings are these titles. Rows up to FAULT_ROWS_BACKEND are tested on every backend,
 * those after it once, on the harness.
 */
#ifndef TESTS_CONTRACT_ROWS_H
#define TESTS_CONTRACT_ROWS_H

#include "tests/contract/server_process.h"

enum { FAULT_ROWS_BACKEND = 18, FAULT_ROWS = 22 };

#define ROW(number) (1U << (number))

struct fault_row {
	const char *title;
	/*
	 * Why this fault cannot happen to a server, as its ready event and /proc show it;
	 * NULL: it can. The function is NULL where it can happen to every one.
	 */
	const char *(*absent)(const struct server_process *server, bool is_builtin);
};

extern const struct fault_row fault_rows[FAULT_ROWS + 1]; /* by number; 0 is not used */

#endif
